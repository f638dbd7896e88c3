"""Drawing over a slow connection: of what is drawn anew, only the cells that have changed are written.

Textual writes every cell of the widgets and lines that it draws anew, and each run of cells with all of its colours.
Where the details of another item are drawn, most cells stay blank, and colours stay as they were from one run to the
next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

if TYPE_CHECKING:
    from rich.console import Console
    from rich.style import Style
    from textual.geometry import Size

#: The codes of attributes, of the colour and of the background.
_Codes = tuple[str, str, str]
_PLAIN: _Codes = ("", "", "")

#: So many cells that stay as they are cost less than a move of the terminal's cursor.
_BRIDGE = 4
_ATTRIBUTES = {
    "bold": 1,
    "dim": 2,
    "italic": 3,
    "underline": 4,
    "blink": 5,
    "reverse": 7,
    "conceal": 8,
    "strike": 9,
    "underline2": 21,
    "overline": 53,
}


class LeanDrawing:
    """Remembers what the terminal shows, and words updates so that only what differs from it is written.

    Of a line with characters that terminals may draw in more or less than one cell, what Textual draws is all written.
    """

    def __init__(self) -> None:
        self._size: Size | None = None
        self._shown: dict[tuple[int, int], tuple[str, _Codes]] = {}
        self._codes: dict[tuple[object, ...], _Codes] = {}

    def lean(self, update: Any, size: Size) -> Any:
        """What Textual has drawn, as something that is worded as above; anything else as it is.

        Parameters
        ----------
        update
            What Textual is about to write.
        size
            The size of the terminal: another one leaves nothing where it was.
        """
        if not isinstance(update, CompositorUpdate):
            self._shown.clear()
            return update
        return _LeanUpdate(lambda console: self._word(update, console, size))

    def _word(self, update: CompositorUpdate, console: Console, size: Size) -> str:
        # The whole screen is drawn when tabs and pop-ups change: what a disturbed connection has left there goes, too.
        if size != self._size or not isinstance(update, ChopsUpdate):
            self._size = size
            self._shown.clear()
        if isinstance(update, ChopsUpdate):
            chunks = _chunks_of_chops(update)
        elif isinstance(update, LayoutUpdate):
            chunks = (
                (y, update.region.x, Strip.join(strips)) for y, strips in enumerate(update.strips, update.region.y)
            )
        else:
            return update.render_segments(console)
        pen = _Pen()
        for y, x, strip in chunks:
            self._write(y, x, strip, console, pen)
        return pen.written()

    def _write(self, y: int, x: int, strip: Strip, console: Console, pen: _Pen) -> None:
        runs = [(text, self._codes_of(style, console)) for text, style, control in strip if not control]
        cells = [(character, codes) for text, codes in runs for character in text]
        places = [(y, place) for place in range(x, x + strip.cell_length)]
        if len(cells) != len(places) or not all(_is_narrow(character) for character, _ in cells):
            for place in places:
                self._shown.pop(place, None)
            pen.move(y, x)
            for text, codes in runs:
                pen.draw(text, codes)
            return
        changed = [self._shown.get(place) != cell for place, cell in zip(places, cells, strict=True)]
        for start, end in _runs(changed):
            pen.move(y, x + start)
            for character, codes in cells[start:end]:
                pen.draw(character, codes)
        self._shown.update(zip(places, cells, strict=True))

    def _codes_of(self, style: Style | None, console: Console) -> _Codes:
        system = console._color_system
        if style is None or system is None:
            return _PLAIN
        attributes = tuple(code for name, code in _ATTRIBUTES.items() if getattr(style, name))
        key = (style.color, style.bgcolor, attributes, system)
        codes = self._codes.get(key)
        if codes is None:
            front = () if style.color is None else style.color.downgrade(system).get_ansi_codes()
            back = () if style.bgcolor is None else style.bgcolor.downgrade(system).get_ansi_codes(foreground=False)
            codes = self._codes[key] = (";".join(map(str, attributes)), ";".join(front), ";".join(back))
        return codes


class _LeanUpdate(CompositorUpdate):
    """An update that is worded when it is written, and only then."""

    def __init__(self, word: Callable[[Console], str]) -> None:
        self._word = word

    def render_segments(self, console: Console) -> str:
        return self._word(console)


class _Pen:
    """Writes text with codes, of which only those that differ from the codes before are written."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._now = _PLAIN

    def move(self, y: int, x: int) -> None:
        self._parts.append(f"\x1b[{y + 1};{x + 1}H")

    def draw(self, text: str, codes: _Codes) -> None:
        if codes != self._now:
            attributes, front, back = codes
            if attributes == self._now[0]:
                changed = [front or "39"] * (front != self._now[1]) + [back or "49"] * (back != self._now[2])
            else:  # none of the attributes can be taken back alone
                changed = ["0", *filter(None, codes)]
            self._now = codes
            self._parts.append(f"\x1b[{';'.join(changed)}m")
        self._parts.append(text)

    def written(self) -> str:
        """All that was written, and what brings the terminal's own style back."""
        return "".join(self._parts) + ("\x1b[0m" if self._now != _PLAIN else "")


def _is_narrow(character: str) -> bool:
    """Whether all terminals draw a character in one cell: ASCII, letters of Europe, and what the app itself draws."""
    code = ord(character)
    return 0x20 <= code < 0x7F or 0xA1 <= code < 0x300 or 0x2010 <= code < 0x2028 or 0x2190 <= code < 0x2900


def _runs(changed: list[bool]) -> Iterator[tuple[int, int]]:
    """The runs of changed cells; short stretches between them that have not changed belong to them."""
    start = end = -1
    for place, one in enumerate(changed):
        if one:
            if start >= 0 and place - end > _BRIDGE:
                yield start, end
                start = -1
            start, end = (place if start < 0 else start), place + 1
    if start >= 0:
        yield start, end


def _chunks_of_chops(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """The parts of an update, as Textual goes through them: line, column and what is drawn there."""
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= last and end > first:
                yield y, x, strip if first <= x < last and end <= last else strip.crop(0, min(end, last) - x)
