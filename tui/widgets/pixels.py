"""Pictures as lines of cells: two pixels a cell in their colours, or one cell of shade where there are few colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

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
    """

    columns: int
    strips: tuple[Strip, ...]


def pixels_of(protocol: Protocol, columns: int, rows: int) -> tuple[int, int]:
    """The pixels for which so many cells have room, taking a cell to be twice as high as wide."""
    return columns, 2 * rows


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
