"""The dates of a person's export: where the column does not tell days from months, the order of its rows does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.dates import UnclearDatesError
from engine.datasets.formats.times import to_times

if TYPE_CHECKING:
    import pyarrow as pa

#: ``2019-00-00``: MyAnimeList writes what it does not know as zeros.
_UNKNOWN_PART = re.compile(r"-00(?=-|$)")
_UNKNOWN = ("0000", "00/00")


class Dates(NamedTuple):
    """The dates of a column.

    Attributes
    ----------
    seconds
        Unix seconds, or None where the text is empty.
    remark
        What a person should know about the reading; empty if there is nothing.
    """

    seconds: list[int | None]
    remark: str


def read_dates(texts: Sequence[str], *, newest_first: bool = False) -> Dates:
    """Read a column of dates; texts without a time zone are in UTC.

    If the day and the month can be exchanged in all of them, the order is taken by which the column is sorted best, as
    exports are sorted by date.

    Parameters
    ----------
    texts
        The column.
    newest_first
        Whether the source is known to write the latest date first.

    Raises
    ------
    BadValueError
        At the first text that is no date.
    """
    import pyarrow as pa

    known = ["" if text.startswith(_UNKNOWN) else _UNKNOWN_PART.sub("-01", text) for text in texts]
    column = pa.array([text or None for text in known], pa.string())
    try:
        return Dates(to_times(column).to_pylist(), "")
    except UnclearDatesError:
        pass
    both = {order: to_times(column, day_first=order == "day") for order in ("month", "day")}
    disorder = {order: _disorder(times, newest_first) for order, times in both.items()}
    order = min(disorder, key=lambda one: disorder[one])  # the month first, if both are equally well sorted
    remark = ""
    if disorder["day"] == disorder["month"]:
        remark = f"fit more than one order of day and month, and were read with the {order} first"
    return Dates(both[order].to_pylist(), remark)


def _disorder(times: pa.Array, newest_first: bool) -> int:
    """How many steps go against the order of the column."""
    steps: npt.NDArray[np.int64] = np.diff(times.drop_null().to_numpy())
    later, earlier = int((steps > 0).sum()), int((steps < 0).sum())
    return later if newest_first else min(later, earlier)
