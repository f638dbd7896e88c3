"""A ranked list above the reason for the row under the cursor."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult

from tui.widgets.notice import Notice
from tui.widgets.panel import Panel
from tui.widgets.reason import ReasonLine
from tui.widgets.table import Table


class ReasonedPanel(Panel):
    """A ranked list above the reason for the row under the cursor."""

    def __init__(self, title: str, table: Table[Any], *, id: str | None = None) -> None:
        super().__init__(title, table, id=id)
        self.reason = ReasonLine()

    def compose(self) -> ComposeResult:
        """The reason below."""
        yield from super().compose()
        yield self.reason

    def show_notice(self) -> Notice:
        """A notice needs no reason."""
        self.reason.display = False
        return super().show_notice()
