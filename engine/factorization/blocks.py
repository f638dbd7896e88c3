"""Gibbs sampling of the vectors of users, items and days, in padded batches."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.factorization.linear_prior import LinearPrior
from engine.runtime.job import Job
from engine.training.cholesky import cholesky

#: The number of elements in the largest tensor of a piece of work. It bounds memory and the delay of a cancellation.
PIECE = 1_000_000
#: The number of vectors that are transformed at a time. It bounds the temporary tensors where there are many millions.
ROWS = 262_144
#: The largest ratio of the numbers of ratings of two entities in one piece.
_MAX_RATIO = 1.35


@dataclass(frozen=True, slots=True)
class Piece:
    """Entities with similar numbers of ratings, padded to the same number.

    Attributes
    ----------
    entities
        The entities, shape ``(b,)``.
    rows
        The rows of their ratings, shape ``(b, n)``. Padding has the row behind the last rating.
    padding
        The row behind the last rating.
    """

    entities: Tensor
    rows: Tensor
    padding: int

    @property
    def real(self) -> Tensor:
        """1 for ratings and 0 for padding, shape ``(b, n)``. It is not stored: it would double a piece."""
        return (self.rows != self.padding).float()


def pad_by_entity(ids: npt.NDArray[np.integer], count: int, width: int, device: torch.device) -> list[Piece]:
    """Group rows by entity. Entities with similar numbers of rows share a piece, so padding adds about a third at most.

    Parameters
    ----------
    ids
        The entity of each row, shape ``(N,)``.
    count
        The number of entities.
    width
        The length of a vector. A piece has at most :data:`PIECE` elements ``b * n * width``, or it is one entity.
    device
        The device of the pieces.
    """
    order = np.argsort(ids, kind="stable")
    sizes = np.bincount(ids, minlength=count)
    starts = np.cumsum(sizes) - sizes
    by_size = np.argsort(sizes, kind="stable")
    sorted_sizes = sizes[by_size]
    pieces = []
    kind = index_type(len(ids))
    begin = int(np.searchsorted(sorted_sizes, 1))
    while begin < count:
        smallest = int(sorted_sizes[begin])
        end = int(np.searchsorted(sorted_sizes, max(smallest, int(smallest * _MAX_RATIO)), side="right"))
        longest = int(sorted_sizes[end - 1])
        end = min(end, begin + max(1, PIECE // (longest * width)))
        entities = by_size[begin:end]
        longest = int(sorted_sizes[end - 1])
        position = np.arange(longest)
        real = position < sizes[entities][:, None]
        rows = np.where(real, order[np.minimum(starts[entities][:, None] + position, len(ids) - 1)], len(ids))
        pieces.append(
            Piece(torch.from_numpy(entities).to(device), torch.from_numpy(rows.astype(kind)).to(device), len(ids))
        )
        begin = end
    return pieces


def index_type(largest: int) -> type[np.integer]:
    """Return the type of indices up to ``largest``: 32 bits wherever they suffice, for the memory."""
    return np.int32 if largest <= np.iinfo(np.int32).max else np.int64


@dataclass
class FactorBlock:
    """The vectors of one kind of entity.

    The score of a rating is the dot product of the sum of its left vectors (user and day) and the sum of its right
    vectors (item), plus the biases, which are the last element of each vector.

    Attributes
    ----------
    name
        The name of the block: ``user``, ``day`` or ``item``.
    left
        Whether the block is on the users' side of the product.
    ids
        The entity of each rating and, at the end, of the padding row: shape ``(N + 1,)``.
    pieces
        The rows of the ratings, grouped by entity.
    vectors
        The current sample of the vectors, shape ``(count, D)``.
    priors
        The linear priors, which predict the vectors from features of the entities.
    centred
        Whether the prior has a mean that is sampled (one block of each side has).
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
    """The part of ``expected`` that is the same for all entities, ``(D,)``."""

    def __post_init__(self) -> None:
        width = self.vectors.shape[1]
        self.middle = self.vectors.new_zeros(width)
        self.expected = self.vectors.new_zeros(1, width)
        self.precision = torch.eye(width, device=self.vectors.device) / max(float(self.vectors.var()), 1e-4)

    @property
    def count(self) -> int:
        """The number of entities."""
        return len(self.vectors)

    @property
    def num_checkpoints(self) -> int:
        """How often :func:`draw` and :func:`draw_prior` together call the checkpoint of a job."""
        return len(self.pieces) + (1 + len(self.priors)) * -(-self.count // ROWS)

    def parts(self) -> Iterator[slice]:
        """Yield all entities, :data:`ROWS` at a time."""
        for start in range(0, self.count, ROWS):
            yield slice(start, min(start + ROWS, self.count))


@dataclass
class GibbsState:
    """The state of the sampler for each rating. All tensors have the shape ``(N + 1,)``; the last element is padding.

    Attributes
    ----------
    target
        The values that the scores explain: the ratings, or latent values drawn for them.
    score
        The current scores.
    precision
        The precision (inverse variance) of the noise; 0 for the padding.
    """

    target: Tensor
    score: Tensor
    precision: Tensor


def draw(
    block: FactorBlock,
    others: Sequence[FactorBlock],
    state: GibbsState,
    generator: torch.Generator | None,
    job: Job,
    *,
    conditional_means: bool = True,
) -> Tensor | None:
    """Draw the vectors of a block given everything else, and update the scores.

    In coordinates in which the prior of a vector is N(0, I), the posterior of an entity with n ratings and the design
    X (n × D) is drawn by Matheron's rule: a prior draw z and noise ε are corrected by the residual that they leave,
    z + (XᵀX + I)⁻¹ Xᵀ(y − Xz − ε) = z + Xᵀ(XXᵀ + I)⁻¹(y − Xz − ε). The latter form costs n³ instead of D³, which
    is less because most items have few ratings (Doucet, 2010). The posterior is that of Salakhutdinov and Mnih (2008,
    section 3.3).

    Parameters
    ----------
    block
        The block to draw. Its ``vectors`` are replaced.
    others
        The blocks of the other side.
    state
        The state of the sampler. Its ``score`` is updated in place.
    generator
        The random generator. None uses the conditional means instead of draws (alternating least squares).
    job
        The job, which may cancel between pieces. The block's vectors are then of no use any more.
    conditional_means
        Whether to compute the conditional means.

    Returns
    -------
    Tensor or None
        The conditional means, ``(count, D)``, if they are wanted.
    """
    width = block.vectors.shape[1]
    root = cholesky(block.precision)  # precision = root rootᵀ
    inverse = torch.linalg.solve_triangular(root, torch.eye(width, device=root.device), upper=False)
    expected = block.expected.expand(block.count, width)
    old = block.vectors  # transformed in place, since there can be as many vectors of days as ratings
    for part in block.parts():
        old[part] = (old[part] - expected[part]) @ root
    new = torch.zeros_like(old) if generator is None else torch.empty_like(old).normal_(generator=generator)
    means = expected.clone() if conditional_means else None
    for piece in block.pieces:
        rows, few = piece.rows, piece.rows.shape[1] <= width
        design = _design(others, rows) @ inverse.T
        root_precision = _gather(state.precision, rows).sqrt()  # 0 for padding, so nothing of it is used below
        before = old[piece.entities]
        residual = _gather(state.target, rows) - _gather(state.score, rows)
        wanted = (residual + (design @ before.unsqueeze(2)).squeeze(2)) * root_precision
        weighted = design * root_precision.unsqueeze(2)
        prior = new[piece.entities]
        if generator is None:
            right = wanted.unsqueeze(2)
        else:
            noise = torch.empty_like(wanted).normal_(generator=generator)
            right = torch.stack([wanted - (weighted @ prior.unsqueeze(2)).squeeze(2) - noise, wanted], 2)
        solution = _solve(weighted, right, few)
        after = prior + solution[..., 0]
        new[piece.entities] = after
        if means is not None:
            means[piece.entities] += solution[..., -1] @ inverse
        change = (design @ (after - before).unsqueeze(2)).squeeze(2)
        state.score.index_add_(0, rows.view(-1), change.view(-1))
        state.score[-1] = 0.0  # what padding added up to
        job.checkpoint()
    for part in block.parts():
        new[part] = expected[part] + new[part] @ inverse
    block.vectors = new
    return means


def _solve(design: Tensor, right: Tensor, few: bool) -> Tensor:
    """Compute (XᵀX + I)⁻¹ Xᵀ r for a batch, with the smaller of the two Gram matrices."""
    gram = design @ design.mT if few else design.mT @ design
    gram.diagonal(dim1=-2, dim2=-1).add_(1.0)
    root = cholesky(gram)
    # For batches of small matrices, two triangular solves are ten times as fast as torch.cholesky_solve.
    half = torch.linalg.solve_triangular(root, right if few else design.mT @ right, upper=False)
    solution: Tensor = torch.linalg.solve_triangular(root.mT, half, upper=True)
    return design.mT @ solution if few else solution


def _design(others: Sequence[FactorBlock], rows: Tensor) -> Tensor:
    """Return the design of each row: the sum of the other side's vectors, with 1 for the bias."""
    design = _vectors(others[0], rows)
    for block in others[1:]:
        design += _vectors(block, rows)
    design[..., -1] = 1.0
    return design


def _vectors(block: FactorBlock, rows: Tensor) -> Tensor:
    chosen = block.vectors.index_select(0, block.ids.index_select(0, rows.view(-1)))
    return chosen.view(*rows.shape, -1)


def _gather(values: Tensor, rows: Tensor) -> Tensor:
    """Return ``values[rows]``, several times as fast."""
    return values.index_select(0, rows.view(-1)).view_as(rows)


def draw_prior(block: FactorBlock, generator: torch.Generator, scale: float, job: Job) -> None:
    """Draw the mean, the linear priors and the precision of a block's vectors, given the vectors.

    The precision has a Wishart prior with D + 1 degrees of freedom and the scale matrix I / ``scale``
    (Salakhutdinov and Mnih, 2008, equation 14, with the mean drawn by itself).
    """
    count, width = block.vectors.shape
    root = cholesky(block.precision)
    vectors = block.vectors
    # What the linear priors explain, in the place of the expected vectors, which are made anew.
    linear = block.expected if len(block.expected) == count else torch.empty_like(vectors)
    for part in block.parts():
        linear[part] = sum((prior.values(part) for prior in block.priors), torch.zeros_like(vectors[part]))
        job.checkpoint()
    if block.centred:
        noise = torch.empty(width, 1, device=root.device).normal_(generator=generator) / math.sqrt(count + 1.0)
        spread = torch.linalg.solve_triangular(root.T, noise, upper=True).squeeze(1)
        total = _total((vectors[part] - linear[part]).sum(0) for part in block.parts())
        block.middle = total / (count + 1.0) + spread
    for prior in block.priors:
        projections = []
        for part in block.parts():
            linear[part] -= prior.values(part)
            projections.append(prior.basis.project(vectors[part] - block.middle - linear[part], part))
            job.checkpoint()
        prior.draw(_total(projections), root, generator)
        for part in block.parts():
            linear[part] += prior.values(part)
    block.expected = linear.add_(block.middle)
    scatter = _total(_gram(vectors[part] - block.expected[part]) for part in block.parts())
    block.precision = _draw_wishart(scatter, count, scale, generator)


def _gram(rows: Tensor) -> Tensor:
    return rows.T @ rows


def _total(parts: Iterable[Tensor]) -> Tensor:
    return functools.reduce(torch.add, parts)


def _draw_wishart(scatter: Tensor, count: int, scale: float, generator: torch.Generator) -> Tensor:
    """Draw a precision matrix given the scatter of ``count`` deviations, by Bartlett's decomposition."""
    width = len(scatter)
    eye = torch.eye(width, device=scatter.device)
    root = cholesky(torch.linalg.inv(scatter + scale * eye))
    freedom = torch.arange(width, device=scatter.device)
    chi = torch._standard_gamma((count + width + 1.0 - freedom) / 2.0, generator=generator).mul_(2.0).sqrt_()
    lower = torch.empty_like(scatter).normal_(generator=generator).tril_(-1)
    drawn = root @ (lower + torch.diag(chi))
    precision: Tensor = drawn @ drawn.T
    return (precision + precision.T) / 2.0 + 1e-6 * eye
