"""A list of users in front of the screen, which leads to the User tab."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.backend.backend import Backend
from tui.messages import Failed, ShowUser
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import count
from tui.widgets.panel import Panel
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.session import ExternalId
    from tui.backend.protocols import SessionLike

Row = TypeVar("Row")


class UserTable(Table[Row]):
    """The users."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "recommendations", id="choose")]


class UserListScreen(AskingPopUp, Generic[Row]):
    """Users whom the engine finds; Enter opens the User tab with one of them.

    Parameters
    ----------
    backend
        The way to the engine.
    name
        The name of the worker thread, and of the table for tests.
    title
        What the users have in common.
    """

    DEFAULT_CSS = """
    UserListScreen > Panel {
        width: 76; max-width: 94%; height: 80%; max-height: 30; background: $surface;
    }
    """

    #: How many users are listed.
    LISTED: ClassVar[int]
    #: What is said if there are none: a heading and a sentence.
    NOBODY: ClassVar[tuple[str, str]]
    #: What the lower edge says.
    HINT: ClassVar[str] = "Enter opens the user"

    def __init__(self, backend: Backend, name: str, title: str) -> None:
        super().__init__(backend, name)
        self._title = title
        self._table: UserTable[Row] = UserTable((), id=name.replace(" ", "-"))
        self._panel = Panel("", self._table)

    def find(self, session: SessionLike) -> Sequence[Row]:
        """Find the users. Runs in the worker thread."""
        raise NotImplementedError

    def columns(self, found: Sequence[Row]) -> Sequence[Column[Row]]:
        """The columns of these users."""
        raise NotImplementedError

    def user_of(self, row: Row) -> ExternalId:
        """The user of a row."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The list."""
        yield self._panel

    def on_mount(self) -> None:
        """Ask for the users."""
        self._panel.retitle(self._title)
        self._panel.show_notice().show("", "looking for the users …")
        self.ask(lambda session, _: self.find(session))

    def answered(self, value: Any) -> None:
        """List the users."""
        found: Sequence[Row] = value
        if not found:
            self._panel.show_notice().show(*self.NOBODY)
            self._panel.border_subtitle = Content("Esc closes")
            return
        known = f"first {self.LISTED}" if len(found) == self.LISTED else count(len(found), "user")
        self._panel.retitle(f"{self._title} · {known}", self.HINT)
        self._table.show(found, self.columns(found))
        self._panel.show_rows()
        self.call_after_refresh(partial(self.set_focus, self._table))

    def failed(self, message: Failed) -> None:
        """Say why there is no list."""
        self._panel.show_notice().show("The users cannot be listed", message.failure.text)

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        if self._table.row is not None:
            self.dismiss()
            self.app.post_message(ShowUser(self.user_of(self._table.row)))
