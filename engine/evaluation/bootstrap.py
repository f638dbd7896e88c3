"""Bootstrap intervals of metrics, over users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: The number of resamples, and the share of their results that an interval covers.
REPLICATES = 1000
LEVEL = 0.95
_DRAWN_AT_ONCE = 4_194_304

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """The single values whose mean is a metric.

    Attributes
    ----------
    values
        One value for each list, target or rating, shape ``(n,)``.
    users
        The user of each value, shape ``(n,)``.
    root
        Whether the metric is the square root of the mean.
    """

    values: FloatArray
    users: npt.NDArray[Any]
    root: bool = False

    def figure(self) -> float:
        """The mean or its square root; NaN if there are no values."""
        if not len(self.values):
            return float("nan")
        mean = float(np.mean(self.values))
        return float(np.sqrt(mean)) if self.root else mean

    def select(self, mask: npt.NDArray[np.bool_]) -> Sample:
        """The values where the mask is true."""
        return Sample(self.values[mask], self.users[mask], self.root)


@dataclass(frozen=True, slots=True)
class UserSums:
    """The sums and the numbers of the values of each user: all that is needed to draw users again.

    Attributes
    ----------
    users
        The users who have a value of some metric, sorted, shape ``(n,)``.
    sums, counts
        Metric -> the sum of the values of each user, and their number, shape ``(n,)``.
    roots
        The metrics that are square roots of means.
    """

    users: npt.NDArray[Any]
    sums: Mapping[str, FloatArray]
    counts: Mapping[str, FloatArray]
    roots: frozenset[str] = frozenset()

    @classmethod
    def of(cls, samples: Mapping[str, Sample]) -> UserSums:
        """Add up the values of each user; a metric without values is left out."""
        samples = {name: sample for name, sample in samples.items() if len(sample.values)}
        users = np.unique(np.concatenate([np.zeros(0, np.int64), *(sample.users for sample in samples.values())]))
        sums, counts = {}, {}
        for name, sample in samples.items():
            position = np.searchsorted(users, sample.users)
            sums[name] = np.bincount(position, sample.values, minlength=len(users)).astype(np.float64)
            counts[name] = np.bincount(position, minlength=len(users)).astype(np.float64)
        return cls(users, sums, counts, frozenset(name for name, sample in samples.items() if sample.root))

    @classmethod
    def merged(cls, several: Sequence[UserSums]) -> UserSums:
        """Add up those of several evaluations, such as with several seeds."""
        users = np.unique(np.concatenate([one.users for one in several]))
        names = dict.fromkeys(name for one in several for name in one.sums)
        sums = {name: np.zeros(len(users)) for name in names}
        counts = {name: np.zeros(len(users)) for name in names}
        for one in several:
            position = np.searchsorted(users, one.users)
            for name in one.sums:
                sums[name][position] += one.sums[name]
                counts[name][position] += one.counts[name]
        return cls(users, sums, counts, several[0].roots if several else frozenset())

    def select(self, users: npt.NDArray[Any]) -> UserSums:
        """Those of some users, who must all be among :attr:`users`."""
        rows = np.searchsorted(self.users, users)
        return UserSums(
            self.users[rows],
            {name: one[rows] for name, one in self.sums.items()},
            {name: one[rows] for name, one in self.counts.items()},
            self.roots,
        )

    def intervals(
        self, seed: int, replicates: int = REPLICATES, level: float = LEVEL
    ) -> dict[str, tuple[float, float]]:
        """The intervals of the metrics; see :func:`bootstrap`."""
        if not self.sums:
            return {}
        columns = [column for name in self.sums for column in (self.sums[name], self.counts[name])]
        totals = draw_totals(np.column_stack(columns), seed, replicates)
        tails = (50.0 * (1.0 - level), 50.0 * (1.0 + level))
        found = {}
        for position, name in enumerate(self.sums):
            counts = totals[:, 2 * position + 1]
            means = totals[counts > 0, 2 * position] / counts[counts > 0]
            low, high = np.percentile(np.sqrt(means) if name in self.roots else means, tails)
            found[name] = float(low), float(high)
        return found


def draw_totals(columns: FloatArray, seed: int, replicates: int) -> FloatArray:
    """Draw users with replacement, as many as there are, and add up their values.

    Parameters
    ----------
    columns
        The values of each user, shape ``(num_users, num_columns)``.
    seed
        The seed of the draws. Equal seeds draw equal users from equally many, so that two calls give paired totals.
    replicates
        The number of draws.

    Returns
    -------
    ndarray of shape ``(replicates, num_columns)``
        The totals of each draw.
    """
    users = len(columns)
    random = np.random.RandomState(seed)
    drawn = []
    piece = max(1, _DRAWN_AT_ONCE // users)
    for start in range(0, replicates, piece):
        rows = min(piece, replicates - start)
        choice = random.randint(0, users, (rows, users))
        choice += np.arange(rows)[:, None] * users
        drawn.append(np.bincount(choice.ravel(), minlength=rows * users).reshape(rows, -1) @ columns)
    return np.concatenate(drawn)


def bootstrap(
    samples: Mapping[str, Sample], seed: int, replicates: int = REPLICATES, level: float = LEVEL
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of means, from users drawn with replacement (Efron and Tibshirani, 1993).

    A user is drawn together with all of their values, since the values of one user are not independent. All metrics
    are computed from the same draws.

    Parameters
    ----------
    samples
        The values of each metric, by its name.
    seed
        The seed of the draws.
    replicates
        The number of draws.
    level
        The share of the draws between the bounds.

    Returns
    -------
    dict
        The lower and the upper bound of each metric, by its name. A metric without values is left out.
    """
    return UserSums.of(samples).intervals(seed, replicates, level)
