"""The history of one person: items, how they were rated, and in which order they were met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class History:
    """The items that one person has interacted with.

    Attributes
    ----------
    items
        Internal ids, each once, ``(n,)``.
    ratings
        The ratings, ``(n,)``; NaN for an item that was seen and not rated. None if there are no ratings at all.
    """

    items: npt.NDArray[np.int64]
    ratings: npt.NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.items)

    @property
    def has_ratings(self) -> bool:
        """Whether any of the items was rated."""
        return self.ratings is not None and not bool(np.isnan(self.ratings).all())

    def select(self, chosen: npt.NDArray[np.bool_]) -> History:
        """The part of the history for which a mask is true."""
        return History(self.items[chosen], None if self.ratings is None else self.ratings[chosen])

    def without(self, item: int) -> History:
        """The history without one item."""
        return self.select(self.items != item)

    def with_rating(self, item: int, rating: float | None) -> History:
        """The history in which an item has this rating; it is added at the end if it is not there yet."""
        given = np.nan if rating is None else rating
        if not (self.items == item).any():
            ratings = None if self.ratings is None else np.append(self.ratings, np.float32(given))
            return History(np.append(self.items, item), ratings)
        ratings = None if self.ratings is None else np.where(self.items == item, np.float32(given), self.ratings)
        return History(self.items, ratings)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The items that one person has interacted with, oldest first.

    Attributes
    ----------
    items
        Internal ids; an item may occur more than once.
    times
        Seconds since 1970, one for each item; None where the time is not known. Those come first.
    """

    items: tuple[int, ...]
    times: tuple[int | None, ...]

    @classmethod
    def undated(cls, items: Iterable[int]) -> Timeline:
        """Items whose order alone is known."""
        listed = tuple(items)
        return cls(listed, (None,) * len(listed))

    @property
    def has_times(self) -> bool:
        """Whether any of the times is known."""
        return any(time is not None for time in self.times)

    def without(self, item: int) -> Timeline:
        """The timeline without one item."""
        kept = [pair for pair in zip(self.items, self.times, strict=True) if pair[0] != item]
        return Timeline(tuple(one for one, _ in kept), tuple(time for _, time in kept))

    def with_item(self, item: int, time: int | None = None) -> Timeline:
        """The timeline in which an item stands at a time, after what is as old, or at the end for None."""
        rest = self.without(item)
        place = len(rest.items)
        if time is not None:
            older = [at for at, known in enumerate(rest.times) if known is not None and known <= time]
            first = next((at for at, known in enumerate(rest.times) if known is not None), place)
            place = older[-1] + 1 if older else first
        return Timeline(
            (*rest.items[:place], item, *rest.items[place:]), (*rest.times[:place], time, *rest.times[place:])
        )
