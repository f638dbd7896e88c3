"""The users who are most like one, as a list in front of the screen that leads to the User tab."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.backend.backend import Backend
from tui.messages import Failed, ShowUser
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.bars import whole_percent
from tui.widgets.cell_text import count, shorten_middle
from tui.widgets.panel import Panel
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.session import ExternalId, Likeness

#: How many users are listed.
_LISTED = 50


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


_COLUMNS: tuple[Column[Likeness], ...] = (
    Column("User", lambda one, room: shorten_middle(one.second, room)),
    Column("Common", lambda one, _: f"{one.num_common:,}", width=6, right=True),
    Column("Share", lambda one, _: whole_percent(one.jaccard), width=5, right=True, style="accent"),
    Column("Genres", lambda one, _: _number(one.taste, ".2f"), width=6, right=True, from_width=50, style="muted"),
    Column("Ratings", lambda one, _: _number(one.correlation, "+.2f"), width=7, right=True, style="muted"),
)


class SimilarUserTable(Table["Likeness"]):
    """The users."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "recommendations", id="choose")]


class SimilarUsersScreen(AskingPopUp):
    """The users who share most with one; Enter opens the User tab with one of them.

    Parameters
    ----------
    backend
        The way to the engine.
    user
        The user.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,m", "dismiss", "close", id="close")]

    DEFAULT_CSS = """
    SimilarUsersScreen > Panel {
        width: 76; max-width: 94%; height: 80%; max-height: 30; background: $surface;
    }
    """

    def __init__(self, backend: Backend, user: ExternalId) -> None:
        super().__init__(backend, "similar users")
        self._user = user
        self._table = SimilarUserTable(_COLUMNS, id="similar-users")
        self._panel = Panel("", self._table)

    def compose(self) -> ComposeResult:
        """The list."""
        yield self._panel

    @property
    def _title(self) -> str:
        return f"Users like {shorten_middle(self._user, 40)}"

    def on_mount(self) -> None:
        """Ask for the users."""
        user = self._user
        self._panel.retitle(self._title)
        self._panel.show_notice().show("", "looking for the users …")
        self.ask(lambda session, _: session.taste.similar(user, _LISTED))

    def answered(self, value: Any) -> None:
        """List the users."""
        found: tuple[Likeness, ...] = value
        if not found:
            self._panel.show_notice().show("Nobody is like this user", "No other user has any of the same items.")
            self._panel.border_subtitle = Content("Esc closes")
            return
        known = f"first {_LISTED}" if len(found) == _LISTED else count(len(found), "user")
        self._panel.retitle(f"{self._title} · {known}", "Share: of the items of either · Enter opens the user")
        self._table.show(found)
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
            self.app.post_message(ShowUser(self._table.row.second))
