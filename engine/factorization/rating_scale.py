"""Standardised ratings: models learn in the same units, whatever the scale of the ratings is."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

Values = TypeVar("Values", Tensor, npt.NDArray[Any])

#: The standard deviation of standardised ratings: that of MovieLens 100K, on which the default learning rates and
#: regularisations were tuned. With 1.0 the RMSE of SVD there is 0.9105 instead of 0.9048.
_STANDARD_DEVIATION = 1.125


class RatingScale(NamedTuple):
    """The affine map between ratings and the standardised ratings that a model learns.

    Attributes
    ----------
    center
        The rating whose standardised value is 0.
    unit
        The difference of ratings whose standardised values differ by 1.
    """

    center: float = 0.0
    unit: float = 1.0

    @classmethod
    def of(cls, ratings: npt.NDArray[Any], weights: npt.NDArray[Any] | None = None) -> RatingScale:
        """Measure the scale of ratings. If all ratings are equal, the unit is 1.

        Parameters
        ----------
        ratings
            Finite ratings, at least one.
        weights
            The weight of each rating. None, or weights whose sum is 0, means that all weights are 1.
        """
        values = ratings.astype(np.float64)
        weights = weights if weights is not None and weights.sum() > 0 else None
        center = float(np.average(values, weights=weights))
        if values.min() == values.max():
            return cls(center)
        deviation = float(np.sqrt(np.average((values - center) ** 2, weights=weights)))
        # The deviation is 0 if all weight lies on equal ratings.
        return cls(center, deviation / _STANDARD_DEVIATION if deviation > 0 else 1.0)

    def standardize(self, ratings: Values) -> Values:
        """Convert ratings, an array or a tensor, to standardised ratings."""
        return (ratings - self.center) / self.unit

    def restore(self, standardized: Values) -> Values:
        """Convert standardised ratings, an array or a tensor, to ratings."""
        return self.center + self.unit * standardized
