"""The users at the left of the User tab: the line in which one is looked for, and those that were found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from engine.data.results import ProfileName, UserOrder, UserSummary
from tui.backend.protocols import People
from tui.messages import Answered, Failed, Failure, StatusChanged
from tui.panes.base import Pane
from tui.state import AppState
from tui.verbs import USER_VERBS, bindings_of
from tui.widgets.arranged_table import ArrangedTable
from tui.widgets.cell_text import clean, count, shorten_middle
from tui.widgets.pages import PAGE
from tui.widgets.panel import Panel
from tui.widgets.table import Column, Table
from tui.widgets.verb_target import VerbTarget

if TYPE_CHECKING:
    from engine.session import ExternalId

#: The least width of the picker, and what it takes beside the longest id: frame, mark and scrollbar; the column "Seen".
_LEAST_WIDTH, _BESIDE_ID, _SEEN = 24, 7, 8

_COLUMNS: tuple[Column[UserSummary], ...] = (
    Column("User", lambda user, room: shorten_middle(who(user.user_id), room), main=True),
    Column(
        "Seen",
        lambda user, _: f"{user.num_interactions:,}",
        width=6,
        right=True,
        priority=2,
        style="muted",
        order=lambda user: user.num_interactions,
    ),
)


def who(user: ExternalId) -> str:
    """A user in words: the id, which is marked if it is the name of one's own profile."""
    return f"{user} (you)" if isinstance(user, ProfileName) else str(user)


class UserTable(VerbTarget["ExternalId"], ArrangedTable[UserSummary]):
    """The users that were found."""

    VERBS = USER_VERBS

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "recommendations", id="choose"),
        *bindings_of(USER_VERBS),
    ]

    def subject(self) -> ExternalId | None:
        """What the verbs are about: the user under the cursor."""
        return None if self.row is None else self.row.user_id


class UserPicker(Vertical):
    """The line of the pane, and below it the users whose id contains what is typed.

    Parameters
    ----------
    pane
        The pane that the picker is a part of.
    place_in
        Gives the place of the cursor among the users that were found.
    told
        Called when users were found, or could not be.
    """

    def __init__(
        self, pane: Pane[People], place_in: Callable[[Sequence[UserSummary]], int], told: Callable[[], None]
    ) -> None:
        super().__init__(id="picker")
        self._pane, self._place_in, self._told = pane, place_in, told
        self.table = UserTable(_COLUMNS, id="users")
        self.table.sorts_rows = False
        self.panel = Panel("Users", self.table)
        self.found: list[UserSummary] | None = None
        """The first users that were found; None before any were."""
        self.failure: Failure | None = None
        """Why users could not be found."""
        self._num_found = self._first_place = 0
        self._looked_for = ""
        self._finding = pane.request("users", "finding users", self._users_found, self._not_found)
        self._turning = pane.request("users-page", "reading users", self._page_turned, self._page_not_turned)

    def compose(self) -> ComposeResult:
        """The line above the users."""
        yield self._pane.line
        yield self.panel

    def fit(self, width: int) -> None:
        """Be as wide as the ids need, as far as the lists keep the room that titles need in a pane of this width."""
        longest = max((cell_len(clean(who(user.user_id))) for user in self.found or ()), default=0)
        most = width * 2 // 5
        with_seen = longest + _BESIDE_ID + _SEEN
        wanted = with_seen if with_seen <= most else longest + _BESIDE_ID
        self.styles.width = max(min(wanted, most), _LEAST_WIDTH)

    # -- finding ----------------------------------------------------------------------------------------------
    @property
    def pending(self) -> bool:
        """Whether users are being found."""
        return self._finding.pending

    def find_soon(self) -> None:
        """Find users once nothing has been typed for a moment."""
        self._finding.send_debounced(self.find)

    def find(self) -> None:
        """Find the users whose id contains what is in the line."""
        text = self._pane.line.value.strip()
        self._looked_for = text
        self._turning.withdraw()
        order = self._order
        self._finding.send(lambda users, _: users.page(text, 0, PAGE, order))

    def show_again(self) -> None:
        """Show what was found, with the cursor at the beginning."""
        self.table.show(self.found or [], total=self._num_found)

    @property
    def at_first_place(self) -> bool:
        """Whether the cursor is still where it was put first."""
        return self.table.cursor == self._first_place

    @property
    def _order(self) -> UserOrder | None:
        arrangement = self.table.arrangement
        return UserOrder("interactions", arrangement.descending) if arrangement.sort == "Seen" else None

    @on(ArrangedTable.Resorted)
    def _sort(self, event: ArrangedTable.Resorted) -> None:
        event.stop()
        self.find()

    @on(Table.Wanted)
    def _turn_page(self, event: Table.Wanted) -> None:
        event.stop()
        text, order, start, end = self._looked_for, self._order, event.start, event.end
        self._turning.send(lambda users, _: ((text, order), start, users.page(text, start, end, order)))

    # -- answers ----------------------------------------------------------------------------------------------
    def _users_found(self, message: Answered) -> None:
        if not self.is_attached:
            return  # the pane met an error before it was composed
        found: list[UserSummary]
        self._num_found, found = message.value
        first, self.found, self.failure = self.found is None, found, None
        place = self._place_in(found)
        self.table.show(found, cursor=place, total=self._num_found)
        if first:
            self._first_place = place
        self.fit(self._pane.size.width)
        self._told()
        if first and found:
            self._pane.begin_at(self.table)

    def _not_found(self, message: Failed) -> None:
        self.failure = message.failure
        self._told()

    def _page_turned(self, message: Answered) -> None:
        asked, start, (total, users) = message.value
        if asked == (self._looked_for, self._order):
            self.table.fill(start, users, total)

    def _page_not_turned(self, message: Failed) -> None:
        self._pane.post_message(StatusChanged(f"✗ {message.failure.text}"))

    # -- drawing ----------------------------------------------------------------------------------------------
    def draw(self, state: AppState) -> None:
        """Show the users, or say why there are none."""
        panel, found = self.panel, self.found
        total = 0 if state.dataset is None else state.dataset.overview.num_users
        if state.failure is not None or (found is None and self.failure is None):
            panel.show_notice().show("")
        elif self.failure is not None:
            panel.show_notice().show_failed("The users cannot be read", self.failure)
        elif not total and not found:  # one's own profile is there without any other user
            panel.show_notice().show("No users", "This data set is a catalogue without ratings.")
        elif not found:
            panel.show_notice().show("No such user", "No id contains what is typed.")
        else:
            panel.show_rows()
        self._pane.line.set_leads_on(panel.listing)
        number = self._num_found - sum(isinstance(one.user_id, ProfileName) for one in found or ())
        listed = f"{number:,} found" if found and number < total else ""
        none = "No users" if found else "Users"  # one's own profile is listed all the same
        panel.retitle(count(total, "user") if total else none, listed)
