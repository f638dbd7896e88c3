"""A page of text in front of the screen, which scrolls."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.widgets.cell_text import clean
from tui.widgets.popup import PopUp

#: The cells of a page where the window has them, and those of its frame, the room inside it and the scrollbar.
_WIDTH, _FRAME = 110, 7


class TextPage(PopUp):
    """Shows a text.

    Parameters
    ----------
    title
        What the frame says above.
    text
        The text, or what makes it for a width in cells.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "close", id="close"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="cursor-down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="cursor-up"),
    ]

    DEFAULT_CSS = f"TextPage > .page {{ width: {_WIDTH}; }}"

    def __init__(self, title: str, text: Content | Callable[[int], Content]) -> None:
        super().__init__()
        self._title, self._text = title, text
        self._shown = Static()

    def compose(self) -> ComposeResult:
        """The text."""
        with VerticalScroll(classes="page") as page:
            page.border_title = Content(clean(self._title))
            page.border_subtitle = Content("Esc closes")
            self._draw()
            yield self._shown

    def on_resize(self) -> None:
        """Draw as wide as there is room."""
        self._draw()

    def _draw(self) -> None:
        text = self._text
        self._shown.update(text if isinstance(text, Content) else text(self._room))

    @property
    def _room(self) -> int:
        """The width of a line, which is asked for before the page is laid out."""
        return min(_WIDTH, self.app.size.width * 94 // 100) - _FRAME

    def action_scroll(self, by: int) -> None:
        """Scroll by a line."""
        self.query_one(".page").scroll_relative(y=by, animate=False)
