"""Vectors predicted from what is known of their owners: genres, year, who else rated them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

#: At most so many directions of a feature matrix are kept, the strongest.
RANK = 1024
#: What the strength of a prior may be.
_STRENGTHS = torch.logspace(-4, 6, 61)


class LinearPrior:
    """A linear map from features to vectors, integrated over: X B with rows of B drawn from N(0, Λ⁻¹ / λ).

    As in Macau (Simm et al., 2017), side information moves the mean of a vector's prior. There the map B is drawn; here
    its effect X B is, in the eigenbasis of X Xᵀ, where each direction is independent of the others: two thin matrix
    products a draw, whatever the number of features, and λ is drawn from its posterior with B integrated out.

    Parameters
    ----------
    features
        One row an entity, dense or a scipy sparse matrix, shape ``(count, f)``.
    width
        The length D of a vector.
    device
        What computes.
    """

    def __init__(self, features: npt.NDArray[np.float32], width: int, device: torch.device) -> None:
        self.basis, self.strengths, self.loadings = _decompose(features, device)
        self.values = torch.zeros(len(self.basis), width, device=device)
        self.coordinates = torch.zeros(len(self.strengths), width, device=device)
        self.penalty = 1.0
        self._grid = _STRENGTHS.to(device)

    @property
    def weights(self) -> Tensor:
        """The map B of least norm behind the current values, ``(f, D)``."""
        return self.loadings @ (self.coordinates / self.strengths.sqrt().unsqueeze(1))

    def draw(self, rest: Tensor, root: Tensor, generator: torch.Generator) -> None:
        """Draw λ and the values, given what they should explain.

        Parameters
        ----------
        rest
            The vectors less all other parts of their mean, ``(count, D)``.
        root
            Cholesky factor of the vectors' precision, ``(D, D)``.
        generator
            Of the random numbers.
        """
        seen = self.basis.T @ rest @ root  # of each direction, columns of unit noise
        variance = self.strengths.unsqueeze(1) / self._grid + 1.0
        fit = -0.5 * (rest.shape[1] * variance.log() + seen.square().sum(1, keepdim=True) / variance).sum(0)
        chosen = torch.multinomial(torch.softmax(fit, 0), 1, generator=generator)
        self.penalty = float(self._grid[chosen])
        share = (self.strengths / (self.strengths + self.penalty)).unsqueeze(1)
        drawn = share * seen + share.sqrt() * torch.empty_like(seen).normal_(generator=generator)
        self.coordinates = torch.linalg.solve_triangular(root, drawn, upper=False, left=False)
        self.values = self.basis @ self.coordinates


def _decompose(features: npt.NDArray[np.float32], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Left singular vectors, squared singular values and right singular vectors, through the smaller Gram matrix."""
    matrix = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32)).to(device)
    tall = matrix.shape[0] >= matrix.shape[1]
    gram = matrix.T @ matrix if tall else matrix @ matrix.T
    values, directions = torch.linalg.eigh(gram)
    keep = values > max(float(values[-1]) * 1e-5, 1e-12)
    values, directions = values[keep][-RANK:], directions[:, keep][:, -RANK:]
    other = (matrix if tall else matrix.T) @ directions / values.sqrt()
    return (other, values, directions) if tall else (directions, values, other)
