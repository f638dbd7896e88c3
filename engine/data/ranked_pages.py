"""A ranked list of any length, of which only the lines that are asked for are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.results import Result

Ids = npt.NDArray[np.int64]


class RankedPages:
    """The lines of a ranked list by their places.

    Parameters
    ----------
    ids
        The internal ids of all items of the list, best first, shape (n,).
    make
        Makes the lines of some of these ids, given the rank of the first one.
    """

    def __init__(self, ids: npt.NDArray[Any], make: Callable[[Ids, int], Sequence[Result]]) -> None:
        self._ids: Ids = np.asarray(ids, dtype=np.int64)
        self._make = make
        self._first: tuple[Result, ...] = ()

    def __len__(self) -> int:
        return len(self._first) + len(self._ids)

    def page(self, start: int, stop: int) -> tuple[Result, ...]:
        """The lines from place ``start`` up to ``stop``, from 0; fewer at the end of the list."""
        first = self._first[start:stop]
        skipped = len(self._first)
        begin, end = max(start - skipped, 0), max(stop - skipped, 0)
        ids = self._ids[begin:end]
        return (*first, *(self._make(ids, skipped + begin + 1) if len(ids) else ()))

    @classmethod
    def of(cls, results: Sequence[Result]) -> RankedPages:
        """A list of these lines alone."""
        return cls(np.zeros(0, dtype=np.int64), lambda ids, rank: ()).after(results)

    def inside(self, turn: Callable[[], AbstractContextManager[object]]) -> RankedPages:
        """The same list, whose lines are made inside of this context, such as a turn on the device."""

        def make(ids: Ids, rank: int) -> Sequence[Result]:
            with turn():
                return self._make(ids, rank)

        pages = RankedPages(self._ids, make)
        pages._first = self._first
        return pages

    def after(self, first: Sequence[Result]) -> RankedPages:
        """The same list behind lines that are shown already, so that nothing is listed twice and nothing moves.

        Parameters
        ----------
        first
            The beginning of the list.
        """
        shown = np.array([result.item.internal_id for result in first], dtype=np.int64)
        pages = RankedPages(self._ids[~np.isin(self._ids, shown)], self._make)
        pages._first = tuple(first)
        return pages
