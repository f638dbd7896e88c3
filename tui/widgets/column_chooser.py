"""The columns of a list, in front of it: which are shown, where, how wide, and by which it is sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.widgets.arrangement import Arrangement
from tui.widgets.popup import PopUp
from tui.widgets.table import Column, Table


class Arranged(Protocol):
    """What the chooser needs of a table; see :class:`tui.widgets.arranged_table.ArrangedTable`."""

    arrangement: Arrangement

    @property
    def all_columns(self) -> tuple[Column[Any], ...]:
        """All columns, whether they are shown or not."""

    @property
    def column_widths(self) -> dict[str, int]:
        """The cells of each column that is shown."""

    def arrange_columns(self, arrangement: Arrangement) -> None:
        """Arrange the columns."""

    def sort_by(self, title: str) -> None:
        """Sort by a column."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A column and what is chosen for it."""

    title: str
    is_shown: bool
    width: int | None
    sort: str
    sortable: bool


class ColumnList(Table[_Line]):
    """The columns from left to right."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", "show or hide", id="choose-line")]

    def __init__(self) -> None:
        super().__init__(
            (
                Column("Column", lambda line, _: f"{'✓' if line.is_shown else '·'} {line.title}", main=True),
                Column("Width", lambda line, _: "by need" if line.width is None else str(line.width), width=7),
                Column("Sorted", lambda line, _: line.sort, width=10, style="muted"),
            )
        )


class ColumnChooser(PopUp):
    """The columns of one table; every change shows in it at once.

    Parameters
    ----------
    table
        The table.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,vertical_line", "dismiss", "close", id="close"),
        Binding("K,shift+up", "shift(-1)", "further left", id="column-left"),
        Binding("J,shift+down", "shift(1)", "further right", id="column-right"),
        Binding("plus,equals_sign,right", "size(2)", "wider", id="column-wider"),
        Binding("minus,left", "size(-2)", "narrower", id="column-narrower"),
        Binding("S,s", "sort", "sort", id="sort-by-column"),
        Binding("0", "reset", "as it was", id="columns-reset"),
    ]

    DEFAULT_CSS = """
    ColumnChooser {
        align: center middle;
        & > ColumnList {
            width: 60;
            max-width: 94%;
            height: auto;
            max-height: 80%;
            padding: 0 1;
            background: $surface;
            border: round $primary;
            border-title-color: $text;
            border-subtitle-color: $text-muted;
        }
    }
    """

    def __init__(self, table: Arranged) -> None:
        super().__init__()
        self._table = table

    def compose(self) -> ComposeResult:
        """The list."""
        yield ColumnList()

    def on_mount(self) -> None:
        """Fill the list."""
        lines = self.query_one(ColumnList)
        lines.border_title = Content("Columns")
        lines.border_subtitle = Content("Space shows · K J move · + - size · s sorts · 0 resets")
        lines.show(self._lines())
        lines.focus()

    def _lines(self) -> list[_Line]:
        now = self._table.arrangement
        ordered = Arrangement(order=now.order).apply(self._table.all_columns)
        arrow = "downwards" if now.descending else "upwards"
        return [
            _Line(
                column.title,
                column.title not in now.hidden,
                now.widths.get(column.title),
                arrow if column.title == now.sort else "",
                column.order is not None,
            )
            for column in ordered
        ]

    def _change(self, arrangement: Arrangement, by: int = 0) -> None:
        self._table.arrange_columns(arrangement)
        lines = self.query_one(ColumnList)
        lines.show(self._lines(), cursor=lines.cursor + by)

    @property
    def _line(self) -> _Line | None:
        return self.query_one(ColumnList).row

    @on(Table.Chosen)
    def _toggle(self, event: Table.Chosen) -> None:
        event.stop()
        if self._line is not None:
            self._change(self._table.arrangement.toggled(self._line.title))

    @on(Table.Moved)
    @on(Table.LeftTop)
    @on(Table.Wanted)
    def _kept(self, event: Table.Moved | Table.LeftTop | Table.Wanted) -> None:
        event.stop()

    def action_shift(self, by: int) -> None:
        """Move the column."""
        if self._line is not None:
            columns = self._table.all_columns
            self._change(self._table.arrangement.moved(columns, self._line.title, by), by)

    def action_size(self, by: int) -> None:
        """Make the column wider or narrower than it is now."""
        if self._line is not None:
            title, rooms = self._line.title, self._table.column_widths
            width = self._line.width or rooms.get(title, 10)
            self._change(self._table.arrangement.sized(title, width + by))

    def action_sort(self) -> None:
        """Sort by the column."""
        if self._line is not None and self._line.sortable:
            self._table.sort_by(self._line.title)
            self._change(self._table.arrangement)

    def action_reset(self) -> None:
        """Arrange the columns as they were at first."""
        self._change(Arrangement())
