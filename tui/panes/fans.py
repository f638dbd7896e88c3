"""The users who rated an item highest, as a list in front of the screen that leads to the User tab."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from engine.data.results import Fan
from tui.backend.backend import Backend
from tui.panes.user_list import UserListScreen
from tui.widgets.bars import compact
from tui.widgets.cell_text import full_title, shorten, shorten_middle
from tui.widgets.table import Column

if TYPE_CHECKING:
    from engine.session import ExternalId, Item
    from tui.backend.protocols import SessionLike


def _rating(fan: Fan, _: int) -> str:
    return "seen" if fan.rating is None else compact(fan.rating)


def _mean(fan: Fan, _: int) -> str:
    return "" if fan.user.mean_rating is None else f"{fan.user.mean_rating:.2f}"


def _date(fan: Fan, _: int) -> str:
    if fan.timestamp is None:
        return ""
    try:
        return datetime.fromtimestamp(fan.timestamp, UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):  # a time that no calendar has
        return ""


def _columns(fans: Sequence[Fan]) -> list[Column[Fan]]:
    found: list[Column[Fan]] = [
        Column("User", lambda fan, room: shorten_middle(fan.user.user_id, room), main=True),
        Column("Rating", _rating, width=6, right=True, style="accent"),
    ]
    if any(fan.user.mean_rating is not None for fan in fans):
        found.append(Column("Their mean", _mean, width=10, right=True, style="muted"))
    found.append(Column("Seen", lambda fan, _: f"{fan.user.num_interactions:,}", width=7, right=True, style="muted"))
    if any(fan.timestamp is not None for fan in fans):
        found.append(Column("Date", _date, width=10, from_width=56, priority=1, style="muted"))
    return found


class FansScreen(UserListScreen[Fan]):
    """The users who rated an item highest; Enter opens the User tab with one of them.

    Parameters
    ----------
    backend
        The way to the engine.
    item
        The item.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,l", "dismiss", "close", id="close")]
    LISTED = 200
    NOBODY = ("Nobody has rated it", "No user of this data set knows this item.")

    def __init__(self, backend: Backend, item: Item) -> None:
        super().__init__(backend, "fans", f"Who liked {shorten(full_title(item), 50)}")
        self._item_id = item.item_id

    def find(self, session: SessionLike) -> Sequence[Fan]:
        """Find the users who rated the item highest."""
        return session.users.fans(self._item_id, self.LISTED)

    def columns(self, found: Sequence[Fan]) -> Sequence[Column[Fan]]:
        """What is known of them."""
        return _columns(found)

    def user_of(self, row: Fan) -> ExternalId:
        """The user."""
        return row.user.user_id
