"""Numbers drawn as text: bars, stars and small histograms that need no colour to be read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

_HEIGHTS = " ▁▂▃▄▅▆▇█"


def bar(fraction: float, width: int) -> str:
    """A horizontal bar of ``width`` cells, exact to half a cell; anything above zero shows."""
    halves = round(min(max(fraction, 0.0), 1.0) * width * 2)
    if fraction > 0:
        halves = max(halves, 1)
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(width)


def progress_bar(fraction: float, width: int) -> tuple[str, str]:
    """The done and the undone part of a progress line of ``width`` cells."""
    done = bar(fraction, width).rstrip()
    return done, "─" * (width - len(done))


def stars(rating: float, highest: float) -> str:
    """Five stars' worth of a rating, to the half.

    Examples
    --------
    >>> stars(3.5, 5), stars(10, 10), stars(0.5, 5)
    ('★★★½', '★★★★★', '½')
    """
    halves = round(10 * min(max(rating / highest, 0.0), 1.0)) if highest > 0 else 0
    return "★" * (halves // 2) + "½" * (halves % 2)


def histogram(counts: Sequence[int], height: int, cell: int) -> list[str]:
    """Columns of ``cell`` cells (the last one is the gap between them) and up to ``height`` lines, top line first."""
    most = max(counts, default=0) or 1
    levels = [max(round(one / most * height * 8), 1) if one else 0 for one in counts]
    return [
        "".join(_HEIGHTS[min(max(level - 8 * line, 0), 8)] * (cell - 1) + " " for level in levels)
        for line in reversed(range(height))
    ]


def sparkline(values: Sequence[float], width: int) -> str:
    """The last ``width`` values as a line of blocks, lowest to highest."""
    shown = values[-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    spread = (high - low) or 1.0
    return "".join(_HEIGHTS[1 + round((one - low) / spread * 7)] for one in shown)


def compact(number: float) -> str:
    """A rating in as few characters as possible: ``4``, ``3.5``, ``10``."""
    return f"{number:g}"


def decimals(values: Iterable[float]) -> int:
    """How many decimals the numbers of one column have, so that the points stand below each other.

    The largest has three significant digits, or more where it is over a thousand.

    Examples
    --------
    >>> decimals([4.25, 0.5]), decimals([0.042, 0.001]), decimals([1234.5]), decimals([])
    (2, 4, 0, 2)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=1.0) or 1.0
    return min(max(2 - math.floor(math.log10(largest)), 0), 6)


def whole_percent(match: float) -> str:
    """An estimate from 0 to 1 in whole percent; what is neither certain nor impossible is not shown as such.

    Examples
    --------
    >>> whole_percent(0.873), whole_percent(0.004), whole_percent(0.999), whole_percent(1.0)
    ('87%', '<1%', '99%', '100%')
    """
    if 0 < match < 0.005:
        return "<1%"
    return "99%" if 0.99 < match < 1 else f"{min(max(match, 0.0), 1.0):.0%}"
