"""The part of a map that shows, and where its points fall on the dots of a canvas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Cells = npt.NDArray[np.float32]

#: What the whole map leaves free around it, as a share of its size.
_MARGIN = 1.06
_LARGEST = 1024.0
#: Moving right is weighed against moving up or down like this, so that a key leads to what lies in its direction.
_SIDEWAYS = 3


@dataclass(frozen=True, slots=True)
class Viewport:
    """A window of cells onto a map that reaches from -1 to 1.

    Attributes
    ----------
    width, height
        In cells.
    x, y
        What is in the middle.
    zoom
        1 for the whole map, which is stretched over the window: only what is near matters, and no direction means
        anything.
    """

    width: int
    height: int
    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0

    def cells(self, points: npt.NDArray[np.float32]) -> Cells:
        """Where points are in the window.

        Parameters
        ----------
        points
            Places on the map, shape (2, n): a row for each axis, because arithmetic on whole rows is several times as
            fast as on pairs.

        Returns
        -------
        numpy.ndarray
            Cells from the top left, shape (2, n): across, then down.
        """
        scale = self.zoom / _MARGIN / 2
        across = (points[0] - np.float32(self.x)) * np.float32(self.width * scale) + np.float32(self.width / 2)
        down = (points[1] - np.float32(self.y)) * np.float32(-self.height * scale) + np.float32(self.height / 2)
        return np.stack([across, down])

    def at(self, column: float, row: float) -> tuple[float, float]:
        """The place on the map under a cell."""
        scale = 2 * _MARGIN / self.zoom
        return (
            self.x + (column - self.width / 2) / max(self.width, 1) * scale,
            self.y - (row - self.height / 2) / max(self.height, 1) * scale,
        )

    def zoomed(self, by: float, column: float, row: float) -> Viewport:
        """Zoom in (``by`` above 1) or out, so that what is under a cell stays there."""
        zoom = min(max(self.zoom * by, 1.0), _LARGEST)
        if zoom == 1.0:
            return replace(self, x=0.0, y=0.0, zoom=zoom)
        before, now = self.at(column, row), replace(self, zoom=zoom).at(column, row)
        return replace(self, x=self.x + before[0] - now[0], y=self.y + before[1] - now[1], zoom=zoom)

    def moved(self, columns: float, rows: float) -> Viewport:
        """Move the window over the map, as far as the map reaches."""
        scale = 2 * _MARGIN / self.zoom
        x = self.x + columns / max(self.width, 1) * scale
        y = self.y - rows / max(self.height, 1) * scale
        edge = 0.0 if self.zoom == 1.0 else 1.0
        return replace(self, x=min(max(x, -edge), edge), y=min(max(y, -edge), edge))

    def showing(self, column: float, row: float) -> Viewport:
        """Move just as far as a cell needs to be well inside the window."""
        inset_x, inset_y = min(4, self.width // 4), min(2, self.height // 4)
        right = max(column - (self.width - 1 - inset_x), 0) + min(column - inset_x, 0)
        down = max(row - (self.height - 1 - inset_y), 0) + min(row - inset_y, 0)
        return self.moved(right, down) if self.zoom > 1.0 and (right or down) else self


def next_in_direction(cells: Cells, start: int, across: int, down: int, least: int = 1) -> int | None:
    """The next point in a direction: the nearest in another cell, and of those in one cell the first.

    Parameters
    ----------
    cells
        Where all points are, as :meth:`Viewport.cells` says, shape (2, n).
    start
        The point to go from.
    across, down
        The direction; one of them is 0, the other one 1 or -1.
    least
        How many cells to go at least.

    Returns
    -------
    int or None
        The point; None if nothing lies in this direction.
    """
    columns, rows = np.floor(cells)
    columns, rows = columns - columns[start], 2 * (rows - rows[start])  # a cell is about twice as high as it is wide
    ahead, aside = (columns * across, rows) if across else (rows * down, columns)
    cost = np.where(ahead >= (least if across else 2 * least), ahead + _SIDEWAYS * np.abs(aside), np.inf)
    best = int(cost.argmin())
    return best if np.isfinite(cost[best]) else None


def nearest_to(cells: Cells, column: float, row: float) -> int:
    """The point that is nearest to a place in the window, and of those in one cell the first."""
    columns, rows = np.floor(cells)
    return int(((columns - np.floor(column)) ** 2 + 4 * (rows - np.floor(row)) ** 2).argmin())
