"""Text from data, prepared for a grid of cells: sanitized, of the same width in every terminal, cut with an ellipsis.

Every widget passes text from a catalogue, a file name or an error through :func:`clean`, :func:`fit` or
:func:`paragraphs`. :mod:`tui.sanitize` removes harmful characters; this module adds what only a grid needs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from tui.sanitize import sanitize

if TYPE_CHECKING:
    from engine.session import Item

#: Invisible characters about whose width, or the width of their neighbours, terminals disagree: zero-width
#: spaces and joiners, direction marks, soft hyphens, byte-order marks, variation selectors.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff9-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e01ef]"
)
_SPACES = re.compile(r"\s+")
#: Longer texts are cut: nobody reads them to the end, and wrapping them would delay the screen.
_LONGEST = 20_000


def clean(value: object) -> str:
    r"""One line without characters that a terminal would obey or draw in the wrong place.

    Examples
    --------
    >>> clean("a\nb\tc"), clean("zero\u200bwidth")
    ('a b c', 'zerowidth')
    """
    return _clean(str(value)[:_LONGEST])


@lru_cache(maxsize=4096)
def _clean(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        text = sanitize(unicodedata.normalize("NFC", _INVISIBLE.sub("", text)))
    return _SPACES.sub(" ", text).strip()


def paragraphs(value: object) -> str:
    """Running text: each line cleaned, blank lines between paragraphs kept, one at a time."""
    lines = [clean(line) for line in str(value)[:_LONGEST].splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def shorten(value: object, width: int) -> str:
    """Cleaned text of at most ``width`` cells; what is cut ends in an ellipsis."""
    text = clean(value)
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + "…"


def shorten_middle(value: object, width: int) -> str:
    """As :func:`shorten`, but cut in the middle: ids are told apart by their ends.

    Examples
    --------
    >>> shorten_middle("all-rounder-01", 9)
    'all-…r-01'
    """
    text = clean(value)
    if cell_len(text) <= width or width < 3:
        return shorten(text, width)
    tail = (width - 1) // 2
    end = text[-tail:]
    while cell_len(end) > tail:
        end = end[1:]
    return set_cell_size(text, width - 1 - cell_len(end)) + "…" + end


def fit(value: object, width: int, *, right: bool = False) -> str:
    """Cleaned text of exactly ``width`` cells."""
    text = shorten(value, width)
    padding = " " * (width - cell_len(text))
    return padding + text if right else text + padding


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> count(1, "item"), count(9066, "item"), count(0, "entry", "entries")
    ('1 item', '9,066 items', '0 entries')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A time span in words.

    Examples
    --------
    >>> duration(0.018), duration(3.21), duration(75), duration(7300)
    ('18 ms', '3.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def full_title(item: Item) -> str:
    """A title with its year, unless the title contains it already; an item without a title is named by its id."""
    title = clean(item.title) or f"item {clean(item.item_id)}"
    return title if item.year is None or str(item.year) in title else f"{title} ({item.year})"
