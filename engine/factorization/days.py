"""The days on which users rated: what they have in common, and how to find them again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.data.features import bumps

_DAY = 86_400
#: A user's day is stored as user * _STRIDE + day.
_STRIDE = 1 << 24
#: Bumps over the days since a user's first rating (on a logarithmic scale), and days between those over the calendar.
_SINCE_FIRST, _CALENDAR_STEP, _MOST_BUMPS = 12, 60, 400

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class Days:
    """Pairs of a user and a day, numbered.

    A person rates differently on different days (Koren, 2009): each pair has a vector of its own, whose prior leans on
    how long ago the user began, and on the date.

    Parameters
    ----------
    users
        Who rated, shape ``(N,)``.
    times
        When, in unix seconds, shape ``(N,)``.
    num_users
        How many users there are.
    """

    def __init__(self, users: npt.NDArray[np.integer], times: npt.NDArray[np.number], num_users: int) -> None:
        first = np.full(num_users, np.inf)
        np.minimum.at(first, users, times)
        self.first = np.where(np.isfinite(first), first, float(np.max(times)))
        self.span = (float(np.min(times)), float(np.max(times)))
        self.keys, self.ids = np.unique(_keys(users, times), return_inverse=True)

    @classmethod
    def restore(cls, keys: Ints, first: npt.NDArray[np.float64], span: tuple[float, float]) -> Days:
        """As stored: enough to find days and to describe them, without the ratings."""
        days = cls.__new__(cls)
        days.keys, days.first, days.span = keys, first, span
        days.ids = np.zeros(0, dtype=np.int64)
        return days

    @property
    def _users(self) -> Ints:
        return self.keys // _STRIDE

    @property
    def _times(self) -> npt.NDArray[np.float64]:
        return (self.keys % _STRIDE).astype(np.float64) * _DAY

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, users: Ints, times: npt.NDArray[np.number]) -> Ints:
        """The numbers of the pairs, -1 where there was no rating; shape of ``users``."""
        keys = _keys(users, times)
        position = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[position] == keys, position, -1)

    def shares(self, num_users: int) -> tuple[Ints, Floats]:
        """Whose each day is, and its share of their ratings; each ``(len(self),)``."""
        ratings = np.bincount(self.ids, minlength=len(self.keys))
        by_user = np.bincount(self._users, weights=ratings, minlength=num_users)
        shares: Floats = (ratings / by_user[self._users]).astype(np.float32)
        return self._users, shares

    def features(self, users: Ints | None = None, times: npt.NDArray[np.number] | None = None) -> dict[str, Floats]:
        """What is known of pairs (of all, if none are given): name -> shape ``(n, f)``."""
        users = self._users if users is None else users
        times = self._times if times is None else times
        since = np.log1p(np.maximum(times - self.first[users], 0.0) / _DAY)
        longest = np.log1p((self.span[1] - self.span[0]) / _DAY)
        months = min(int((self.span[1] - self.span[0]) / (_DAY * _CALENDAR_STEP)) + 2, _MOST_BUMPS)
        return {
            "since first": bumps(since, 0.0, longest, _SINCE_FIRST),
            "calendar": bumps(np.clip(times, *self.span), *self.span, months),
        }


def _keys(users: npt.NDArray[np.integer], times: npt.NDArray[np.number]) -> Ints:
    return users.astype(np.int64) * _STRIDE + np.asarray(times, dtype=np.int64) // _DAY
