"""Vectors predicted from what is known of their owners: genres, year, who else rated them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.data.features import Matrix

#: Up to so many rows or columns, all directions of a feature matrix are found; of a larger one only the strongest.
_EXACT = 2048
_STRONGEST = 384
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

    def __init__(self, features: Matrix, width: int, device: torch.device) -> None:
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


def _decompose(features: Matrix, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Left singular vectors, squared singular values and right singular vectors, in float32 on the device.

    Through the smaller Gram matrix; that of a matrix that is large both ways is first projected on its strongest
    directions (Halko, Martinsson and Tropp, 2011, algorithm 4.4).
    """
    tall = features.shape[0] >= features.shape[1]
    matrix = features if tall else features.T
    if matrix.shape[1] <= _EXACT:
        basis = None
        gram = matrix.T @ matrix
    else:
        basis = np.random.default_rng(0).standard_normal((matrix.shape[1], _STRONGEST)).astype(np.float32)
        for _ in range(3):
            basis = np.linalg.qr(matrix.T @ (matrix @ basis))[0]
        projected = matrix @ basis
        gram = projected.T @ projected
    dense = torch.from_numpy(np.asarray(gram.toarray() if hasattr(gram, "toarray") else gram, dtype=np.float32))
    values, directions = (part.cpu() for part in torch.linalg.eigh(dense.to(device)))
    keep = values > max(float(values[-1]) * 1e-5, 1e-12)
    values, inner = values[keep], directions[:, keep].numpy()
    inner = inner if basis is None else basis @ inner
    outer = matrix @ inner / np.sqrt(values.numpy())
    inner, outer = (
        torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32)).to(device) for part in (inner, outer)
    )
    return (outer, values.to(device), inner) if tall else (inner, values.to(device), outer)
