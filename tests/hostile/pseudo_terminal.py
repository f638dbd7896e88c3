"""A pseudo-terminal that runs a program and keeps every byte that it writes."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence


class PseudoTerminal:
    """Runs a command in a terminal of a given size.

    Parameters
    ----------
    command
        The program and its arguments.
    env
        Its environment variables.
    columns, rows
        The size of the terminal.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], columns: int = 120, rows: int = 36) -> None:
        self.stream = b""
        self.status: int | None = None
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            # Pictures of other tests leave a size in the environment, which would count more than the terminal's.
            kept = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
            os.execvpe(command[0], list(command), {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"})

    def press(self, *keys: str, seen: str = "") -> None:
        """Send keys one after the other, and read until a text has been written after them, if one is given.

        A program that is busy may not be ready for a key when it comes. Where the text does not come, the keys are sent
        again with longer pauses between them.
        """
        before = len(self.stream)
        for pause, patience in ((0.1, 5.0), (0.5, 10.0), (2.0, 60.0)):
            for key in keys:
                os.write(self._fd, key.encode("utf-8", "replace"))
                self.read(pause)
            try:
                if seen:
                    self.wait_for(seen, patience, since=before)
                return
            except TimeoutError:
                if pause == 2.0 or self.status is not None:
                    raise

    def read(self, quiet: float) -> None:
        """Read until nothing has been written for so many seconds, or the program has ended."""
        while self.status is None and select.select([self._fd], [], [], quiet)[0]:
            self._read()

    def wait_for(self, seen: str, timeout: float = 60.0, *, since: int = 0) -> None:
        """Read until a text has been written, counted from this position of the stream."""
        end = time.monotonic() + timeout
        while seen.encode() not in self.stream[since:]:
            if self.status is not None or time.monotonic() > end:
                raise TimeoutError(f"{seen!r} was not written; the last was {self.stream[-300:]!r}")
            self.read(0.02)

    def finish(self, timeout: float = 60.0) -> int:
        """Read until the program has ended, and return its exit status."""
        end = time.monotonic() + timeout
        while self.status is None and time.monotonic() < end:
            self.read(0.2)
        if self.status is None:
            raise TimeoutError(f"still running; the last was {self.stream[-300:]!r}")
        return self.status

    def _read(self) -> None:
        try:
            written = os.read(self._fd, 1 << 16)
        except OSError:  # Linux reports the end so
            written = b""
        self.stream += written
        if not written:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._fd)
