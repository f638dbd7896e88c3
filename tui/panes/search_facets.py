"""The facets of a search: asked for after each answer, shown beside the results or in front of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.messages import StatusChanged
from tui.panes.query_edit import is_set, toggled
from tui.widgets.facet_list import FacetPanel, FacetRow, FacetsScreen, facet_rows

if TYPE_CHECKING:
    from engine.data.results import Facet
    from tui.backend.protocols import Search
    from tui.messages import Answered
    from tui.panes.base import Pane
    from tui.panes.search_state import SearchState

#: The smallest pane in which the facets stand beside the results.
_MIN_WIDTH, _MIN_HEIGHT = 120, 22


class SearchFacets:
    """Counts what was found by genre, kind, decade and the like, and turns the counts into filters.

    Parameters
    ----------
    pane
        The pane that shows them.
    set_line
        Called with the changed line when a value is chosen.
    redraw
        Called when there may be more or less to show.
    """

    def __init__(self, pane: Pane[Search], set_line: Callable[[str], None], redraw: Callable[[], None]) -> None:
        self._pane = pane
        self._set_line, self._redraw = set_line, redraw
        self.panel = FacetPanel()
        self.shown = True
        """Whether they stand beside the results where there is room."""
        self._facets: tuple[Facet, ...] = ()
        self._view: SearchState | None = None
        self._counted_view: SearchState | None = None
        """The search whose counts were asked for last."""
        self._opening = False
        self._counting = pane.request("facets", "", self._counted, lambda _: self._give_up())

    @property
    def beside(self) -> bool:
        """Whether there is room beside the results, and something to show."""
        return bool(self._facets) and self._has_room

    @property
    def _has_room(self) -> bool:
        size = self._pane.size
        return self.shown and size.width >= _MIN_WIDTH and size.height >= _MIN_HEIGHT

    @property
    def open(self) -> bool:
        """Whether they are shown in front of the results."""
        return isinstance(self._pane.app.screen, FacetsScreen)

    @property
    def possible(self) -> bool:
        """Whether there is a search that they can belong to."""
        return self._view is not None

    def follow(self, view: SearchState, mode: str) -> None:
        """Count what a search found, once its answer is shown; nothing for an empty line and for items like another."""
        if not view.text or view.like is not None or view.answer is None:
            self._view, self._facets, self._opening = None, (), False
            self._counting.withdraw()
            self._draw()
            return
        self._view = view
        if self._has_room or self.open or self._opening:
            # Somebody who types on needs no counts of what is left behind.
            self._counting.send_debounced(lambda: self._count(mode))
        else:
            self._facets = ()

    def show(self, mode: str) -> None:
        """Go to the facets: into the panel, or else in front of the results."""
        if self.beside:
            self._pane.go_to(self.panel.list)
            return
        self._opening = True
        self._count(mode)

    def stay_closed(self) -> None:
        """Open nothing in front of somebody who types on."""
        self._opening = False

    def resized(self, mode: str) -> None:
        """Count what was not counted while there was no room for it."""
        if self._view is not None and self._view is not self._counted_view and self._has_room:
            self._count(mode)

    def toggle(self, row: FacetRow) -> None:
        """Add the filter on a value to the line, or remove it."""
        view = self._view
        if row.value is not None and view is not None and view.parsed is not None:
            self._set_line(toggled(view.text, view.parsed, row.facet, row.value))

    def _count(self, mode: str) -> None:
        view = self._view
        if view is not None and view.parsed is not None:
            self._counted_view = view
            parsed, literal, adult = view.parsed, view.literal, view.adult
            self._counting.send(lambda search, _: (view, search.facets(parsed, mode, literal=literal, adult=adult)))

    def _counted(self, message: Answered) -> None:
        view, facets = message.value
        if view is not self._view:
            return
        self._facets = facets
        if self._opening:
            self._opening = False
            if not self._facets:
                self._pane.post_message(StatusChanged("What was found has no genre, year or the like to count."))
            elif not self._pane.app.screen.is_modal:
                self._pane.app.push_screen(FacetsScreen(self._rows(), self.toggle))
        self._draw()

    def _give_up(self) -> None:
        """Show nothing; the search itself says what is wrong."""
        self._opening = False

    def _rows(self) -> list[FacetRow]:
        parsed = None if self._view is None else self._view.parsed
        return facet_rows(self._facets, lambda value: parsed is not None and is_set(parsed, value))

    def _draw(self) -> None:
        screen = self._pane.app.screen
        if isinstance(screen, FacetsScreen):
            screen.update_rows(self._rows())
        if self._facets:
            self.panel.list.keep(self._rows())
        self._redraw()
