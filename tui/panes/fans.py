"""The users who rated an item highest, as a list in front of the screen that leads to the User tab."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from engine.data.results import Fan
from tui.backend.backend import Backend
from tui.messages import Failed, ShowUser
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.bars import compact
from tui.widgets.cell_text import count, shorten, shorten_middle
from tui.widgets.item_list import full_title
from tui.widgets.panel import Panel
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.session import Item

#: How many users are listed.
_LISTED = 200


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


def _columns(fans: list[Fan]) -> list[Column[Fan]]:
    found: list[Column[Fan]] = [
        Column("User", lambda fan, room: shorten_middle(fan.user.user_id, room)),
        Column("Rating", _rating, width=6, right=True, style="accent"),
    ]
    if any(fan.user.mean_rating is not None for fan in fans):
        found.append(Column("Their mean", _mean, width=10, right=True, style="muted"))
    found.append(Column("Seen", lambda fan, _: f"{fan.user.num_interactions:,}", width=7, right=True, style="muted"))
    if any(fan.timestamp is not None for fan in fans):
        found.append(Column("Date", _date, width=10, from_width=56, style="muted"))
    return found


class FanTable(Table[Fan]):
    """The users."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "recommendations", id="choose")]


class FansScreen(AskingPopUp):
    """The users who rated an item highest; Enter opens the User tab with one of them.

    Parameters
    ----------
    backend
        The way to the engine.
    item
        The item.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,l", "dismiss", "close", id="close")]

    DEFAULT_CSS = """
    FansScreen > Panel {
        width: 76; max-width: 94%; height: 80%; max-height: 30; background: $surface;
    }
    """

    def __init__(self, backend: Backend, item: Item) -> None:
        super().__init__(backend, "fans")
        self._item = item
        self._table = FanTable((), id="fans")
        self._panel = Panel("", self._table)

    def compose(self) -> ComposeResult:
        """The list."""
        yield self._panel

    def on_mount(self) -> None:
        """Ask for the users."""
        self._panel.retitle(f"Who liked {shorten(full_title(self._item), 50)}")
        self._panel.show_notice().show("", "looking for the users …")
        item_id = self._item.item_id
        self.ask(lambda session, _: session.users.fans(item_id, _LISTED))

    def answered(self, value: Any) -> None:
        """List the users."""
        fans: list[Fan] = value
        if not fans:
            self._panel.show_notice().show("Nobody has rated it", "No user of this data set knows this item.")
            self._panel.border_subtitle = Content("Esc closes")
            return
        known = f"first {_LISTED}" if len(fans) == _LISTED else count(len(fans), "user")
        self._panel.retitle(f"Who liked {shorten(full_title(self._item), 50)} · {known}", "Enter opens the user")
        self._table.show(fans, _columns(fans))
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
            self.app.post_message(ShowUser(self._table.row.user.user_id))
