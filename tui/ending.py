"""How commands end by signals: what they have done is kept, and the terminal is left as it was."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from tui.output import log

if TYPE_CHECKING:
    from engine.session import Job

#: Sent by a user who presses Ctrl-C, by a system that shuts down or a scheduler whose time is up, and by a terminal
#: that is closed or a connection that drops.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_Handler = Callable[[int, FrameType | None], object]


class Ending:
    """How a command was ended.

    Attributes
    ----------
    status
        Its exit status: 128 and the number of the signal.
    """

    def __init__(self) -> None:
        self.status = 128 + signal.SIGINT

    def by(self, number: int) -> None:
        """Remember the signal; where the terminal is gone, nothing can be written to it any more."""
        self.status = 128 + number
        if number == getattr(signal, "SIGHUP", None):
            _leave_terminal()


#: How the command that runs was ended; signals are the process's, too.
_ending = Ending()


@contextmanager
def interrupted_by_signals() -> Iterator[Ending]:
    """Have a request to end interrupt a command as Ctrl-C does; yields how it was ended.

    By default these signals end a process where it is: a training would not be kept, and the cursor that a progress bar
    hides would stay hidden.
    """
    _ending.by(signal.SIGINT)

    def interrupt(number: int, _: FrameType | None) -> None:
        _ending.by(number)
        raise KeyboardInterrupt

    with _handled_by(interrupt, signal.SIG_DFL):
        yield _ending


@contextmanager
def cancelled_by_signals(job: Job) -> Iterator[None]:
    """Have the first signal stop the job at its next checkpoint, so that it can keep what it has.

    A second one ends the command at once.
    """
    before: dict[int, object] = {}

    def cancel(number: int, _: FrameType | None) -> None:
        for one, handler in before.items():
            signal.signal(one, handler)  # type: ignore[arg-type]
        job.cancel()
        _ending.by(number)
        log("Stopping … (Ctrl-C again ends at once)")

    with _handled_by(cancel, None) as taken:
        before.update(taken)
        yield


def _leave_terminal() -> None:
    """Write to nowhere what would go to a terminal that has hung up: each line would fail, and with it the keeping."""
    for descriptor in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):  # it counts as no terminal any more
                os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


@contextmanager
def _handled_by(handler: _Handler, only: object) -> Iterator[dict[int, object]]:
    """Give the signals another handler, but for those that are ignored, as SIGHUP is under nohup.

    Outside the main thread, which alone receives signals, this does nothing.

    Parameters
    ----------
    handler
        The handler.
    only
        The handler that a signal must have to be given another one; None for any.
    """
    before: dict[int, object] = {}
    if threading.current_thread() is threading.main_thread():
        for name in _SIGNALS:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is None or signal.getsignal(number) in (signal.SIG_IGN, None):
                continue
            if only is None or signal.getsignal(number) is only:
                before[number] = signal.signal(number, handler)
    try:
        yield before
    finally:
        for number, own in before.items():
            signal.signal(number, own)  # type: ignore[arg-type]
