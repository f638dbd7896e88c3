"""The Search tab: items like a query, or like another item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Input

from engine.session import MODES
from tui.backend.backend import Backend
from tui.backend.protocols import Search, SessionLike
from tui.keymap.keymap import shown_key
from tui.messages import AddToSequence, Answered, Failed, Failure, LeavePlace, MapLayer, ShowDetails, StatusChanged
from tui.navigation import Place
from tui.panes.base import WIDE, KeyHelp, Pane
from tui.panes.embedding_status import EmbeddingStatus
from tui.panes.filter_help import FilterHelp
from tui.panes.people import people_of
from tui.panes.recent_searches import RecentSearches
from tui.panes.refinements import Refinements
from tui.panes.search_body import SearchBody
from tui.panes.search_facets import SearchFacets
from tui.panes.search_keys import ACTIONS, BINDINGS, KEYS, NUMBERS
from tui.panes.search_palette import search_commands
from tui.panes.search_reasons import SearchReasons
from tui.panes.search_state import LIKE_BY_HELP, SearchMemory, SearchState, hidden_note
from tui.state import AppState
from tui.widgets.cell_text import duration, full_title, shorten
from tui.widgets.filter_line import FilterLine
from tui.widgets.interpretation import Interpretation
from tui.widgets.query_input import QueryInput
from tui.widgets.table import Table

if TYPE_CHECKING:
    from engine.data.results import Answer
    from engine.session import Item, LikeBy, Mode
    from tui.widgets.palette import AnyCommand

Way = TypeVar("Way")

#: The map marks so many of the results; more would cover it.
_MARKED = 30
#: In a pane lower than this, what can be typed is not explained above a list.
_LOW = 18


class SearchPane(Pane[Search]):
    """A query line, the results as one types, and beside them the details of the item under the cursor."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    TASK: ClassVar[str] = "search"

    KEYS: ClassVar[KeyHelp] = KEYS

    NUMBERS: ClassVar[KeyHelp] = NUMBERS

    ACTIONS: ClassVar[tuple[str, ...]] = (*Pane.ACTIONS, *ACTIONS)

    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(self, backend: Backend, state: AppState, *, blink: bool = True) -> None:
        line = FilterLine("Search", "words, a title, a mood …", blink=blink, id="query")
        super().__init__(backend, state, line)
        self._filter_help = FilterHelp(self, line)
        self._interpretation = Interpretation()
        self._embedding = EmbeddingStatus(state, lambda: shown_key(self.app, "embed", "F5"))
        self._facets = SearchFacets(self, self._set_line, self._draw_side)
        self._body = SearchBody(self, state, self._embedding, self._facets)
        self._table, self._details = self._body.table, self._body.details
        self._reasons = SearchReasons(self, self._details)
        self._mode: Mode = MODES[0]
        self._by: LikeBy | None = None
        self._varied = False
        self._requested = self._view
        self._back_stack: list[SearchState] = []
        self._failure: Failure | None = None
        self._reach = (0, False)
        self._marks = state.marks
        self._says_how = True
        self._focus_results = False
        self._welcome_requested = False
        self._recalled: str | None = None
        self._led_on = False
        """Whether something was done with what is listed."""
        self._problem = ""
        self._refinements = Refinements(self, self._search_refined, self._set_line)
        self._searching = self.request("search", "searching", self._answered, self._failed)
        self._recent = RecentSearches(self, self._welcomed)
        self._history = self._recent.history

    @staticmethod
    def service_of(session: SessionLike) -> Search:
        """What finds items."""
        return session.search

    def compose(self) -> ComposeResult:
        """The query above, the results below it."""
        self._fit(self.app.size)
        yield self.line
        yield self._filter_help.completions
        yield self._interpretation
        yield self._body

    def on_mount(self) -> None:
        """Show what can be done."""
        self._retitle()
        self.refresh_state()

    def on_resize(self) -> None:
        """Show details beside the results where there is room."""
        was_low = self.has_class("-low")
        self._fit(self.size)
        self._facets.resized(self._mode)
        if self.has_class("-low") != was_low:
            self._draw()
        else:
            self._draw_side()

    def _fit(self, size: Size) -> None:
        self.set_class(size.width >= WIDE, "-wide")
        self.set_class(size.height < _LOW, "-low")

    # -- requests ---------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._note_place()
        self._back_stack.clear()
        self._facets.stay_closed()
        recalled = event.value == self._recalled
        if not recalled:
            self._history.leave()
            self._focus_results = False
        self._recalled = None
        self._filter_help.typed()
        self.refresh_keys()
        if not self._query:
            self._searching.withdraw()
            self._failure = None
            self.post_message(StatusChanged(""))
            self._show_welcome()
        elif recalled:
            self._search_line()
        else:
            self._searching.send_debounced(self._search_line)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._filter_help.completions.marked:
            self._filter_help.accept()
            return
        self._filter_help.settle()
        self._remember()
        if self._view.text == self._query and self._view.answer is not None:
            if self._body.listing:
                self.go_to(self._table)
        elif self._query:
            self._focus_results = True
            self._search_line()

    @on(QueryInput.Arrow)
    def _left_query(self, event: QueryInput.Arrow) -> None:
        if self._filter_help.open:
            self._filter_help.step(event.by)
        elif self._history.walking or (event.by < 0 and not self.line.value and self._history.lines):
            self._recall(self._history.step(-event.by))
        elif event.by > 0 and self._body.listing:
            self._filter_help.settle()
            self.go_to(self._table)

    @on(FilterLine.Complete)
    def _completed(self) -> None:
        self._filter_help.accept()

    @on(Table.Chosen, "#completions")
    def _clicked(self, event: Table.Chosen) -> None:
        event.stop()
        self._filter_help.accept()

    @on(Table.Chosen, "#recent-searches")
    def _search_again(self, event: Table.Chosen) -> None:
        event.stop()
        if event.table.row is not None:
            self._focus_results = True
            self._recall(event.table.row)

    def _recall(self, line: str) -> None:
        """Put an earlier search into the line and repeat it at once."""
        self._recalled = line
        self.line.value = line
        self.line.cursor_position = len(line)
        self.go_to(self.line)

    @on(ShowDetails)
    @on(AddToSequence)
    def _opened(self) -> None:
        self._remember()

    def _note_place(self) -> None:
        """Before something else is shown: what has led to something can be gone back to."""
        if self._led_on:
            self.post_message(LeavePlace(self.place()))
            self._led_on = False

    def _remember(self) -> None:
        """Add the line to the recent searches, because it has led to something."""
        self._led_on = self._view.asks
        self._recent.remember(self._query, self._refinements.adult)

    @property
    def _view(self) -> SearchState:
        """What is shown."""
        return self._body.view

    @_view.setter
    def _view(self, view: SearchState) -> None:
        self._body.view = view

    @property
    def _query(self) -> str:
        return self.line.value.strip()

    def _search_line(self) -> None:
        literal = self._refinements.literal_in(self._query)
        adult, for_me = self._refinements.adult, self._profile
        self._search_for(SearchState(self._query, literal=literal, adult=adult, for_me=for_me))

    @property
    def _profile(self) -> str | None:
        """The profile by whose taste results are nudged; None while they are not."""
        return self.state.profile if self._refinements.for_me else None

    def _search_refined(self) -> None:
        """Repeat the search, with what keys have changed about it."""
        self.post_message(LeavePlace(self.place()))
        refined = self._refinements
        literal = refined.literal_in(self._query)
        view = replace(self._requested, answer=None, literal=literal, adult=refined.adult)
        self._search_for(replace(view, for_me=self._profile))

    def _set_line(self, line: str) -> None:
        """Change the line and search for it at once; the cursor stays in the list where it is."""
        if self._view.text != self._query:
            return  # the change was made from an answer to another line
        self._led_on = True
        self._recalled = line
        self.line.value = line
        self.line.cursor_position = len(line)

    def more_like(self, item: Item) -> None:
        """Search for items like this one; Esc goes back to what was shown before."""
        if self._view.answer is not None:
            self._back_stack.append(self._here())
        self._remember()
        self._focus_results = True
        literal = self._refinements.literal_in(self._query)
        like = SearchState(self._query, item, self._by, literal=literal, varied=self._varied)
        self._search_for(replace(like, adult=self._refinements.adult, for_me=self._profile))

    def _search_for(self, view: SearchState) -> None:
        self._requested, mode = view, self._mode
        self._retitle()
        self._searching.send(lambda search, job: view.answered(search, mode, job))

    # -- answers ----------------------------------------------------------------------------------------------
    def _answered(self, message: Answered) -> None:
        view: SearchState = message.value
        answer = view.answer
        assert answer is not None
        self._failure = None
        self._show(view, answer)
        self._retitle()
        self._facets.follow(view, self._mode)
        how = [duration(message.seconds), answer.method, answer.nudged, hidden_note(answer), self._embedding.summary]
        if self._says_how:
            self.post_message(StatusChanged(" · ".join(filter(None, how))))
        self._says_how = True

    def _failed(self, message: Failed) -> None:
        self._failure = message.failure
        self._view = self._requested
        self._draw()
        self.post_message(StatusChanged(message.failure.text))

    def _welcomed(self) -> None:
        if not self._query and self._view.like is None:
            self._show_welcome()
        else:
            self._draw()

    def _show_welcome(self) -> None:
        """Show what is there before anything is typed."""
        popular = self._recent.popular
        self._requested = self._view = SearchState(answer=popular)
        self._retitle()
        self._list()
        self._facets.follow(self._view, self._mode)
        if popular is not None and self._says_how and (popular.hidden or popular.unlisted or self._refinements.adult):
            self.post_message(StatusChanged(hidden_note(popular)))
        self._says_how = True

    def _show(self, view: SearchState, answer: Answer) -> None:
        held, same = self._table.item, view.is_same_query(self._view)
        ids = [result.item.internal_id for result in answer.results]
        cursor = 0
        if same and held is not None:
            at = min(self._table.cursor, len(ids) - 1)  # where the next one is if it was hidden
            cursor = ids.index(held.internal_id) if held.internal_id in ids else max(at, 0)
        self._view = replace(view, cursor=cursor)
        self._list()

    def _list(self) -> None:
        """List the results of the view."""
        answer = self._view.answer
        if answer is not None:
            self._body.list_results(answer)
        self._draw()
        focus, self._focus_results = self._focus_results, False
        if focus and answer is not None and answer.results:
            self.go_to(self._table)

    def _here(self) -> SearchState:
        return replace(self._view, cursor=self._table.cursor)

    # -- why --------------------------------------------------------------------------------------------------
    def explain(self, item: Item) -> None:
        """Ask which phrases of an item are nearest to the query, unless that is known."""
        self._reasons.ask(self._view, item)

    def action_why(self) -> None:
        """Show why the item under the cursor is found."""
        if self._table.row is not None:
            self._reasons.open(self._view, self._table.row)

    @property
    def exports(self) -> tuple[str, str | None]:
        """The vectors by which the search compares."""
        return "embeddings", None

    def map_layers(self) -> tuple[MapLayer, ...]:
        """What was found, unless nothing was looked for."""
        answer = self._view.answer
        if answer is None or not self._view.asks:
            return ()
        like = self._view.like
        marked = [result.item for result in answer.results[:_MARKED]]
        name = f"best {len(marked)} found" if like is None else f"best {len(marked)} like {shorten(like.title, 20)}"
        return (MapLayer.of("found", name, marked),)

    # -- drawing ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow the data set: when more items can be found, the latest search is repeated."""
        catalogue = self.state.dataset
        reach = (0 if catalogue is None else catalogue.embedding.done, self.state.warm)
        if reach != self._reach:
            self._reach = reach
            latest = self._requested if self._searching.pending else self._view
            if latest.asks and not self._searching.waits:
                self._search_for(replace(latest, answer=None))
        if self._marks != self.state.marks:
            self._marks = self.state.marks
            self._says_how = False  # what was marked stays to be read
            if self._view.asks:
                self._search_for(replace(self._view, answer=None))
            else:
                self._recent.load(self._refinements.adult)
        if catalogue is not None and not self._welcome_requested:
            self._welcome_requested = True
            self._recent.load(self._refinements.adult)
        self._draw()

    def _draw(self) -> None:
        answer = self._view.answer
        self._problem = self._filter_problem
        rows = self._body.draw(self._failure, self._problem, self._recent)
        self._interpretation.show(answer if self._view.asks and self._failure is None else None)
        if not rows and (self.is_at(self._table) or self.is_at(self._details)):
            self.go_to(self.line)
        self.line.set_leads_on(rows or bool(self._history.lines))
        super().refresh_keys()

    @property
    def _filter_problem(self) -> str:
        """What is wrong with a filter of the line; nothing while it may be half typed."""
        parsed = self._view.parsed
        if parsed is None or self._filter_help.open or self._view.text != self._query:
            return ""
        return parsed.problems[0].message if parsed.problems else ""

    def refresh_keys(self) -> None:
        """Update the key hints; completions that have just closed may leave a filter wrong."""
        if self._problem != self._filter_problem:
            self._draw()
        else:
            super().refresh_keys()

    def _draw_side(self) -> None:
        self._body.draw_side(self._recent)

    def _retitle(self) -> None:
        how: str = self._mode
        answer = self._view.answer
        if self._requested.like is not None:
            answers_it = answer is not None and self._view.is_same_query(self._requested)
            # Where nothing is embedded, or nobody is known to have liked the item, only one of the two was used.
            by = f"by {answer.method}" if answer is not None and answers_it else LIKE_BY_HELP[self._by]
            how = f"more like this {by}"
        elif answer is not None and self._view.asks and answer.method in MODES and answer.method != self._mode:
            how = f"by {answer.method} for now"
        self.line.border_title = Content(f"Search · {how} · {shown_key(self.app, 'search-mode', 'Ctrl+T')}")

    # -- keys -------------------------------------------------------------------------------------------------
    @on(Interpretation.Dropped)
    def _clicked_condition(self, event: Interpretation.Dropped) -> None:
        event.stop()
        self._refinements.drop_words(self._view.text, [event.typed])

    @on(Table.Chosen, "#found")
    def _chosen(self) -> None:
        details = self._table.details()
        if self._details.display and self.zoomed is None:
            self._remember()
            self.go_to(self._details)
        elif details is not None:
            self.post_message(details)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only actions that would do something now; Esc steps back before it stops a job."""
        match action:
            case "stop" | "clear" if self._filter_help.open or self._back_stack or self._body.is_beside:
                return False
            case "back" if self._filter_help.open or self._back_stack:
                return True
            case "as_typed":
                answer = self._view.answer
                return self._view.asks and answer is not None and bool(answer.corrections or answer.understood)
            case "drop" | "drop_all":
                return self._view.asks and self._view.answer is not None and bool(self._view.answer.understood)
            case "facets":
                return self._facets.possible and not self.is_at(self.line)
            case "why":
                return self._view.asks and self._body.listing and not self.is_at(self.line)
            case "person":
                item = self._table.item if self._body.listing else None
                return item is not None and not self.is_at(self.line) and bool(people_of(item))
            case "sort":
                return self._view.like is not None or (len(self._recent.orders) > 1 and self._view.asks)
            case "embed":
                busy = self.state.active_job("search") is not None
                return self._embedding.incomplete and not busy and not self.may_retry
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[AnyCommand]:
        """The search modes, the ways in which items are alike, and what can be done with the results."""
        orders = self._recent.orders if self._query else ()
        return search_commands(self, self._view, self._mode, self._refinements, self._facets, orders)

    def record(self) -> Mapping[str, Any]:
        """The line, the mode, and the item that the results are like."""
        like = self._requested.like
        return {
            "query": self.line.value,
            "mode": self._mode,
            "by": self._by,
            "adult": self._refinements.adult,
            "for_me": self._refinements.for_me,
            "like": None if like is None else like.item_id,
        }

    def restore(self, record: Mapping[str, Any], items: Mapping[Any, Item]) -> None:
        """Search again for what was searched for."""
        query, adult, like = record.get("query"), record.get("adult"), record.get("like")
        item = items.get(like) if isinstance(like, int | str) else None
        self._mode = next((one for one in MODES if one == record.get("mode")), self._mode)
        self._by = next((one for one in LIKE_BY_HELP if one == record.get("by")), self._by)
        self._refinements.adult = adult if isinstance(adult, bool) else None
        self._refinements.for_me = record.get("for_me") is True
        self._retitle()
        if isinstance(query, str) and query.strip():
            self._recalled = query  # which searches at once
            with self.line.prevent(*([Input.Changed] if item is not None else [])):
                self.line.value = query
            self.line.cursor_position = len(query)
        if item is not None:
            self.more_like(item)

    def help_keys(self) -> KeyHelp:
        """With examples of filters that this data set understands."""
        wanted, unwanted = (
            [one for one in self._recent.examples if one.startswith("-") is negated] for negated in (False, True)
        )
        examples = {"name:value": wanted, "-name:value": unwanted}
        return tuple(
            (key, f"{what.partition(',')[0]}: {' · '.join(examples[key])}" if examples.get(key) else what)
            for key, what in self.KEYS
        )

    def failures(self) -> Iterable[Failure | None]:
        """The failure of the latest search."""
        return (self._failure,)

    def repeat(self) -> None:
        """Search again."""
        self._failure = None
        self._search_for(replace(self._view, answer=None))

    def step_back(self) -> None:
        """Close the completions, or go from the details to the list, to the earlier results, or to the line."""
        if self._filter_help.open:
            self._filter_help.settle()
        elif self._body.is_beside:
            self.go_to(self._table)
        elif self._back_stack:
            self._searching.withdraw()
            self._view, self._failure = self._back_stack.pop(), None
            self._requested = self._view
            self._retitle()
            self._list()
            self._facets.follow(self._view, self._mode)
            self.post_message(StatusChanged(""))
        else:
            self.go_to(self.line)

    # -- places -----------------------------------------------------------------------------------------------
    def place(self) -> Place:
        """The search that is listed, and where the cursor is."""
        view = self._here()
        title = view.text or "popular"
        if view.like is not None:
            title = f"like {full_title(view.like)}"
        title = " · ".join((title, *view.how(self._mode)))
        key = (view.text, view.like, view.by, view.literal, view.adult, view.for_me, self._mode)
        in_line = self.is_at(self.line) and not self._led_on
        memory = SearchMemory(view, tuple(self._back_stack), self._mode, self._by, in_line)
        return Place(self.TASK, title, memory, key)

    def return_to(self, place: Place) -> None:
        """List an earlier search again, as it was."""
        memory: SearchMemory = place.view
        self._searching.withdraw()
        self._mode, self._by, self._led_on = memory.mode, memory.by, True
        self._view = self._requested = memory.view
        self._failure = None
        with self.line.prevent(Input.Changed):
            self.line.value = memory.view.text
        self.line.cursor_position = len(memory.view.text)
        self._filter_help.settle()
        self._back_stack[:] = memory.back_stack
        self._refinements.adult = memory.view.adult
        self._refinements.for_me = memory.view.for_me is not None
        self._retitle()
        self._focus_results = not memory.in_line
        if memory.view.answer is not None:
            self._list()
            self._facets.follow(memory.view, self._mode)
        elif memory.view.asks:
            self._search_for(memory.view)
        else:
            self._show_welcome()
        if memory.in_line:
            self.go_to(self.line)
        self.post_message(StatusChanged(""))

    def action_mode(self) -> None:
        """Search in the next mode; for items like another, take the next way in which they are alike."""
        if self._requested.like is None:
            self.set_mode(_next(MODES, self._mode))
        else:
            self.set_by(_next(tuple(LIKE_BY_HELP), self._by))

    def search_for(self, line: str, mode: str = "") -> None:
        """Search for a line that was typed elsewhere, in this mode from now on if one is given."""
        self._note_place()
        self._mode = next((one for one in MODES if one == mode), self._mode)
        self._focus_results = True
        if line.strip() == self._query:
            self._search_line()
        else:
            self._recall(line)

    def set_mode(self, mode: Mode) -> None:
        """Search in this mode from now on."""
        self._mode = mode
        self._retitle()
        if self._requested.like is None and self._query:
            self._search_line()

    def set_by(self, by: LikeBy | None) -> None:
        """List items that are alike in this way; those like the item under the cursor, if none are listed."""
        self._by = by
        if self._requested.like is not None:
            self._search_for(replace(self._requested, by=by, answer=None))
        elif item := self._table.item:
            self.more_like(item)

    def action_as_typed(self) -> None:
        """Search for the corrected words as they were typed."""
        self._refinements.as_typed(self._view)

    def action_drop(self) -> None:
        """Search for the words of the last condition instead."""
        self._refinements.drop(self._view)

    def action_drop_all(self) -> None:
        """Search for the words of all conditions instead."""
        self._refinements.drop(self._view, everything=True)

    def action_sort(self) -> None:
        """Sort by the next order; items like another are listed by likeness, or varied."""
        if self._view.like is None:
            self._refinements.sort(self._view, self._recent.orders)
        else:
            self.set_varied(not self._view.varied)

    def set_varied(self, varied: bool) -> None:
        """From now on, vary lists of items like another, or list the most alike first."""
        self._varied = varied
        if self._requested.like is not None:
            self._search_for(replace(self._requested, varied=varied, answer=None))

    def action_person(self) -> None:
        """Add a filter on the person who made the item under the cursor; of several, ask which."""
        if self._table.item is not None:
            self._remember()
            self._refinements.choose_person(self._view, self._table.item)

    def action_for_me(self) -> None:
        """Nudge the results by one's own ratings from now on, or stop that."""
        self._refinements.for_me = not self._refinements.for_me
        if self._view.asks:
            self._search_refined()
        else:
            self.post_message(StatusChanged("nudged by your ratings" if self._refinements.for_me else "not nudged"))

    def action_adult(self) -> None:
        """Show items for adults, or hide them again."""
        self._refinements.switch_adult(self._view)
        if self._view.asks:
            self._search_refined()
        else:
            self._recent.load(self._refinements.adult)

    def action_facets(self) -> None:
        """Go to the counts beside the results, or open them in front."""
        if self.is_at(self._facets.panel.list):
            self.go_to(self._table)
        else:
            self._facets.show(self._mode)

    def switch_facets(self) -> None:
        """Show the counts beside the results, or hide them."""
        self._facets.shown = not self._facets.shown
        self._facets.follow(self._view, self._mode)
        self._draw_side()

    def action_embed(self) -> None:
        """Embed what is not embedded yet."""
        self.backend.embed()


def _next(ways: tuple[Way, ...], now: Way) -> Way:
    return ways[(ways.index(now) + 1) % len(ways)]
