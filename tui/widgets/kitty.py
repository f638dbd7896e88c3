"""Pictures by kitty's graphics protocol, in which cells of text stand for them.

The picture is sent to the terminal once, and has a number. Where it is shown, each cell holds a character of private
use with two marks that say which row and column of the picture it is, in a colour that is the number. So what is drawn
stays text, which the last filter before the terminal knows by these numbers. All of it is made here of numbers and of
pixels: nothing of a sequence comes from data. See
https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders.
"""

from __future__ import annotations

import base64
import os
import re
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style

if TYPE_CHECKING:
    from engine.session import Thumbnail

#: The pixels that a cell is taken to have; the terminal fits the picture into the cells that it really has.
CELL: Final = (10, 20)
#: The most bytes of a picture in one sequence, as the protocol has it.
_CHUNK: Final = 4096
_PLACEHOLDER: Final = "\U0010eeee"
#: The first of the marks that number rows and columns.
_MARKS: Final = (
    "\u0305\u030d\u030e\u0310\u0312\u033d\u033e\u033f\u0346\u034a\u034b\u034c\u0350\u0351"
    "\u0352\u0357\u035b\u0363\u0364\u0365\u0366\u0367\u0368\u0369\u036a\u036b\u036c\u036d"
    "\u036e\u036f\u0483\u0484\u0485\u0486\u0487\u0592\u0593\u0594\u0595\u0597\u0598\u0599"
    "\u059c\u059d\u059e\u059f\u05a0\u05a1\u05a8\u05a9\u05ab\u05ac\u05af\u05c4\u0610\u0611"
    "\u0612\u0613\u0614\u0615\u0616\u0617\u0657\u0658\u0659\u065a\u065b\u065d\u065e\u06d6"
    "\u06d7\u06d8\u06d9\u06da\u06db\u06dc\u06df\u06e0\u06e1\u06e2\u06e4\u06e7\u06e8\u06eb"
)
#: The most rows and columns of a picture.
MOST_CELLS: Final = len(_MARKS)
_CELLS: Final = f"(?:{_PLACEHOLDER}[{_MARKS}]{{2}})+"


def new_number() -> int:
    """A number for a picture, which no other program is likely to have used."""
    return 1 + int.from_bytes(os.urandom(3)) % 0xFFFFFF


def sending(picture: Thumbnail, number: int, columns: int, rows: int) -> str:
    """What sends a picture to the terminal, to be shown in so many cells; the terminal answers nothing."""
    content = base64.standard_b64encode(zlib.compress(picture.pixels)).decode("ascii")
    head = f"a=t,f=24,o=z,s={picture.width},v={picture.height},i={number},q=2,"
    parts = []
    for start in range(0, len(content), _CHUNK):
        more = int(start + _CHUNK < len(content))
        parts.append(f"\x1b_G{head if not start else ''}m={more};{content[start : start + _CHUNK]}\x1b\\")
    return "".join(parts) + f"\x1b_Ga=p,U=1,i={number},c={columns},r={rows},q=2\x1b\\"


def forgetting(number: int) -> str:
    """What has the terminal forget a picture."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def cells(number: int, columns: int, rows: int) -> Iterator[list[Segment]]:
    """The lines of text that stand for a picture."""
    style = Style(color=Color.from_triplet(ColorTriplet(number >> 16, number >> 8 & 255, number & 255)))
    for row in range(rows):
        yield [Segment("".join(_PLACEHOLDER + _MARKS[row] + _MARKS[column] for column in range(columns)), style)]


def is_placeholder(text: str) -> bool:
    """Whether a text consists of cells that stand for a picture, and of nothing else."""
    return text.startswith(_PLACEHOLDER) and re.fullmatch(_CELLS, text) is not None


def number_of(style: Style | None) -> int | None:
    """The number of the picture that cells of this style stand for."""
    triplet = None if style is None or style.color is None else style.color.triplet
    return None if triplet is None else triplet.red << 16 | triplet.green << 8 | triplet.blue
