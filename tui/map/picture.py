"""One picture of a map: dots, names of regions, marks and the cursor, as the lines of a widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.map.labels import Label, place_labels
from tui.map.layers import CURSOR_MARK, CURSOR_STYLE, MARKS, Marked
from tui.widgets.braille import braille

if TYPE_CHECKING:
    import numpy.typing as npt
    from textual.style import Style as VisualStyle

    from engine.session import ItemMap
    from tui.map.viewport import Viewport

#: Cells with so many points or more are drawn stronger, by how much of the colour they have.
_STRENGTHS = ((1, 0.65), (3, 1.0))
#: The colours of coarse regions; each region has its name beside it.
_AREAS = 6
_LABEL = "map--label"
#: The component classes of a widget that draws maps.
STYLES = {
    *(f"map--area-{number}" for number in range(_AREAS)),
    *(style for _, style in MARKS.values()),
    _LABEL,
    CURSOR_STYLE,
}
#: The second cell of a wide character.
_NOTHING = 0


class Palette:
    """The styles of one picture by number: nothing, then the strengths of each area, then what is asked for.

    Parameters
    ----------
    look_up
        Gives the style of component classes: ``Widget.get_visual_style``.
    """

    def __init__(self, look_up: Callable[..., VisualStyle]) -> None:
        self._look_up = look_up
        base = look_up()
        self.styles: list[Style] = [base.rich_style]
        for number in range(_AREAS):
            full = look_up(f"map--area-{number}")
            for _, share in _STRENGTHS:
                blended = full.foreground
                if blended is not None and base.background is not None:
                    blended = base.background.blend(blended, share)
                self.styles.append(replace(full, foreground=blended).rich_style)
        self._numbers: dict[str, int] = {}

    def number(self, *components: str) -> int:
        """The number of the style of some component classes."""
        key = " ".join(components)
        if key not in self._numbers:
            self._numbers[key] = len(self.styles)
            self.styles.append(self._look_up(*components).rich_style)
        return self._numbers[key]


def area_of(one: ItemMap) -> npt.NDArray[np.int64]:
    """The colour of each point by number: that of the nearest coarse region, shape (n,)."""
    coarse = [(number, region) for number, region in enumerate(one.regions) if region.scale == 0]
    nearest = np.zeros(len(one.points), dtype=np.int64)
    best = np.full(len(one.points), np.inf)
    for number, region in coarse:
        apart = (one.points[:, 0] - region.x) ** 2 + (one.points[:, 1] - region.y) ** 2
        nearest[apart < best] = number % _AREAS
        best = np.minimum(best, apart)
    return nearest


def draw(
    one: ItemMap,
    cells: npt.NDArray[np.float32],
    viewport: Viewport,
    layers: Iterable[Marked],
    cursor: int,
    areas: npt.NDArray[np.int64],
    palette: Palette,
) -> list[Strip]:
    """Draw a map.

    Parameters
    ----------
    one
        The map.
    cells
        Where its points are in the window, as :meth:`Viewport.cells` says.
    viewport
        The window.
    layers
        What is marked, the topmost last.
    cursor
        The position of the item under the cursor.
    areas
        The colour of each point, as :func:`area_of` says.
    palette
        The styles.
    """
    width, height = viewport.width, viewport.height
    characters, counts, cell_of = braille(cells, width, height)
    strength = np.zeros((height, width), dtype=np.int64)
    for number, (least, _) in enumerate(_STRENGTHS):
        strength[counts >= least] = number
    its_area = np.zeros(width * height, dtype=np.int64)
    shown = np.flatnonzero(cell_of >= 0)[::-1]  # the best known item of a cell, which comes first, decides its colour
    its_area[cell_of[shown]] = areas[shown]
    styles = 1 + its_area.reshape(height, width) * len(_STRENGTHS) + strength
    _merge_runs(styles, counts > 0)
    avoided, taken = _put_marks(layers, cursor, cells, characters, styles, palette)
    middles = np.array([[region.x for region in one.regions], [region.y for region in one.regions]], dtype=np.float32)
    places = [(column, row) for column, row in viewport.cells(middles).T.tolist()]
    for label in place_labels(one.regions, places, width, height, viewport.zoom, taken, avoided):
        is_coarse = one.regions[label.region].scale == 0
        own = (f"map--area-{label.region % _AREAS}",) if is_coarse else ()
        _write(label, characters, styles, palette.number(*own, _LABEL))
    return [_line(characters[row], styles[row], palette.styles) for row in range(height)]


def _put_marks(
    layers: Iterable[Marked],
    cursor: int,
    cells: npt.NDArray[np.float32],
    characters: Any,
    styles: Any,
    palette: Palette,
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Draw the marks of all layers and the cursor.

    Returns
    -------
    lists of tuple
        The columns and rows of the marks of lists, and those of the cursor and of what is near it.
    """
    height, width = characters.shape
    marks: list[tuple[int, int]] = []
    around: list[tuple[int, int]] = []
    drawn = [(MARKS[one.layer.kind], one.points, around if one.layer.kind == "near" else marks) for one in layers]
    drawn.append(((CURSOR_MARK, CURSOR_STYLE), np.array([cursor]), around))
    for (character, style), points, taken in drawn:
        for column, row in np.floor(cells[:, points]).astype(np.int64).T.tolist():
            if 0 <= column < width and 0 <= row < height:
                characters[row, column] = ord(character)
                styles[row, column] = palette.number(style)
                taken.append((column, row))
    return marks, around


def _merge_runs(styles: npt.NDArray[np.int64], drawn: npt.NDArray[np.bool_]) -> None:
    """Give empty cells the style of what is drawn before them: each run of one style costs time to draw."""
    last = np.maximum.accumulate(np.where(drawn, np.arange(styles.shape[1]), 0), axis=1)
    styles[:] = np.take_along_axis(styles, last, axis=1)


def _write(label: Label, characters: Any, styles: Any, style: int) -> None:
    column = label.column
    for character in label.text:
        room = cell_len(character)
        if room:
            characters[label.row, column] = ord(character)
            characters[label.row, column + 1 : column + room] = _NOTHING
            styles[label.row, column : column + room] = style
        column += room


def _line(characters: npt.NDArray[np.uint32], styles: npt.NDArray[np.int64], looks: list[Style]) -> Strip:
    """One line, in runs of one style."""
    text = characters.astype("<u4").tobytes().decode("utf-32-le")
    edges = [0, *(np.flatnonzero(np.diff(styles)) + 1).tolist(), len(styles)]
    runs = [(text[start:end].replace(chr(_NOTHING), ""), int(styles[start])) for start, end in pairwise(edges)]
    return Strip([Segment(run, looks[number]) for run, number in runs if run], len(styles))
