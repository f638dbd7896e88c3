"""A pseudo-terminal that runs a program, sends keys and reads the screen, with times."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte


class Terminal:
    """Runs a command in a terminal of a given size and tracks its screen.

    All times are values of ``time.monotonic``, which the processes of a machine share.

    Parameters
    ----------
    command
        The program and its arguments.
    env
        The environment variables of the program.
    columns, rows
        The size of the terminal.

    Attributes
    ----------
    num_bytes
        How much the program has written.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], columns: int = 120, rows: int = 36) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.started = time.monotonic()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), {**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.exited: float | None = None
        self.num_bytes = 0
        self._unfollowed: list[tuple[float, bytes]] = []

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def press(self, keys: str) -> float:
        """Send keys and return the time at which they were sent."""
        now = time.monotonic()
        os.write(self._fd, keys.encode())
        return now

    def wait_for(self, seen: str | Callable[[str], bool], timeout: float = 60.0) -> float:
        """Read until the screen shows a text, and return the time at which the last bytes needed were read."""
        wanted = (lambda text: seen in text) if isinstance(seen, str) else seen
        end = time.monotonic() + timeout
        while self._unfollowed:
            self._follow()
        while not wanted(self.text()):
            if time.monotonic() > end:
                raise TimeoutError(f"{seen!r} was not shown within {timeout} s; the screen:\n{self.text()}")
            self._read(0.05)
        return self._last_read

    def drain(self, seconds: float) -> None:
        """Read for some time, and follow the screen only when it is next asked for, since that takes longer."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                data = os.read(self._fd, 1 << 20)
                self._unfollowed.append((time.monotonic(), data))
                self.num_bytes += len(data)

    def shown_at(self, seen: str, within: float) -> float:
        """Read for some seconds, and return the time at which the bytes came that made the screen show a text.

        Following the screen takes as long as drawing it, so that it must not count, nor take a core meanwhile.
        """
        self.drain(within)
        while self._unfollowed:
            self._follow()
            if seen in self.text():
                return self._last_read
        return self.wait_for(seen)

    def _follow(self) -> None:
        self._last_read, data = self._unfollowed.pop(0)
        self._stream.feed(data)

    def wait_for_exit(self, timeout: float = 20.0) -> float:
        """Read until the program has ended, and return the time of its end."""
        end = time.monotonic() + timeout
        while self.exited is None and time.monotonic() < end:
            self._read(0.005)
            self._reap()
        if self.exited is None:
            raise TimeoutError(f"still running after {timeout} s; the screen:\n{self.text()}")
        return self.exited

    def close(self) -> None:
        if self.exited is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    _last_read = 0.0

    def _read(self, wait: float) -> None:
        ready, _, _ = select.select([self._fd], [], [], wait)
        if not ready:
            return
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux raises EIO when the other side is closed
            self._reap()
            return
        self._last_read = time.monotonic()
        self.num_bytes += len(data)
        self._stream.feed(data)

    def _reap(self) -> None:
        if self.exited is None and os.waitpid(self.pid, os.WNOHANG)[0]:
            self.exited = time.monotonic()
