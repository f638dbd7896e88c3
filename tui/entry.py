"""Where the program starts and ends: nothing is imported before an interrupt can be answered."""

from typing import NoReturn


def main() -> NoReturn:
    """Run the program and end the process with its exit status. See :func:`tui.cli.main`."""
    try:
        from tui.cli import main as run

        status = run()
    except KeyboardInterrupt:
        import sys

        sys.stderr.write("Interrupted.\n")
        status = 130
    _end(status)


def _end(status: int) -> NoReturn:
    """End the process once everything is written, without taking the interpreter apart.

    A thread of Arrow that comes back at that moment aborts the process: the work is done, and the exit status is that
    of a crash. Taking apart what torch holds also costs a command some hundredths of a second.
    """
    import atexit
    import contextlib
    import os
    import sys

    with contextlib.suppress(KeyboardInterrupt):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the reader has gone, or it never was there
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
