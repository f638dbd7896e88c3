"""The facets of what was found: values with their numbers, which are added to the query as filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.widgets.panel import Panel
from tui.widgets.popup import PopUp
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.data.results import Facet, FacetValue


@dataclass(frozen=True, slots=True)
class FacetRow:
    """A line of the list: the name of a facet, or one of its values and whether it is filtered by."""

    facet: Facet
    value: FacetValue | None = None
    is_set: bool = False


def facet_rows(facets: Sequence[Facet], is_set: Callable[[FacetValue], bool]) -> list[FacetRow]:
    """The lines for some facets."""
    return [
        row
        for facet in facets
        for row in (FacetRow(facet), *(FacetRow(facet, value, is_set(value)) for value in facet.values))
    ]


def _name(row: FacetRow, _: int) -> str:
    if row.value is None:
        return row.facet.label
    return f"{'✓' if row.is_set else '·'} {row.value.label}"


def _count(row: FacetRow, _: int) -> str:
    return "" if row.value is None else f"{row.value.count:,}"


class FacetList(Table[FacetRow]):
    """Names of facets and below them their values; the cursor passes over the names."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", "filter", id="choose-line")]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            (Column("Narrow down", _name), Column("", _count, width=7, right=True, style="muted")), heading=False, id=id
        )

    def keep(self, rows: Sequence[FacetRow]) -> None:
        """Show these lines with the cursor on the same value, or at the same place; without the focus, from the top."""
        if not self.has_focus:
            self.show(rows, cursor=0)
            return
        held = None if self.row is None or self.row.value is None else self.row.value.condition
        places = [place for place, row in enumerate(rows) if row.value is not None and row.value.condition == held]
        self.show(rows, cursor=places[0] if places else self.cursor)

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a value: from the name of a facet it goes on to the first one below."""
        place = super().validate_cursor(cursor)
        return place + 1 if place < len(self._rows) - 1 and self._is_name(place) else place

    def _is_name(self, place: int) -> bool:
        row = self._rows.get(place)
        return row is not None and row.value is None

    def _scroll_to_cursor(self) -> None:
        # The name of the first facet stands above the first value and shows with it.
        if self.cursor <= 1:
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        else:
            super()._scroll_to_cursor()

    def action_cursor(self, by: int) -> None:
        """Move by some values; moving up from the first one leaves the list."""
        place = self.cursor + by
        if 0 < place < len(self._rows) and self._is_name(place):
            by += 1 if by > 0 else -1
        if self.cursor + by <= 0 and by < 0 and self.cursor <= 1:
            self.post_message(self.LeftTop())
        else:
            self.cursor = self.cursor + by


class FacetPanel(Panel):
    """The facets in their frame, beside the results."""

    def __init__(self) -> None:
        self.list = FacetList(id="facet-list")
        super().__init__("Narrow down · f", self.list, id="facets")
        self.table.display, self.notice.display = True, False

    def compose(self) -> ComposeResult:
        """The list; a notice is never needed."""
        yield self.table


class FacetsScreen(PopUp):
    """The facets in front of the results, where there is no room beside them.

    Parameters
    ----------
    rows
        The lines of the list.
    toggle
        Called with the line that was chosen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f,q", "dismiss", "close", id="close")]

    DEFAULT_CSS = """
    FacetsScreen {
        align: center middle;
        & > FacetList {
            width: 44;
            max-width: 94%;
            height: 80%;
            padding: 0 1;
            background: $surface;
            border: round $primary;
            border-title-color: $text;
            border-subtitle-color: $text-muted;
        }
    }
    """

    def __init__(self, rows: Sequence[FacetRow], toggle: Callable[[FacetRow], None]) -> None:
        super().__init__()
        self._rows = tuple(rows)
        self._toggle = toggle

    def compose(self) -> ComposeResult:
        """The list."""
        yield FacetList(id="facets-in-front")

    def on_mount(self) -> None:
        """Fill the list."""
        table = self.query_one(FacetList)
        table.border_title = Content("Narrow down")
        table.border_subtitle = Content("Enter adds or removes · Esc closes")
        table.keep(self._rows)
        table.focus()

    def update_rows(self, rows: Sequence[FacetRow]) -> None:
        """Show what a change of the query has left."""
        for table in self.query(FacetList):
            table.keep(rows)

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        if event.table.row is not None:
            self._toggle(event.table.row)

    @on(Table.LeftTop)
    @on(Table.Moved)
    def _moved(self, event: Table.LeftTop | Table.Moved) -> None:
        event.stop()
