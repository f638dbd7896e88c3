"""A titled frame that holds rows, or a notice where there are none."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tui.widgets.cell_text import clean
from tui.widgets.notice import Notice
from tui.widgets.table import Table


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
    }
    """

    def __init__(self, title: str, table: Table[Any], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.table = table
        self.table.display = False
        self.notice = Notice()
        self._written = ("", "")
        self.retitle(title)

    def compose(self) -> ComposeResult:
        """The notice; the table joins it when there is something to list, so that a first paint is quick."""
        yield self.notice

    def retitle(self, title: str, subtitle: str = "") -> None:
        """Write on the frame: the title of the list above, a remark below."""
        written = (clean(title), clean(subtitle))
        if written != self._written:
            self._written = written
            self.border_title, self.border_subtitle = Content(written[0]), Content(written[1])

    @property
    def heading(self) -> str:
        """The title of the list."""
        return self._written[0]

    @property
    def listing(self) -> bool:
        """Whether the table shows."""
        return bool(self.table.display)

    def show_rows(self) -> None:
        """Show the table."""
        if not self.table.is_attached:
            self.mount(self.table)
        self.table.display, self.notice.display = True, False

    def show_notice(self) -> Notice:
        """Show the notice instead of the table; fill it with what this returns."""
        self.table.display, self.notice.display = False, True
        return self.notice
