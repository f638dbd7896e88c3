"""Reading keys from a Unix terminal, with an Esc that is reported at once."""

from __future__ import annotations

import codecs
import os
import select
import time

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

#: Seconds between two looks at the clock: while a key may be unfinished, and otherwise.
_SOON, _LATE = 0.01, 0.1
#: Seconds after a byte in which the key that it belongs to may be unfinished.
_UNFINISHED = 0.25


class PromptDriver(LinuxDriver):
    """Textual's driver, except that it checks more often whether an Esc stands alone.

    Textual looks every 100 ms, so an Esc is heard up to 200 ms after it was pressed, and whoever stops a job waits.
    """

    def run_input_thread(self) -> None:
        """Read keys until the app ends."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")().decode
        last_input = float("-inf")
        while not self.exit_event.is_set():
            wait = _SOON if time.monotonic() - last_input < _UNFINISHED else _LATE
            readable, _, _ = select.select([self.fileno], [], [], wait)
            if readable:
                data = os.read(self.fileno, 4096)
                if not data:
                    return  # the terminal is gone
                last_input = time.monotonic()
                # Half a character decodes to no text, which the parser would take as the end of the input.
                for event in parser.feed(text) if (text := decode(data)) else ():
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)
