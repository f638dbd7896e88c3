"""The program in a real pseudo-terminal: the app over the fake session, a keyboard and what was drawn."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType

#: Runs the app over a fake session; with an argument, a training that does not end begins at once.
PROGRAM = """
import sys
from tests.tui.fake import FakeSession
from tui import launch
from tui.app import RecsysApp

class Training(RecsysApp):
    def on_session_opened(self):
        self.backend.train("sequence", "sequence")

def make_app(*_, **__):
    session = FakeSession(trained=("explicit",))
    session.hold("train")
    app = Training if "train" in sys.argv else RecsysApp
    return app(lambda _: session, "fake", blink=False)

launch.make_app = make_app
from tui.cli import main
sys.exit(main([]))
"""
APP = (sys.executable, "-c", PROGRAM)
#: Half a minute is never needed, and keeps a broken test from hanging.
PATIENCE = 60.0


class Terminal:
    """A program in a pseudo-terminal, as the leader of a session of its own.

    Parameters
    ----------
    command
        The program and its arguments.
    environment
        Environment variables beside those of this process; None takes one away.
    columns, rows
        The size of the terminal.
    """

    def __init__(
        self,
        command: Sequence[str] = APP,
        environment: Mapping[str, str | None] | None = None,
        *,
        columns: int = 100,
        rows: int = 30,
    ) -> None:
        self.master, slave = pty.openpty()
        self.set_size(columns, rows)
        self.settings = termios.tcgetattr(slave)
        self.slave = slave
        self.output = b""

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        # Pictures of other tests leave a size in the environment, which would count more than the terminal's.
        sizes = {"COLUMNS": None, "LINES": None}
        changed = {**os.environ, **sizes, "TERM": "xterm-256color", "PS1": "$ ", **(environment or {})}
        changed = {name: value for name, value in changed.items() if value is not None}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=changed, preexec_fn=take_terminal
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.master, self.slave):
            with suppress(OSError):  # the test may have closed it
                os.close(descriptor)

    def set_size(self, columns: int, rows: int) -> None:
        """Give the terminal another size, of which the program is told."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self) -> None:
        """Take what was drawn by now."""
        while select.select([self.master], [], [], 0.02)[0]:
            try:
                self.output += os.read(self.master, 1 << 16)
            except OSError:
                return

    def until(self, condition: Callable[[], object]) -> None:
        """Take what is drawn until something holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"it never came to hold; at last: {self.output[-2000:]!r}")
            self.read()

    def shows(self, text: str) -> None:
        """Wait until a text is drawn, and forget what was drawn up to it."""
        wanted = text.encode()
        self.until(lambda: wanted in self.output)
        self.output = self.output[self.output.index(wanted) + len(wanted) :]

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def ends(self) -> int:
        """Wait for the end of the program; its exit status."""
        self.until(lambda: self.process.poll() is not None)
        self.read()
        return self.process.returncode

    def is_restored(self) -> bool:
        """Whether the terminal echoes and interprets keys as before, and the screen and the mouse are given back."""
        attributes = termios.tcgetattr(self.slave)
        return attributes == self.settings and b"\x1b[?1049l" in self.output and b"\x1b[?1000l" in self.output
