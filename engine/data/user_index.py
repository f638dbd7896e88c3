"""An index of the interactions by user, and a search for users by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from engine.data.history import History

if TYPE_CHECKING:
    from engine.data.id_map import IdMap
    from engine.data.interaction_stats import InteractionStats
    from engine.data.results import UserOrder, UserSummary
    from engine.interactions import Interactions

#: A column of the interactions, as :class:`engine.interactions.Interactions` names it.
Column = Literal["item_ids", "ratings", "timestamps"]


class UserIndex:
    """An index of the interactions of each user, in the order of time.

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

    # -- what a stored index reads from its files instead --------------------------------------------------------
    def _take(self, column: Column, places: npt.NDArray[Any] | slice) -> npt.NDArray[Any] | None:
        """The values of a column at some places of the order; None if the interactions have no such column."""
        values: npt.NDArray[Any] | None = getattr(self._interactions, column)
        return None if values is None else values[self._rows[places]]

    def _places_of(self, item: int) -> npt.NDArray[np.int64]:
        """The places of an item in the order, ascending."""
        rows = np.flatnonzero(self._interactions.item_ids == item)
        is_wanted = np.zeros(len(self._rows), dtype=bool)
        is_wanted[rows] = True
        return np.flatnonzero(is_wanted[self._rows])

    def _items(self, places: npt.NDArray[Any] | slice) -> npt.NDArray[Any]:
        items = self._take("item_ids", places)
        assert items is not None
        return items

    def sorted_column(self, column: Column) -> npt.NDArray[Any] | None:
        """A whole column, by user and then from the oldest; None if the interactions have no such column."""
        return self._take(column, slice(None))

    # -- answers ---------------------------------------------------------------------------------------------------
    def rows(self, user: int) -> npt.NDArray[np.intp]:
        """Return the rows of one user in the interactions, oldest first."""
        return self._rows[self._part(user)]

    def _part(self, user: int) -> slice:
        return slice(int(self._ends[user - 1]) if user else 0, int(self._ends[user]))

    def items(self, user: int) -> npt.NDArray[Any]:
        """Return the items of one user, oldest first. An item may occur more than once."""
        return self._items(self._part(user))

    def ratings(self, user: int) -> npt.NDArray[Any] | None:
        """Return the ratings of one user, oldest first, NaN for an item without; None without ratings."""
        return self._take("ratings", self._part(user))

    def times(self, user: int) -> npt.NDArray[Any] | None:
        """Return the times of the interactions of one user, oldest first; None without times."""
        return self._take("timestamps", self._part(user))

    def latest_of(self, item: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any] | None, npt.NDArray[Any] | None]:
        """Return the users who interacted with an item, ascending, and each one's latest rating of it and its time."""
        places = self._places_of(item)
        users = np.searchsorted(self._ends, places, side="right")
        last = np.append(np.diff(users) > 0, np.ones(min(len(users), 1), dtype=bool))
        return users[last].astype(np.int64), self._take("ratings", places[last]), self._take("timestamps", places[last])

    def history(self, user: int) -> History:
        """Return the distinct items of one user with their mean ratings, in the order of the internal ids."""
        items, position = np.unique(self.items(user), return_inverse=True)
        ratings = self.ratings(user)
        if ratings is None:
            return History(items.astype(np.int64), None)
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
        places = np.repeat(ends - lengths, lengths) + within
        return np.repeat(np.arange(len(users)), lengths), self._items(places).astype(np.int64)

    def tails(self, users: npt.NDArray[Any], length: int) -> npt.NDArray[np.int64]:
        """Return the last ``length`` items of several users, padded with 0 on the left, ``(len(users), length)``."""
        ends = self._ends[users]
        starts = np.where(users > 0, self._ends[users - 1], 0)
        positions = ends[:, None] - np.arange(length, 0, -1)
        inside = positions >= starts[:, None]
        tails = np.zeros(positions.shape, dtype=np.int64)
        tails[inside] = self._items(positions[inside])
        return tails


class SortedItems(UserIndex):
    """The items of each user without ratings and times, as other processes need them to rank lists.

    Parameters
    ----------
    items
        The items of all users, by user and then from the oldest.
    ends
        The end of each user's items, ``(num_users,)``.
    """

    def __init__(self, items: npt.NDArray[Any], ends: npt.NDArray[Any]) -> None:
        self._sorted, self._ends = items, ends

    @classmethod
    def of(cls, index: UserIndex) -> SortedItems:
        """Take the items from another index."""
        return cls(index._items(slice(None)), index._ends)

    def _take(self, column: Column, places: npt.NDArray[Any] | slice) -> npt.NDArray[Any] | None:
        return self._sorted[places] if column == "item_ids" else None

    def _places_of(self, item: int) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self._sorted == item)

    def rows(self, user: int) -> npt.NDArray[np.intp]:
        """Refuse to answer: what the rows are rows of is not sent."""
        raise NotImplementedError


def item_counts(interactions: Interactions) -> npt.NDArray[np.int64]:
    """Count the interactions of each item, shape ``(num_items,)``. Position 0 is padding."""
    counts: npt.NDArray[np.int64] = np.bincount(interactions.item_ids, minlength=interactions.num_items)
    return counts


class UserSearch:
    """A search for users by a part of their external id.

    Parameters
    ----------
    users
        The users. Their ids are converted to text once.
    stats
        How many interactions they have, and their mean ratings.
    """

    def __init__(self, users: IdMap, stats: InteractionStats) -> None:
        import pyarrow as pa

        self._users = users
        self._texts: Any = pa.array(users.ids).cast(pa.string())
        #: The number of interactions of each user, ``(num_users,)``, and their mean ratings or None.
        self.counts, self.means = stats.user_counts, stats.user_means
        self._last: tuple[object, npt.NDArray[np.int64]] = None, np.zeros(0, dtype=np.int64)

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
