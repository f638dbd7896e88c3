"""Linear priors that predict vectors from features of users, items and days."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.data.features import Matrix, Spline
from engine.factorization.memory import EXACT_SIZE, NUM_COMPONENTS
from engine.runtime.job import Job, Progress

#: The grid of values of a prior's precision λ.
_PENALTIES = torch.logspace(-4, 6, 61)
#: The number of columns by which a sparse matrix is multiplied at a time. It bounds the delay of a cancellation.
COLUMNS = 128
#: The number of iterations of the randomised range finder.
_ITERATIONS = 3


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
    job
        Receives the progress of decomposing the features, and may cancel it.
    """

    def __init__(
        self,
        features: Matrix | Spline,
        width: int,
        device: torch.device,
        *,
        weighs: bool = True,
        job: Job | None = None,
    ) -> None:
        self.basis: Basis
        loadings: Tensor | None
        if isinstance(features, Spline):
            knots, self.strengths, loadings = _decompose_spline(features, device)
            self.basis = SplineBasis(features, knots)
        else:
            matrix, self.strengths, loadings = _decompose(features, device, weighs, job or Job())
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


class _Products:
    """Products of a matrix with dense ones, of a sparse matrix :data:`COLUMNS` columns at a time.

    A column is the same to the last bit, whatever other columns are computed together with it.

    Parameters
    ----------
    matrix
        The matrix: scipy sparse, or dense, which is multiplied at once.
    number
        The number of products to come, for the progress.
    job
        Receives the progress, and may cancel between the columns.
    """

    def __init__(self, matrix: Matrix, number: int, job: Job) -> None:
        self._matrix, self._number, self._job, self._done = matrix, number, job, 0

    def times(self, right: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the product X R of the matrix with another one."""
        return self._by_columns(right, self._matrix.shape[0], lambda columns: self._matrix @ columns)

    def gram_times(self, right: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the product XᵀX R. No more than some columns of X R exist at a time."""
        return self._by_columns(right, len(right), lambda columns: self._matrix.T @ (self._matrix @ columns))

    def _by_columns(
        self,
        right: npt.NDArray[np.float32],
        rows: int,
        multiply: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]],
    ) -> npt.NDArray[np.float32]:
        self._job.checkpoint()
        if not hasattr(self._matrix, "toarray"):
            return multiply(right)
        count = right.shape[1]
        product = np.empty((rows, count), np.result_type(self._matrix.dtype, right.dtype))
        for start in range(0, count, COLUMNS):
            self._job.checkpoint()
            self._job.report(Progress("", round(100 * (self._done + start / count) / self._number), 100, "%"))
            part = slice(start, start + COLUMNS)
            product[:, part] = multiply(np.ascontiguousarray(right[:, part]))
        self._done += 1
        return product


def _decompose(features: Matrix, device: torch.device, weighs: bool, job: Job) -> tuple[Tensor, Tensor, Tensor | None]:
    """Compute left singular vectors, squared singular values and, if wanted, right singular vectors, in float32.

    They come from the smaller Gram matrix. If both dimensions are large, the matrix is first projected on its largest
    components by a randomised range finder (Halko, Martinsson and Tropp, 2011, algorithm 4.4).
    """
    tall = features.shape[0] >= features.shape[1]
    matrix = features if tall else features.T
    products = _Products(matrix, 1 if matrix.shape[1] <= EXACT_SIZE else _ITERATIONS + 2, job)
    if matrix.shape[1] <= EXACT_SIZE:
        basis = None
        gram = matrix.T @ matrix
    else:
        basis = np.random.default_rng(0).standard_normal((matrix.shape[1], NUM_COMPONENTS)).astype(np.float32)
        for _ in range(_ITERATIONS):
            basis = np.linalg.qr(products.gram_times(basis))[0]
        projected = products.times(basis)
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
        outer = products.times(inner)
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
