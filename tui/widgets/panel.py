"""A titled frame that holds rows, or a notice where there are none."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tui.widgets.notice import Notice
from tui.widgets.table import Table
from tui.widgets.text import clean


class Panel(Vertical):
    """A frame around a table; the notice takes the table's place while there is nothing to list."""

    DEFAULT_CSS = """
    Panel {
        border: round $foreground 30%;
        border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
        &:focus-within {
            border: round $primary;
            border-title-color: $text;
            border-title-style: bold;
        }
        & > Table { display: none; }
        &.-rows > Table { display: block; }
        &.-rows > Notice { display: none; }
    }
    """

    def __init__(self, title: str, table: Table[Any], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.table = table
        self.notice = Notice()
        self.retitle(title)

    def compose(self) -> ComposeResult:
        """The table and the notice; one of them shows."""
        yield self.table
        yield self.notice

    def retitle(self, title: str, subtitle: str = "") -> None:
        """Write on the frame: what is listed above, what to know about it below."""
        self.border_title = Content(clean(title))
        self.border_subtitle = Content(clean(subtitle))

    def show_rows(self) -> None:
        """Show the table."""
        self.add_class("-rows")

    def show_notice(self) -> Notice:
        """Show the notice instead of the table; fill it with what this returns."""
        self.remove_class("-rows")
        return self.notice
