"""The history of one person: items, and how they were rated."""

from __future__ import annotations

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
