"""The days on which users rated, with their ids and features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.data.features import Spline, bumps
from engine.factorization.memory import MAX_DENSE_FEATURES
from engine.factorization.pieces import index_type

_DAY = 86_400
#: The key of a user's day is user * _STRIDE + day.
_STRIDE = 1 << 24
#: The number of basis functions over the (log) days since a user's first rating, the days between two basis functions
#: over the calendar, and the largest number of the latter.
_SINCE_FIRST_BASES, _CALENDAR_STEP, _MAX_CALENDAR_BASES = 12, 60, 400

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class Days:
    """The pairs of a user and a day on which the user rated, with an id for each pair.

    Users rate differently on different days (Koren, KDD 2009). Each pair therefore has its own vector. The prior of the
    vector depends on the time since the user's first rating, and on the date.

    Parameters
    ----------
    users
        The user of each rating, shape ``(N,)``.
    times
        The time of each rating in unix seconds, shape ``(N,)``.
    num_users
        The number of users.
    """

    def __init__(self, users: npt.NDArray[np.integer], times: npt.NDArray[np.number], num_users: int) -> None:
        first = np.full(num_users, np.inf)
        np.minimum.at(first, users, times)
        self.first = np.where(np.isfinite(first), first, float(np.max(times)))
        self.span = (float(np.min(times)), float(np.max(times)))
        self.keys, ids = np.unique(_keys(users, times), return_inverse=True)
        self.ids = ids.astype(index_type(len(self.keys)))

    @classmethod
    def restore(cls, keys: Ints, first: npt.NDArray[np.float64], span: tuple[float, float]) -> Days:
        """Make an object from stored arrays. It can find days and compute their features, but not their shares."""
        days = cls.__new__(cls)
        days.keys, days.first, days.span = keys, first, span
        days.ids = np.zeros(0, dtype=np.int32)
        return days

    def forget_ratings(self) -> None:
        """Drop what only training needs: the day of each rating."""
        self.ids = self.ids[:0].copy()

    @property
    def _users(self) -> Ints:
        return self.keys // _STRIDE

    @property
    def _times(self) -> npt.NDArray[np.float64]:
        return (self.keys % _STRIDE).astype(np.float64) * _DAY

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, users: Ints, times: npt.NDArray[np.number]) -> Ints:
        """Return the ids of the pairs, in the shape of ``users``; -1 if the user did not rate on that day."""
        keys = _keys(users, times)
        position = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[position] == keys, position, -1)

    def shares(self, num_users: int) -> tuple[npt.NDArray[np.integer], Floats]:
        """Return the user of each pair, and the day's share of the user's ratings, each ``(len(self),)``."""
        ratings = np.bincount(self.ids, minlength=len(self.keys))
        owners = self._users.astype(index_type(num_users))
        by_user = np.bincount(owners, weights=ratings, minlength=num_users)
        shares: Floats = (ratings / by_user[owners]).astype(np.float32)
        return owners, shares

    def features(self, users: Ints | None = None, times: npt.NDArray[np.number] | None = None) -> dict[str, Floats]:
        """Return the features of the given pairs, or of all pairs, by name; each ``(n, f)``."""
        users = self._users if users is None else users
        times = self._times if times is None else times
        return {
            "since first": bumps(self._since_first(users, times), 0.0, self._longest, _SINCE_FIRST_BASES),
            "calendar": bumps(np.clip(times, *self.span), *self.span, self._months),
        }

    def prior_features(self) -> Mapping[str, Floats | Spline]:
        """Return the features of all pairs by name, as :meth:`features`, but as splines if there are many pairs.

        The values of both are the same. The dense matrices stay for fewer pairs because products with them round
        differently, and stored results are compared with new ones.
        """
        if len(self) * (_SINCE_FIRST_BASES + self._months) <= MAX_DENSE_FEATURES:
            return self.features()
        users, times = self._users, self._times
        since = Spline.of(self._since_first(users, times), 0.0, self._longest, _SINCE_FIRST_BASES)
        return {"since first": since, "calendar": Spline.of(times, *self.span, self._months)}

    def _since_first(self, users: Ints, times: npt.NDArray[np.number]) -> npt.NDArray[np.float64]:
        """The logarithm of the days since each user's first rating."""
        days: npt.NDArray[np.float64] = np.log1p(np.maximum(times - self.first[users], 0.0) / _DAY)
        return days

    @property
    def _longest(self) -> float:
        return float(np.log1p((self.span[1] - self.span[0]) / _DAY))

    @property
    def _months(self) -> int:
        return min(int((self.span[1] - self.span[0]) / (_DAY * _CALENDAR_STEP)) + 2, _MAX_CALENDAR_BASES)


def _keys(users: npt.NDArray[np.integer], times: npt.NDArray[np.number]) -> Ints:
    return users.astype(np.int64) * _STRIDE + np.asarray(times, dtype=np.int64) // _DAY
