"""Starting and ending the app."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engine.session import find_paths
from engine.version import __version__
from tui.log import keep_off_the_terminal, log_path
from tui.remembered import read_theme, write_theme
from tui.settings.effective import SettingsSource
from tui.terminal import (
    draw_fewer_frames,
    ending_by_signals,
    has_few_characters,
    has_few_colours,
    image_protocol,
    is_slow,
    require_terminal,
)

if TYPE_CHECKING:
    from textual.theme import Theme

    from engine.session import Job, Session
    from tui.app import RecsysApp

#: Seconds after which a thread may be asked to release the interpreter: a tenth of Python's default, so that the screen
#: gets its turn soon while Python code runs in a worker thread.
SWITCH_INTERVAL = 0.0005
#: Seconds in which a running job may store what it has when the app is left, and when the process is asked to end.
QUIT_GRACE, END_GRACE, KEEP_GRACE = 0.25, 2.0, 5.0

logger = logging.getLogger(__name__)
#: Milliseconds in which the rest of a key's escape sequence must follow; after that, Esc is the key itself. Textual's
#: default of 100 would use up all the time in which Esc has to be acknowledged.
ESCAPE_DELAY = "25"


def launch(
    dataset: str | None,
    device: str,
    embedding_model: str | None = None,
    *,
    index: str | None = None,
    on: str = "local",
    storage: str | None = None,
    fresh: bool = False,
    debug: bool = False,
) -> None:
    """Run the app until it is left, and end the process.

    Parameters
    ----------
    dataset
        Which data set to open; None opens the one used last, else the demo.
    device
        As `--device`.
    embedding_model
        As `--embedding-model`.
    index, on, storage
        As `--index`, `--on` and `--storage`.
    fresh
        As `--fresh`: the app does not begin where it was left.
    debug
        As `--debug`: a tab that failed shows the traceback.

    Raises
    ------
    UnknownError
        If there is no such data set; raised before the app takes over the screen.
    RecsysError
        If there is no terminal.
    """
    require_terminal()
    sys.setswitchinterval(SWITCH_INTERVAL)
    os.environ.setdefault("ESCDELAY", ESCAPE_DELAY)  # read by Textual when it is imported, in make_app
    _log_errors_of_threads()
    app = make_app(dataset, device, embedding_model, index=index, on=on, storage=storage, fresh=fresh, debug=debug)
    theme = app.theme
    asyncio.run(_run(app))
    app.write_last_state()
    if app.theme != theme:
        write_theme(find_paths().state, app.theme)
    leave(app)


async def _run(app: RecsysApp) -> None:
    with ending_by_signals(app):
        await app.run_async()


def make_app(
    dataset: str | None,
    device: str,
    embedding_model: str | None = None,
    *,
    index: str | None = None,
    on: str = "local",
    storage: str | None = None,
    fresh: bool = False,
    debug: bool = False,
) -> RecsysApp:
    """The app on a data set. At the first start the demo must still be stored; the worker thread does that."""
    if dataset is not None:
        _require(dataset)

    def open_in_worker(job: Job, dataset: str | None = dataset) -> Session:
        from engine.session import open_session, put_off_pandas
        from engine.session.datasets import open_workspace

        put_off_pandas()
        logger.info("the app of recsys-tui %s has started on Python %s", __version__, platform.python_version())
        workspace = open_workspace()
        session = open_session(
            workspace,
            dataset,
            device=device,
            interactive=True,
            embedding_model=embedding_model,
            index=index,
            on=on,
            storage=storage,
            job=job,
        )
        workspace.make_current(session.name)
        return session

    settings = SettingsSource(given_options(dataset, device, embedding_model, storage, fresh=fresh))
    slow = is_slow(settings.effective["low-traffic"])
    if slow:
        draw_fewer_frames()
    from tui.app import RecsysApp

    _limit_colours(settings.effective["colours"])
    themes = own_themes()
    restore = settings.effective.points["restore"]
    # --fresh is about this start alone; the setting means that nothing is to be kept, either.
    state_folder = find_paths().state if restore.value or restore.source == "option" else None
    theme = settings.effective["theme"] or _theme_for(settings.effective["colours"], read_theme(find_paths().state))
    characters = settings.effective["characters"]
    return RecsysApp(
        open_in_worker,
        dataset or "",
        open_other=lambda name, job: open_in_worker(job, name),
        log_hint=str(log_path()),
        theme=theme,
        themes=themes,
        settings=settings,
        state_folder=state_folder,
        restores=restore.value,
        blink=not slow,
        image_protocol=image_protocol(settings.effective["image-protocol"], settings.effective["colours"]),
        few_characters=characters == "few" or (characters == "auto" and has_few_characters()),
        debug=debug,
    )


def given_options(
    dataset: str | None, device: str, embedding_model: str | None, storage: str | None = None, *, fresh: bool = False
) -> dict[str, tuple[str, Any]]:
    """What the command line sets, by the name of the setting: the option, and its value."""
    given = {
        "dataset": ("--dataset", dataset),
        "device": ("--device", None if device == "auto" else device),
        "embedding-model": ("--embedding-model", embedding_model),
        "storage": ("--storage", storage),
        "restore": ("--fresh", False if fresh else None),
    }
    return {name: (option, value) for name, (option, value) in given.items() if value is not None}


def own_themes() -> tuple[Theme, ...]:
    """The themes that a person has written; those that cannot be used are named once the app is open."""
    folder = find_paths().config / "themes"
    if not folder.is_dir():
        return ()
    from tui.themes.catalogue import read_themes

    return read_themes(folder).themes


def _theme_for(colours: str, remembered: str | None) -> str | None:
    """The theme chosen last; in sixteen colours those of the terminal, since the nearest to others are hard to read."""
    few = colours == "16" or (colours == "auto" and has_few_colours())
    return remembered if not few or (remembered or "").startswith("ansi-") else "ansi-dark"


def _limit_colours(colours: str) -> None:
    """Have Textual draw with so many colours, whatever the terminal says of itself."""
    if colours == "none":
        os.environ["NO_COLOR"] = "1"
    elif colours != "auto":
        from textual import constants

        setattr(constants, "COLOR_SYSTEM", {"16": "standard"}.get(colours, colours))  # noqa: B010 - Final to mypy


def leave(app: RecsysApp) -> None:
    """End the process at once: an orderly exit would wait for a thread that is in the middle of an import."""
    from engine.session import remove_shared_data

    status = app.return_code or 0
    job = app.state.active_job()
    trains = job is not None and job.goes_on_later  # and is kept now
    app.backend.close(KEEP_GRACE if trains else QUIT_GRACE if status == 0 else END_GRACE)
    remove_shared_data(QUIT_GRACE)
    if app.fatal is not None:
        report = app.fatal.report
        where = "no report could be written" if report is None else f"the report is {report}"
        _tell(f"The app met an error that it could not go on with; {where}.")
    logger.info("the app ends with the status %d", status)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # the terminal is gone
            stream.flush()
    logging.shutdown()
    os._exit(status)


def _tell(sentence: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{sentence}\n")


def _log_errors_of_threads() -> None:
    """Send what would be written on the screen, the errors that no thread has handled, to the log."""
    keep_off_the_terminal()

    def log_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not issubclass(arguments.exc_type, SystemExit):
            logger.error("a thread met an unexpected error", exc_info=arguments.exc_value)

    def log_unraisable(unraisable: Any) -> None:
        if unraisable.exc_value is not None:
            logger.error("an error could not be raised", exc_info=unraisable.exc_value)

    threading.excepthook = log_thread
    sys.unraisablehook = log_unraisable


def _require(dataset: str) -> None:
    """Raise UnknownError if there is no such data set; the worker thread that opens it checks the rest."""
    data = find_paths().data
    if dataset == "demo" or (data / "datasets" / dataset / "manifest.json").is_file():
        return  # a quick look, because importing the workspace takes a tenth of the time to the first paint
    from engine.session.datasets import open_workspace

    open_workspace().manifest(dataset)
