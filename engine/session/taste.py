"""The taste service: what a user's interactions say of their taste, beside everybody's, and how alike two users are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.data.results import ProfileName
from engine.errors import ErrorKind, RecsysError
from engine.runtime.locked_property import locked_property
from engine.session.me import MeService
from engine.session.open_dataset import OpenDataset

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.data.id_map import ExternalId
    from engine.data.items import Item
    from engine.search.map.terms import Terms

    Counts = npt.NDArray[np.int64]

#: What fewer of everybody's interactions than this share belong to says nothing of a taste.
_RARE = 0.002
#: How many genres and how many common items are told.
_MOST_GENRES, _MOST_COMMON = 14, 10
#: A scale with more steps than this is cut into so many parts.
_MOST_STEPS, _PARTS = 11, 10


@dataclass(frozen=True, slots=True)
class TasteShare:
    """A genre or a decade, or a step of the rating scale.

    Attributes
    ----------
    label
        Its name.
    share
        The share of the user's interactions that belong to it, from 0 to 1. An item with several genres counts for
        each of them.
    everyone
        The same share of everybody's interactions.
    """

    label: str
    share: float
    everyone: float


@dataclass(frozen=True, slots=True)
class Taste:
    """What the interactions of a user say of their taste.

    Attributes
    ----------
    user_id
        The user.
    num_interactions
        How many interactions that is.
    genres
        The genres that the user has most, and those that everybody has most, the largest difference upwards first.
    decades
        The decades of the items' years, the earliest first.
    ratings
        The steps of the rating scale, the lowest first; empty if there are no ratings.
    mean, everyone_mean
        The mean rating of the user and of everybody; None if there are none.
    activity
        The number of interactions in each year or, within two years, in each month; empty if there are no dates.
    """

    user_id: ExternalId
    num_interactions: int
    genres: tuple[TasteShare, ...]
    decades: tuple[TasteShare, ...]
    ratings: tuple[TasteShare, ...]
    mean: float | None
    everyone_mean: float | None
    activity: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CommonItem:
    """An item that two users have; a rating is None where there is none."""

    item: Item
    first: float | None
    second: float | None


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two users are.

    Attributes
    ----------
    first, second
        The users.
    num_first, num_second, num_common
        How many items each of them has, and both.
    jaccard
        The share of the items of either that both have (Jaccard).
    taste
        The cosine of their shares of genres, from 0 to 1; None if there are no genres.
    correlation
        Pearson's correlation of their ratings of common items; None if these are fewer than three or do not vary.
    difference
        The mean absolute difference of these ratings; None if there are none.
    common
        Common items, those first that both rated highly; the best known ones where there are no ratings.
    """

    first: ExternalId
    second: ExternalId
    num_first: int
    num_second: int
    num_common: int
    jaccard: float
    taste: float | None
    correlation: float | None
    difference: float | None
    common: tuple[CommonItem, ...]


@dataclass(frozen=True)
class _Scale:
    """The steps of a rating scale, or parts of it where it has many, and everybody's use of it.

    Attributes
    ----------
    labels
        Their names, the lowest first.
    bounds
        The values between them, shape (len(labels) - 1,).
    everyone
        The share of everybody's ratings in each, shape (len(labels),).
    mean
        The mean of everybody's ratings.
    """

    labels: tuple[str, ...]
    bounds: npt.NDArray[np.float64]
    everyone: npt.NDArray[np.float64]
    mean: float

    def shares(self, rated: npt.NDArray[np.float64]) -> tuple[TasteShare, ...]:
        """The shares of some ratings."""
        import numpy as np

        counts = np.bincount(np.digitize(rated, self.bounds), minlength=len(self.labels)) / max(len(rated), 1)
        parts = zip(self.labels, counts.tolist(), self.everyone.tolist(), strict=True)
        return tuple(TasteShare(*part) for part in parts)


class TasteService:
    """Describes users, and the people who use the program, by what they interacted with.

    Parameters
    ----------
    opened
        The data set.
    me
        The profiles, which are asked for a :class:`~engine.data.results.ProfileName`.
    """

    def __init__(self, opened: OpenDataset, me: MeService) -> None:
        self._opened, self._me = opened, me

    def of(self, user: ExternalId) -> Taste:
        """The taste of a user.

        Raises
        ------
        UnknownError
            If there is no such user.
        RecsysError
            If it is a profile that has nothing of this data set.
        """
        import numpy as np

        items, ratings = self._of_user(user)
        rated, scale = ratings[~np.isnan(ratings)], self._scale
        counts = np.bincount(items - 1, minlength=self._opened.dataset.num_items)
        return Taste(
            user,
            len(items),
            self._genre_shares(counts),
            self._decade_shares(counts),
            () if scale is None else scale.shares(rated),
            float(rated.mean()) if len(rated) else None,
            None if scale is None else scale.mean,
            self._activity(user),
        )

    def compare(self, first: ExternalId, second: ExternalId) -> Likeness:
        """How alike two users are.

        Raises
        ------
        UnknownError, RecsysError
            As :meth:`of`.
        """
        import numpy as np

        dataset = self._opened.dataset
        sides = []
        for user in (first, second):
            items, ratings = self._of_user(user)
            latest = dict(zip(items.tolist(), ratings.tolist(), strict=True))  # the newest rating of an item counts
            sides.append(latest)
        one, other = sides
        both = sorted(one.keys() & other.keys())
        pairs = np.array([(one[item], other[item]) for item in both], dtype=float).reshape(-1, 2)
        rated = pairs[~np.isnan(pairs).any(axis=1)]
        varies = len(rated) >= 3 and (rated.std(axis=0) > 0).all()
        popularity = self._opened.popularity
        liked = np.nan_to_num(pairs.min(axis=1), nan=-1.0) if len(pairs) else np.zeros(0)
        order = sorted(range(len(both)), key=lambda index: (-liked[index], -popularity[both[index] - 1], both[index]))
        best = [both[index] for index in order[:_MOST_COMMON]]
        found = dataset.items.take(best)
        known = tuple(
            CommonItem(item, _known(one[item.internal_id]), _known(other[item.internal_id])) for item in found
        )
        return Likeness(
            first,
            second,
            len(one),
            len(other),
            len(both),
            len(both) / max(len(one.keys() | other.keys()), 1),
            self._genre_cosine(list(one), list(other)),
            float(np.corrcoef(rated.T)[0, 1]) if varies else None,
            float(np.abs(rated[:, 0] - rated[:, 1]).mean()) if len(rated) else None,
            known,
        )

    def similar(self, user: ExternalId, k: int = 50) -> tuple[Likeness, ...]:
        """The users who share the largest part of their items with a user (Jaccard), the most similar first.

        Parameters
        ----------
        user
            The user.
        k
            How many at most. Users without a common item are left out.

        Raises
        ------
        UnknownError, RecsysError
            As :meth:`of`.
        """
        import numpy as np

        dataset, log = self._opened.dataset, self._opened.dataset.interactions
        items, _ = self._of_user(user)
        theirs = np.zeros(dataset.num_items + 1, dtype=bool)
        theirs[items] = True
        shared = theirs[log.item_ids]
        # An item counts once, however often somebody had it.
        pairs = np.unique(log.user_ids[shared].astype(np.int64) * (dataset.num_items + 1) + log.item_ids[shared])
        common = np.bincount(pairs // (dataset.num_items + 1), minlength=len(self._num_items)).astype(float)
        share = common / np.maximum(self._num_items + theirs.sum() - common, 1)
        if not isinstance(user, ProfileName):
            share[dataset.users.encode_one(user)] = 0.0
        order = np.lexsort((np.arange(len(share)), -share))[:k]
        return tuple(self.compare(user, dataset.users.decode_one(int(one))) for one in order if share[one] > 0)

    # -- what is known of everybody ---------------------------------------------------------------------------
    @locked_property
    def _genres(self) -> Terms:
        from engine.search.map.terms import genres_of

        return genres_of(self._opened.dataset.items)

    @locked_property
    def _decades(self) -> Counts:
        """The decade of each item, 0 where its year is unknown, shape (num_items,)."""
        import numpy as np

        years = self._opened.dataset.items.table.column("year").to_numpy(zero_copy_only=False).astype(float)
        decades: Counts = (np.nan_to_num(years, nan=0.0) // 10 * 10).astype(np.int64)
        return decades

    @locked_property
    def _num_items(self) -> Counts:
        """The number of different items of each user, by internal id."""
        import numpy as np

        dataset, log = self._opened.dataset, self._opened.dataset.interactions
        pairs = np.unique(log.user_ids.astype(np.int64) * (dataset.num_items + 1) + log.item_ids)
        return np.bincount(pairs // (dataset.num_items + 1), minlength=len(dataset.users)).astype(np.int64)

    @locked_property
    def _scale(self) -> _Scale | None:
        """How everybody uses the rating scale; None if there are no ratings."""
        import numpy as np

        stats = self._opened.stats
        steps, numbers = stats.steps, stats.step_counts
        if steps is None or numbers is None:  # numbers rather than a scale
            ratings = self._opened.dataset.interactions.ratings
            assert ratings is not None
            steps, numbers = np.unique(ratings[~np.isnan(ratings)].astype(float), return_counts=True)
        if not len(steps):
            return None
        if len(steps) <= _MOST_STEPS:
            labels, bounds = tuple(f"{step:g}" for step in steps), (steps[1:] + steps[:-1]) / 2
        else:
            edges = np.linspace(float(steps[0]), float(steps[-1]), _PARTS + 1)
            labels = tuple(f"{low:.3g}–{high:.3g}" for low, high in pairwise(edges))
            bounds = edges[1:-1]
        counts = np.bincount(np.digitize(steps, bounds), numbers, minlength=len(labels))
        return _Scale(labels, bounds, counts / numbers.sum(), stats.rating_mean)

    # -- parts ------------------------------------------------------------------------------------------------
    def _of_user(self, user: ExternalId) -> tuple[Counts, npt.NDArray[np.float64]]:
        """The items of a user from the oldest, and their ratings, NaN for none."""
        import numpy as np

        if isinstance(user, ProfileName):
            entries = self._me.history(user)[::-1]
            if not entries:
                raise RecsysError(
                    f"The profile {str(user)!r} has rated or seen nothing of {self._opened.name!r}, so it has no taste "
                    "here: rate some items first.",
                    kind=ErrorKind.EMPTY_PROFILE,
                    name=str(user),
                )
            rated = [np.nan if entry.rating is None else entry.rating for entry in entries]
            return np.array([entry.item.internal_id for entry in entries], dtype=np.int64), np.array(rated, dtype=float)
        index, internal = self._opened.user_index, self._opened.dataset.users.encode_one(user)
        items, ratings = index.items(internal).astype(np.int64), index.ratings(internal)
        return items, np.full(len(items), np.nan) if ratings is None else ratings.astype(float)

    def _genre_totals(self, counts: Counts) -> Counts:
        """How many interactions belong to each genre, given how many each item has."""
        import numpy as np

        terms = self._genres
        return np.bincount(terms.codes, counts[terms.rows], minlength=len(terms.names)).astype(np.int64)

    def _genre_shares(self, counts: Counts) -> tuple[TasteShare, ...]:
        if not len(self._genres.names):
            return ()
        everybody = self._opened.popularity
        shares = self._genre_totals(counts) / max(int(counts.sum()), 1)
        everyone = self._genre_totals(everybody) / max(int(everybody.sum()), 1)
        telling = [one for one in range(len(shares)) if everyone[one] >= _RARE]
        most = sorted(telling, key=lambda one: -max(shares[one], everyone[one]))[:_MOST_GENRES]
        found = [TasteShare(self._genres.names[one], float(shares[one]), float(everyone[one])) for one in most]
        return tuple(sorted(found, key=lambda one: (one.everyone - one.share, one.label)))

    def _decade_shares(self, counts: Counts) -> tuple[TasteShare, ...]:
        import numpy as np

        decades, everybody = self._decades, self._opened.popularity
        dated = decades > 0
        total, all_ = max(int(counts[dated].sum()), 1), max(int(everybody[dated].sum()), 1)
        found = []
        for decade in np.unique(decades[dated]).tolist():
            is_in = decades == decade
            share, everyone = float(counts[is_in].sum()) / total, float(everybody[is_in].sum()) / all_
            if share > 0 or everyone >= _RARE:
                found.append(TasteShare(f"{decade}s", share, everyone))
        return tuple(found)

    def _genre_cosine(self, first: Sequence[int], second: Sequence[int]) -> float | None:
        import numpy as np

        if not len(self._genres.names):
            return None
        size = self._opened.dataset.num_items
        one, other = (
            self._genre_totals(np.bincount(np.array(items, dtype=np.int64) - 1, minlength=size)).astype(float)
            for items in (first, second)
        )
        lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
        return float(one @ other) / lengths if lengths else None

    def _times(self, user: ExternalId) -> Iterable[int] | None:
        """When a user had items, in unix seconds, 0 where that is not known; None if it is known of none."""
        if isinstance(user, ProfileName):
            return [entry.timestamp or 0 for entry in self._me.history(user)]
        dataset = self._opened.dataset
        return self._opened.user_index.times(dataset.users.encode_one(user)) if dataset.has_dates else None

    def _activity(self, user: ExternalId) -> tuple[tuple[str, int], ...]:
        times = self._times(user)
        if times is None:
            return ()
        dates = [datetime.fromtimestamp(int(time), UTC) for time in times if 0 < int(time) < 4e9]
        if not dates:
            return ()
        first, last = min(dates), max(dates)
        if last.year - first.year >= 2:
            found = {str(year): 0 for year in range(first.year, last.year + 1)}
            for date in dates:
                found[str(date.year)] += 1
            return tuple(found.items())
        months = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
        found = {f"{month // 12}-{month % 12 + 1:02}": 0 for month in months}
        for date in dates:
            found[f"{date.year}-{date.month:02}"] += 1
        return tuple(found.items())


def _known(rating: float) -> float | None:
    return None if rating != rating else rating
