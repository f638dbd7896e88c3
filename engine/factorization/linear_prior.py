"""Linear priors that predict vectors from features of users, items and days."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.data.features import Matrix

#: Feature matrices with at most so many rows or columns are decomposed exactly. Of larger ones only so many of the
#: largest singular values are computed.
_EXACT_SIZE = 2048
_NUM_COMPONENTS = 384
#: The grid of values of a prior's precision λ.
_PENALTIES = torch.logspace(-4, 6, 61)


class LinearPrior:
    """A Bayesian linear map from features to vectors: X B, where the rows of B have the prior N(0, Λ⁻¹ / λ).

    As in Macau (Simm et al., 2017), side information moves the mean of a vector's prior. Macau draws the map B. This
    class draws its effect X B in the eigenbasis of X Xᵀ, where the directions are independent. A draw costs two thin
    matrix products, whatever the number of features is. λ is drawn from its posterior with B integrated out.

    Parameters
    ----------
    features
        The features with one row an entity, dense or a scipy sparse matrix, shape ``(count, f)``.
    width
        The length D of a vector.
    device
        The device that computes.
    """

    def __init__(self, features: Matrix, width: int, device: torch.device) -> None:
        self.basis, self.strengths, self.loadings = _decompose(features, device)
        self.values = torch.zeros(len(self.basis), width, device=device)
        self.coordinates = torch.zeros(len(self.strengths), width, device=device)
        self.penalty = 1.0
        self._grid = _PENALTIES.to(device)

    @property
    def weights(self) -> Tensor:
        """The map B of least norm that gives the current values, ``(f, D)``."""
        return self.loadings @ (self.coordinates / self.strengths.sqrt().unsqueeze(1))

    def draw(self, rest: Tensor, root: Tensor, generator: torch.Generator) -> None:
        """Draw λ and the values X B, given the residual that they explain.

        Parameters
        ----------
        rest
            The vectors minus all other parts of their mean, ``(count, D)``.
        root
            The Cholesky factor of the vectors' precision, ``(D, D)``.
        generator
            The random generator.
        """
        projected_rest = self.basis.T @ rest @ root  # one row a direction; the columns have unit noise
        variance = self.strengths.unsqueeze(1) / self._grid + 1.0
        fit = -0.5 * (rest.shape[1] * variance.log() + projected_rest.square().sum(1, keepdim=True) / variance).sum(0)
        chosen = torch.multinomial(torch.softmax(fit, 0), 1, generator=generator)
        self.penalty = float(self._grid[chosen])
        share = (self.strengths / (self.strengths + self.penalty)).unsqueeze(1)
        drawn = share * projected_rest + share.sqrt() * torch.empty_like(projected_rest).normal_(generator=generator)
        self.coordinates = torch.linalg.solve_triangular(root, drawn, upper=False, left=False)
        self.values = self.basis @ self.coordinates


def _decompose(features: Matrix, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Compute left singular vectors, squared singular values and right singular vectors, in float32 on the device.

    They come from the smaller Gram matrix. If both dimensions are large, the matrix is first projected on its largest
    components by a randomised range finder (Halko, Martinsson and Tropp, 2011, algorithm 4.4).
    """
    tall = features.shape[0] >= features.shape[1]
    matrix = features if tall else features.T
    if matrix.shape[1] <= _EXACT_SIZE:
        basis = None
        gram = matrix.T @ matrix
    else:
        basis = np.random.default_rng(0).standard_normal((matrix.shape[1], _NUM_COMPONENTS)).astype(np.float32)
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
