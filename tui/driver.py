"""Reading keys from a Unix terminal and drawing on it: an Esc is reported at once, and the end of it noticed."""

from __future__ import annotations

import codecs
import os
import select
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui.paste_filter import PasteFilter
from tui.terminal import TERMINAL_GONE

if TYPE_CHECKING:
    from textual.app import App

#: Seconds between two looks at the clock: while a key may be unfinished, and otherwise.
_SOON, _LATE = 0.01, 0.1
#: Seconds after a byte in which the key that it belongs to may be unfinished.
_UNFINISHED = 0.25
#: Seconds to wait for a terminal that takes no more at the moment.
_FULL = 0.05


class Output:
    """The terminal, as what is written on. What is written after it is gone is dropped.

    Textual writes in a thread of its own, which an error would end; the app would then wait for that thread for ever.

    Parameters
    ----------
    file
        The terminal.
    gone
        Called once, when it is found to be gone.
    """

    def __init__(self, file: IO[str], gone: Callable[[], None]) -> None:
        self._file = file
        self._gone = gone
        self._lost = threading.Event()

    def write(self, text: str) -> None:
        """Write text."""
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        """Write what is held back."""
        self._try(self._file.flush)

    def fileno(self) -> int:
        """The number of the file."""
        return self._file.fileno()

    def _try(self, do: Callable[[], object]) -> None:
        while not self._lost.is_set():
            try:
                do()
                return
            except BlockingIOError:  # it was set not to block; what was not written is still held back
                time.sleep(_FULL)
                do = self._file.flush
            except (OSError, ValueError):
                self._lost.set()
                self._gone()


class PromptDriver(LinuxDriver):
    """Textual's driver, except that it checks more often whether an Esc stands alone.

    Textual looks every 100 ms, so an Esc is heard up to 200 ms after it was pressed, and whoever stops a job waits.

    A terminal that is gone ends the app. Its signal, SIGHUP, may be ignored or go to another process.
    """

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: Any = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file: Any = Output(self._file, self.terminal_gone)

    def terminal_gone(self) -> None:
        """End the app; may be called from any thread."""
        self._app.call_later(self._app.exit, return_code=TERMINAL_GONE)

    def run_input_thread(self) -> None:
        """Read keys until the app ends."""
        parser, without_escapes = XTermParser(self._debug), PasteFilter()
        decode = codecs.getincrementaldecoder("utf-8")().decode
        last_input = float("-inf")
        while not self.exit_event.is_set():
            wait = _SOON if time.monotonic() - last_input < _UNFINISHED else _LATE
            try:
                readable, _, _ = select.select([self.fileno], [], [], wait)
                data = os.read(self.fileno, 4096) if readable else b""
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                self.terminal_gone()
                return
            if readable:
                if not data:
                    self.terminal_gone()
                    return
                last_input = time.monotonic()
                # Half a character decodes to no text, which the parser would take as the end of the input.
                for event in parser.feed(text) if (text := without_escapes(decode(data))) else ():
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)
