"""Many small Gaussian posteriors at a time: the vectors of users, of items, of days, each given all the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.factorization.linear_prior import LinearPrior
from engine.runtime.job import Job

#: Numbers in the largest tensor of a piece of work: bounds memory, and how long a cancel waits.
PIECE = 1_000_000
_GROWTH = 1.35


@dataclass(frozen=True, slots=True)
class Piece:
    """Entities of about as many ratings each, padded to the same number.

    Attributes
    ----------
    entities
        Shape ``(b,)``.
    rows
        Their ratings' rows, shape ``(b, n)``; the row behind the last one is padding.
    real
        1 where a row is one, 0 where it is padding; shape ``(b, n)``.
    """

    entities: Tensor
    rows: Tensor
    real: Tensor


def pad_by_entity(ids: npt.NDArray[np.int64], count: int, width: int, device: torch.device) -> list[Piece]:
    """Group rows by entity, sorted by number so that padding adds at most a third.

    Parameters
    ----------
    ids
        The entity of each row, shape ``(N,)``.
    count
        How many entities there are.
    width
        The length of a vector: a piece holds ``b * n * width`` numbers, at most :data:`PIECE`, or one entity.
    device
        Where the pieces go.
    """
    order = np.argsort(ids, kind="stable")
    sizes = np.bincount(ids, minlength=count)
    starts = np.cumsum(sizes) - sizes
    by_size = np.argsort(sizes, kind="stable")
    sorted_sizes = sizes[by_size]
    pieces = []
    begin = int(np.searchsorted(sorted_sizes, 1))
    while begin < count:
        smallest = int(sorted_sizes[begin])
        end = int(np.searchsorted(sorted_sizes, max(smallest, int(smallest * _GROWTH)), side="right"))
        longest = int(sorted_sizes[end - 1])
        end = min(end, begin + max(1, PIECE // (longest * width)))
        entities = by_size[begin:end]
        longest = int(sorted_sizes[end - 1])
        position = np.arange(longest)
        real = position < sizes[entities][:, None]
        rows = np.where(real, order[np.minimum(starts[entities][:, None] + position, len(ids) - 1)], len(ids))
        pieces.append(
            Piece(
                torch.from_numpy(entities).to(device),
                torch.from_numpy(rows).to(device),
                torch.from_numpy(real.astype(np.float32)).to(device),
            )
        )
        begin = end
    return pieces


@dataclass
class FactorBlock:
    """The vectors of one kind of entity.

    A rating's score is the dot product of the sum of its left vectors (user, user's day) with the sum of its right
    ones (item), plus the biases: the last element of each vector.

    Attributes
    ----------
    name
        ``user``, ``item`` …
    left
        Whether it stands on the users' side.
    ids
        The entity of each rating and, at the end, of the padding row: shape ``(N + 1,)``.
    pieces
        The rows by entity.
    vectors
        The current sample, shape ``(count, D)``.
    priors
        Linear predictions of the vectors from what is known of the entities.
    centred
        Whether the vectors have a mean of their own (one block a side does).
    """

    name: str
    left: bool
    ids: Tensor
    pieces: list[Piece]
    vectors: Tensor
    priors: Sequence[LinearPrior] = ()
    centred: bool = True
    expected: Tensor = field(init=False)
    """The mean of the vectors' prior, ``(count, D)`` or ``(1, D)``."""
    precision: Tensor = field(init=False)
    """The precision of the vectors' prior, ``(D, D)``."""
    middle: Tensor = field(init=False)
    """The part of ``expected`` that all share, ``(D,)``."""

    def __post_init__(self) -> None:
        width = self.vectors.shape[1]
        self.middle = self.vectors.new_zeros(width)
        self.expected = self.vectors.new_zeros(1, width)
        self.precision = torch.eye(width, device=self.vectors.device) / max(float(self.vectors.var()), 1e-4)

    @property
    def count(self) -> int:
        """How many entities there are."""
        return len(self.vectors)


@dataclass
class GibbsState:
    """The ratings as the sampler sees them; all of shape ``(N + 1,)``, the last one padding.

    Attributes
    ----------
    target
        What the scores should be: the ratings, or latent values drawn for them.
    score
        The current scores.
    precision
        One over the variance of the noise; 0 for the padding.
    """

    target: Tensor
    score: Tensor
    precision: Tensor


def draw(
    block: FactorBlock, others: Sequence[FactorBlock], state: GibbsState, generator: torch.Generator | None, job: Job
) -> Tensor:
    """Draw a block's vectors given everything else, and bring the scores up to date.

    In coordinates in which the prior of a vector is N(0, I), the posterior of an entity with n ratings and the design
    X (n × D) is drawn by Matheron's rule: a prior draw z and noise ε are corrected by the residual that they leave,
    z + (XᵀX + I)⁻¹ Xᵀ(y − Xz − ε) = z + Xᵀ(XXᵀ + I)⁻¹(y − Xz − ε). The latter costs n³ instead of D³: most items
    have few ratings (Doucet, 2010; the posterior itself is that of Salakhutdinov and Mnih, 2008, section 3.3).

    Parameters
    ----------
    block
        Its ``vectors`` are replaced.
    others
        The blocks of the other side.
    state
        ``score`` is updated in place.
    generator
        Of the random numbers; None puts the conditional means in place of draws (alternating least squares).
    job
        May be cancelled between pieces.

    Returns
    -------
    Tensor
        The conditional means, ``(count, D)``.
    """
    width = block.vectors.shape[1]
    root = torch.linalg.cholesky(block.precision)  # precision = root rootᵀ
    inverse = torch.linalg.solve_triangular(root, torch.eye(width, device=root.device), upper=False)
    old = (block.vectors - block.expected) @ root
    new = torch.zeros_like(old) if generator is None else torch.empty_like(old).normal_(generator=generator)
    means = block.expected.expand(block.count, width).clone()
    for piece in block.pieces:
        rows, few = piece.rows, piece.rows.shape[1] <= width
        design = _design(others, rows) @ inverse.T
        root_precision = _take(state.precision, rows).sqrt() * piece.real
        before = old[piece.entities]
        residual = _take(state.target, rows) - _take(state.score, rows)
        wanted = (residual + (design @ before.unsqueeze(2)).squeeze(2)) * root_precision
        weighted = design * root_precision.unsqueeze(2)
        prior = new[piece.entities]
        if generator is None:
            right = wanted.unsqueeze(2)
        else:
            noise = torch.empty_like(wanted).normal_(generator=generator) * piece.real
            right = torch.stack([wanted - (weighted @ prior.unsqueeze(2)).squeeze(2) - noise, wanted], 2)
        solution = _solve(weighted, right, few)
        after = prior + solution[..., 0]
        new[piece.entities] = after
        means[piece.entities] += solution[..., -1] @ inverse
        change = (design @ (after - before).unsqueeze(2)).squeeze(2)
        state.score.index_add_(0, rows.view(-1), (change * piece.real).view(-1))
        job.checkpoint()
    block.vectors = block.expected + new @ inverse
    return means


def _solve(design: Tensor, right: Tensor, few: bool) -> Tensor:
    """(XᵀX + I)⁻¹ Xᵀ r for each of a batch: through the smaller of the two Gram matrices."""
    gram = design @ design.mT if few else design.mT @ design
    gram.diagonal(dim1=-2, dim2=-1).add_(1.0)
    root = torch.linalg.cholesky(gram)
    # Two triangular solutions: for batches of small matrices ten times as fast as torch.cholesky_solve.
    half = torch.linalg.solve_triangular(root, right if few else design.mT @ right, upper=False)
    solution: Tensor = torch.linalg.solve_triangular(root.mT, half, upper=True)
    return design.mT @ solution if few else solution


def _design(others: Sequence[FactorBlock], rows: Tensor) -> Tensor:
    """What a vector is multiplied with in each row: the sum of the other side's, and 1 for its bias."""
    design = _vectors(others[0], rows)
    for block in others[1:]:
        design += _vectors(block, rows)
    design[..., -1] = 1.0
    return design


def _vectors(block: FactorBlock, rows: Tensor) -> Tensor:
    chosen = block.vectors.index_select(0, block.ids.index_select(0, rows.view(-1)))
    return chosen.view(*rows.shape, -1)


def _take(values: Tensor, rows: Tensor) -> Tensor:
    """``values[rows]``, several times as fast."""
    return values.index_select(0, rows.view(-1)).view_as(rows)


def draw_prior(block: FactorBlock, generator: torch.Generator, scale: float) -> None:
    """Draw the mean, the linear priors and the precision of a block's vectors, given the vectors.

    The precision has a Wishart prior with D + 1 degrees of freedom and the scale matrix I / ``scale``
    (Salakhutdinov and Mnih, 2008, equation 14, with the mean drawn by itself).
    """
    count, width = block.vectors.shape
    root = torch.linalg.cholesky(block.precision)
    linear = sum((prior.values for prior in block.priors), torch.zeros_like(block.vectors))
    if block.centred:
        noise = torch.empty(width, 1, device=root.device).normal_(generator=generator) / math.sqrt(count + 1.0)
        spread = torch.linalg.solve_triangular(root.T, noise, upper=True).squeeze(1)
        block.middle = (block.vectors - linear).sum(0) / (count + 1.0) + spread
    for prior in block.priors:
        linear = linear - prior.values
        prior.draw(block.vectors - block.middle - linear, root, generator)
        linear = linear + prior.values
    block.expected = block.middle + linear
    deviation = block.vectors - block.expected
    block.precision = _draw_wishart(deviation.T @ deviation, count, scale, generator)


def _draw_wishart(scatter: Tensor, count: int, scale: float, generator: torch.Generator) -> Tensor:
    """A precision matrix given the scatter of ``count`` deviations, by Bartlett's decomposition."""
    width = len(scatter)
    eye = torch.eye(width, device=scatter.device)
    root = torch.linalg.cholesky(torch.linalg.inv(scatter + scale * eye))
    freedom = torch.arange(width, device=scatter.device)
    chi = torch._standard_gamma((count + width + 1.0 - freedom) / 2.0, generator=generator).mul_(2.0).sqrt_()
    lower = torch.empty_like(scatter).normal_(generator=generator).tril_(-1)
    drawn = root @ (lower + torch.diag(chi))
    precision: Tensor = drawn @ drawn.T
    return (precision + precision.T) / 2.0 + 1e-6 * eye
