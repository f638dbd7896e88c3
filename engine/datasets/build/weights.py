"""How much interactions say about a taste, by how strong they are: one scale for a data set and all its updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WeightScale:
    """The scale of the weights of a data set, which its updates keep, so that a count means the same in each.

    A weight grows with the logarithm of the strength in units of its median, since a song that was played a thousand
    times is not liked a thousand times as much (Hu, Koren and Volinsky, 2008, section 6, for the time that shows were
    watched). It is 1 on average.

    Attributes
    ----------
    median
        Of the strengths, which are counts, durations or amounts above zero.
    mean
        Of the logarithms.
    """

    median: float
    mean: float

    @classmethod
    def of(cls, strengths: Weights) -> WeightScale | None:
        """The scale of these strengths, of shape ``(n,)``; None if there are none."""
        if not len(strengths):
            return None
        median = float(np.median(strengths))
        return cls(median, float(np.log1p(strengths.astype(np.float64) / median).mean()))

    @classmethod
    def of_source(cls, source: Mapping[str, Any]) -> WeightScale | None:
        """The scale that a data set's source names; None for data sets stored before there was one."""
        found = source.get("weights")
        if not isinstance(found, Mapping):
            return None
        try:
            scale = cls(float(found["median"]), float(found["mean"]))
        except (KeyError, TypeError, ValueError):
            return None
        return scale if scale.median > 0 and scale.mean > 0 else None

    def weights(self, strengths: npt.NDArray[Any]) -> Weights:
        """The weights of strengths, in their shape."""
        found: Weights = (np.log1p(strengths.astype(np.float64) / self.median) / self.mean).astype(np.float32)
        return found

    def strengths(self, weights: Weights) -> npt.NDArray[np.float64]:
        """The strengths of which these are the weights, in their shape."""
        found: npt.NDArray[np.float64] = np.expm1(weights.astype(np.float64) * self.mean) * self.median
        return found
