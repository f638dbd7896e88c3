"""Pictures as lines of cells: two pixels a cell in their colours, or one cell of shade where there are few colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.widgets.kitty import CELL, MOST_CELLS, cells, new_number, sending

if TYPE_CHECKING:
    from engine.session import Thumbnail
    from tui.terminal import Protocol

#: From dark to light, as drawn by light on dark.
_SHADES: Final = " ░▒▓█"
_UPPER_HALF: Final = "▀"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that is ready to be shown.

    Attributes
    ----------
    columns
        Its width in cells.
    strips
        Its lines.
    number, sequence
        By kitty's protocol, the number of the picture, and what must be sent to the terminal first.
    """

    columns: int
    strips: tuple[Strip, ...]
    number: int = 0
    sequence: str = ""


def pixels_of(protocol: Protocol, columns: int, rows: int) -> tuple[int, int]:
    """The pixels for which so many cells have room, taking a cell to be twice as high as wide."""
    if protocol != "kitty":
        return columns, 2 * rows
    return CELL[0] * min(columns, MOST_CELLS), CELL[1] * min(rows, MOST_CELLS)


def draw(picture: Thumbnail, protocol: Protocol, *, dark: bool) -> Drawing:
    """Draw a picture.

    Parameters
    ----------
    picture
        The picture, of the size that :func:`pixels_of` gives or smaller.
    protocol
        How it is drawn.
    dark
        Whether letters are lighter than what is behind them.
    """
    if protocol == "kitty":
        number, columns, rows = new_number(), -(-picture.width // CELL[0]), -(-picture.height // CELL[1])
        strips = tuple(Strip(line, columns) for line in cells(number, columns, rows))
        return Drawing(columns, strips, number, sending(picture, number, columns, rows))
    lines = _half_cells(picture) if protocol == "half-cell" else _shades(picture, dark)
    return Drawing(picture.width, tuple(Strip(line, picture.width) for line in lines))


def _half_cells(picture: Thumbnail) -> list[list[Segment]]:
    colours: dict[bytes, Color] = {}

    def colour(x: int, y: int) -> Color | None:
        if y >= picture.height:
            return None  # the last line may be half a cell
        pixel = _pixel(picture, x, y)
        if pixel not in colours:
            colours[pixel] = Color.from_triplet(ColorTriplet(*pixel))
        return colours[pixel]

    return [
        [Segment(_UPPER_HALF, Style(color=colour(x, y), bgcolor=colour(x, y + 1))) for x in range(picture.width)]
        for y in range(0, picture.height, 2)
    ]


def _shades(picture: Thumbnail, dark: bool) -> list[list[Segment]]:
    lines = []
    for y in range(0, picture.height, 2):
        rows = [row for row in (y, y + 1) if row < picture.height]
        text = ""
        for x in range(picture.width):
            light = sum(_luminance(_pixel(picture, x, row)) for row in rows) / len(rows)
            text += _SHADES[min(int((light if dark else 1 - light) * len(_SHADES)), len(_SHADES) - 1)]
        lines.append([Segment(text)])
    return lines


def _pixel(picture: Thumbnail, x: int, y: int) -> bytes:
    start = 3 * (y * picture.width + x)
    return picture.pixels[start : start + 3]


def _luminance(pixel: bytes) -> float:
    red, green, blue = pixel
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255
