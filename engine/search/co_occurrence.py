"""What the people who liked one item liked as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.runtime.locked_property import locked_property

if TYPE_CHECKING:
    from engine.interactions import Interactions

Scores = npt.NDArray[np.float32]

#: People in common that count as half a proof: a cosine over n of them is shrunk by n / (n + this).
_SHRINKAGE = 10.0


class CoOccurrence:
    """Item-to-item likeness by common admirers, for one item at a time.

    The cosine of two items' sets of admirers (Sarwar et al., 2001), shrunk towards 0 where few people have both (Bell
    and Koren, 2007). Somebody likes what they rated no lower than they rate on average, and what they took up
    without rating it.

    Parameters
    ----------
    interactions
        Who interacted with what.
    """

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions

    def likeness(self, item: int) -> Scores:
        """How alike each item is to the internal id ``item``, shape ``(num_items,)``, 0 for itself and the padding."""
        users, first_of_user, by_user, first_of_item, admirers = self._likes
        if item >= len(admirers):
            return np.zeros(len(admirers), dtype=np.float32)
        fans = users[first_of_item[item] : first_of_item[item + 1]]
        starts, lengths = first_of_user[fans], first_of_user[fans + 1] - first_of_user[fans]
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        common = np.bincount(by_user[np.repeat(starts, lengths) + within], minlength=len(admirers)).astype(np.float32)
        cosine = common / np.sqrt(np.maximum(admirers * max(1.0, float(admirers[item])), 1.0))
        cosine *= common / (common + _SHRINKAGE)
        cosine[[0, item]] = 0.0
        scores: Scores = cosine.astype(np.float32)
        return scores

    @locked_property
    def _likes(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Users by item, where a user's items begin, items by user, where an item's users begin, and their number."""
        log = self._interactions
        users, items = log.user_ids.astype(np.int64), log.item_ids.astype(np.int64)
        if log.ratings is not None:
            known = ~np.isnan(log.ratings)
            sums = np.bincount(users[known], log.ratings[known], minlength=log.num_users)
            means = sums / np.maximum(np.bincount(users[known], minlength=log.num_users), 1)
            liked = ~known | (log.ratings >= means[users])
            users, items = users[liked], items[liked]
        pairs = np.unique(items * log.num_users + users)  # somebody who took it up twice is one person
        items, users = np.divmod(pairs, log.num_users)
        admirers = np.bincount(items, minlength=log.num_items)
        first_of_item = np.concatenate([[0], np.cumsum(admirers)])
        first_of_user = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=log.num_users))])
        return users, first_of_user, items[np.argsort(users, kind="stable")], first_of_item, admirers
