"""Starting and ending the app."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.session import find_paths
from tui.remembered import read_theme, write_theme

if TYPE_CHECKING:
    from engine.session import Job, Session
    from tui.app import RecsysApp

#: Seconds after which a thread may be asked to release the interpreter: a tenth of Python's default, so that the screen
#: gets its turn soon while Python code runs in a worker thread.
SWITCH_INTERVAL = 0.0005
LOG = "recsys-tui.log"
#: Milliseconds in which the rest of a key's escape sequence must follow; after that, Esc is the key itself. Textual's
#: default of 100 would use up all the time in which Esc has to be acknowledged.
ESCAPE_DELAY = "25"


def launch(dataset: str | None, device: str, embedding_model: str | None = None) -> None:
    """Run the app until it is left, and end the process.

    Parameters
    ----------
    dataset
        Which data set to open; None opens the one used last, else the demo.
    device
        As `--device`.
    embedding_model
        As `--embedding-model`.

    Raises
    ------
    UnknownError
        If there is no such data set; raised before the app takes over the screen.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    os.environ.setdefault("ESCDELAY", ESCAPE_DELAY)  # read by Textual when it is imported, in make_app
    app = make_app(dataset, device, embedding_model)
    theme = app.theme
    app.run()
    if app.theme != theme:
        write_theme(find_paths().state, app.theme)
    leave(app)


def make_app(dataset: str | None, device: str, embedding_model: str | None = None) -> RecsysApp:
    """The app on a data set. At the first start the demo must still be stored; the worker thread does that."""
    from tui.app import RecsysApp

    if dataset is not None:
        _require(dataset)

    def open_in_worker(job: Job) -> Session:
        from engine.session import open_session
        from engine.session.datasets import open_workspace

        workspace = open_workspace()
        session = open_session(
            workspace, dataset, device=device, interactive=True, embedding_model=embedding_model, job=job
        )
        workspace.make_current(session.name)
        return session

    theme = read_theme(find_paths().state)
    return RecsysApp(open_in_worker, dataset or "", log_hint=str(_log_to_file()), theme=theme)


def leave(app: RecsysApp) -> None:
    """End the process at once: an orderly exit would wait for a thread that is in the middle of an import."""
    sys.stdout.flush()
    sys.stderr.flush()
    logging.shutdown()
    os._exit(app.return_code or 0)


def _require(dataset: str) -> None:
    """Raise UnknownError if there is no such data set; the worker thread that opens it checks the rest."""
    data = find_paths().data
    if dataset == "demo" or (data / "datasets" / dataset / "manifest.json").is_file():
        return  # a quick look, because importing the workspace takes a tenth of the time to the first paint
    from engine.session.datasets import open_workspace

    open_workspace().manifest(dataset)


def _log_to_file() -> Path:
    """Send the details of unexpected errors to a file; nothing may be written to the terminal meanwhile."""
    path = find_paths().state / LOG
    logger = logging.getLogger("recsys_tui")
    logger.propagate = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    return path
