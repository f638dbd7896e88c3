"""Bootstrap intervals of metrics, over users."""

from __future__ import annotations

from collections.abc import Mapping
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
    samples = {name: sample for name, sample in samples.items() if len(sample.values)}
    if not samples:
        return {}
    users = np.unique(np.concatenate([sample.users for sample in samples.values()]))
    sums = np.empty((len(users), 2 * len(samples)))
    for column, sample in enumerate(samples.values()):
        position = np.searchsorted(users, sample.users)
        sums[:, 2 * column] = np.bincount(position, sample.values, minlength=len(users))
        sums[:, 2 * column + 1] = np.bincount(position, minlength=len(users))
    random = np.random.RandomState(seed)
    drawn = []
    piece = max(1, _DRAWN_AT_ONCE // len(users))
    for start in range(0, replicates, piece):
        rows = min(piece, replicates - start)
        choice = random.randint(0, len(users), (rows, len(users)))
        choice += np.arange(rows)[:, None] * len(users)
        drawn.append(np.bincount(choice.ravel(), minlength=rows * len(users)).reshape(rows, -1) @ sums)
    totals = np.concatenate(drawn)
    tails = (50.0 * (1.0 - level), 50.0 * (1.0 + level))
    intervals = {}
    for column, (name, sample) in enumerate(samples.items()):
        counts = totals[:, 2 * column + 1]
        means = totals[counts > 0, 2 * column] / counts[counts > 0]
        low, high = np.percentile(np.sqrt(means) if sample.root else means, tails)
        intervals[name] = float(low), float(high)
    return intervals
