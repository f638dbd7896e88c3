"""The users who are most like one, as a list in front of the screen that leads to the User tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui.backend.backend import Backend
from tui.panes.user_list import UserListScreen
from tui.widgets.bars import whole_percent
from tui.widgets.cell_text import shorten_middle
from tui.widgets.table import Column

if TYPE_CHECKING:
    from engine.session import ExternalId, Likeness
    from tui.backend.protocols import SessionLike


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


_COLUMNS: tuple[Column[Likeness], ...] = (
    Column("User", lambda one, room: shorten_middle(one.second, room)),
    Column("Common", lambda one, _: f"{one.num_common:,}", width=6, right=True),
    Column("Share", lambda one, _: whole_percent(one.jaccard), width=5, right=True, style="accent"),
    Column("Genres", lambda one, _: _number(one.taste, ".2f"), width=6, right=True, from_width=50, style="muted"),
    Column("Ratings", lambda one, _: _number(one.correlation, "+.2f"), width=7, right=True, style="muted"),
)


class SimilarUsersScreen(UserListScreen["Likeness"]):
    """The users who share most with one; Enter opens the User tab with one of them.

    Parameters
    ----------
    backend
        The way to the engine.
    user
        The user.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,m", "dismiss", "close", id="close")]
    LISTED = 50
    NOBODY = ("Nobody is like this user", "No other user has any of the same items.")
    HINT = "Share: of the items of either · Enter opens the user"

    def __init__(self, backend: Backend, user: ExternalId) -> None:
        super().__init__(backend, "similar users", f"Users like {shorten_middle(user, 40)}")
        self._user = user

    def find(self, session: SessionLike) -> Sequence[Likeness]:
        """Find the users who share most with the user."""
        return session.taste.similar(self._user, self.LISTED)

    def columns(self, found: Sequence[Likeness]) -> Sequence[Column[Likeness]]:
        """What they share."""
        return _COLUMNS

    def user_of(self, row: Likeness) -> ExternalId:
        """The other user."""
        return row.second
