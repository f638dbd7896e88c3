"""Linear priors that predict vectors from features of users, items and days."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.data.features import Matrix, Spline
from engine.factorization.memory import EXACT_SIZE, NUM_COMPONENTS

#: The grid of values of a prior's precision λ.
_PENALTIES = torch.logspace(-4, 6, 61)


class Basis(Protocol):
    """The left singular vectors of the features, shape ``(count, k)``, for one range of entities at a time."""

    def project(self, rest: Tensor, part: slice) -> Tensor:
        """Return what a range of rows adds to the product of the transposed basis with ``rest``, ``(k, D)``."""

    def expand(self, coordinates: Tensor, part: slice) -> Tensor:
        """Return a range of the rows of the product of the basis with the coordinates."""


class DenseBasis:
    """A basis that is stored as a matrix."""

    def __init__(self, matrix: Tensor) -> None:
        self.matrix = matrix

    def project(self, rest: Tensor, part: slice) -> Tensor:
        """See :class:`Basis`."""
        return self.matrix[part].T @ rest

    def expand(self, coordinates: Tensor, part: slice) -> Tensor:
        """See :class:`Basis`."""
        return self.matrix[part] @ coordinates


class SplineBasis:
    """The basis of a :class:`~engine.data.features.Spline`: a row is interpolated between those of two knots."""

    def __init__(self, spline: Spline, knots: Tensor) -> None:
        self._left = torch.from_numpy(spline.left).to(knots.device)
        self._share = torch.from_numpy(spline.share).to(knots.device)
        self._knots = knots

    def project(self, rest: Tensor, part: slice) -> Tensor:
        """See :class:`Basis`."""
        left, right, share = self._places(part)
        sums = rest.new_zeros(len(self._knots), rest.shape[1])
        sums.index_add_(0, left, rest * (1.0 - share)).index_add_(0, right, rest * share)
        return self._knots.T @ sums

    def expand(self, coordinates: Tensor, part: slice) -> Tensor:
        """See :class:`Basis`."""
        left, right, share = self._places(part)
        values = self._knots @ coordinates
        return torch.lerp(values.index_select(0, left), values.index_select(0, right), share)

    def _places(self, part: slice) -> tuple[Tensor, Tensor, Tensor]:
        left = self._left[part]
        return left, (left + 1).clamp_max(len(self._knots) - 1), self._share[part].unsqueeze(1)


class LinearPrior:
    """A Bayesian linear map from features to vectors: X B, where the rows of B have the prior N(0, Λ⁻¹ / λ).

    As in Macau (Simm et al., 2017), side information moves the mean of a vector's prior. Macau draws the map B. This
    class draws its effect X B in the eigenbasis of X Xᵀ, where the directions are independent. A draw costs two thin
    matrix products, whatever the number of features is. λ is drawn from its posterior with B integrated out.

    Parameters
    ----------
    features
        The features with one row an entity, shape ``(count, f)``: dense, a scipy sparse matrix or a spline.
    width
        The length D of a vector.
    device
        The device that computes.
    weighs
        Whether :attr:`weights` will be asked for. The right singular vectors are only kept for it: those of a history
        have as many rows as there are users.
    """

    def __init__(self, features: Matrix | Spline, width: int, device: torch.device, *, weighs: bool = True) -> None:
        self.basis: Basis
        loadings: Tensor | None
        if isinstance(features, Spline):
            knots, self.strengths, loadings = _decompose_spline(features, device)
            self.basis = SplineBasis(features, knots)
        else:
            matrix, self.strengths, loadings = _decompose(features, device, weighs)
            self.basis = DenseBasis(matrix)
        self._loadings = loadings
        self.coordinates = torch.zeros(len(self.strengths), width, device=device)
        self.penalty = 1.0
        self._grid = _PENALTIES.to(device)

    @property
    def weights(self) -> Tensor:
        """The map B of least norm that gives the current values, ``(f, D)``."""
        assert self._loadings is not None, "the prior was made without the right singular vectors"
        return self._loadings @ (self.coordinates / self.strengths.sqrt().unsqueeze(1))

    def values(self, part: slice) -> Tensor:
        """The current effect X B on a range of the entities."""
        return self.basis.expand(self.coordinates, part)

    def draw(self, projection: Tensor, root: Tensor, generator: torch.Generator) -> None:
        """Draw λ and the effect X B, given the residual that they explain.

        Parameters
        ----------
        projection
            The vectors minus all other parts of their mean, projected on the basis: ``(k, D)``.
        root
            The Cholesky factor of the vectors' precision, ``(D, D)``.
        generator
            The random generator.
        """
        projected_rest = projection @ root  # one row a direction; the columns have unit noise
        variance = self.strengths.unsqueeze(1) / self._grid + 1.0
        fit = -0.5 * (root.shape[1] * variance.log() + projected_rest.square().sum(1, keepdim=True) / variance).sum(0)
        chosen = torch.multinomial(torch.softmax(fit, 0), 1, generator=generator)
        self.penalty = float(self._grid[chosen])
        share = (self.strengths / (self.strengths + self.penalty)).unsqueeze(1)
        drawn = share * projected_rest + share.sqrt() * torch.empty_like(projected_rest).normal_(generator=generator)
        self.coordinates = torch.linalg.solve_triangular(root, drawn, upper=False, left=False)


def _decompose(features: Matrix, device: torch.device, weighs: bool) -> tuple[Tensor, Tensor, Tensor | None]:
    """Compute left singular vectors, squared singular values and, if wanted, right singular vectors, in float32.

    They come from the smaller Gram matrix. If both dimensions are large, the matrix is first projected on its largest
    components by a randomised range finder (Halko, Martinsson and Tropp, 2011, algorithm 4.4).
    """
    tall = features.shape[0] >= features.shape[1]
    matrix = features if tall else features.T
    if matrix.shape[1] <= EXACT_SIZE:
        basis = None
        gram = matrix.T @ matrix
    else:
        basis = np.random.default_rng(0).standard_normal((matrix.shape[1], NUM_COMPONENTS)).astype(np.float32)
        for _ in range(3):
            basis = np.linalg.qr(matrix.T @ (matrix @ basis))[0]
        projected = matrix @ basis
        gram = projected.T @ projected
        del projected  # it is as large as the result
    dense = torch.from_numpy(np.asarray(gram.toarray() if hasattr(gram, "toarray") else gram, dtype=np.float32))
    values, directions = (part.cpu() for part in torch.linalg.eigh(dense.to(device)))
    keep = values > max(float(values[-1]) * 1e-5, 1e-12)
    values, inner = values[keep], directions[:, keep].numpy()
    inner = inner if basis is None else basis @ inner
    small = _on(inner, device) if weighs or not tall else None
    large = None
    if weighs or tall:
        outer = matrix @ inner
        outer /= np.sqrt(values.numpy())
        large = _on(outer, device)
    left, right = (large, small) if tall else (small, large)
    assert left is not None
    return left, values.to(device), right if weighs else None


def _on(array: npt.NDArray[np.float32], device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)


def _decompose_spline(spline: Spline, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the left singular vectors at the knots, squared singular values and right singular vectors."""
    values, directions = torch.linalg.eigh(torch.from_numpy(spline.gram()))
    keep = values > max(float(values[-1]) * 1e-5, 1e-12)
    values, inner = values[keep], directions[:, keep]
    knots = inner / values.sqrt()
    return knots.float().to(device), values.float().to(device), inner.float().to(device)
