"""The reason why the row under the cursor is listed, in full below the list."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from tui.widgets.cell_text import clean, shorten


class ReasonLine(Static):
    """A sentence that is wrapped, and cut only where the list above would have no room; the details say it in full.

    It keeps the height that the longest of the list's reasons needs, so that the list does not move with the cursor.
    """

    DEFAULT_CSS = """
    ReasonLine {
        dock: bottom;
        height: auto;
        padding: 0 2;
        color: $text-muted;
        display: none;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._reasons: tuple[str, ...] = ()
        self._shown = ""
        self._most = 0

    def expect(self, reasons: Iterable[str]) -> None:
        """Make room for these reasons; none of them hides the line."""
        self._reasons = tuple(sorted({clean(reason) for reason in reasons} - {""}, key=cell_len, reverse=True))
        self.display = bool(self._reasons)
        self._measure(self.size)

    def show(self, reason: str) -> None:
        """Show this reason."""
        text = clean(reason)
        text = text[:1].upper() + text[1:]
        if text != self._shown:
            self._shown = text
            self._draw()

    def limit(self, lines: int) -> None:
        """Take at most this many lines; 0 for as many as a reason needs."""
        if lines != self._most:
            self._most = lines
            self._measure(self.size)
            self._draw()

    def on_resize(self) -> None:
        """Measure again."""
        self._measure(self.size)
        self._draw()

    def _draw(self) -> None:
        width = self.content_size.width
        lines = textwrap.wrap(self._shown, width) if width else []
        if self._most and len(lines) > self._most:
            kept = self._most - 1
            lines = [*lines[:kept], shorten(" ".join(lines[kept:]), width)]
            self.update(Content("\n".join(lines)))
        else:
            self.update(Content(self._shown))

    def _measure(self, size: Size) -> None:
        width = size.width
        if not width or not self._reasons:
            return
        # The longest in cells is not always the one of most lines, but one of the longest is.
        lines = max(len(textwrap.wrap(reason, width)) for reason in self._reasons[:5])
        self.styles.min_height = min(lines, self._most or lines)
