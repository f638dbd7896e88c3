"""Names of regions on a map, as many as there is room for without one covering another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.widgets.cell_text import shorten

if TYPE_CHECKING:
    from engine.session import MapRegion

#: From this zoom on, finer regions are named first.
_FINER, _FINEST = 2.5, 8.0
#: A name may stand so many lines above or below the middle of its region.
_OFFSETS = (0, 1, -1, 2, -2)
_LONGEST = 30
#: Free cells on both sides of a name.
_GAP = 1


@dataclass(frozen=True, slots=True)
class Label:
    """A name on the map: its text, the row and the column of its first cell, and the position of its region."""

    text: str
    row: int
    column: int
    region: int


def place_labels(
    regions: Sequence[MapRegion],
    cells: Sequence[tuple[float, float]],
    width: int,
    height: int,
    zoom: float,
    taken: Iterable[tuple[int, int]] = (),
    avoided: Iterable[tuple[int, int]] = (),
) -> list[Label]:
    """Place the names of regions.

    Parameters
    ----------
    regions
        The regions, the coarsest first, and of each scale the largest first.
    cells
        Where their middles are, in cells from the top left: across, then down.
    width, height
        Of the window, in cells.
    zoom
        How far the map is magnified: the farther, the finer are the regions that are named first.
    taken
        Columns and rows of cells that no name may cover.
    avoided
        Columns and rows of cells that only the names that suit the zoom may cover, and these only where they have to.
    """
    free = [[True] * width for _ in range(height)]
    empty = [[True] * width for _ in range(height)]
    for cells_, grids in ((taken, (free, empty)), (avoided, (empty,))):
        for column, row in cells_:
            for grid in grids:
                grid[row][column] = False
    placed: list[Label] = []
    for index in sorted(range(len(regions)), key=lambda one: _rank(regions[one].scale, zoom)):
        rank = _rank(regions[index].scale, zoom)
        if rank > _most(width, zoom):
            break
        across, down = cells[index]
        if not (0 <= across < width and 0 <= down < height):
            continue
        text = shorten(regions[index].name, min(_LONGEST, width // 2))
        length = cell_len(text)
        column = min(max(round(across - length / 2), _GAP), width - length - _GAP)
        stretch = slice(column - _GAP, column + length + _GAP)
        rows = [int(down) + offset for offset in _OFFSETS if 0 <= int(down) + offset < height]
        grids = (empty, free) if rank == 0 else (empty,)
        found = next((row for grid in grids for row in rows if all(grid[row][stretch])), None)
        if column >= _GAP and found is not None:
            for grid in (free, empty):
                grid[found][stretch] = [False] * (length + 2 * _GAP)
            placed.append(Label(text, found, column, index))
    return placed


def _rank(scale: int, zoom: float) -> int:
    """In which turn the regions of a scale are named: those that suit the zoom, then coarser, then finer ones."""
    suited = 0 if zoom < _FINER else 1 if zoom < _FINEST else 2
    return scale if scale > suited else suited - scale


def _most(width: int, zoom: float) -> int:
    """The last turn for which there is room: on a large map some finer regions are named between the coarse ones."""
    return 1 if zoom >= _FINER or width >= 100 else 0
