"""Gibbs sampling of the vectors of users, items and days, in batches that an executor computes."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine.factorization.conditional_draws import Conditions, draw_pieces
from engine.factorization.linear_prior import LinearPrior
from engine.factorization.pieces import Piece
from engine.factorization.sweeps import SweepJob
from engine.runtime.executor import Executor, LocalExecutor, as_tensor
from engine.training.cholesky import cholesky

#: The number of vectors that are transformed at a time. It bounds the temporary tensors where there are many millions.
ROWS = 262_144


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
    executor
        What draws the vectors of the pieces. It holds the rows of the pieces for all sweeps.
    """

    name: str
    left: bool
    ids: Tensor
    pieces: list[Piece]
    vectors: Tensor
    priors: Sequence[LinearPrior] = ()
    centred: bool = True
    executor: Executor = field(default_factory=LocalExecutor)
    chunks: list[tuple[list[Piece], Any]] = field(init=False)
    """The pieces that are computed together, and the rows of each as the executor holds them."""
    held_ids: Any = field(init=False)
    """``ids`` as the executor holds them."""
    expected: Tensor = field(init=False)
    """The mean of the vectors' prior, ``(count, D)`` or ``(1, D)``."""
    precision: Tensor = field(init=False)
    """The precision of the vectors' prior, ``(D, D)``."""
    middle: Tensor = field(init=False)
    """The part of ``expected`` that is the same for all entities, ``(D,)``."""

    def __post_init__(self) -> None:
        parts = [[self.pieces[one] for one in part] for part in self.executor.portions(len(self.pieces))]
        self.chunks = [(part, self.executor.share([piece.rows for piece in part])) for part in parts]
        self.held_ids = self.executor.share(self.ids)
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
        """How many blocks of rows :func:`draw` and :func:`draw_prior` together tell a job of."""
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
    job: SweepJob,
    *,
    conditional_means: bool = True,
) -> Tensor | None:
    """Draw the vectors of a block given everything else, and update the scores.

    The posterior is that of Salakhutdinov and Mnih (2008, section 3.3); see
    :mod:`engine.factorization.conditional_draws`. The block's executor computes the pieces. All random numbers are
    drawn here, in the order of the pieces, so the draws do not depend on where and when a piece is computed.

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

    def conditions(piece: Piece) -> Conditions:
        residual = _gather(state.target, piece.rows) - _gather(state.score, piece.rows)
        noise = None if generator is None else torch.empty_like(residual).normal_(generator=generator)
        # The precision of padding is 0, so nothing of it is used.
        root_precision = _gather(state.precision, piece.rows).sqrt()
        return residual, root_precision, old[piece.entities], new[piece.entities], noise

    executor = block.executor
    of_others = *(other.held_ids for other in others), *(executor.share(other.vectors) for other in others)
    chunks = ((rows, [conditions(piece) for piece in pieces]) for pieces, rows in block.chunks)
    for number, drawn in executor.run(draw_pieces, (inverse, *of_others), chunks, job):
        pieces, _ = block.chunks[number]
        for piece, outcome in zip(pieces, drawn, strict=True):
            after, mean, change = (as_tensor(one, old.device) for one in outcome)
            new[piece.entities] = after
            if means is not None:
                means[piece.entities] += mean @ inverse
            state.score.index_add_(0, piece.rows.view(-1), change.view(-1))
            state.score[-1] = 0.0  # what padding added up to
            job.block_done()
    for part in block.parts():
        new[part] = expected[part] + new[part] @ inverse
    block.vectors = new
    return means


def _gather(values: Tensor, rows: Tensor) -> Tensor:
    """Return ``values[rows]``, several times as fast."""
    return values.index_select(0, rows.view(-1)).view_as(rows)


def draw_prior(block: FactorBlock, generator: torch.Generator, scale: float, job: SweepJob) -> None:
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
        job.block_done()
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
            job.block_done()
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
