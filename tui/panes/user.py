"""The User tab: the history of a user, and what to recommend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.geometry import Size
from textual.widgets import Input

from engine.data.results import Answer, HistoryEntry, ProfileName, Result, UserSummary
from tui.backend.backend import Backend
from tui.backend.protocols import People, SessionLike
from tui.keymap.keymap import shown_key
from tui.messages import (
    Answered,
    Failed,
    Failure,
    LeavePlace,
    MapLayer,
    RateItem,
    ReplaceSequence,
    ShowUser,
    StatusChanged,
    UseAsSequence,
)
from tui.navigation import Place
from tui.panes.base import KeyHelp, ModelPane, Request
from tui.panes.item_panel import ItemPanel, reason_lines
from tui.panes.long_list import LongList
from tui.panes.train_prompt import NOT_OPENED
from tui.panes.user_picker import UserPicker
from tui.panes.what_if import WhatIf, comparison_columns
from tui.state import AppState
from tui.verbs import USER_VERBS, help_of
from tui.widgets.cell_text import clean, count, duration, shorten_middle
from tui.widgets.histogram import Histogram
from tui.widgets.item_list import (
    ItemList,
    entry_figures,
    entry_of,
    history_columns,
    predicts_ratings,
    rating_columns,
    result_figures,
    result_of,
)
from tui.widgets.panel import Panel
from tui.widgets.query_input import QueryInput
from tui.widgets.reasoned_panel import ReasonedPanel
from tui.widgets.table import Table

if TYPE_CHECKING:
    from engine.session import ExternalId, Item, Job, Task
    from tui.widgets.palette import AnyCommand

#: What stands in place of one's own ratings before there are any.
_NOTHING_RATED = (
    "Rate films in any list of the app with the keys 1 to 9 and 0: half a star to four and a half, and five stars. "
    "“Import my ratings” in the palette ({palette}) reads an export of Letterboxd, IMDb, MyAnimeList and others."
)
_SHOWN = 100
#: Cells of the frame of a list beside what is written on it.
_FRAME = 4

#: From this width on the two lists stand side by side, and from this height on the histogram is high.
_SIDE_BY_SIDE, _ROOMY = 160, 30
#: In a pane lower than this, the lists need the room of the histogram, and the reasons may take two lines.
_LOW, _SHORT_REASON = 18, 2


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the User pane needs to show a place again: the line, the user, the model, the list and the cursors."""

    line: str
    user: ExternalId | None
    model: str | None
    part: str
    past: int
    liked: int


class HistoryPanel(Panel):
    """A user's history below the histogram of its ratings."""

    def __init__(self, table: ItemList[HistoryEntry]) -> None:
        super().__init__("History", table, id="history")
        self.histogram = Histogram()

    def compose(self) -> ComposeResult:
        """The histogram above."""
        yield self.histogram
        yield from super().compose()


def ratings_of(entries: Iterable[HistoryEntry]) -> list[float]:
    """The ratings in a history."""
    return [entry.rating for entry in entries if entry.rating is not None]


class UserPane(ModelPane[People]):
    """A list of users, the history of the user under the cursor, and recommendations for that user."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    TASK: ClassVar[Task] = "user"

    NEEDS: ClassVar[str] = "ratings to learn from, and this data set has none that serve"

    NUMBERS: ClassVar[KeyHelp] = (
        ("4.21", "the rating that the model expects, on the scale of the data"),
        ("±0.8", "two of three ratings lie within this distance of it"),
        ("0.42", "of models that predict no ratings: a score; only the order counts"),
        ("+0.31", "in the details: how much an item of the history speaks for it"),
        ("Their mean", "the mean of a user's ratings: a 5 of a strict user says more"),
    )

    KEYS: ClassVar[KeyHelp] = (
        ("Enter", "from a user to the recommendations"),
        ("s", "sort by what is sure (At least), or as predicted"),
        ("T", "taste, and how alike another user is"),
        *help_of(USER_VERBS),
        ("i", "what if: change the history on trial; Esc comes back"),
        ("1 … 9 0 x u", "there: rate or add the item, take it out, undo"),
        *ModelPane.KEYS,
    )

    ACTIONS: ClassVar[tuple[str, ...]] = (*ModelPane.ACTIONS, "sort", "what_if", "take_out", "undo_change")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T", "taste", "Taste", show=False, id="taste"),
        Binding("i", "what_if", "what if", id="what-if"),
        Binding("x", "take_out", "take out", id="take-out"),
        Binding("u", "undo_change", "undo", id="undo-change"),
        Binding("slash", "type", "find user", key_display="/", id="edit-query"),
        Binding("s", "sort", "sort", id="sort"),
    ]

    def __init__(self, backend: Backend, state: AppState, *, blink: bool = True) -> None:
        super().__init__(backend, state, QueryInput("User", "id or part", blink=blink, id="who"))
        self._picker = UserPicker(self, self._place_in, self._draw)
        self._users, self._users_panel = self._picker.table, self._picker.panel
        self._past: ItemList[HistoryEntry] = ItemList((), entry_of, entry_figures, id="past")
        self._history = HistoryPanel(self._past)
        self._liked: ItemList[Result] = ItemList((), result_of, result_figures, id="liked")
        self._recommended = ReasonedPanel("Recommended", self._liked, id="recommended")
        self._item_panel = ItemPanel(self, (self._liked, self._past))
        self._long_list: LongList[People] = LongList(self, self._liked, "more", self._draw_recommended)
        self._user: ExternalId | None = None
        self._read: tuple[ExternalId, list[HistoryEntry]] | None = None
        self._ranked: tuple[ExternalId, Answer] | None = None
        self._cautious = True
        self._failures: dict[str, Failure] = {}
        self._reading = self._keeping_failure("history", "reading the history", self._history_read)
        self._ranking = self._keeping_failure("recommend", "recommending", self._recommendations_made)
        self._sequencing = self._keeping_failure("sequence of user", "reading the history", self._history_for_sequence)
        self._imagining = self._keeping_failure("what if", "imagining", self._imagined)
        self._what_if: WhatIf | None = None
        self._own_changes = state.own_changes
        self._after_rating = self._staying = False
        self._returning: _Memory | None = None
        self._visited = False
        """Whether something was done with the user who is shown."""
        self._part = ""
        """Where the cursor is to go, once it shows the user."""
        self._entered: ExternalId | None = None
        """The user whose lists were entered before there was anything in them."""
        # A model that cannot explain itself fails, and then the details show no reasons.
        self._explaining = self.request("why", "looking for reasons", self._explained, lambda _: None)

    @staticmethod
    def service_of(session: SessionLike) -> People:
        """What knows the users, and one's own ratings."""
        return session.people

    def compose(self) -> ComposeResult:
        """The picker at the left, the two lists beside it, or below each other where it is narrow."""
        self._fit_lists(self.app.size)  # now, while there is nothing below to restyle
        with Horizontal():
            yield self._picker
            with Container(id="lists"):
                yield self._history
                yield self._recommended
        yield self._item_panel

    def on_mount(self) -> None:
        """Find the first users as soon as the data set is open."""
        self.refresh_state()

    def on_resize(self) -> None:
        """Side by side where there is room."""
        self._fit_lists(self.size)
        self._picker.fit(self.size.width)
        self._item_panel.follow()

    @on(events.DescendantFocus)
    @on(Table.Moved, "#past")
    def _followed(self) -> None:
        self._item_panel.follow()

    def _fit_lists(self, size: Size) -> None:
        self.set_class(size.width >= _SIDE_BY_SIDE, "-wide")
        self.set_class(size.height >= _ROOMY, "-roomy")
        low = size.height < _LOW and size.width < _SIDE_BY_SIDE
        self.set_class(low, "-low")
        self._recommended.reason.limit(_SHORT_REASON if low else 0)

    def focus_start(self) -> None:
        """Begin with the list of users."""
        self.go_to(self._users if self._users_panel.listing else self.line)

    # -- requests ---------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._returning is not None and event.value != clean(self._returning.user):
            self._returning = None
        self.refresh_keys()
        self._picker.find_soon()

    @on(Table.Wanted, "#liked")
    def _read_on(self, event: Table.Wanted) -> None:
        event.stop()
        self._long_list.want(event.start, event.end)

    @on(Table.Moved, "#liked")
    def _weighed(self) -> None:
        row = self._liked.row
        self._recommended.reason.show("" if row is None else row.reason)
        self._item_panel.follow()

    @on(Table.Moved, "#users")
    def _picked(self) -> None:
        self._reading.send_debounced(self._look_up)

    def _look_up(self) -> None:
        """Show the user under the cursor."""
        row = self._users.row
        if row is None or row.user_id == self._user:
            return
        self._leave_user()
        if self._returning is not None and self._returning.user != row.user_id:
            self._returning = None
        self._user = row.user_id
        self._what_if = None
        self._after_rating = self._staying = False
        self._read_anew()

    def _read_anew(self) -> None:
        user = self._user
        if user is not None:
            self._reading.send(lambda users, _: (user, users.history(user)))
            self.rank()

    def rank(self) -> None:
        """Ask for recommendations for the user."""
        user, model, what_if = self._user, self.model, self._what_if
        if user is None or not self._trained:
            return
        if what_if is not None:
            edits = what_if.edits()
            self._long_list.stop()
            self._imagining.send(lambda users, job: (what_if, users.what_if(user, edits, _SHOWN, model, job=job)))
        else:
            # What is predicted from one's own ratings has one order.
            cautious = self._cautious or isinstance(user, ProfileName)

            def recommend(users: People, job: Job) -> tuple[ExternalId, Answer, bool]:
                return user, users.recommend(user, _SHOWN, model, job=job, cautious=cautious), cautious

            self._ranking.send(recommend)

    def explain(self, item: Item) -> None:
        """Ask which items of the user's history speak for an item."""
        if self._ranked is not None and item == self._liked.item and not self.is_at(self._past):
            user, answer = self._ranked
            model = answer.method
            self._explaining.send(lambda users, _: (item, users.explain(user, item.item_id, model)))

    def _explained(self, message: Answered) -> None:
        item, answer = message.value
        heading, lines = "What speaks for it, of what they have seen:", reason_lines(answer)
        self.show_reasons(item, heading, lines)
        self._item_panel.explain(item, heading, lines)

    def _keeping_failure(self, name: str, busy: str, answered: Callable[[Answered], None]) -> Request[People]:
        """A request whose failure is kept until it is answered."""

        def take(message: Answered) -> None:
            self._failures.pop(name, None)
            answered(message)
            self._draw()

        def keep(message: Failed) -> None:
            self._failures[name] = message.failure
            self._draw()

        return self.request(name, busy, take, keep)

    # -- answers ----------------------------------------------------------------------------------------------
    def _place_in(self, found: Sequence[UserSummary]) -> int:
        """Where the cursor goes among users that were found; one whom one is coming back to is looked for."""
        memory = self._returning
        if memory is None:
            return self._place_of_user(found)
        listed = [row.user_id for row in found]
        if memory.user is not None and memory.user in listed:
            return listed.index(memory.user)
        if memory.line != str(memory.user):
            self.line.value = clean(memory.user)  # further down than what is listed
        return self._place_of_user(found)

    def _place_of_user(self, found: Sequence[UserSummary]) -> int:
        """Where the cursor goes: to the user that is shown, else to the first one with a history."""
        places = {(type(one.user_id), one.user_id): place for place, one in enumerate(found)}
        known = places.get((type(self._user), self._user)) if self._user is not None else None
        if known is not None:
            return known
        return next((place for place, one in enumerate(found) if one.num_interactions), 0)

    def _imagined(self, message: Answered) -> None:
        what_if, comparison = message.value
        if what_if is self._what_if and self._what_if is not None:
            self._what_if.comparison = comparison
            self._liked.show(comparison.results, comparison_columns(comparison), cursor=self._liked.cursor)
            how = f"{duration(message.seconds)} · {comparison.method} · what if"
            # The frame of the list has no room for the note in a narrow window, and the status line has.
            fits = len(comparison.note) + _FRAME <= self._recommended.size.width
            self.post_message(StatusChanged(how if fits else comparison.note))

    def _history_read(self, message: Answered) -> None:
        self._read = message.value
        user, entries = message.value
        own = self._cursor_in(self._past)
        self._past.show(entries, history_columns(self._range[1]), cursor=own or self._cursor_of("history", user))
        self._history.histogram.count(ratings_of(entries), *self._range)

    def _recommendations_made(self, message: Answered) -> None:
        user, answer, cautious = message.value
        self._ranked = user, answer
        if self._what_if is not None:
            return  # it was asked for before, and is shown when what-if ends
        cursor = self._cursor_in(self._liked) or self._cursor_of("recommendations", user)
        self._long_list.show(answer, rating_columns(self._range[1], answer, cautious=cautious), cursor)
        if not self._after_rating:  # else the line confirms the rating
            self.post_message(StatusChanged(f"{duration(message.seconds)} · {answer.method} · user {clean(user)}"))
        self._after_rating = False

    # -- users that other places name -------------------------------------------------------------------------
    def show_user(self, user: ExternalId, part: str = "recommendations", model: str | None = None) -> None:
        """Show a user, who need not be listed, with the cursor in the history or in the recommendations."""
        self.model = model or self.model
        self._part = part
        self._user = None
        if str(user) == self.line.value.strip() and self._picker.found:
            self._picker.show_again()
        else:
            self.line.value = clean(user)
            self.go_to(self.line)

    def place(self) -> Place:
        """The user who is shown, and where the cursor is."""
        part = "history" if self.is_at(self._past) else "recommendations" if self.is_at(self._liked) else ""
        memory = _Memory(self.line.value, self._user, self.model, part, self._past.cursor, self._liked.cursor)
        title = "users" if self._user is None else f"user {clean(self._user)}"
        return Place(self.TASK, title, memory, self._user)

    def return_to(self, place: Place) -> None:
        """Show an earlier user again."""
        memory: _Memory = place.view
        self.model = memory.model if memory.model in self.trained else None
        if memory.user is None:
            self.go_to(self.line)
            return
        self._part, self._returning = memory.part, memory
        if not memory.part:
            self.go_to(self._users if self._users_panel.listing else self.line)
        self._user = None
        with self.line.prevent(Input.Changed):
            self.line.value = memory.line
        self._picker.find()

    def _cursor_of(self, part: str, user: ExternalId) -> int:
        """Where the cursor of a list was when this user was shown, if one is coming back to that."""
        memory = self._returning
        if memory is None or memory.user != user:
            return 0
        return memory.past if part == "history" else memory.liked

    def _leave_user(self) -> None:
        """Before another user is shown: one with whom something was done can be gone back to."""
        if self._visited and self._user is not None:
            self.post_message(LeavePlace(self.place()))
        self._visited = False

    def _go_to_part(self) -> None:
        """Go where the cursor has been asked to go, once it shows the user."""
        if self._entered is not None and not self._ranking.pending:
            entered, self._entered = self._entered, None
            if entered == self._user and self.is_at(self._users) and not self._part:
                self._part = "recommendations" if self._recommended.listing else "history"
        panel, known = (self._history, self._read) if self._part == "history" else (self._recommended, self._ranked)
        if self._part and panel.listing and known is not None and known[0] == self._user:
            self._part = ""
            self.go_to(panel.table)

    @on(ShowUser)
    def _show_part(self, event: ShowUser) -> None:
        event.stop()
        self._part = event.part
        self._look_up()
        self._go_to_part()

    @on(UseAsSequence)
    def _use_as_sequence(self, event: UseAsSequence) -> None:
        event.stop()
        user = event.user
        self._sequencing.send(lambda users, _: [entry.item for entry in reversed(users.history(user))])

    def _history_for_sequence(self, message: Answered) -> None:
        self.post_message(ReplaceSequence(tuple(message.value)))

    @property
    def exports(self) -> tuple[str, str | None]:
        """What all users would like, by the model that answers here."""
        return "recommendations", self.model

    def map_layers(self) -> tuple[MapLayer, ...]:
        """The user's history, and what is recommended to them."""
        _, entries = self._read or (None, [])
        user, answer = self._ranked or (None, None)
        layers = [MapLayer.of("history", f"history of user {shorten_middle(self._user, 12)}", map(entry_of, entries))]
        if answer is not None and user == self._user:
            layers.append(MapLayer.of("recommended", f"recommended by {answer.method}", map(result_of, answer.results)))
        return tuple(layers) if self._user is not None else ()

    # -- drawing ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow changes of the data set and of the trained models."""
        dataset = self.state.dataset
        if dataset is not None and self._picker.found is None and not self._picker.pending:
            self._picker.find()
        if self.follow_training():
            self.rank()
        if self._own_changes != self.state.own_changes:
            self._own_changes = self.state.own_changes
            self._picker.find()
            if isinstance(self._user, ProfileName) and self._what_if is None:
                self._after_rating = self._staying = True
                self._read_anew()
        self._draw()

    def _cursor_in(self, table: ItemList[Any]) -> int:
        """Where the cursor stays in a list of one's own, which changes while one rates."""
        return table.cursor if self._staying else 0

    @property
    def _nothing_rated(self) -> bool:
        """Whether one's own profile is shown and is empty."""
        return isinstance(self._user, ProfileName) and self._read is not None and not self._read[1]

    @property
    def _range(self) -> tuple[float, float]:
        dataset = self.state.dataset
        return (dataset.overview.rating_range if dataset is not None else None) or (1.0, 5.0)

    def _draw(self) -> None:
        self._picker.draw(self.state)
        self._draw_history()
        self._draw_recommended()
        self._go_to_part()
        self._item_panel.follow()
        self.refresh_keys()

    def _draw_history(self) -> None:
        failure, panel = self._failures.get("history"), self._history
        user, entries = self._read or (None, [])
        ratings = ratings_of(entries)
        mean = f"mean {sum(ratings) / len(ratings):.2f} of {count(len(ratings), 'rating')}" if ratings else ""
        title = "History" if user is None else f"History of user {shorten_middle(user, 40)}"
        if isinstance(user, ProfileName):
            title = f"Your ratings ({user})"
        if self._what_if is not None:
            title = "What if they had rated so" if not isinstance(user, ProfileName) else "What if you had rated so"
            mean = "1…0 rate · x take out · Esc back"
        panel.retitle(title, mean)
        panel.histogram.display = bool(ratings) and failure is None
        if failure is not None:
            panel.show_notice().show_failed("The history cannot be read", failure)
        elif user is None:
            panel.show_notice().show("", "Pick a user to see what they have watched." if self._picker.found else "")
        elif not entries and self._what_if is None:
            nothing = "Nothing is known of this user."
            own = _NOTHING_RATED.format(palette=shown_key(self.app, "palette", "Ctrl+P"))
            panel.show_notice().show("", own if isinstance(user, ProfileName) else nothing)
        else:
            panel.show_rows()

    def _draw_recommended(self) -> None:
        what_if, panel = self._what_if, self._recommended
        failure = self._failures.get("recommend" if what_if is None else "what if")
        panel.retitle("Recommended" if what_if is None else what_if.title())
        if self.state.failure is not None:
            panel.show_notice().show_failed(NOT_OPENED, self.state.failure)
        elif self.state.dataset is None:
            panel.show_notice().show("")
        elif not self._trained or (failure is not None and failure.kind == "untrained"):
            self.show_train_prompt(panel.show_notice())
        elif self._nothing_rated and what_if is None:
            panel.show_notice().show("", "What you would like is listed here once you have rated something.")
        elif failure is not None:
            panel.show_notice().show_failed("Recommending failed", failure)
        elif what_if is not None and what_if.comparison is not None:
            panel.retitle(f"{what_if.title()} · {what_if.comparison.method}", what_if.gone() or what_if.comparison.note)
            panel.show_rows()
        elif self._ranked is None:
            panel.show_notice().show(
                "", "Pick a user to see what they would like." if self._picker.found and self._user is None else ""
            )
        else:
            user, answer = self._ranked
            whom = "you" if isinstance(user, ProfileName) else shorten_middle(user, 40)
            heading = f"Recommended for {whom} · {answer.method} · {self._long_list.extent}"
            panel.retitle(heading, answer.note)
            if answer.results:
                panel.show_rows()
                panel.reason.expect(result.reason for result in answer.results)
            else:
                panel.show_notice().show("Nothing is left to recommend", answer.why_empty or "They have rated it all.")

    # -- what if ------------------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another order where there is one, what-if where there is a history, and its keys while it is on."""
        match action:
            case "sort":
                own = self._what_if is not None or isinstance(self._user, ProfileName)
                ranked = None if own or not self._recommended.listing else self._ranked
                return ranked is not None and predicts_ratings(ranked[1])
            case "taste":
                return self._user is not None
            case "what_if":
                return self._what_if is None and self._read is not None and self._trained != ()
            case "take_out":
                return self._what_if is not None and self.is_at(self._past)
            case "undo_change":
                return self._what_if is not None and self._what_if.can_undo
        return super().check_action(action, parameters)

    def action_what_if(self) -> None:
        """Imagine another history."""
        if self._read is not None:
            self._what_if = WhatIf(self._read[1])
            self._follow_what_if()
            self.go_to(self._past if self._history.listing else self._liked)

    def action_take_out(self) -> None:
        """Imagine the history without the item under the cursor, or with it again."""
        if self._what_if is not None and self._past.item is not None:
            self._what_if.take_out(self._past.item)
            self._follow_what_if()

    def action_undo_change(self) -> None:
        """Take back the last imagined change."""
        if self._what_if is not None:
            self._what_if.undo()
            self._follow_what_if()

    @on(RateItem)
    def _rated(self, event: RateItem) -> None:
        """While a history is imagined, a rating is imagined, too."""
        if self._what_if is None or event.half_stars is None:
            return
        event.stop()
        from engine.session import on_scale

        self._what_if.rate(event.item, max(self._range[0], on_scale(event.half_stars / 10, self._range)))
        self._follow_what_if()

    def _follow_what_if(self) -> None:
        if self._what_if is not None:
            self._past.show(self._what_if.rows(), self._what_if.columns(), cursor=self._past.cursor)
            self.rank()
            self._draw()

    def _end_what_if(self) -> None:
        """Come back to what is."""
        self._what_if = None
        self._imagining.withdraw()
        self._failures.pop("what if", None)
        if self._read is not None:
            self._past.show(self._read[1], history_columns(self._range[1]), cursor=self._past.cursor)
        if self._ranked is not None and self._ranked[0] == self._user:
            user, answer = self._ranked
            cautious = self._cautious or isinstance(user, ProfileName)
            self._long_list.show(answer, rating_columns(self._range[1], answer, cautious=cautious), 0)
        else:
            self.rank()
        self._draw()

    # -- keys -------------------------------------------------------------------------------------------------
    @on(QueryInput.Arrow)
    def _left_input(self, event: QueryInput.Arrow) -> None:
        if event.by > 0 and self._users_panel.listing:
            self.go_to(self._users)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._users_panel.listing:
            self.go_to(self._users)

    @on(Table.LeftTop)
    def _left_users(self) -> None:
        self.go_to(self.line)

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        if isinstance(event.table, ItemList):
            if details := event.table.details():
                self.post_message(details)
            return
        self._look_up()
        self._visited = True
        if self._ranking.pending and not self._recommended.listing:
            # Without this, the cursor would be in the history or in the recommendations by which of them came first.
            self._entered = self._user
            return
        lists = (self._recommended, self._history)
        panel = next((panel for panel in lists if panel.listing), None)
        if panel is not None:
            self.go_to(panel.table)

    @property
    def is_untouched(self) -> bool:
        """Whether the first user is still the one that is shown."""
        return super().is_untouched and self._picker.at_first_place

    def record(self) -> Mapping[str, Any]:
        """The line, the user who is shown, and the model that answers."""
        return {"line": self.line.value, "user": self._user, "model": self.model}

    def restore(self, record: Mapping[str, Any], items: Mapping[Any, Item]) -> None:
        """Show the user who was shown."""
        line, user, model = record.get("line"), record.get("user"), record.get("model")
        line = line if isinstance(line, str) else ""
        self.model = model if model in self.trained else None
        if isinstance(user, int | str):
            self._returning, self._user = _Memory(line, user, self.model, "", 0, 0), None
        with self.line.prevent(Input.Changed):
            self.line.value = line
        self._picker.find()

    def action_sort(self) -> None:
        """Order the recommendations by the lower bound of the predicted rating, or by the rating itself."""
        self._cautious = not self._cautious
        self.rank()

    def commands(self) -> Iterable[AnyCommand]:
        """What if, the taste of the user, and the other order of the recommendations."""
        from tui.widgets.palette import Command

        yield from super().commands()
        if self.check_action("what_if", ()):
            about = "Change the history on trial, and see what moves"
            yield Command("What if", about, self.action_what_if, action="what-if")
        if self.check_action("taste", ()):
            yield Command(
                "Taste", "What the user likes, and how alike another one is", self.action_taste, action="taste"
            )
        if self.check_action("sort", ()):
            order = "as predicted" if self._cautious else "by what is sure"
            yield Command(f"Sort {order}", "The order of the recommendations", self.action_sort, action="sort")

    def action_taste(self) -> None:
        """Show the taste of the user under the cursor."""
        if self._user is not None:
            from tui.panes.user_taste import TasteScreen

            self.app.push_screen(TasteScreen(self.backend, self._user))

    def failures(self) -> Iterable[Failure | None]:
        """The failures of all requests; that nothing follows from no ratings is none."""
        own = [one for name, one in self._failures.items() if name != "recommend" or not self._nothing_rated]
        return [self._picker.failure, *own]

    def repeat(self) -> None:
        """Send all three requests again."""
        self._failures.clear()
        self._picker.failure = None
        self._user = None
        self._picker.find()

    def step_back(self) -> None:
        """Come back from what-if; go from the lists to the users, and from there to the line."""
        if self._what_if is not None:
            self._end_what_if()
            return
        self.go_to(self.line if self.is_at(self._users) or not self._users_panel.listing else self._users)
