"""The rows of a long table, of which only the pages that were looked at are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")

#: Rows that are read at a time.
PAGE = 100


class PagedRows(Generic[Row]):
    """Rows by their places, from 0.

    Parameters
    ----------
    first
        The first rows.
    total
        The number of all rows; None while it is not known, and more may follow.
    """

    def __init__(self, first: Sequence[Row], total: int | None) -> None:
        self._rows: dict[int, Row] = dict(enumerate(first))
        self._length = len(first) if total is None else total
        self.complete = total is not None
        """Whether the number of all rows is known."""

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        return (self._rows[place] for place in sorted(self._rows))

    def get(self, place: int) -> Row | None:
        """The row at a place; None while it is not there."""
        return self._rows.get(place)

    def fill(self, start: int, rows: Sequence[Row], total: int) -> None:
        """Put rows into their places, and note how many there are in all."""
        self._rows |= dict(enumerate(rows, start))
        self._length, self.complete = total, True

    def missing(self, start: int, stop: int) -> tuple[int, int] | None:
        """The rows to read so that those from ``start`` up to ``stop`` are there; None if they are.

        While the number of all rows is not known, the rows behind the last one are missing as soon as it is near.
        """
        if not self.complete and stop >= self._length - PAGE // 4:
            return self._length, self._length + PAGE
        places = [place for place in range(max(start, 0), min(stop, self._length)) if place not in self._rows]
        if not places:
            return None
        first = places[0] // PAGE * PAGE
        return first, min(max(first + PAGE, -(-(places[-1] + 1) // PAGE) * PAGE), self._length)
