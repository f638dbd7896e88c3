"""The last filter before the terminal: it takes out of every drawn line what a terminal would act upon.

Widgets clean the text of the data themselves, because they must know its width (:mod:`tui.widgets.cell_text`). This
filter holds where a widget does not, such as Textual's own input line, palette and notifications.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from tui.sanitize import STAND_IN, CharacterTable, is_obeyed
from tui.widgets.kitty import is_placeholder, number_of


def _replacement(character: str) -> str:
    # A line must stay as wide as Textual takes it to be; otherwise what follows would be drawn in the wrong place.
    return STAND_IN * cell_len(character) if is_obeyed(character) else character


class LineSanitizer(LineFilter):
    """Replaces characters that a terminal would act upon by as many stand-ins as they have cells, and drops links."""

    def __init__(self) -> None:
        super().__init__()
        self._table = CharacterTable(_replacement)
        self.pictures: set[int] = set()
        """The numbers of the pictures that the app has sent to the terminal; only cells of these are let through."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line, or one that a terminal can only show.

        Parameters
        ----------
        segments
            The line.
        background
            Not used.
        """
        linked = any(style is not None and style.link for _, style, _ in segments)
        if not linked and "".join([text for text, _, _ in segments]).isprintable():
            return segments
        return [
            Segment(self._text(text, style), None if style is None else style.update_link(None))
            for text, style, _ in segments
        ]

    def _text(self, text: str, style: Style | None) -> str:
        if self.pictures and is_placeholder(text):
            # Behind a pop-up the colours are others, which would be those of no picture.
            return text if number_of(style) in self.pictures else " " * cell_len(text)
        return text.translate(self._table)
