"""What is counted over all interactions once: how many each user and each item has, and how ratings are distributed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.interactions import Interactions

Counts = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

#: Ratings with more distinct values than this are numbers rather than a scale; they are not counted by value.
_MOST_STEPS = 1000


@dataclass(frozen=True)
class InteractionStats:
    """Counts over the interactions of a data set, from which answers for one user or one item need nothing else.

    Attributes
    ----------
    user_counts
        The number of interactions of each user, ``(num_users,)``.
    user_means
        The mean rating of each user, NaN for one without ratings, ``(num_users,)``; None without ratings.
    item_counts, item_rated
        The numbers of interactions and of ratings of each item, ``(num_items,)``. Position 0 is padding.
    item_sums
        The sum of the ratings of each item, ``(num_items,)``.
    rating_std, rating_mean
        The standard deviation and the mean of all ratings; NaN without any.
    steps, step_counts
        The distinct ratings, the lowest first, and the number of each. None if there are too many.
    """

    user_counts: Counts
    user_means: Numbers | None
    item_counts: Counts
    item_rated: Counts
    item_sums: Numbers
    rating_std: float
    rating_mean: float
    steps: Numbers | None
    step_counts: Counts | None

    @classmethod
    def of(cls, interactions: Interactions) -> InteractionStats:
        """Count the interactions of a data set."""
        users, items = interactions.user_ids, interactions.item_ids
        user_counts = np.bincount(users, minlength=interactions.num_users)
        item_counts = np.bincount(items, minlength=interactions.num_items)
        ratings = interactions.ratings
        if ratings is None:
            none = np.zeros(len(item_counts), dtype=np.int64)
            empty = np.zeros(0)
            return cls(user_counts, None, item_counts, none, none.astype(float), np.nan, np.nan, empty, none[:0])
        known = ~np.isnan(ratings)
        if not known.all():
            users, items, ratings = users[known], items[known], ratings[known]
        sums: npt.NDArray[Any] = np.bincount(users, ratings, minlength=interactions.num_users)
        rated = np.bincount(users, minlength=interactions.num_users)
        steps, step_counts = _steps(ratings)
        return cls(
            user_counts,
            np.divide(sums, rated, out=np.full(len(sums), np.nan), where=rated > 0),
            item_counts,
            np.bincount(items, minlength=interactions.num_items),
            np.bincount(items, ratings, minlength=interactions.num_items).astype(np.float64),
            float(np.std(ratings, dtype=np.float64)) if len(ratings) else np.nan,
            float(ratings.mean(dtype=float)) if len(ratings) else np.nan,
            steps,
            step_counts,
        )

    def popularity(self, num_items: int) -> Counts:
        """The number of interactions of each item of a catalogue, without the padding, ``(num_items,)``."""
        popularity = np.zeros(num_items, dtype=np.int64)
        popularity[: len(self.item_counts) - 1] = self.item_counts[1:]
        return popularity


def _steps(ratings: npt.NDArray[Any]) -> tuple[Numbers | None, Counts | None]:
    """The distinct ratings and their numbers; a part is looked at first, since sorting millions of numbers is slow."""
    if len(np.unique(ratings[:100_000])) > _MOST_STEPS:
        return None, None
    steps: npt.NDArray[Any] = np.zeros(0, dtype=ratings.dtype)
    counts = np.zeros(0, dtype=np.int64)
    for start in range(0, len(ratings), 1 << 20):
        found, number = np.unique(ratings[start : start + (1 << 20)], return_counts=True)
        merged, position = np.unique(np.concatenate([steps, found]), return_inverse=True)
        counts = np.bincount(position, np.concatenate([counts, number]), len(merged)).astype(np.int64)
        steps = merged
        if len(steps) > _MOST_STEPS:
            return None, None
    return steps.astype(np.float64), counts
