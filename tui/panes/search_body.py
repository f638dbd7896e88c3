"""The results of a search with the details beside them, and what stands there before anything is typed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from tui.panes.base import Debouncer
from tui.panes.long_list import LongList
from tui.panes.search_notice import show_notice, tip_lines
from tui.panes.search_state import SearchState
from tui.panes.welcome import RECENT_TITLE, SAMPLES_TITLE, RecentPanel, TipPanel
from tui.widgets.details import ItemDetails
from tui.widgets.item_list import Figures, ItemList, Matched, match_columns, result_of, search_figures
from tui.widgets.table import Table

if TYPE_CHECKING:
    from engine.data.results import Answer, Result
    from tui.backend.protocols import Search
    from tui.messages import Failure
    from tui.panes.base import Pane
    from tui.panes.embedding_status import EmbeddingStatus
    from tui.panes.recent_searches import RecentSearches
    from tui.panes.search_facets import SearchFacets
    from tui.state import AppState


class SearchBody(Container):
    """Everything below the line of a search.

    Parameters
    ----------
    pane
        The pane that it is a part of.
    state, embedding
        The app's state, and how much is embedded.
    facets
        The counts beside the results.
    """

    def __init__(self, pane: Pane[Search], state: AppState, embedding: EmbeddingStatus, facets: SearchFacets) -> None:
        super().__init__(id="body")
        self._pane, self._state, self._embedding, self._facets = pane, state, embedding, facets
        self.view = SearchState()
        """The search whose results are listed."""
        self.table: ItemList[Result] = ItemList((), result_of, self._figures, self._matched, id="found")
        self.table.keeps_sort = False  # another query is answered by the best match first
        self.details = ItemDetails(id="details")
        self._long_list: LongList[Search] = LongList(pane, self.table, "more", self._retitle)
        self._panel = TipPanel("Results", self.table, id="results")
        self._recent = RecentPanel()
        self._side = Vertical(self.details, self._recent, facets.panel, id="side")
        self._cursor_rest = Debouncer(pane, lambda: state.pace.glance)
        # Reasons are computed for each item, so not while somebody is still typing or moving through the list.
        self._reasons_delay = Debouncer(pane, lambda: 3 * state.pace.settle)

    def compose(self) -> ComposeResult:
        """The results; what stands beside them is mounted when there is room for it."""
        yield self._panel

    @property
    def listing(self) -> bool:
        """Whether there are results, and not a notice in their place."""
        return self._panel.listing

    @property
    def is_beside(self) -> bool:
        """Whether the focus is beside the results."""
        return self._pane.is_at(self.details) or self._pane.is_at(self._facets.panel.list)

    def list_results(self, answer: Answer) -> None:
        """List the results of the view."""
        order = None if self.view.parsed is None else self.view.parsed.order
        by_words = any(one.condition.startswith("sort:") for one in answer.understood)
        self.table.sort_refusal = "the search itself asks for an order: s changes it" if order or by_words else ""
        self._long_list.show(answer, match_columns(answer, self.view.words), self.view.cursor)

    def draw(self, failure: Failure | None, problem: str, recent: RecentSearches) -> bool:
        """Draw the view; whether results are listed.


        Parameters
        ----------
        failure
            Why the search failed.
        problem
            What is wrong with a filter of the line; what it leaves unfiltered is not listed.
        recent
            The recent searches, queries to try, and examples of filters.
        """
        answer = self.view.answer
        rows = answer is not None and bool(answer.results) and failure is None and self._state.failure is None
        rows = rows and not problem
        if rows and answer is not None:
            self._retitle()
            self._panel.show_rows()
        else:
            self._panel.retitle(self.view.heading)
            show_notice(self._panel.show_notice(), self._state, self._embedding, self.view, failure, problem)
        # Until then the key embeds; afterwards it exports the list.
        self.table.withheld = frozenset({"export-list"} if self._embedding.incomplete else ())
        self._draw_tip(recent)
        self.draw_side(recent)
        return rows

    def _retitle(self) -> None:
        if self.view.answer is not None:
            heading = f"{self.view.heading} · {self._long_list.extent}"
            self._panel.retitle(heading, self._embedding.remark(self.view.answer))

    @on(Table.Wanted, "#found")
    def _read_on(self, event: Table.Wanted) -> None:
        event.stop()
        self._long_list.want(event.start, event.end)

    def _draw_tip(self, recent: RecentSearches) -> None:
        """Above the list of an empty line, show what can be typed."""
        # In a low window the rows need the room: of all that can be said, that something failed is left.
        brief = self.listing and self._pane.has_class("-low")
        self._panel.set_class(brief, "-brief")
        if self.view.asks or self._state.failure is not None:
            self._panel.show_tip()
        elif brief:
            last = self._state.last_job("search")
            self._panel.show_tip("" if last is None or last.failure is None else last.failure.text)
        else:
            lines = tip_lines(self._state, self._embedding, recent)
            self._panel.show_tip("Describe what you are looking for: a plot, a mood, a title", lines)

    def draw_side(self, searches: RecentSearches) -> None:
        """Show what there is room for beside the results."""
        pane, facets, recent = self._pane, self._facets.panel, searches.lines
        self._recent.retitle(SAMPLES_TITLE if searches.samples else RECENT_TITLE)
        if not self.view.asks and self._recent.table.rows != recent:
            self._recent.table.show(recent)
        self._recent.display = not self.view.asks and bool(recent) and self._state.failure is None
        self.details.display = pane.wide and self.listing
        dataset = self._state.dataset
        self._side.set_class(dataset is not None and bool(dataset.pictures), "-pictured")
        facets.display = self._facets.beside and self.listing
        self._side.display = bool(self.details.display or self._recent.display)
        if not facets.display and pane.is_at(facets.list):
            pane.go_to(self.table if self.listing else pane.line)
        if self._side.display and not self._side.is_attached:
            self.mount(self._side)

    @on(Table.Moved, "#found")
    def _moved(self) -> None:
        # The layout of a page takes longer than a step of a held key, so it waits until the cursor rests.
        self._cursor_rest.call(self._show_details)

    def _show_details(self) -> None:
        details = self.table.details()
        self.details.show(details)
        self._pane.refresh_keys()  # not every item has people
        if details is not None and self.details.display:
            self._reasons_delay.call(partial(self._pane.explain, details.item))

    @on(Table.Chosen, "#facet-list")
    def _narrowed(self) -> None:
        row = self._facets.panel.list.row
        if row is not None:
            self._facets.toggle(row)

    @on(Table.LeftTop)
    def _left_top(self) -> None:
        pane = self._pane
        pane.go_to(self.details if pane.is_at(self._facets.panel.list) else pane.line)

    def _figures(self, result: Result) -> Figures:
        return () if self.view.answer is None else search_figures(result, self.view.answer)

    def _matched(self, result: Result) -> Matched:
        return result.matched, self.view.words
