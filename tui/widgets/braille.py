"""Points as braille characters: eight dots a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

#: A cell of a terminal holds so many dots of braille, across and down.
DOTS_ACROSS, DOTS_DOWN = 2, 4
_FIRST = 0x2800
_SPACE = 0x20
#: The bit of each dot of a cell, by its row and column.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def braille(
    cells: npt.NDArray[np.float32], width: int, height: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Draw points.

    Parameters
    ----------
    cells
        Where they are, in cells from the top left, shape (2, n): across, then down.
    width, height
        Of the drawing, in cells.

    Returns
    -------
    characters : numpy.ndarray
        The code point of each cell, shape (height, width); a space where there is nothing.
    counts : numpy.ndarray
        The number of points in each cell, shape (height, width).
    cell_of : numpy.ndarray
        The cell of each point, counted row by row, shape (n,); -1 outside the drawing.
    """
    across, down = cells
    inside = np.flatnonzero((across >= 0) & (across < width) & (down >= 0) & (down < height))
    columns, rows = (across[inside] * DOTS_ACROSS).astype(np.int64), (down[inside] * DOTS_DOWN).astype(np.int64)
    grid = np.zeros(height * DOTS_DOWN * width * DOTS_ACROSS, dtype=np.uint8)
    grid[rows * (width * DOTS_ACROSS) + columns] = 1
    by_cell = grid.reshape(height, DOTS_DOWN, width, DOTS_ACROSS)
    bits = np.zeros((height, width), dtype=np.uint32)
    for row, of_row in enumerate(_BITS):
        for column, bit in enumerate(of_row):
            bits += by_cell[:, row, :, column] * np.uint32(bit)
    characters = np.where(bits > 0, _FIRST + bits, _SPACE).astype(np.uint32)
    cell_of = np.full(len(across), -1, dtype=np.int64)
    cell_of[inside] = rows // DOTS_DOWN * width + columns // DOTS_ACROSS
    counts = np.bincount(cell_of[inside], minlength=width * height).reshape(height, width)
    return characters, counts, cell_of
