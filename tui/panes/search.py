"""Search: what is like these words, or like this item?"""

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

from tui.backend.backend import Backend
from tui.messages import AddToSequence, Answered, Failed, Failure, Said, ShowDetails
from tui.panes.base import RETRY, WIDE, Debouncer, Pane
from tui.panes.embedding_status import EmbeddingStatus
from tui.panes.filter_help import FilterHelp
from tui.panes.search_state import LIKE_BY, MODES, SHOWN, SearchState
from tui.panes.train_prompt import NOT_OPENED
from tui.panes.welcome import QueryHistory, RecentPanel, TipPanel, Welcome, welcome
from tui.state import AppState
from tui.widgets.details import ItemDetails
from tui.widgets.filter_line import FilterLine
from tui.widgets.formatting import duration
from tui.widgets.items import Figures, ItemTable, match_columns, result_figures, result_of
from tui.widgets.query import QueryInput
from tui.widgets.table import Table

if TYPE_CHECKING:
    from engine.data.results import Answer, Result
    from engine.session import Item

Way = TypeVar("Way")


class SearchPane(Pane):
    """A query, the results as one types, and beside them the item under the cursor."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    TASK: ClassVar[str] = "search"

    ACTIONS: ClassVar[tuple[str, ...]] = (*Pane.ACTIONS, "embed")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "type", "query", key_display="/"),
        Binding("e,f5", "embed", "embed"),
        RETRY,
        Binding("ctrl+t", "mode", "mode", key_display="^t"),
    ]

    def __init__(self, backend: Backend, state: AppState, *, blink: bool = True) -> None:
        line = FilterLine("Search", "words, a title, a mood …", blink=blink, id="query")
        super().__init__(backend, state, line)
        self._filter_help = FilterHelp(self, line)
        self._table: ItemTable[Result] = ItemTable((), result_of, self._figures, id="found")
        self._panel = TipPanel("Results", self._table, id="results")
        self._details = ItemDetails(id="details")
        self._recent = RecentPanel()
        self._side = Vertical(self._details, self._recent, id="side")
        self._glance = Debouncer(self, state.pace.glance)
        # Reasons are computed anew for each item, so not while somebody is still typing or looking around.
        self._linger = Debouncer(self, 3 * state.pace.settle)
        self._mode = next(iter(MODES))
        self._by: str | None = None
        self._asked = self._view = SearchState()
        self._trail: list[SearchState] = []
        self._failure: Failure | None = None
        self._coverage = EmbeddingStatus(state)
        self._reach = (0, False)
        self._hurry = False
        self._welcomed_in = False
        self._welcome: Welcome | None = None
        self._history = QueryHistory()
        self._recalled: str | None = None
        self._reasons: dict[tuple[str, str, int], tuple[str, ...]] = {}
        self._searching = self.question("search", "searching", self._answered, self._failed)
        self._welcoming = self.question("welcome", "", self._welcomed, lambda _: None)
        self._explaining = self.question("why", "", self._explained, lambda _: None)

    def compose(self) -> ComposeResult:
        """The query above, the results below it."""
        self.set_class(self.app.size.width >= WIDE, "-wide")
        yield self.line
        yield self._filter_help.completions
        with Container(id="body"):
            yield self._panel

    def on_mount(self) -> None:
        """Say what to do."""
        self._retitle()
        self.refresh_state()

    def on_resize(self) -> None:
        """Details stand beside the results where there is room."""
        self.set_class(self.wide, "-wide")
        self._draw_side()

    # -- asking -----------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._trail.clear()
        recalled = event.value == self._recalled
        if not recalled:
            self._history.leave()
            self._hurry = False
        self._recalled = None
        self._filter_help.typed()
        self.refresh_keys()
        if not self._query:
            self._searching.withdraw()
            self._failure = None
            self._show_welcome()
            self.post_message(Said(""))
        elif recalled:
            self._ask_query()
        else:
            self._searching.ask_settled(self._ask_query)

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
            self._hurry = True
            self._ask_query()

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
            self._hurry = True
            self._recall(event.table.row)

    def _recall(self, line: str) -> None:
        """Put an earlier search into the line and make it at once."""
        self._recalled = line
        self.line.value = line
        self.line.cursor_position = len(line)
        self.go_to(self.line)

    @on(ShowDetails)
    @on(AddToSequence)
    def _opened(self) -> None:
        self._remember()

    def _remember(self) -> None:
        """Keep what is in the line among the recent searches: somebody has found something by it."""
        line = self._query
        if line and line != next(iter(self._history.lines), None):
            self._history.lines = (line, *(one for one in self._history.lines if one != line))
            self._welcoming.ask(lambda session, _: welcome(session, SHOWN, remember=line))

    @property
    def _query(self) -> str:
        return self.line.value.strip()

    def _ask_query(self) -> None:
        self._ask(SearchState(self._query))

    def more_like(self, item: Item) -> None:
        """Search for items like this one; Esc leads back to what was shown before."""
        if self._view.answer is not None:
            self._trail.append(self._here())
        self._remember()
        self._hurry = True
        self._ask(SearchState(self._query, item, self._by))

    def _ask(self, view: SearchState) -> None:
        self._asked, mode = view, self._mode
        self._retitle()
        self._searching.ask(lambda session, job: view.answered(session, mode, job))

    # -- answers ----------------------------------------------------------------------------------------------
    def _answered(self, message: Answered) -> None:
        view: SearchState = message.value
        answer = view.answer
        assert answer is not None
        self._failure = None
        self._show(view, answer)
        self.post_message(Said(f"{duration(message.seconds)} · {answer.method} · {self._coverage.said}"))

    def _failed(self, message: Failed) -> None:
        self._failure = message.failure
        self._view = self._asked
        self._draw()
        self.post_message(Said(message.failure.text))

    def _welcomed(self, message: Answered) -> None:
        self._welcome = message.value
        self._history.lines = message.value.recent
        if not self._query and self._view.like is None:
            self._show_welcome()
        else:
            self._draw()

    def _show_welcome(self) -> None:
        """Show what there is to see before anything is typed."""
        self._asked = self._view = SearchState(answer=None if self._welcome is None else self._welcome.popular)
        self._retitle()
        self._list()

    def _explained(self, message: Answered) -> None:
        text, method, item, phrases = message.value
        if phrases:  # none while the language model is not loaded
            self._reasons[text, method, item.internal_id] = tuple(
                f"{cosine:.2f} {phrase}" for phrase, cosine in phrases
            )
            self._show_phrases(item)

    def _show(self, view: SearchState, answer: Answer) -> None:
        held, same = self._table.item, view.is_same_question(self._view)
        ids = [result.item.internal_id for result in answer.results]
        cursor = ids.index(held.internal_id) if same and held is not None and held.internal_id in ids else 0
        self._view = replace(view, cursor=cursor)
        self._list()

    def _list(self) -> None:
        """Show the view as it is."""
        answer = self._view.answer
        if answer is not None:
            self._table.show(answer.results, match_columns(answer), cursor=self._view.cursor)
        self._draw()
        hurried, self._hurry = self._hurry, False
        if hurried and answer is not None and answer.results:
            self.go_to(self._table)

    def _here(self) -> SearchState:
        return replace(self._view, cursor=self._table.cursor)

    # -- why --------------------------------------------------------------------------------------------------
    def explain(self, item: Item) -> None:
        """Ask which phrases of an item come near to the query, unless that is known."""
        view = self._view
        if view.like is not None or view.answer is None or view.answer.method not in ("hybrid", "semantic"):
            return
        if not self._show_phrases(item):
            text, method = view.text, view.answer.method
            self._explaining.ask(
                lambda session, _: (text, method, item, session.search.explain_match(text, item.item_id, method))
            )

    def _show_phrases(self, item: Item) -> bool:
        """Show the phrases of an item, if they are known for what is shown."""
        method = "" if self._view.answer is None else self._view.answer.method
        phrases = self._reasons.get((self._view.text, method, item.internal_id))
        if phrases is None:
            return False
        heading = "Nearest to the query in meaning:"
        self._details.explain(item, heading, phrases)
        self.show_reasons(item, heading, phrases)
        return True

    def _figures(self, result: Result) -> Figures:
        return (("rank", str(result.rank)),) if self._view.popular else result_figures(result)

    # -- drawing ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow the data set; what search could not reach before joins the results by itself."""
        catalogue = self.state.catalogue
        reach = (0 if catalogue is None else catalogue.embedding.done, self.state.warm)
        if reach != self._reach:
            self._reach = reach
            if self._view.asks:
                self._ask(replace(self._view, answer=None))
        if catalogue is not None and not self._welcomed_in:
            self._welcomed_in = True
            self._welcoming.ask(lambda session, _: welcome(session, SHOWN))
        self._draw()

    def _draw(self) -> None:
        answer = self._view.answer
        rows = answer is not None and bool(answer.results) and self._failure is None and self.state.failure is None
        if rows and answer is not None:
            self._panel.retitle(f"{self._view.heading} · {_how_many(answer)}", self._coverage.remark(answer))
            self._panel.show_rows()
        else:
            self._panel.retitle(self._view.heading)
            self._say()
        self._tell()
        self._draw_side()
        if not rows and (self.is_at(self._table) or self.is_at(self._details)):
            self.go_to(self.line)
        self.line.lead_on(rows or bool(self._history.lines))
        self.refresh_keys()

    def _tell(self) -> None:
        """Above the list of an empty line, say what may be typed."""
        if self._view.asks or self.state.failure is not None:
            self._panel.tell()
            return
        examples = () if self._welcome is None else self._welcome.examples
        lines = [f"Filters: {' · '.join(examples)}"] if examples else []
        last = self.state.last_job("search")
        if last is not None and last.failure is not None:
            lines.append(last.failure.text)
        elif self._coverage.lacks:
            lines.append(self._coverage.until_then)
        self._panel.tell("Describe what you are looking for: a plot, a mood, a title", [*lines, *self._offer()])

    def _draw_side(self) -> None:
        recent = self._recent.table
        if not self._view.asks and recent.rows != self._history.lines:
            recent.show(self._history.lines)
        self._recent.display = not self._view.asks and bool(self._history.lines) and self.state.failure is None
        self._details.display = self.wide and self._panel.listing
        self._side.display = bool(self._details.display or self._recent.display)
        if self._side.display and not self._side.is_attached:
            self.query_one("#body").mount(self._side)

    def _say(self) -> None:
        notice = self._panel.show_notice()
        failure, job, view = self._failure, self.state.active_job("search"), self._view
        embed = ("F5", f"embed {self._coverage.missing}, so that search understands meaning")
        if self.state.failure is not None:
            notice.say_failed(NOT_OPENED, self.state.failure)
        elif failure is not None and failure.kind == "untrained" and view.like is not None and not self._coverage.lacks:
            notice.say(view.nothing_found()[0], failure.text, ("Ctrl+T", "another kind of likeness"))
        elif failure is not None and failure.kind == "untrained":
            if job is not None:
                notice.say_job(job)
            else:
                notice.say("Not embedded yet", failure.text, embed)
        elif failure is not None:
            notice.say_failed("The search failed", failure)
        elif view.answer is not None:
            notice.say(*view.nothing_found(), ("Ctrl+T", "another kind of search"))
        elif job is not None:
            notice.say_job(job)
        elif self._coverage.lacks:
            notice.say("", "", embed)
        else:
            notice.say("")

    def _offer(self) -> list[str]:
        """How to go on from the demo to real data."""
        if self.state.catalogue is None or self.state.catalogue.overview.kind != "demo":
            return []
        return ["Real data instead of the demo, in a shell: recsys-tui datasets add ml-100k"]

    def _retitle(self) -> None:
        how = self._mode if self._asked.like is None else f"more like this {LIKE_BY[self._by]}"
        self.line.border_title = Content(f"Search · {how} · Ctrl+T")

    # -- keys -------------------------------------------------------------------------------------------------
    @on(Table.Moved, "#found")
    def _moved(self) -> None:
        # Laying a page out takes longer than the next line of a held key, so it waits for the cursor to rest.
        self._glance.call(self._show_details)

    def _show_details(self) -> None:
        details = self._table.details()
        self._details.show(details)
        if details is not None and self._details.display:
            self._linger.call(partial(self.explain, details.item))

    @on(Table.LeftTop)
    def _left_results(self) -> None:
        self.go_to(self.line)

    @on(Table.Chosen, "#found")
    def _chosen(self) -> None:
        details = self._table.details()
        if self._details.display:
            self._remember()
            self.go_to(self._details)
        elif details is not None:
            self.post_message(details)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now; a step back comes before the end of a job."""
        match action:
            case "stop" | "clear" if self._filter_help.open or self._trail or self.is_at(self._details):
                return False
            case "back" if self._filter_help.open or self._trail:
                return True
            case "embed":
                busy = self.state.active_job("search") is not None
                return self._coverage.lacks and not busy and not self.may_retry
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[SystemCommand]:
        """The ways to search."""
        for mode, said in MODES.items():
            yield SystemCommand(f"Search: {mode}", said, partial(self._set_mode, mode))
        for by, said in LIKE_BY.items():
            yield SystemCommand(f"More like this: {said}", f"List items alike {said}", partial(self._set_by, by))

    def failures(self) -> Iterable[Failure | None]:
        """The last search's."""
        return (self._failure,)

    def ask_again(self) -> None:
        """Search again."""
        self._failure = None
        self._ask(replace(self._view, answer=None))

    def step_back(self) -> None:
        """Close the completions; from details to the list, to what was shown before, to the query."""
        if self._filter_help.open:
            self._filter_help.settle()
        elif self.is_at(self._details):
            self.go_to(self._table)
        elif self._trail:
            self._searching.withdraw()
            self._view, self._failure = self._trail.pop(), None
            self._asked = self._view
            self._retitle()
            self._list()
            self.post_message(Said(""))
        else:
            self.go_to(self.line)

    def action_mode(self) -> None:
        """Search in the next of the three ways; of items like another, find them in the next of the three ways."""
        if self._asked.like is None:
            self._set_mode(_next(tuple(MODES), self._mode))
        else:
            self._set_by(_next(tuple(LIKE_BY), self._by))

    def _set_mode(self, mode: str) -> None:
        self._mode = mode
        self._retitle()
        if self._asked.like is None and self._query:
            self._ask_query()

    def _set_by(self, by: str | None) -> None:
        self._by = by
        if self._asked.like is not None:
            self._ask(replace(self._asked, by=by, answer=None))
        elif item := self._table.item:
            self.more_like(item)

    def action_embed(self) -> None:
        """Embed what is not embedded yet."""
        self.backend.embed()


def _how_many(answer: Answer) -> str:
    return f"first {SHOWN}" if len(answer.results) == SHOWN else str(len(answer.results))


def _next(ways: tuple[Way, ...], now: Way) -> Way:
    return ways[(ways.index(now) + 1) % len(ways)]
