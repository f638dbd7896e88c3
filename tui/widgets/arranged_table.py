"""A table whose columns can be chosen, moved, sized and sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.messages import StatusChanged
from tui.widgets.arrangement import Arrangement, in_order
from tui.widgets.columns import GAP, MARGIN, Column, Row
from tui.widgets.table import Table

#: The most rows that are read to sort them.
_SORTED = 10_000
_LEFT_BUTTON = 1


@dataclass
class _Held:
    """A heading under the pressed button of the mouse.

    Attributes
    ----------
    title
        The column.
    start
        Where the button was pressed, a column of the screen.
    width
        How wide the column was then, if its edge is held; None for the heading itself.
    dragged
        Whether the mouse has moved since.
    """

    title: str
    start: int
    width: int | None
    dragged: bool = False


class ArrangedTable(Table[Row]):
    """Rows whose columns somebody may arrange; see :class:`~tui.widgets.arrangement.Arrangement`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("vertical_line", "columns", "Columns", show=False, key_display="|", id="columns"),
        Binding("S", "sort_column", "Sort by a column", show=False, id="sort-by-column"),
    ]

    def __init__(self, columns: Sequence[Column[Row]], *, heading: bool = True, id: str | None = None) -> None:
        self.arrangement = Arrangement()
        self.keeps_sort = True
        """Whether the next rows are sorted as these are."""
        self.sorts_rows = True
        """Whether the table itself sorts its rows; otherwise whoever gives them is told by :class:`Resorted`."""
        self.sort_refusal = ""
        """Why the rows cannot be sorted by a column now; empty if they can."""
        self._all_columns = tuple(columns)
        self._unsorted: tuple[Row, ...] = ()
        self._unsorted_total: int | None = 0
        self._has_asked = False
        self._held: _Held | None = None
        self._was_dragged = False
        """Whether the mouse was moved between the last press on a heading and the click that it may be."""
        super().__init__(columns, heading=heading, id=id)

    @dataclass
    class Resorted(Message):
        """The rows are to be given in another order."""

        table: ArrangedTable  # type: ignore[type-arg]

        @property
        def control(self) -> ArrangedTable:  # type: ignore[type-arg]
            """The table."""
            return self.table

    @property
    def all_columns(self) -> tuple[Column[Row], ...]:
        """All columns of the list, whether they are shown or not."""
        return self._all_columns

    def show(
        self,
        rows: Sequence[Row],
        columns: Sequence[Column[Row]] | None = None,
        *,
        cursor: int = 0,
        total: int | None = None,
        more: bool = False,
    ) -> None:
        """As in :class:`~tui.widgets.table.Table`; a list that is sorted by a column is sorted at once."""
        if columns is not None:
            self._all_columns = tuple(columns)
        if not self.keeps_sort:
            self.arrangement = replace(self.arrangement, sort="", descending=False)
        shown = self.arrangement.apply(self._all_columns)
        super().show(rows, shown, cursor=cursor, total=total, more=more)
        self._note_rows()
        self._has_asked = False
        if self._sort_column is not None and self.sorts_rows:
            self._sort()

    def _note_rows(self) -> None:
        self._unsorted, self._unsorted_total = self.rows, self.total

    def fill(self, start: int, rows: Sequence[Row], total: int) -> None:
        """Rows that were read; once those to sort are there, they are sorted."""
        super().fill(start, rows, total)
        self._note_rows()
        if self._sort_column is not None and self.sorts_rows:
            self._sort()

    def arrange_columns(self, arrangement: Arrangement) -> None:
        """Arrange the columns; the cursor stays on its row unless they are sorted anew."""
        sorting = (arrangement.sort, arrangement.descending) != (self.arrangement.sort, self.arrangement.descending)
        self.arrangement = arrangement
        held = self.row
        columns = arrangement.apply(self._all_columns)
        if not sorting:
            self.set_columns(columns)
        elif self.sorts_rows:
            total = self._unsorted_total
            super().show(self._unsorted, columns, total=total, more=total is None)
            self._has_asked = False
            self._sort(held)
        else:
            self.set_columns(columns)
            self.post_message(self.Resorted(self))

    @property
    def _sort_column(self) -> Column[Row] | None:
        name = "" if self.sort_refusal else self.arrangement.sort
        return next((one for one in self._all_columns if name and one.title == name and one.order), None)

    def _sort(self, held: Row | None = None) -> None:
        """Sort what is there, after what is not there has been read."""
        column, total = self._sort_column, self.total
        if column is None:
            return
        there = len(self.rows)
        if there < _SORTED and (total is None or there < total) and not self._has_asked:
            self._has_asked = True
            self.post_message(self.Wanted(self, there if total is None else 0, min(total or _SORTED, _SORTED)))
            return
        rows = in_order(self._unsorted[:_SORTED], column, descending=self.arrangement.descending)
        super().show(rows, cursor=rows.index(held) if held in rows else 0)
        limit = f", of the first {_SORTED:,}" if total is not None and total > _SORTED else ""
        arrow = "▾" if self.arrangement.descending else "▴"
        how = f"sorted by {column.title} {arrow}{limit}"
        self.post_message(StatusChanged(f"{how}; S or a click on a heading changes it"))

    def heading_of(self, column: Column[Row]) -> str:
        """The heading says by which column the rows are sorted."""
        if self._sort_column is None or column.title != self.arrangement.sort:
            return column.title
        return f"{column.title}{'▾' if self.arrangement.descending else '▴'}"

    def sort_by(self, title: str) -> None:
        """Sort by a column, turn its direction, or go back to the order of the list."""
        if self.sort_refusal:
            self.post_message(StatusChanged(self.sort_refusal))
        elif any(column.title == title and column.order for column in self._all_columns):
            self.arrange_columns(self.arrangement.sorted_by(title))
            if not self.arrangement.sort:
                self.post_message(StatusChanged("in the list's own order again"))

    def action_sort_column(self) -> None:
        """Sort by the next column: upwards, then downwards, and after the last one not at all."""
        titles = [column.title for column in self.arrangement.apply(self._all_columns) if column.order]
        now = self.arrangement
        if self.sort_refusal:
            self.post_message(StatusChanged(self.sort_refusal))
        if self.sort_refusal or not titles:
            return
        if now.sort in titles and not now.descending:
            self.sort_by(now.sort)
            return
        place = titles.index(now.sort) + 1 if now.sort in titles else 0
        following = titles[place] if place < len(titles) else ""
        self.arrange_columns(replace(now, sort=following, descending=False))
        if not following:
            self.post_message(StatusChanged("in the list's own order again"))

    def action_columns(self) -> None:
        """Choose, move, size and sort columns."""
        from tui.widgets.column_chooser import ColumnChooser

        self.app.push_screen(ColumnChooser(self))

    # -- the mouse --------------------------------------------------------------------------------------------
    def _heading_at(self, x: int) -> tuple[Column[Row] | None, bool]:
        """The column whose heading covers a cell of the first line, and whether the cell is at its right edge."""
        left = MARGIN
        for column, room in self._layout(self.scrollable_content_region.width):
            if left <= x < left + room + GAP and column.title:
                return column, x >= left + room
            left += room + GAP
        return None, False

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a heading, to move its column, or of its edge, to make it wider or narrower."""
        self._was_dragged = False
        offset = event.get_content_offset(self)
        if offset is None or offset.y >= self._top or event.button != _LEFT_BUTTON:
            return
        column, at_edge = self._heading_at(offset.x)
        if column is not None:
            width = self.column_widths[column.title] if at_edge else None
            self._held = _Held(column.title, event.screen_x, width)
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Make the column whose edge is held as wide as the mouse says."""
        held = self._held
        if held is None or event.screen_x == held.start:
            return
        held.dragged = True
        if held.width is not None:
            sized = self.arrangement.sized(held.title, held.width + event.screen_x - held.start)
            if sized != self.arrangement:
                self.arrange_columns(sized)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go; a heading that was dragged to another one takes its place."""
        held, self._held = self._held, None  # a click follows only if the mouse is still over the table
        if held is None:
            return
        self._was_dragged = held.dragged
        self.release_mouse()
        target, _ = self._heading_at(event.x - self.gutter.left)
        if held.width is None and held.dragged and target is not None and target.title != held.title:
            titles = [one.title for one in Arrangement(order=self.arrangement.order).apply(self._all_columns)]
            by = titles.index(target.title) - titles.index(held.title)
            self.arrange_columns(self.arrangement.moved(self._all_columns, held.title, by))

    def on_click(self, event: events.Click) -> None:
        """A click on a heading sorts by its column; two on its edge make it as wide as its rows need."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y >= self._top or self._was_dragged:
            return
        column, at_edge = self._heading_at(offset.x)
        if column is None:
            return
        if not at_edge:
            self.sort_by(column.title)
        elif event.chain == 2:
            self.arrange_columns(self.arrangement.unsized(column.title))
