"""What is known of the item under the cursor, below the lists of a pane in a large window."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from engine.data.results import Answer, Result
from tui.messages import Answered, Failed
from tui.panes.base import Debouncer
from tui.widgets.cell_text import full_title
from tui.widgets.details import ItemDetails
from tui.widgets.item_list import Figures, ItemList, match_columns, result_of, search_figures
from tui.widgets.panel import Panel
from tui.widgets.table import Table

if TYPE_CHECKING:
    from engine.session import Item, Surroundings
    from tui.backend.mailbox import Mailbox
    from tui.panes.base import Pane

#: The smallest pane in which there is room for it.
_MIN_WIDTH, _MIN_HEIGHT = 160, 36
#: How many neighbours are listed.
_NEIGHBOURS = 20
#: The name of a search by vectors alone, whose scores are cosines.
_BY_MEANING = "meaning"


def reason_lines(answer: Answer) -> tuple[str, ...]:
    """The items that speak for another one, each with how much it does, if that was measured."""
    return tuple(
        f"{result.score:+.2f}  {full_title(result.item)}" if result.score else full_title(result.item)
        for result in answer.results
    )


class ItemPanel(Container):
    """The page of the item under the cursor, with the reasons why it is listed, beside its neighbours in meaning.

    Parameters
    ----------
    pane
        The pane that it is a part of; it is told the item of which reasons are wanted.
    tables
        The lists to follow: the one that has the focus, else the first one that lists something.
    """

    DEFAULT_CSS = """
    ItemPanel {
        layout: horizontal;
        dock: bottom;
        height: 33%;
        display: none;
        & > ItemDetails { width: 3fr; max-width: 100%; }
        & > #near { width: 2fr; }
    }
    """

    def __init__(self, pane: Pane[Any], tables: Sequence[ItemList[Any]]) -> None:
        super().__init__()
        self._pane, self._tables = pane, tuple(tables)
        self._details = ItemDetails(id="item-details")
        self._near: ItemList[Result] = ItemList(
            (), result_of, lambda result: search_figures(result, self._neighbours), id="near-items"
        )
        self._near_panel = Panel("Nearest in meaning", self._near, id="near")
        self._neighbours = Answer((), _BY_MEANING)
        self._looking: Mailbox | None = None
        self._shown: tuple[Item, Figures] | None = None
        # As in the Search tab: a page takes longer to lay out than a step of a held key, and reasons take longer still.
        self._cursor_rest = Debouncer(pane, lambda: pane.state.pace.glance)
        self._questions = Debouncer(pane, lambda: 3 * pane.state.pace.settle)

    def compose(self) -> ComposeResult:
        """The page at the left, the neighbours at the right."""
        yield self._details
        yield self._near_panel

    def on_unmount(self) -> None:
        """End the thread that looks for neighbours."""
        self._cursor_rest.cancel()
        self._questions.cancel()
        if self._looking is not None:
            self._looking.close()

    # -- the item ---------------------------------------------------------------------------------------------
    @property
    def _table(self) -> ItemList[Any] | None:
        """The list that is followed."""
        listed = [table for table in self._tables if table.display and table.row is not None]
        return next((table for table in listed if self._pane.is_at(table)), listed[0] if listed else None)

    def follow(self) -> None:
        """Show the item under the cursor, once the cursor rests; while the focus is here, the page stays."""
        self._cursor_rest.call(self._show)

    def _show(self) -> None:
        size, table = self._pane.size, self._table
        has_room = size.width >= _MIN_WIDTH and size.height >= _MIN_HEIGHT
        if has_room and self.display and self.has_focus_within:
            return
        details = table.details() if table is not None and has_room else None
        self.display = details is not None
        shown = None if details is None else (details.item, details.figures)
        if shown == self._shown:
            return
        # The same item may have other figures and reasons after another request.
        changed = shown is None or self._shown is None or shown[0] != self._shown[0]
        self._shown = shown
        if details is not None:
            self._details.show(details)
            self._questions.call(partial(self._ask, details.item, changed=changed))

    def _ask(self, item: Item, *, changed: bool) -> None:
        """Ask why an item is listed and, if it is another one than before, what is nearest to it."""
        if self._shown is None or item != self._shown[0]:
            return
        self._pane.explain(item)
        dataset = self._pane.state.dataset
        embedded = dataset is not None and dataset.embedding.done > 0
        self._near_panel.display = embedded
        if embedded and (changed or not self._near_panel.listing):
            if self._looking is None:
                self._looking = self._pane.backend.mailbox("near", self.post_message)
            number = item.internal_id
            self._looking.ask(lambda session, job: session.map.around(number, _NEIGHBOURS, job))

    def explain(self, item: Item, heading: str, lines: tuple[str, ...]) -> None:
        """Add the reasons why an item is listed, if it is still shown."""
        self._details.explain(item, heading, lines)

    # -- its neighbours ---------------------------------------------------------------------------------------
    def on_answered(self, message: Answered) -> None:
        """List the neighbours."""
        message.stop()
        if self._looking is None or not self._looking.is_current(message.request):
            return
        found: Surroundings = message.value
        self._neighbours = Answer(found.nearest, _BY_MEANING)
        self._near_panel.retitle(f"Nearest in meaning to {full_title(found.item)}")
        self._near.show(found.nearest, match_columns(self._neighbours))
        self._near_panel.show_rows()

    def on_failed(self, message: Failed) -> None:
        """Say why there are no neighbours."""
        message.stop()
        if self._looking is not None and self._looking.is_current(message.request):
            self._near_panel.retitle("Nearest in meaning")
            self._near_panel.show_notice().show("", message.failure.text)

    # -- keys -------------------------------------------------------------------------------------------------
    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        if details := self._near.details():
            self.post_message(details)

    @on(Table.LeftTop)
    def _left_top(self, event: Table.LeftTop) -> None:
        event.stop()
        if (table := self._table) is not None:
            self._pane.go_to(table)
