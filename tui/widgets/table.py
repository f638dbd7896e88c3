"""A table that is drawn line by line as it scrolls: as fast with ten thousand rows as with ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.cell_text import clean, shorten
from tui.widgets.columns import GAP, Column, Row, fit, needs
from tui.widgets.pages import PagedRows

__all__ = ["Column", "Row", "Table"]

#: A column, its width, the text of its cell, the parts of the text that are marked, and the bar before it.
_Cell: TypeAlias = tuple[Column[Row], int, str, Sequence[tuple[int, int]], str]


class Table(ScrollView, Generic[Row], can_focus=True, inherit_bindings=False):
    """Rows under a heading that stays, with a cursor that is marked as well as coloured."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Up", show=False, id="cursor-up"),
        Binding("down,j", "cursor(1)", "Down", show=False, id="cursor-down"),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False, id="page-down"),
        Binding("home,g", "first", "First", show=False, id="first"),
        Binding("end,G", "last", "Last", show=False, id="last"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--heading",
        "table--muted",
        "table--accent",
        "table--cursor",
        "table--hover",
        "table--match",
    }

    DEFAULT_CSS = """
    Table {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-color: $foreground 50%;
        scrollbar-background: $background;
        & > .table--heading { color: $text-muted; text-style: bold; }
        & > .table--muted { color: $text-muted; }
        & > .table--accent { color: $text-accent; }
        & > .table--cursor { background: $foreground 10%; }
        & > .table--hover { background: $block-hover-background; }
        & > .table--match { text-style: bold underline; }
        &:focus > .table--cursor { background: $primary 30%; text-style: bold; }
    }
    """

    cursor: reactive[int] = reactive(0, init=False, repaint=False)
    """The row under the cursor."""
    hovered: reactive[int | None] = reactive(None, init=False, repaint=False)
    """The row under the mouse."""

    @dataclass
    class Moved(Message):
        """The cursor is on another row, or its row has changed."""

        table: Table  # type: ignore[type-arg]

        @property
        def control(self) -> Table:  # type: ignore[type-arg]
            """The table."""
            return self.table

    @dataclass
    class Chosen(Message):
        """Enter was pressed on a row, or it was clicked twice."""

        table: Table  # type: ignore[type-arg]

        @property
        def control(self) -> Table:  # type: ignore[type-arg]
            """The table."""
            return self.table

    @dataclass
    class Wanted(Message):
        """Rows are to be shown that are not there yet: those from ``start`` up to ``end``."""

        table: Table  # type: ignore[type-arg]
        start: int
        end: int

        @property
        def control(self) -> Table:  # type: ignore[type-arg]
            """The table."""
            return self.table

    class LeftTop(Message):
        """The cursor was moved up from the first row."""

    def __init__(self, columns: Sequence[Column[Row]], *, heading: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._top = 1 if heading else 0
        self._rows: PagedRows[Row] = PagedRows((), 0)
        self._wanted: tuple[int, int] | None = None
        self._to_end = False
        self.marked = True
        """Whether the cursor shows."""
        self._needs = needs(self._columns, ())
        self._fitted: tuple[int, list[tuple[Column[Row], int]]] | None = None
        self._looks: dict[tuple[str, ...], Style] = {}

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that are there."""
        return tuple(self._rows)

    @property
    def total(self) -> int | None:
        """The number of all rows; None while it is not known."""
        return len(self._rows) if self._rows.complete else None

    def visible_rows(self) -> tuple[int, range]:
        """The line of the window at which the rows begin, and the positions of those that it shows."""
        first = self.scroll_offset.y
        last = first + max(self.scrollable_content_region.height - self._top, 0)
        return self._top, range(first, min(last, len(self._rows)))

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None in an empty table, and where it is not there yet."""
        return self._rows.get(self.cursor)

    def show(
        self,
        rows: Sequence[Row],
        columns: Sequence[Column[Row]] | None = None,
        *,
        cursor: int = 0,
        total: int | None = None,
        more: bool = False,
    ) -> None:
        """Show these rows, with the cursor on the one at position ``cursor``.

        Parameters
        ----------
        rows
            The first rows, or all of them.
        columns
            New columns.
        cursor
            The position of the cursor.
        total
            The number of all rows. Those that are not there are asked for by :class:`Wanted` once they come into sight,
            and given by :meth:`fill`.
        more
            Whether further rows follow, of which the number is not known yet.
        """
        self._rows = PagedRows(rows, None if more else max(total or 0, len(rows)))
        self._wanted, self._to_end = None, False
        if columns is not None:
            self._columns = tuple(columns)
        self._needs, self._fitted = needs(self._columns, rows), None
        self._measure()
        self.set_reactive(Table.cursor, self.validate_cursor(cursor))
        self._scroll_to_cursor()
        self.refresh()
        self.post_message(self.Moved(self))
        self._want_rows()

    def set_columns(self, columns: Sequence[Column[Row]]) -> None:
        """Show other columns of the same rows."""
        self._columns = tuple(columns)
        self._needs, self._fitted = needs(self._columns, self.rows), None
        self.refresh()

    def fill(self, start: int, rows: Sequence[Row], total: int) -> None:
        """Put rows into their places that were :class:`Wanted`.

        Parameters
        ----------
        start
            The place of the first one.
        rows
            The rows.
        total
            The number of all rows.
        """
        self._rows.fill(start, rows, total)
        now = needs(self._columns, rows)
        self._needs, self._fitted = tuple(map(max, self._needs, now)), None
        self._measure()
        self.refresh()
        if self._to_end:
            self._to_end = False
            self.action_last()
        if start <= self.cursor < start + len(rows):
            self.post_message(self.Moved(self))
        self._want_rows()

    def _want_rows(self) -> None:
        """Ask for the rows in the window that are not there."""
        top = round(self.scroll_offset.y)
        missing = self._rows.missing(top, top + max(self.size.height, 1))
        if missing is not None and missing != self._wanted:
            self._wanted = missing
            self.post_message(self.Wanted(self, *missing))

    # -- drawing ----------------------------------------------------------------------------------------------
    def render_line(self, y: int) -> Strip:
        """Draw one line of the window."""
        width = self.scrollable_content_region.width
        if y < self._top:
            titles = [(column, room, self.heading_of(column), (), "") for column, room in self._layout(width)]
            return self._draw(titles, width, "table--heading")
        position = self.scroll_offset.y + y - self._top
        if position >= len(self._rows):
            return Strip.blank(width, self._style())
        row = self._rows.get(position)
        if row is None:
            mark = "▸ " if position == self.cursor and self.has_focus else "  "
            return Strip([Segment(f"{mark}…", self._style("table--muted"))]).adjust_cell_length(width, self._style())
        cells = [self._cell(column, row, room) for column, room in self._layout(width)]
        if position == self.cursor and self.marked:
            return self._draw(cells, width, "table--cursor", "▸ " if self.has_focus else "▹ ")
        return self._draw(cells, width, "table--hover" if position == self.hovered else "")

    @staticmethod
    def _cell(column: Column[Row], row: Row, room: int) -> _Cell[Row]:
        text, drawn = column.cell(row, room), ""
        if column.bar is not None and (left := room - column.least - 1) > 1:
            drawn = column.bar(row, left)
        return column, room, text, () if column.marks is None else column.marks(row, clean(text)), drawn

    def _draw(self, cells: Sequence[_Cell[Row]], width: int, component: str, mark: str = "  ") -> Strip:
        plain = self._style(component)
        segments = [Segment(mark, self._style(component, "" if component == "table--cursor" else "table--accent"))]
        for column, room, text, marks, drawn in cells:
            # On the cursor's row and in the heading, colours of their own would be hard to read.
            own = column.style and component not in ("table--cursor", "table--heading")
            style = self._style(component, f"table--{column.style}") if own else plain
            if drawn:
                drawn = shorten(drawn, room - column.least - 1)
                segments.append(Segment(drawn, style))
                room -= cell_len(drawn)
            if column.bar is not None:  # the style is that of the bar
                style = plain
            text = shorten(text, room)
            padding = " " * (room - cell_len(text))
            if column.right:
                # The space before a cell has the style of the cell before it. A terminal shows no difference, but SVG
                # pictures drop the space at the beginning of a run of one style.
                segments += [Segment(padding, segments[-1].style), Segment(text + " " * GAP, style)]
            else:
                at = 0
                for start, end in marks if text else ():
                    # What was cut ends in an ellipsis, which is not marked.
                    end = min(end, len(text) - text.endswith("…"))
                    if start < end:
                        marked = self._style(component, f"table--{column.style}" if own else "", "table--match")
                        segments += [Segment(text[at:start], style), Segment(text[start:end], marked)]
                        at = end
                segments.append(Segment(text[at:] + padding + " " * GAP, style))
        return Strip(segments).adjust_cell_length(width, plain)

    def _style(self, *components: str) -> Style:
        if components not in self._looks:
            self._looks[components] = self.get_visual_style(*filter(None, components)).rich_style
        return self._looks[components]

    def notify_style_update(self) -> None:
        """Look the styles up again."""
        super().notify_style_update()
        self._looks.clear()

    def heading_of(self, column: Column[Row]) -> str:
        """What stands above a column."""
        return column.title

    @property
    def column_widths(self) -> dict[str, int]:
        """The cells of each column that is shown, by its title."""
        return {column.title: room for column, room in self._layout(self.scrollable_content_region.width)}

    def _layout(self, width: int) -> list[tuple[Column[Row], int]]:
        """The columns that are shown in a table this wide, with their widths."""
        if self._fitted is None or self._fitted[0] != width:
            self._fitted = width, fit(self._columns, self._needs, width)
        return self._fitted[1]

    # -- moving -----------------------------------------------------------------------------------------------
    def action_cursor(self, by: int) -> None:
        """Move by some rows; moving up from the first row posts :class:`LeftTop`."""
        if by < 0 and self.cursor == 0:
            self.post_message(self.LeftTop())
        else:
            self.cursor = self.cursor + by

    def action_page(self, by: int) -> None:
        """Move by a windowful."""
        self.cursor = self.cursor + by * max(self.scrollable_content_region.height - 2, 1)

    def action_first(self) -> None:
        """Move to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Move to the last row; where their number is not known yet, as soon as it is."""
        self._to_end = not self._rows.complete
        self.cursor = len(self._rows) - 1

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self.row is not None:
            self.post_message(self.Chosen(self))

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return min(max(cursor, 0), max(len(self._rows) - 1, 0))

    def watch_cursor(self, before: int, after: int) -> None:
        """Follow the cursor."""
        self._scroll_to_cursor()
        self._refresh_rows(before, after)
        self.post_message(self.Moved(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for the rows that come into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._want_rows()

    def watch_hovered(self, before: int | None, after: int | None) -> None:
        """Follow the mouse."""
        self._refresh_rows(before, after)

    def _refresh_rows(self, *positions: int | None) -> None:
        for position in positions:
            if position is not None:
                self.refresh_line(position + self._top)

    def watch_has_focus(self, focused: bool) -> None:
        """Mark the cursor as live or not."""
        super().watch_has_focus(focused)
        self.refresh()

    # -- the mouse --------------------------------------------------------------------------------------------
    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show which row a click would take."""
        self.hovered = self._row_at(event)

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self.hovered = None

    def on_click(self, event: events.Click) -> None:
        """Take the row; the second click chooses it."""
        position = self._row_at(event)
        if position is None:
            return
        if position == self.cursor and event.chain >= 2:
            self.post_message(self.Chosen(self))
        else:
            self.cursor = position

    def _row_at(self, event: events.MouseEvent) -> int | None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self._top:
            return None
        position = self.scroll_offset.y + offset.y - self._top
        return position if position < len(self._rows) else None

    # -- scrolling --------------------------------------------------------------------------------------------
    def on_resize(self) -> None:
        """Keep the cursor in the window; the widths need no update."""
        self._measure()
        self._scroll_to_cursor()
        self._want_rows()

    def _measure(self) -> None:
        size = Size(self.scrollable_content_region.width, len(self._rows) + self._top)
        if self.styles.is_auto_height:
            self.virtual_size = size
        elif size != self.virtual_size:
            # Assigning the attribute would lay out the whole screen, though only the scrollbar may have changed.
            self.set_reactive(Table.virtual_size, size)
            self._scroll_update(size)

    def _scroll_to_cursor(self) -> None:
        if self.scrollable_content_region.height <= self._top:
            return  # it has no room yet; scrolling now would leave the rows above the cursor out of sight
        # The heading covers the first line of the window.
        region, spacing = Region(0, self.cursor + self._top, 1, 1), Spacing(self._top, 0, 0, 0)
        self.scroll_to_region(region, spacing=spacing, animate=False, force=True, immediate=True)
