"""Histograms of ratings, of numbers of interactions and of times, in bins that have a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: A histogram with one bin for each value has at most so many bins; other values go into bins of equal width.
MOST_VALUES = 21
#: Equal bins for values that are too many to have one each.
_EQUAL_BINS = 10
#: The most bins of a histogram over time.
_MOST_PERIODS = 40
#: Values looked at to tell whether they are few different ones, before all are.
_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a histogram.

    Attributes
    ----------
    label
        The bin as it is shown: ``3.5``, ``5–8``, ``2003``, ``2003-11``.
    count
        The number of values in it.
    """

    label: str
    count: int


def rating_bins(ratings: npt.NDArray[Any]) -> tuple[Bin, ...]:
    """The histogram of ratings: a bin for each value where they are few, else ten bins of equal width.

    Parameters
    ----------
    ratings
        Finite numbers, shape ``(n,)``.
    """
    if not len(ratings):
        return ()
    if len(np.unique(ratings[:_SAMPLE])) <= MOST_VALUES:
        values, counts = np.unique(ratings, return_counts=True)
        if len(values) <= MOST_VALUES:
            return tuple(Bin(f"{value:g}", int(count)) for value, count in zip(values, counts, strict=True))
    counts, edges = np.histogram(ratings, _EQUAL_BINS)
    return tuple(
        Bin(f"{low:.3g}–{high:.3g}", int(count)) for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )


def count_bins(counts: npt.NDArray[Any]) -> tuple[Bin, ...]:
    """The histogram of positive whole numbers in bins that double in width: 1, 2, 3–4, 5–8 and so on.

    Parameters
    ----------
    counts
        Whole numbers, shape ``(n,)``; those below 1 are left out.
    """
    counts = counts[counts > 0]
    if not len(counts):
        return ()
    exponents = np.ceil(np.log2(counts)).astype(int)
    sizes = np.bincount(exponents)
    powers = range(int(exponents.min()), len(sizes))
    return tuple(Bin(_range(2**power // 2 + 1, 2**power), int(sizes[power])) for power in powers)


def time_bins(times: npt.NDArray[Any]) -> tuple[Bin, ...]:
    """The histogram of times by day, month, year or decade, whichever gives the most bins, but no more than forty.

    Parameters
    ----------
    times
        Unix seconds, shape ``(n,)``.
    """
    if not len(times):
        return ()
    seconds = times.astype("datetime64[s]")
    first, last = seconds.min(), seconds.max()
    for unit in ("D", "M", "Y"):
        periods = int((last.astype(f"datetime64[{unit}]") - first.astype(f"datetime64[{unit}]")).astype(int)) + 1
        if periods <= _MOST_PERIODS:
            start = first.astype(f"datetime64[{unit}]")
            sizes = np.bincount((seconds.astype(f"datetime64[{unit}]") - start).astype(int), minlength=periods)
            return tuple(Bin(str(start + period), int(count)) for period, count in enumerate(sizes))
    decades = seconds.astype("datetime64[Y]").astype(int) // 10
    values, sizes = np.unique(decades, return_counts=True)
    return tuple(Bin(f"{1970 + 10 * int(one)}s", int(count)) for one, count in zip(values, sizes, strict=True))[
        -_MOST_PERIODS:
    ]


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"
