"""Search: what is like these words, or like this item?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from tui.backend import Backend
from tui.messages import Answered, Failed, Failure, Said
from tui.panes.base import RETRY, Pane, Rest
from tui.panes.offer import NOT_OPENED
from tui.state import State
from tui.widgets.details import ItemDetails
from tui.widgets.items import ItemTable, full_title, match_columns, result_figures, result_of
from tui.widgets.panel import Panel
from tui.widgets.query import QueryInput
from tui.widgets.table import Table
from tui.widgets.text import count, duration, shorten

if TYPE_CHECKING:
    from engine.items import Item
    from engine.results import Answer, Result

MODES = ("hybrid", "semantic", "keyword")
_MODES_SAY = {
    "hybrid": "By meaning and by words together",
    "semantic": "By meaning alone",
    "keyword": "By the words themselves",
}
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class _View:
    """What was asked and what came of it, so that going back needs no engine."""

    text: str = ""
    like: Item | None = None
    answer: Answer | None = None
    cursor: int = 0


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

    def __init__(self, backend: Backend, state: State, *, blink: bool = True) -> None:
        super().__init__(backend, state, QueryInput("Search", "words, a title, a mood …", blink=blink, id="query"))
        self._table: ItemTable[Result] = ItemTable((), result_of, result_figures)
        self._panel = Panel("Results", self._table, id="results")
        self._details = ItemDetails(id="details")
        self._glance = Rest(self, state.pace.glance)
        self._mode = MODES[0]
        self._asked = self._view = _View()
        self._trail: list[_View] = []
        self._failure: Failure | None = None
        self._reach = (0, False)
        self._hurry = False
        self._searching = self.question("search", "searching", self._answered, self._failed)

    def compose(self) -> ComposeResult:
        """The query above, the results below it."""
        yield self.line
        with Horizontal():
            yield self._panel

    def on_mount(self) -> None:
        """Say what to do."""
        self._retitle()
        self.refresh_state()

    def on_resize(self) -> None:
        """Details stand beside the results where there is room."""
        self._draw_details()

    # -- asking -----------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._trail.clear()
        self._hurry = False
        self.refresh_keys()
        text = event.value.strip()
        if not text:
            self._searching.withdraw()
            self._view, self._failure = _View(), None
            self._draw()
        else:
            self._searching.ask_settled(self._ask_query)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._view.text == self._query and self._view.answer is not None:
            self.go_to(self._table)
        elif self._query:
            self._hurry = True
            self._ask_query()

    @on(QueryInput.Arrow)
    def _left_query(self, event: QueryInput.Arrow) -> None:
        if event.by > 0 and self._panel.listing:
            self.go_to(self._table)

    @property
    def _query(self) -> str:
        return self.line.value.strip()

    def _ask_query(self) -> None:
        self._ask(_View(self._query))

    def more_like(self, item: Item) -> None:
        """Search for items like this one; Esc leads back to what was shown before."""
        if self._view.answer is not None:
            self._trail.append(self._here())
        self._hurry = True
        self._ask(_View(self._query, item))

    def _ask(self, view: _View) -> None:
        self._asked, mode = view, self._mode
        like = None if view.like is None else view.like.item_id
        self._searching.ask(lambda session, job: session.search(view.text, _SHOWN, mode, like=like, job=job))

    # -- answers ----------------------------------------------------------------------------------------------
    def _answered(self, message: Answered) -> None:
        answer: Answer = message.value
        self._failure = None
        self._show(answer)
        self.post_message(Said(f"{duration(message.seconds)} · {answer.method} · {self._coverage()}"))

    def _failed(self, message: Failed) -> None:
        self._failure = message.failure
        self._view = self._asked
        self._draw()
        self.post_message(Said(message.failure.text))

    def _show(self, answer: Answer) -> None:
        before, held = self._view, self._table.item
        same = (before.text, before.like) == (self._asked.text, self._asked.like)
        ids = [result.item.dense_id for result in answer.results]
        cursor = ids.index(held.dense_id) if same and held is not None and held.dense_id in ids else 0
        self._view = _View(self._asked.text, self._asked.like, answer, cursor)
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

    def _here(self) -> _View:
        return _View(self._view.text, self._view.like, self._view.answer, self._table.cursor)

    # -- drawing ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow the data set; what search could not reach before joins the results by itself."""
        catalogue = self.state.catalogue
        reach = (0 if catalogue is None else catalogue.embedding.done, self.state.warm)
        if reach != self._reach:
            self._reach = reach
            if self._view.text or self._view.like is not None:
                self._ask(_View(self._view.text, self._view.like))
        self._draw()

    def _draw(self) -> None:
        answer, view = self._view.answer, self._view
        rows = answer is not None and bool(answer.results) and self._failure is None and self.state.failure is None
        what = "Results" if view.like is None else f"More like {shorten(full_title(view.like), 40)}"
        if rows and answer is not None:
            self._panel.retitle(f"{what} · {len(answer.results)}", self._remark(answer))
            self._panel.show_rows()
        else:
            self._panel.retitle(what)
            self._say()
        self._draw_details()
        if not rows and (self.is_at(self._table) or self.is_at(self._details)):
            self.go_to(self.line)
        self.line.lead_on(rows)
        self.refresh_keys()

    def _draw_details(self) -> None:
        if self._panel.listing and not self._details.is_attached:
            self.query_one(Horizontal).mount(self._details)
        self._details.display = self.wide and self._panel.listing

    def _say(self) -> None:
        notice = self._panel.show_notice()
        failure, job, view = self._failure, self.state.active_job("search"), self._view
        embed = ("F5", f"embed {self._missing()}, so that search understands meaning")
        if self.state.failure is not None:
            notice.say_failed(NOT_OPENED, self.state.failure)
        elif failure is not None and failure.kind == "untrained":
            if job is not None:
                notice.say_job(job)
            else:
                notice.say("Not embedded yet", failure.text, embed)
        elif failure is not None:
            notice.say_failed("The search failed", failure)
        elif view.answer is not None:
            wanted = f"“{shorten(view.text, 60)}”" if view.like is None else full_title(view.like)
            notice.say(
                f"Nothing is like {wanted}", "Fewer or other words may help.", ("Ctrl+T", "another kind of search")
            )
        elif job is not None:
            notice.say_job(job)
        elif self._lacks_embedding():
            last = self.state.last_job("search")
            text = "Until the catalogue is embedded, search matches the words themselves."
            if last is not None and last.failure is not None:
                text = last.failure.text
            notice.say("Describe what you are looking for", text + self._offer(), embed)
        else:
            text = "A plot, a mood, a title, a name: “a heist that goes wrong”, “robots and what makes us human”."
            notice.say("Describe what you are looking for", text + self._offer())

    def _offer(self) -> str:
        """How to go on from the demo to real data."""
        if self.state.catalogue is None or self.state.catalogue.overview.kind != "demo":
            return ""
        return (
            "\n\nThis is the bundled demo. For real data, in a shell:\n"
            "recsys-tui datasets add ml-100k\n"
            "recsys-tui datasets add NAME --ratings FILE --items FILE"
        )

    def _lacks_embedding(self) -> bool:
        return self.state.catalogue is not None and not self.state.catalogue.embedding.complete

    def _missing(self) -> str:
        if self.state.catalogue is None:
            return "the catalogue"
        embedding = self.state.catalogue.embedding
        return f"{'the remaining ' if embedding.done else ''}{count(embedding.total - embedding.done, 'text')}"

    def _coverage(self) -> str:
        if self.state.catalogue is None:
            return ""
        embedding = self.state.catalogue.embedding
        return f"{embedding.done:,} of {embedding.total:,} embedded"

    def _remark(self, answer: Answer) -> str:
        """What to know about the results: above all, what embedding would add."""
        if not self._lacks_embedding() or self.state.active_job("search") is not None:
            return answer.note
        return f"{self._coverage()} · F5 embeds {self._missing()}"

    def _retitle(self) -> None:
        self.line.retitle("Search", f"{self._mode} · Ctrl+T")

    # -- keys -------------------------------------------------------------------------------------------------
    @on(Table.Moved)
    def _moved(self) -> None:
        # Laying a page out takes longer than the next line of a held key, so it waits for the cursor to rest.
        self._glance.call(lambda: self._details.show(self._table.details()))

    @on(Table.LeftTop)
    def _left_results(self) -> None:
        self.go_to(self.line)

    @on(Table.Chosen)
    def _chosen(self) -> None:
        details = self._table.details()
        if self._details.display:
            self.go_to(self._details)
        elif details is not None:
            self.post_message(details)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now; a step back comes before the end of a job."""
        match action:
            case "stop" | "clear" if self._trail or self.is_at(self._details):
                return False
            case "back" if self._trail:
                return True
            case "embed":
                busy = self.state.active_job("search") is not None
                return self._lacks_embedding() and not busy and not self.may_retry
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[SystemCommand]:
        """The ways to search."""
        for mode in MODES:
            yield SystemCommand(f"Search: {mode}", _MODES_SAY[mode], partial(self._set_mode, mode))

    def failures(self) -> Iterable[Failure | None]:
        """The last search's."""
        return (self._failure,)

    def ask_again(self) -> None:
        """Search again."""
        self._failure = None
        self._ask(_View(self._view.text, self._view.like))

    def step_back(self) -> None:
        """From details to the list, to what was shown before, to the query."""
        if self.is_at(self._details):
            self.go_to(self._table)
        elif self._trail:
            self._searching.withdraw()
            self._view, self._failure = self._trail.pop(), None
            self._asked = self._view
            self._list()
        else:
            self.go_to(self.line)

    def action_mode(self) -> None:
        """Search in the next of the three ways."""
        self._set_mode(MODES[(MODES.index(self._mode) + 1) % len(MODES)])

    def _set_mode(self, mode: str) -> None:
        self._mode = mode
        self._retitle()
        if self._view.like is None and self._query:
            self._ask_query()

    def action_embed(self) -> None:
        """Embed what is not embedded yet."""
        self.backend.embed()
