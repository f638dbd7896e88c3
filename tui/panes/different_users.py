"""The users on whom two models differ most, as a list in front of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.comparison_words import right_more_often
from tui.panes.comparison_text import duel_counts
from tui.widgets.cell_text import clean, shorten, shorten_middle
from tui.widgets.popup import PopUp
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.data.comparison import DifferentUser, HeadToHead

#: The width of a column with what a model found.
_FOUND = 14


class DifferentUsersTable(Table["DifferentUser"]):
    """The users."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "side by side", id="choose")]


class DifferentUsersPage(PopUp):
    """Lists the users whose two lists differ most; Enter closes it with the pair and the position of the user.

    Parameters
    ----------
    duels
        The pairs of models, of which one is shown at a time.
    pair
        The position of the pair that is shown first.
    user
        The position of the user on whom the cursor is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,u", "dismiss", "close", id="close"),
        Binding("right,l", "pair(1)", "next pair", id="next-pair"),
        Binding("left,h", "pair(-1)", "previous pair", id="previous-pair"),
    ]

    DEFAULT_CSS = """
    DifferentUsersPage > .page {
        width: 90; height: 80%; max-height: 30; padding: 0 1;
        & > Static { margin: 0 0 1 0; }
        & > Table { height: 1fr; min-height: 3; }
    }
    """

    def __init__(self, duels: Sequence[HeadToHead], pair: int = 0, user: int = 0) -> None:
        super().__init__()
        self._duels, self._pair, self._user = duels, pair, user
        self._head = Static()
        self._table = DifferentUsersTable((), id="different-users")

    def compose(self) -> ComposeResult:
        """Which model is right more often, and the users."""
        with Vertical(classes="page") as page:
            page.border_title = Content("The users whose lists differ most")
            pairs = "← → other pair · " if len(self._duels) > 1 else ""
            page.border_subtitle = Content(f"Enter side by side · {pairs}Esc closes")
            yield self._head
            yield self._table

    def on_mount(self) -> None:
        """Begin in the list."""
        self._table.focus()
        self._draw(self._user)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Another pair is offered where there is one."""
        if action == "pair":
            return len(self._duels) > 1
        return super().check_action(action, parameters)

    def action_pair(self, by: int) -> None:
        """Show another pair of models."""
        self._pair = (self._pair + by) % len(self._duels)
        self._draw(0)

    def _draw(self, user: int) -> None:
        duel = self._duels[self._pair]
        counts = "\n" + duel_counts(duel) if duel.num_users else ""
        self._head.update(Content.assemble((clean(right_more_often(duel)), "bold $text"), counts))
        self._table.show(list(duel.users), _columns(duel), cursor=user)

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        if self._table.row is not None:
            self.dismiss((self._pair, self._table.cursor))


def _columns(duel: HeadToHead) -> tuple[Column[DifferentUser], ...]:
    def found(of: str) -> str:
        return shorten(clean(f"by {of}"), _FOUND)

    return (
        Column("User", lambda row, room: shorten_middle(row.user, room)),
        Column("Shared", lambda row, _: f"{row.shared} of {duel.k}", width=9, right=True, style="muted"),
        Column(found(duel.first), lambda row, _: _found_text(row.first), width=_FOUND, right=True, style="accent"),
        Column(found(duel.second), lambda row, _: _found_text(row.second), width=_FOUND, right=True, style="accent"),
    )


def _found_text(count: int) -> str:
    return f"✓ {count} found" if count else "–"
