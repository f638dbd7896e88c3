"""A terminal that is emulated: what a program has drawn, as a person would see it."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence

import pyte

from tests.tui.in_terminal import Terminal


class EmulatedTerminal(Terminal):
    """A program in a pseudo-terminal, and the screen that a terminal makes of its output.

    Parameters
    ----------
    command
        The program and its arguments.
    environment
        Environment variables beside those of this process; None takes one away.
    columns, rows
        The size of the screen.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str | None] | None = None,
        *,
        columns: int = 120,
        rows: int = 36,
    ) -> None:
        super().__init__(command, environment, columns=columns, rows=rows)
        self.screen = pyte.Screen(columns, rows)
        self._modes = set(self.screen.mode)
        self._stream = pyte.Stream(self.screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._drawn = 0

    @property
    def lines(self) -> list[str]:
        """The lines of the screen."""
        new, self._drawn = self.output[self._drawn :], len(self.output)
        self._stream.feed(self._decode(new))
        return list(self.screen.display)

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def see(self, *wanted: str) -> None:
        """Wait until all of these texts are on the screen."""
        self.wait(lambda text: all(one in text for one in wanted), wanted)

    def wait(self, holds: Callable[[str], object], what: object = "what was waited for") -> None:
        """Wait until something holds of the screen."""
        try:
            self.until(lambda: holds(self.text))
        except AssertionError:
            raise AssertionError(f"{what!r} was never on the screen, which shows:\n{self.text}") from None

    def row_of(self, text: str) -> int:
        """The number of the first line with this text, from 0."""
        return next(number for number, line in enumerate(self.lines) if text in line)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self.lines  # noqa: B018 - what was drawn by now belongs to the old size
        self.screen.resize(rows, columns)
        self.set_size(columns, rows)

    def mouse(self, button: int, column: int, row: int) -> None:
        """Press and release a button of the mouse, from 0; 64 and 65 are the wheel up and down."""
        for end in ("M", "m") if button < 64 else ("M",):
            self.type(f"\x1b[<{button};{column + 1};{row + 1}{end}".encode())

    def paste(self, text: str) -> None:
        """Paste text as a terminal does."""
        self.type(f"\x1b[200~{text}\x1b[201~".encode())

    def is_restored(self) -> bool:
        """Whether every mode of the terminal is as before: the screen, the cursor, the mouse, the keys."""
        self.lines  # noqa: B018 - reads to the end
        return super().is_restored() and self.screen.mode == self._modes and not self.screen.cursor.hidden
