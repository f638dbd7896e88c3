"""The Search tab: items like a query, or like another item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Input

from engine.session import MODES
from tui.backend.backend import Backend
from tui.backend.protocols import Search, SessionLike
from tui.messages import AddToSequence, Answered, Failed, Failure, ShowDetails, StatusChanged
from tui.panes.base import RETRY, WIDE, Debouncer, KeyHelp, Pane
from tui.panes.embedding_status import EmbeddingStatus
from tui.panes.filter_help import FilterHelp
from tui.panes.people import people_of
from tui.panes.refinements import Refinements
from tui.panes.search_facets import SearchFacets
from tui.panes.search_notice import show_notice, tip_lines
from tui.panes.search_reasons import SearchReasons
from tui.panes.search_state import LIKE_BY_HELP, MODE_HELP, SHOWN, SearchState, hidden_note
from tui.panes.welcome import QueryHistory, RecentPanel, TipPanel, Welcome, load_welcome
from tui.state import AppState
from tui.widgets.cell_text import duration
from tui.widgets.details import ItemDetails
from tui.widgets.filter_line import FilterLine
from tui.widgets.interpretation import Interpretation
from tui.widgets.item_list import Figures, ItemList, Matched, match_columns, result_of, search_figures
from tui.widgets.query_input import QueryInput
from tui.widgets.table import Table

if TYPE_CHECKING:
    from engine.data.results import Answer, Result
    from engine.session import Item, LikeBy, Mode

Way = TypeVar("Way")


class SearchPane(Pane[Search]):
    """A query line, the results as one types, and beside them the details of the item under the cursor."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    TASK: ClassVar[str] = "search"

    KEYS: ClassVar[KeyHelp] = (
        ("Ctrl+T", "hybrid, semantic or keyword search"),
        ("", "after m: alike by meaning, by taste or by both"),
        ("f", "narrow down: counts of genres, years … as filters"),
        ("s Ctrl+S", "sort by match, year, rating, popularity"),
        ("w", "why an item is found"),
        ("p", "more from the person who made it"),
        ("Ctrl+O", "search for corrected words as typed"),
        ("Ctrl+L X", "drop the last understood condition, drop all"),
        ("Ctrl+G A", "show or hide items for adults"),
        ("e", "embed, so that search understands meaning"),
        ("↑ ↓", "in an empty line: earlier searches"),
        ("genre:comedy", "a filter; also year:1990..1999, rating:>=8"),
        ("-genre:horror", "what must not be"),
        ("Tab →", "complete a filter; ↑ ↓ choose, Esc closes"),
    )

    ACTIONS: ClassVar[tuple[str, ...]] = (*Pane.ACTIONS, "embed", "as_typed", "drop", "facets", "why", "person", "sort")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "type", "query", key_display="/"),
        Binding("e,f5", "embed", "embed"),
        RETRY,
        Binding("ctrl+t", "mode", "mode", key_display="^t"),
        Binding("ctrl+o", "as_typed", "as typed", key_display="^o"),
        Binding("ctrl+l", "drop", "drop condition", key_display="^l"),
        Binding("f", "facets", "narrow down"),
        Binding("w", "why", "why"),
        Binding("s,ctrl+s", "sort", "sort"),
        Binding("p", "person", "more from this person"),
        Binding("X", "drop_all", "Drop all conditions", show=False),
        Binding("ctrl+g,A", "adult", "Items for adults", show=False),
    ]

    def __init__(self, backend: Backend, state: AppState, *, blink: bool = True) -> None:
        line = FilterLine("Search", "words, a title, a mood …", blink=blink, id="query")
        super().__init__(backend, state, line)
        self._filter_help = FilterHelp(self, line)
        self._table: ItemList[Result] = ItemList((), result_of, self._figures, self._matched, id="found")
        self._panel = TipPanel("Results", self._table, id="results")
        self._details = ItemDetails(id="details")
        self._recent = RecentPanel()
        self._interpretation = Interpretation()
        self._facets = SearchFacets(self, self._set_line, self._draw_side)
        self._side = Vertical(self._details, self._recent, self._facets.panel, id="side")
        self._reasons = SearchReasons(self, self._details)
        self._cursor_rest = Debouncer(self, state.pace.glance)
        # Reasons are computed for each item, so not while somebody is still typing or moving through the list.
        self._reasons_delay = Debouncer(self, 3 * state.pace.settle)
        self._mode: Mode = MODES[0]
        self._by: LikeBy | None = None
        self._requested = self._view = SearchState()
        self._back_stack: list[SearchState] = []
        self._failure: Failure | None = None
        self._embedding = EmbeddingStatus(state)
        self._reach = (0, False)
        self._focus_results = False
        self._welcome_requested = False
        self._welcome: Welcome | None = None
        self._history = QueryHistory()
        self._recalled: str | None = None
        self._refinements = Refinements(self, self._search_refined, self._set_line)
        self._searching = self.request("search", "searching", self._answered, self._failed)
        self._welcoming = self.request("welcome", "", self._welcomed, lambda _: None)

    @staticmethod
    def service_of(session: SessionLike) -> Search:
        """What finds items."""
        return session.search

    def compose(self) -> ComposeResult:
        """The query above, the results below it."""
        self.set_class(self.app.size.width >= WIDE, "-wide")
        yield self.line
        yield self._filter_help.completions
        yield self._interpretation
        with Container(id="body"):
            yield self._panel

    def on_mount(self) -> None:
        """Show what can be done."""
        self._retitle()
        self.refresh_state()

    def on_resize(self) -> None:
        """Show details beside the results where there is room."""
        self.set_class(self.wide, "-wide")
        self._draw_side()

    # -- requests ---------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._back_stack.clear()
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
            if self._panel.listing:
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
        elif event.by > 0 and self._panel.listing:
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

    def _remember(self) -> None:
        """Add the line to the recent searches, because it has led to something."""
        line = self._query
        if line and line != next(iter(self._history.lines), None):
            self._history.lines = (line, *(one for one in self._history.lines if one != line))
            self._load_welcome(line)

    def _load_welcome(self, remember: str = "") -> None:
        adult = self._refinements.adult
        self._welcoming.send(lambda search, _: load_welcome(search, SHOWN, remember=remember, adult=adult))

    @property
    def _query(self) -> str:
        return self.line.value.strip()

    def _search_line(self) -> None:
        literal = self._refinements.literal_in(self._query)
        self._search_for(SearchState(self._query, literal=literal, adult=self._refinements.adult))

    def _search_refined(self) -> None:
        """Repeat the search, with what keys have changed about it."""
        refined = self._refinements
        literal = refined.literal_in(self._query)
        self._search_for(replace(self._requested, answer=None, literal=literal, adult=refined.adult))

    def _set_line(self, line: str) -> None:
        """Change the line and search for it at once; the cursor stays in the list where it is."""
        if self._view.text != self._query:
            return  # the change was made from an answer to another line
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
        self._search_for(SearchState(self._query, item, self._by, literal=literal, adult=self._refinements.adult))

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
        self._facets.follow(view, self._mode)
        how = [duration(message.seconds), answer.method, hidden_note(answer), self._embedding.summary]
        self.post_message(StatusChanged(" · ".join(filter(None, how))))

    def _failed(self, message: Failed) -> None:
        self._failure = message.failure
        self._view = self._requested
        self._draw()
        self.post_message(StatusChanged(message.failure.text))

    def _welcomed(self, message: Answered) -> None:
        self._welcome = message.value
        self._history.lines = message.value.recent
        if not self._query and self._view.like is None:
            self._show_welcome()
        else:
            self._draw()

    def _show_welcome(self) -> None:
        """Show what is there before anything is typed."""
        popular = None if self._welcome is None else self._welcome.popular
        self._requested = self._view = SearchState(answer=popular)
        self._retitle()
        self._list()
        self._facets.follow(self._view, self._mode)
        if popular is not None and (popular.hidden or self._refinements.adult):
            self.post_message(StatusChanged(hidden_note(popular)))

    def _show(self, view: SearchState, answer: Answer) -> None:
        held, same = self._table.item, view.is_same_query(self._view)
        ids = [result.item.internal_id for result in answer.results]
        cursor = ids.index(held.internal_id) if same and held is not None and held.internal_id in ids else 0
        self._view = replace(view, cursor=cursor)
        self._list()

    def _list(self) -> None:
        """List the results of the view."""
        answer = self._view.answer
        if answer is not None:
            self._table.show(answer.results, match_columns(answer, self._view.words), cursor=self._view.cursor)
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

    def _figures(self, result: Result) -> Figures:
        method = "" if self._view.answer is None else self._view.answer.method
        return search_figures(result, method)

    def _matched(self, result: Result) -> Matched:
        return result.matched, self._view.words

    # -- drawing ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow the data set: when more items can be found, the search is repeated."""
        catalogue = self.state.dataset
        reach = (0 if catalogue is None else catalogue.embedding.done, self.state.warm)
        if reach != self._reach:
            self._reach = reach
            if self._view.asks:
                self._search_for(replace(self._view, answer=None))
        if catalogue is not None and not self._welcome_requested:
            self._welcome_requested = True
            self._load_welcome()
        self._draw()

    def _draw(self) -> None:
        answer = self._view.answer
        rows = answer is not None and bool(answer.results) and self._failure is None and self.state.failure is None
        if rows and answer is not None:
            self._panel.retitle(f"{self._view.heading} · {_how_many(answer)}", self._embedding.remark(answer))
            self._panel.show_rows()
        else:
            self._panel.retitle(self._view.heading)
            show_notice(self._panel.show_notice(), self.state, self._embedding, self._view, self._failure)
        self._draw_tip()
        self._interpretation.show(answer if self._view.asks and self._failure is None else None)
        self._draw_side()
        if not rows and (self.is_at(self._table) or self.is_at(self._details)):
            self.go_to(self.line)
        self.line.set_leads_on(rows or bool(self._history.lines))
        self.refresh_keys()

    def _draw_tip(self) -> None:
        """Above the list of an empty line, show what can be typed."""
        if self._view.asks or self.state.failure is not None:
            self._panel.show_tip()
        else:
            lines = tip_lines(self.state, self._embedding, () if self._welcome is None else self._welcome.examples)
            self._panel.show_tip("Describe what you are looking for: a plot, a mood, a title", lines)

    def _draw_side(self) -> None:
        recent = self._recent.table
        if not self._view.asks and recent.rows != self._history.lines:
            recent.show(self._history.lines)
        self._recent.display = not self._view.asks and bool(self._history.lines) and self.state.failure is None
        self._details.display = self.wide and self._panel.listing
        self._facets.panel.display = self._facets.beside and self._panel.listing
        self._side.display = bool(self._details.display or self._recent.display)
        if not self._facets.panel.display and self.is_at(self._facets.panel.list):
            self.go_to(self._table if self._panel.listing else self.line)
        if self._side.display and not self._side.is_attached:
            self.query_one("#body").mount(self._side)

    def _retitle(self) -> None:
        how = self._mode if self._requested.like is None else f"more like this {LIKE_BY_HELP[self._by]}"
        self.line.border_title = Content(f"Search · {how} · Ctrl+T")

    # -- keys -------------------------------------------------------------------------------------------------
    @on(Table.Moved, "#found")
    def _moved(self) -> None:
        # The layout of a page takes longer than a step of a held key, so it waits until the cursor rests.
        self._cursor_rest.call(self._show_details)

    def _show_details(self) -> None:
        details = self._table.details()
        self._details.show(details)
        self.refresh_keys()  # not every item has people
        if details is not None and self._details.display:
            self._reasons_delay.call(partial(self.explain, details.item))

    @on(Table.Chosen, "#facet-list")
    def _narrowed(self) -> None:
        row = self._facets.panel.list.row
        if row is not None:
            self._facets.toggle(row)

    @on(Interpretation.Dropped)
    def _clicked_condition(self, event: Interpretation.Dropped) -> None:
        event.stop()
        self._refinements.take_literally(event.typed)

    @on(Table.LeftTop)
    def _left_top(self) -> None:
        self.go_to(self._details if self.is_at(self._facets.panel.list) else self.line)

    @on(Table.Chosen, "#found")
    def _chosen(self) -> None:
        details = self._table.details()
        if self._details.display:
            self._remember()
            self.go_to(self._details)
        elif details is not None:
            self.post_message(details)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only actions that would do something now; Esc steps back before it stops a job."""
        match action:
            case "stop" | "clear" if self._filter_help.open or self._back_stack or self._is_beside():
                return False
            case "back" if self._filter_help.open or self._back_stack:
                return True
            case "as_typed":
                return self._view.asks and self._view.answer is not None and bool(self._view.answer.corrections)
            case "drop" | "drop_all":
                return self._view.asks and self._view.answer is not None and bool(self._view.answer.understood)
            case "facets":
                return self._facets.possible and not self.is_at(self.line)
            case "why":
                return self._view.asks and self._panel.listing and not self.is_at(self.line)
            case "person":
                item = self._table.item if self._panel.listing else None
                return item is not None and not self.is_at(self.line) and bool(people_of(item))
            case "sort":
                return len(self._orders) > 1 and self._view.asks and self._view.like is None
            case "embed":
                busy = self.state.active_job("search") is not None
                return self._embedding.incomplete and not busy and not self.may_retry
        return super().check_action(action, parameters)

    def _is_beside(self) -> bool:
        return self.is_at(self._details) or self.is_at(self._facets.panel.list)

    def commands(self) -> Iterable[SystemCommand]:
        """The search modes, and the ways in which items are alike."""
        for mode in MODES:
            yield SystemCommand(f"Search: {mode}", MODE_HELP[mode], partial(self._set_mode, mode))
        for by, text in LIKE_BY_HELP.items():
            yield SystemCommand(f"More like this: {text}", f"List items alike {text}", partial(self._set_by, by))
        for order in self._orders if self._query else ():
            yield SystemCommand(
                f"Sort by {order}", "The order of the results", partial(self._refinements.sort_by, self._view, order)
            )
        if self._facets.possible:
            yield SystemCommand("Narrow down", "Counts of genres, years and so on, as filters", self.action_facets)
            beside = "Hide" if self._facets.shown else "Show"
            yield SystemCommand(f"{beside} the counts beside the results", "From 120 columns on", self._switch_facets)
        if self.check_action("drop_all", ()):
            yield SystemCommand("Drop all conditions", "Search for their words instead", self.action_drop_all)
        if self._refinements.adult or (self._view.answer is not None and self._view.answer.hidden):
            what = "Hide" if self._refinements.adult else "Show"
            text = "Until the app is left; show-adult in config.toml keeps it"
            yield SystemCommand(f"{what} adult titles", text, self.action_adult)

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
        elif self.is_at(self._details) or self.is_at(self._facets.panel.list):
            self.go_to(self._table)
        elif self._back_stack:
            self._searching.withdraw()
            self._view, self._failure = self._back_stack.pop(), None
            self._requested = self._view
            self._retitle()
            self._list()
            self.post_message(StatusChanged(""))
        else:
            self.go_to(self.line)

    def action_mode(self) -> None:
        """Search in the next mode; for items like another, take the next way in which they are alike."""
        if self._requested.like is None:
            self._set_mode(_next(MODES, self._mode))
        else:
            self._set_by(_next(tuple(LIKE_BY_HELP), self._by))

    def _set_mode(self, mode: Mode) -> None:
        self._mode = mode
        self._retitle()
        if self._requested.like is None and self._query:
            self._search_line()

    def _set_by(self, by: LikeBy | None) -> None:
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
        """Sort by the next order."""
        self._refinements.sort(self._view, self._orders)

    def action_person(self) -> None:
        """Add a filter on the person who made the item under the cursor; of several, ask which."""
        if self._table.item is not None:
            self._remember()
            self._refinements.choose_person(self._view, self._table.item)

    def action_adult(self) -> None:
        """Show items for adults, or hide them again."""
        self._refinements.switch_adult(self._view)
        if self._view.asks:
            self._search_refined()
        else:
            self._load_welcome()

    def action_facets(self) -> None:
        """Go to the counts beside the results, or open them in front."""
        if self.is_at(self._facets.panel.list):
            self.go_to(self._table)
        else:
            self._facets.show(self._mode)

    def _switch_facets(self) -> None:
        self._facets.shown = not self._facets.shown
        self._facets.follow(self._view, self._mode)
        self._draw_side()

    @property
    def _orders(self) -> tuple[str, ...]:
        return () if self._welcome is None else self._welcome.orders

    def action_embed(self) -> None:
        """Embed what is not embedded yet."""
        self.backend.embed()


def _how_many(answer: Answer) -> str:
    return f"first {SHOWN}" if len(answer.results) == SHOWN else str(len(answer.results))


def _next(ways: tuple[Way, ...], now: Way) -> Way:
    return ways[(ways.index(now) + 1) % len(ways)]
