"""The keys, by the place they work in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.widgets.cell_text import fit
from tui.widgets.popup import PopUp

#: A place, and its keys with what they do.
Section = tuple[str, tuple[tuple[str, str], ...]]


class HelpScreen(PopUp):
    """An overlay with all keys.

    Parameters
    ----------
    sections
        The keys, by the place they work in.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q,enter", "dismiss", "close", id="close"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="cursor-down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="cursor-up"),
    ]

    DEFAULT_CSS = "HelpScreen > .page { max-height: 90%; }"

    def __init__(self, sections: Iterable[Section]) -> None:
        super().__init__()
        self._sections = tuple(sections)

    def compose(self) -> ComposeResult:
        """One page of text."""
        with VerticalScroll(classes="page") as page:
            page.border_title = Content("Keys")
            page.border_subtitle = Content("↑ ↓ scroll · Esc closes")
            yield Static(_keys(self._sections))

    def action_scroll(self, by: int) -> None:
        """Scroll the page."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def _keys(sections: Iterable[Section]) -> Content:
    parts: list[Content | str | tuple[str, str]] = []
    for place, keys in sections:
        parts.append(("\n\n" * bool(parts) + place, "bold $text"))
        for key, what in keys:
            parts += [("\n  " + fit(key, 16), "bold $text-primary"), (what, "$text")]
    return Content.assemble(*parts)
