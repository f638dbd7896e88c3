"""The columns of a table, and how they share its width: by what their rows need, and titles first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from rich.cells import cell_len

from tui.widgets.cell_text import clean

Row = TypeVar("Row")

#: Cells before the first column: the cursor's mark and a space.
MARGIN = 2
#: Cells between two columns.
GAP = 2
#: Cells that stay empty after the last column.
_END = 1
#: Rows that are measured. More would delay the first paint of a long list, and rarely change a width.
_MEASURED = 200
#: The room in which a cell is written to be measured.
_UNBOUNDED = 400
#: The least room of a column that is as wide as its rows need and declares no other.
_LEAST = 8
#: What the main column is left with before a column of this priority is shown; 40 before one of a higher number.
_CLAIMS = {1: 24}
_CLAIM = 40
#: Up to here other columns of text grow before the main column gets more than its 40 cells.
_COMFORT = 20
#: Up to here the main column grows before there are bars; a title that is longer still would leave no room for others.
_LONG_TITLE = 60
#: Where there is room, the main column is a multiple of this wide, so that the others do not move with each new list.
_STEP = 8

#: What a cell is sorted by; None for a row that has nothing to sort by, which comes last.
SortKey: TypeAlias = float | str | None


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a table.

    Attributes
    ----------
    title
        The heading.
    cell
        The text of a row's cell, given the width it has; what is too long is cut with an ellipsis.
    width
        In cells; 0 for a column that is as wide as its rows need.
    share
        How much of what is left it gets, beside the other columns without a width, in a table without a main column.
    right
        Whether it is aligned right.
    from_width
        The column is left out of tables narrower than this.
    style
        ``""``, ``"muted"`` or ``"accent"``.
    marks
        The parts of a row's cell that are marked: the start and the end of each in the cell's whole, clean text.
    least
        The fewest cells that it can be read in; 0 for its width. Beside a ``bar``, the cells of its figure.
    bar
        A drawing of the row's figure, given the width that is left of it; shown where there is room.
    priority
        0 for a column that is always shown. The others are left out where the main column is short of room, those of
        the highest number first, and where all their cells are empty.
    main
        Whether this column is what the list is read for, such as the titles: it gets its room before the others.
    order
        What the rows are sorted by when they are sorted by this column; None if they cannot be.
    """

    title: str
    cell: Callable[[Row, int], str]
    width: int = 0
    share: int = 1
    right: bool = False
    from_width: int = 0
    style: str = ""
    marks: Callable[[Row, str], Sequence[tuple[int, int]]] | None = None
    least: int = 0
    bar: Callable[[Row, int], str] | None = None
    priority: int = 0
    main: bool = False
    order: Callable[[Row], SortKey] | None = None

    def least_room(self, need: int) -> int:
        """The fewest cells that it can be read in, where its rows need this many."""
        if self.width:
            return min(self.least or self.width, self.width)
        return max(min(need, self.least or _LEAST), cell_len(self.title))

    def most_room(self, need: int) -> int:
        """The most cells that it can use, where its rows need this many."""
        return self.width or max(need, cell_len(self.title))


def needs(columns: Sequence[Column[Row]], rows: Sequence[Row]) -> tuple[int, ...]:
    """The cells that the rows of each column need; 0 for a column whose cells are all empty.

    Parameters
    ----------
    columns
        The columns. Of one with a width only whether its cells are empty is found out.
    rows
        The rows, of which the first two hundred are measured.
    """
    measured = rows[:_MEASURED]
    return tuple(
        max((cell_len(clean(column.cell(row, _UNBOUNDED))) for row in measured), default=0)
        if not column.width
        else column.width * any(column.cell(row, column.width) for row in measured)
        for column in columns
    )


def fit(columns: Sequence[Column[Row]], needed: Sequence[int], width: int) -> list[tuple[Column[Row], int]]:
    """The columns that are shown in a table, with their widths in cells.

    The main column is left with 24 cells before a column of priority 1 is shown, and with 40 before one of a higher
    number, unless its rows need less.

    Parameters
    ----------
    columns, needed
        The columns, and what their rows need; see :func:`needs`.
    width
        The width of the table.
    """
    asked = [
        (column, need)
        for column, need in zip(columns, needed, strict=True)
        if width >= column.from_width and (need or not column.priority)
    ]
    main = next((need for column, need in asked if column.main), None)
    shown = [place for place, (column, _) in enumerate(asked) if not column.priority]
    optional = [place for place, (column, _) in enumerate(asked) if column.priority]
    for place in sorted(optional, key=lambda place: asked[place][0].priority):
        claim = 0 if main is None else min(main, _CLAIMS.get(asked[place][0].priority, _CLAIM))
        least = [asked[one][0].least_room(asked[one][1]) for one in (*shown, place) if not asked[one][0].main]
        if sum(least) + claim <= _room(width, len(shown) + 1):
            shown.append(place)
    kept = [asked[place] for place in sorted(shown)]
    return list(zip([column for column, _ in kept], _share(kept, _room(width, len(kept))), strict=True))


def _room(width: int, count: int) -> int:
    """The cells that this many columns share."""
    return width - MARGIN - _END - GAP * (count - 1)


def _share(columns: Sequence[tuple[Column[Row], int]], room: int) -> list[int]:
    """The widths of columns that share this room."""
    main = next((place for place, (column, _) in enumerate(columns) if column.main), None)
    flexible = [place for place, (column, _) in enumerate(columns) if not column.width]
    rooms = [0 if place == main else column.least_room(need) for place, (column, need) in enumerate(columns)]
    left = room - sum(rooms)
    if left <= 0:  # what has no width of its own shares what the others leave
        left += sum(rooms[place] for place in flexible)
        shares = sum(columns[place][0].share for place in flexible)
        for place in flexible:
            rooms[place] = max(left * columns[place][0].share // shares, 1)
        return rooms

    def grow(places: Sequence[int], most: int) -> None:
        nonlocal left
        for place in places:
            column, need = columns[place]
            more = min(left, max(min(column.most_room(need), most) - rooms[place], 0))
            rooms[place] += more
            left -= more

    texts = [place for place in flexible if place != main]
    widths = [place for place, (column, _) in enumerate(columns) if column.width]
    if main is not None:
        grow([main], _CLAIM)
        grow(texts, _COMFORT)
        grow([main], _LONG_TITLE)
    for place in widths:  # a bar has all of its room, or none
        column, need = columns[place]
        more = column.most_room(need) - rooms[place]
        if more <= left:
            rooms[place] += more
            left -= more
    grow(texts, _UNBOUNDED)
    if main is not None:
        grow([main], _UNBOUNDED)
        # What is left keeps the other columns where they are when the next list has other titles.
        rooms[main] += min(left, max(-rooms[main] // _STEP * -_STEP, _CLAIM) - rooms[main])
    elif flexible:
        shares = sum(columns[place][0].share for place in flexible)
        for place in flexible:
            rooms[place] += left * columns[place][0].share // shares
    return rooms
