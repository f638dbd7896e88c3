"""Asks for a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tui.widgets.cell_text import clean
from tui.widgets.popup import PopUp
from tui.widgets.query_input import QueryInput


class NotePrompt(PopUp):
    """A line for a note; Enter keeps it.

    Parameters
    ----------
    title
        What the note is about.
    note
        The note so far.
    written
        Called with the new note.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", id="close")]

    def __init__(self, title: str, note: str, written: Callable[[str], object]) -> None:
        super().__init__()
        self._title, self._written = title, written
        self._line = QueryInput("Note", "an empty note is deleted")
        self._line.value = note

    def compose(self) -> ComposeResult:
        """The line."""
        with Vertical(classes="page") as page:
            page.border_title = Content(clean(self._title))
            page.border_subtitle = Content("Enter keeps it · Esc closes")
            yield self._line

    def on_mount(self) -> None:
        """Write at once."""
        self._line.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss()
        self._written(event.value.strip())
