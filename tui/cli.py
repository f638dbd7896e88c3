"""The entry point of the program: the app, or the command line. Every error is reported in one plain sentence."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from typing import TYPE_CHECKING

from engine.errors import CancelledError, OptionError, RecsysError, UnknownError, abridged
from engine.session import DEVICES
from tui.log import configure_log

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from types import TracebackType

    import click

#: The length at which a message about wrong usage is cut.
_LONGEST_MESSAGE = 400


def main(arguments: list[str] | None = None) -> int:
    """Run the program.

    Parameters
    ----------
    arguments
        The command line without the program's name; by default ``sys.argv``'s.

    Returns
    -------
    int
        The exit status: 0 done, 1 the request could not be served, 2 wrong usage, 130 interrupted.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if "--debug" in words:
        sys.excepthook = _log_traceback
    # Without these (`>&-`, some daemons) Python would print errors on stdout, or fail at the first output or input.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    try:
        _start_log()
        app_arguments = _app_arguments(words)
        if app_arguments is None:
            return _run_ending_by_signals(words)
        from tui import collector

        collector.rest()  # until the first paint
        from tui.launch import launch

        dataset, device, fresh = app_arguments
        launch(dataset, device, fresh=fresh)
    except (KeyboardInterrupt, CancelledError):
        _log("Interrupted.")
        return 130
    except OptionError as error:
        return _fail(error, words, 2)
    except RecsysError as error:
        return _fail(error, words, 1)
    except UnicodeEncodeError as error:
        if "--debug" in words or not _has_bytes(str(error.object)):
            raise
        _log(f"{abridged(str(error.object))}: these characters are no text in UTF-8: use others here.")
        return 1
    except BrokenPipeError:
        _drop_output()  # the reader went away, as `head` does
        return 1
    except OSError as error:
        if "--debug" in words:
            raise
        from engine.session import describe_os_error

        _log(f"{error.filename or 'The output'}: cannot be read or written ({describe_os_error(error)}).")
        _drop_output()
        return 1
    except (MemoryError, ImportError) as error:
        if "--debug" in words:
            raise
        if isinstance(error, ImportError) and not _lacks_memory(error):
            return _fail_unexpectedly(error)
        _log("There is not enough memory for this: use a smaller data set or smaller options.")
        return 1
    except Exception as error:
        if "--debug" in words:
            raise
        return _fail_unexpectedly(error)
    return 0


def _start_log() -> None:
    """Log at the level of the settings; --log-level, which is read later, replaces it."""
    from engine.session import find_paths, read_settings

    folder = find_paths().config
    try:
        settings = read_settings(folder)
    except RecsysError as error:
        settings = read_settings(folder, strict=False)
        if error.name == "log-level":
            _log(str(error))
    configure_log(settings.log_level)


def _app_arguments(words: list[str]) -> tuple[str | None, str, bool] | None:
    """The data set, the device and whether to begin anew, if the arguments ask for the app alone; otherwise None.

    This does not need the command-line library, whose import would delay the first paint by a tenth.
    """
    dataset, device, fresh = None, "auto", False
    rest = iter(words)
    for word in rest:
        if word == "--fresh":
            fresh = True
            continue
        value = next(rest, "-")
        if value.startswith("-"):
            return None
        if word in ("-d", "--dataset"):
            dataset = value
        elif word == "--device" and value in DEVICES:
            device = value
        else:
            return None
    return dataset, device, fresh


def _run_ending_by_signals(words: list[str]) -> int:
    from engine.session import announcing_waits
    from tui.ending import interrupted_by_signals
    from tui.progress_output import WaitPrinter

    with interrupted_by_signals() as ending, announcing_waits(WaitPrinter()):
        try:
            return _run_command(words)
        except (KeyboardInterrupt, CancelledError):
            _log("Interrupted.")
            return ending.status


def _lacks_memory(error: ImportError) -> bool:
    """Whether a library could not be loaded because the memory that a process may use is limited."""
    return any(sign in str(error).lower() for sign in ("failed to map segment", "cannot allocate memory"))


def _has_bytes(text: str) -> bool:
    """Whether a text holds bytes that are no UTF-8, as an argument or the name of a file may."""
    return any("\udc80" <= letter <= "\udcff" for letter in text)


def _run_command(words: list[str]) -> int:
    import click

    from engine.session import put_off_pandas
    from tui.commands import cli

    put_off_pandas()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a title shows the rest of it
    try:
        cli.main(args=words, prog_name="recsys-tui", standalone_mode=False)
        sys.stdout.flush()
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.UsageError as error:
        _log_usage_error(error)
        return 2
    except click.ClickException as error:
        _log(error.format_message())
        return 1
    return 0


def _log_usage_error(error: click.UsageError) -> None:
    """What click itself would print; the message repeats what was typed, which may be anything."""
    if error.ctx is not None:
        for line in error.ctx.get_usage().splitlines():
            _log(line)
        _log(f"Try '{error.ctx.command_path} --help' for help.")
        _log("")
    message = error.format_message()
    _log(f"Error: {message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + '…'}")


def _fail(error: RecsysError, words: list[str], status: int) -> int:
    if "--debug" in words:
        raise error
    from tui.wording import describe, unnamed_suggestions

    message = describe(error)
    if isinstance(error, UnknownError) and (suggestions := unnamed_suggestions(error)):
        message = abridged(f"{message} Closest: {', '.join(suggestions[:5])}.")
    _log(message)
    return status


def _fail_unexpectedly(error: Exception) -> int:
    from tui.error_report import write_report

    logger.error("a command met an unexpected error", exc_info=error)
    path = write_report(error, "a command")
    report = "" if path is None else f" A report was written to {path}."
    _log(f"Unexpected error: {type(error).__name__}: {error} (--debug shows where).{report}")
    return 1


def _drop_output() -> None:
    """Discard what is still to be written: Python would report the error again at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _log(message: str) -> None:
    from tui.sanitize import sanitize

    print(sanitize(message), file=sys.stderr)


def _log_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What Python itself would print; an error repeats what is in the data, which may be anything."""
    import traceback

    for line in "".join(traceback.format_exception(kind, error, trace)).splitlines():
        _log(line)


if __name__ == "__main__":
    sys.exit(main())
