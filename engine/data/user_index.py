"""An index of the interactions by user, and a search for users by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.history import History

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.data.results import UserOrder, UserSummary
    from engine.interactions import Interactions


class UserIndex:
    """An index of the rows of each user, in the order of time.

    Parameters
    ----------
    interactions
        The interactions to index. Rows with equal times, or without times, keep their order.
    """

    def __init__(self, interactions: Interactions) -> None:
        users = interactions.user_ids
        keys = (users,) if interactions.timestamps is None else (interactions.timestamps, users)
        self._rows: npt.NDArray[Any] = np.lexsort(keys)  # a stable sort
        self._ends: npt.NDArray[Any] = np.cumsum(np.bincount(users, minlength=interactions.num_users))
        self._interactions = interactions

    def rows(self, user: int) -> npt.NDArray[np.intp]:
        """Return the rows of one user, oldest first."""
        start = self._ends[user - 1] if user else 0
        return self._rows[start : self._ends[user]]

    def items(self, user: int) -> npt.NDArray[Any]:
        """Return the items of one user, oldest first. An item may occur more than once."""
        return self._interactions.item_ids[self.rows(user)]

    def history(self, user: int) -> History:
        """Return the distinct items of one user with their mean ratings, in the order of the internal ids."""
        rows, log = self.rows(user), self._interactions
        items, position = np.unique(log.item_ids[rows], return_inverse=True)
        if log.ratings is None:
            return History(items.astype(np.int64), None)
        ratings = log.ratings[rows]
        rated = ~np.isnan(ratings)
        counts = np.bincount(position[rated], minlength=len(items))
        sums = np.bincount(position[rated], ratings[rated], minlength=len(items))
        means = np.divide(sums, counts, out=np.full(len(items), np.nan), where=counts > 0)
        return History(items.astype(np.int64), means.astype(np.float32))

    def pairs(self, users: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the items of several users, and for each item the position of its user in ``users``."""
        ends = self._ends[users]
        lengths = ends - np.where(users > 0, self._ends[users - 1], 0)
        # Counts up within each user's rows, from the first row of the user.
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = self._rows[np.repeat(ends - lengths, lengths) + within]
        return np.repeat(np.arange(len(users)), lengths), self._interactions.item_ids[rows].astype(np.int64)

    def tails(self, users: npt.NDArray[Any], length: int) -> npt.NDArray[np.int64]:
        """Return the last ``length`` items of several users, padded with 0 on the left, ``(len(users), length)``."""
        ends = self._ends[users]
        starts = np.where(users > 0, self._ends[users - 1], 0)
        positions = ends[:, None] - np.arange(length, 0, -1)
        inside = positions >= starts[:, None]
        tails = np.zeros(positions.shape, dtype=np.int64)
        tails[inside] = self._interactions.item_ids[self._rows[positions[inside]]]
        return tails


def item_counts(interactions: Interactions) -> npt.NDArray[np.int64]:
    """Count the interactions of each item, shape ``(num_items,)``. Position 0 is padding."""
    counts: npt.NDArray[np.int64] = np.bincount(interactions.item_ids, minlength=interactions.num_items)
    return counts


class UserSearch:
    """A search for users by a part of their external id.

    Parameters
    ----------
    dataset
        The data set whose users are searched. Its user ids are converted to text once.

    Attributes
    ----------
    counts
        The number of interactions of each user, ``(num_users,)``.
    means
        The mean rating of each user, NaN for one without ratings, ``(num_users,)``; None without ratings.
    """

    def __init__(self, dataset: Dataset) -> None:
        import pyarrow as pa

        self._users = dataset.users
        interactions = dataset.interactions
        self._texts: Any = pa.array(dataset.users.ids).cast(pa.string())
        self.counts = np.bincount(interactions.user_ids, minlength=interactions.num_users)
        self.means: npt.NDArray[np.float64] | None = None
        self._last: tuple[object, npt.NDArray[np.int64]] = None, np.zeros(0, dtype=np.int64)
        if interactions.ratings is not None:
            known = ~np.isnan(interactions.ratings)
            users = interactions.user_ids[known]
            sums: npt.NDArray[Any] = np.bincount(
                users, weights=interactions.ratings[known], minlength=interactions.num_users
            )
            rated = np.bincount(users, minlength=interactions.num_users)
            self.means = np.divide(sums, rated, out=np.full(len(sums), np.nan), where=rated > 0)

    def find(self, text: str, limit: int) -> list[UserSummary]:
        """Find users whose id contains ``text``, regardless of case.

        An id that equals the text comes first, then ids that start with it, then the others.
        """
        return [self.summary(int(user)) for user in self.matching(text)[:limit]]

    def matching(self, text: str, order: UserOrder | None = None) -> npt.NDArray[np.int64]:
        """The internal ids of all users whose id contains ``text``, as :meth:`find` orders them.

        The last answer is kept, for whoever reads a long list page by page.

        Parameters
        ----------
        text
            A part of an id.
        order
            Another order; users that are equal in it keep theirs.
        """
        asked, found = self._last
        if asked != (text, order):
            found = self._matching(text)
            if order is not None:
                keys = self._keys(order, found)
                found = found[np.argsort(-keys if order.descending else keys, kind="stable")]
            self._last = (text, order), found
        return found

    def _keys(self, order: UserOrder, users: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """The numbers by which an order is ascending; users without one come last."""
        if order.by == "interactions":
            keys: npt.NDArray[Any] = self.counts[users]
            return keys
        if order.by == "mean" and self.means is not None:
            means = self.means[users]
            return np.where(np.isnan(means), -np.inf if order.descending else np.inf, means)
        return users

    def _matching(self, text: str) -> npt.NDArray[np.int64]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if not text:
            return np.arange(len(self._texts))
        contains = pc.match_substring(self._texts, text, ignore_case=True)
        found = pc.indices_nonzero(contains).to_numpy()
        matching = self._texts.take(pa.array(found))
        starts = pc.starts_with(matching, text, ignore_case=True).to_numpy(zero_copy_only=False)
        lengths = pc.utf8_length(matching).to_numpy(zero_copy_only=False)
        equal = starts & (lengths == len(text))
        # A stable sort: users that match equally well keep the order of the data set.
        ordered: npt.NDArray[np.int64] = found[np.lexsort((~starts, ~equal))].astype(np.int64)
        return ordered

    def summary(self, user: int) -> UserSummary:
        """Summarise one user for the user picker."""
        from engine.data.results import UserSummary

        mean = None if self.means is None or np.isnan(self.means[user]) else float(self.means[user])
        return UserSummary(self._users.decode_one(user), int(self.counts[user]), mean)
