"""A page of text in front of the screen, which scrolls."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.widgets.cell_text import clean
from tui.widgets.popup import PopUp


class TextPage(PopUp):
    """Shows a text.

    Parameters
    ----------
    title
        What the frame says above.
    text
        The text.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "close", id="close"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="cursor-down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="cursor-up"),
    ]

    DEFAULT_CSS = "TextPage > .page { width: 110; }"

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """The text."""
        with VerticalScroll(classes="page") as page:
            page.border_title = Content(clean(self._title))
            page.border_subtitle = Content("Esc closes")
            yield Static(self._text)

    def action_scroll(self, by: int) -> None:
        """Scroll by a line."""
        self.query_one(".page").scroll_relative(y=by, animate=False)
