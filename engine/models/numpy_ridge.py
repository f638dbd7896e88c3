"""Ridge regression of one user's vector, as :class:`engine.models.fold_in.Ridge` computes it with torch."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class NotDefiniteError(ArithmeticError):
    """Rounding made equations indefinite."""


class NumpyRidge:
    """Minimises ``Σ (target - x·w)² + (w - mean)ᵀ precision (w - mean)``, in double precision.

    Parameters
    ----------
    precision
        The precision of the prior, ``(d, d)``, positive definite.
    mean
        The mean of the prior, ``(d,)``.
    """

    def __init__(self, precision: Array, mean: Array) -> None:
        self.precision, self.mean = precision.astype(np.float64), mean.astype(np.float64)

    @classmethod
    def of_people(cls, vectors: Array, noise: float) -> Self:
        """Make a prior for new users from the vectors of the trained users, ``(n, d)``."""
        mean = vectors.mean(0)
        centred = vectors - mean
        covariance = (centred.T @ centred).astype(np.float64) / max(1, len(vectors) - 1)
        floor = max(1e-6, 0.01 * float(covariance.diagonal().mean()))
        inverse = np.linalg.inv(_factor(covariance + floor * np.eye(len(mean))))
        return cls(noise * (inverse.T @ inverse), mean)

    def solve(self, vectors: Array, targets: Array) -> Array:
        """Solve for the user's vector, ``(d,)``, from item vectors ``(n, d)`` and targets ``(n,)``."""
        right = vectors.T @ (targets - vectors @ self.mean)
        factor = self._factor(vectors)
        solved: Array = self.mean + np.linalg.solve(factor.T, np.linalg.solve(factor, right))
        return solved

    def removal_effects(self, vectors: Array, targets: Array, asked: Array, smaller: NumpyRidge | None = None) -> Array:
        """Return how much lower the score of each of ``m`` items is without each of ``n`` history items, ``(m, n)``.

        See :meth:`engine.models.fold_in.Ridge.removal_effects`.
        """
        if not len(vectors):
            return np.zeros((len(asked), 0))
        other = smaller or self
        vectors, asked = vectors.astype(np.float64), asked.astype(np.float64)
        offsets = targets - vectors @ other.mean
        right = np.concatenate((vectors.T, asked.T, (vectors.T @ offsets)[:, None]), 1)
        solved = np.linalg.solve(other._factor(vectors), right)
        rows, wanted, user = np.split(solved, (len(vectors), len(vectors) + len(asked)), 1)
        leverage = np.minimum(np.square(rows).sum(0), 1 - 1e-6)
        effects: Array = (wanted.T @ rows) * ((offsets - (rows.T @ user)[:, 0]) / (1 - leverage))
        if smaller is not None:
            effects = effects + (asked @ (self.solve(vectors, targets) - other.mean))[:, None] - wanted.T @ user
        return effects

    def _factor(self, vectors: Array) -> Array:
        return _factor(self.precision + vectors.astype(np.float64).T @ vectors)


def _factor(matrix: Array) -> Array:
    try:
        return np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError as error:
        raise NotDefiniteError from error
