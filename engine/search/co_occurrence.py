"""Item similarity by co-occurrence: how many of the same users liked two items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.runtime.locked_property import locked_property
from engine.runtime.memory import require_free

if TYPE_CHECKING:
    from engine.interactions import Interactions

Scores = npt.NDArray[np.float32]

#: A cosine that rests on n common users is multiplied by n / (n + this), so that few users give little evidence.
_SHRINKAGE = 10.0
#: What is held for each interaction while they are sorted by item and by user.
_BYTES_AN_INTERACTION = 40


class CoOccurrence:
    """Item-to-item similarity by the users who liked both items, for one item at a time.

    The similarity is the cosine of the two items' sets of users (Sarwar et al., 2001), shrunk towards 0 where few users
    liked both (Bell and Koren, 2007). A user likes an item if they rated it no lower than their own mean rating, or
    interacted with it without rating it.

    Parameters
    ----------
    interactions
        The interactions of users with items.
    """

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions

    def similarity(self, item: int) -> Scores:
        """The similarity of each item to the internal id ``item``: 0 for itself and the padding, ``(num_items,)``.

        Raises
        ------
        RecsysError
            If sorting the interactions, which is done once, needs more memory than is free.
        """
        users, first_of_user, by_user, first_of_item, num_users = self._likes
        if item >= len(num_users):
            return np.zeros(len(num_users), dtype=np.float32)
        its_users = users[first_of_item[item] : first_of_item[item + 1]]
        starts, lengths = first_of_user[its_users], first_of_user[its_users + 1] - first_of_user[its_users]
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        common = np.bincount(by_user[np.repeat(starts, lengths) + within], minlength=len(num_users)).astype(np.float32)
        cosine = common / np.sqrt(np.maximum(num_users * max(1.0, float(num_users[item])), 1.0))
        cosine *= common / (common + _SHRINKAGE)
        cosine[[0, item]] = 0.0
        scores: Scores = cosine.astype(np.float32)
        return scores

    @locked_property
    def _likes(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Users by item, starts of the users' items, items by user, starts of the items' users, users per item."""
        log = self._interactions
        require_free(_BYTES_AN_INTERACTION * len(log), "Comparing items by the users who liked them")
        users, items = log.user_ids.astype(np.int64), log.item_ids.astype(np.int64)
        if log.ratings is not None:
            known = ~np.isnan(log.ratings)
            sums = np.bincount(users[known], log.ratings[known], minlength=log.num_users)
            means = sums / np.maximum(np.bincount(users[known], minlength=log.num_users), 1)
            liked = ~known | (log.ratings >= means[users])
            users, items = users[liked], items[liked]
        pairs = np.unique(items * log.num_users + users)  # a user who interacted with an item twice counts once
        items, users = np.divmod(pairs, log.num_users)
        num_users = np.bincount(items, minlength=log.num_items)
        first_of_item = np.concatenate([[0], np.cumsum(num_users)])
        first_of_user = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=log.num_users))])
        return users, first_of_user, items[np.argsort(users, kind="stable")], first_of_item, num_users
