"""Batched ridge regressions: one for each row of a sparse matrix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from engine.errors import LearningError
from engine.factorization.pairs import Pairs

#: The number of elements in one gathered block of vectors.
_BLOCK = 1_048_576
#: A lower bound of denominators, which are 0 if a solution is exact already.
_EPSILON = 1e-30


def solve_rows(
    pairs: Pairs, vectors: Tensor, diagonals: Tensor, targets: Pairs | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Minimise ``Σ c (t - x·w)² + wᵀ diagonal w`` for each row that has pairs.

    Parameters
    ----------
    pairs
        The columns of each row, whose vectors are ``x``, and their weights ``c``.
    vectors
        The vectors of the columns, ``(num_columns, d)``.
    diagonals
        The positive diagonals of the penalties, ``(num_rows, d)``.
    targets
        The same pairs with the targets ``t`` as values. None means that each target is 1.

    Yields
    ------
    rows, solutions
        The rows ``(r,)`` and their solutions ``(r, d)``, for one block after another.

    Raises
    ------
    LearningError
        If the equations of a row have no unique solution.
    """
    width = vectors.shape[1]
    padded = torch.cat((vectors, vectors.new_zeros(1, width)))  # the last row is the vector of the padding
    target_blocks = None if targets is None else targets.padded(_BLOCK // width)
    for rows, columns, weights in pairs.padded(_BLOCK // width):
        block_targets = None if target_blocks is None else next(target_blocks)[2]
        solve = _solve_few if 4 * columns.shape[1] <= 3 * width else _solve_many
        solved, failed = solve(padded, columns, weights, block_targets, diagonals[rows])
        if failed.any():
            raise LearningError(
                "The equations of a user or an item have no unique solution: give the model a larger l2."
            )
        yield rows, solved


class GatheredRows(Protocol):
    """Rows of a sparse matrix, each with the vectors ``x`` of its columns, of which products are asked."""

    @property
    def weights(self) -> Tensor:
        """The weight of each pair. Values of pairs always have this shape."""
        ...

    def dots(self, rows: Tensor) -> Tensor:
        """Return ``x·row`` for each pair, where ``rows`` is ``(r, d)``."""
        ...

    def sums(self, values: Tensor) -> Tensor:
        """Return ``Σ value x`` over the pairs of each row, ``(r, d)``."""
        ...

    def totals(self, values: Tensor) -> Tensor:
        """Return ``Σ value`` over the pairs of each row, ``(r, 1)``."""
        ...


def improve_rows(
    gathered: GatheredRows,
    diagonal: Tensor,
    mean_square: Tensor,
    solution: Tensor,
    steps: int,
    tolerance: float = 0.0,
) -> Tensor:
    """Approximate the result of :func:`solve_rows`, where each target is 1, in a fraction of its time.

    The method is conjugate gradients, started from the current solutions (Takács, Pilászy and Tikk, "Applications of
    the conjugate gradient method for implicit feedback collaborative filtering", RecSys 2011). The preconditioner is
    the diagonal of the equations that a row of the same weight with average columns would have. The rows' own diagonals
    would take a tenth more time, and do not save a step.

    Parameters
    ----------
    gathered
        The rows.
    diagonal, solution
        The diagonals of the penalties and the current solutions, ``(r, d)``.
    mean_square
        The mean of ``x²`` over all pairs of all rows, ``(d,)``.
    steps
        The number of conjugate gradient steps.
    tolerance
        If above 0: no further step is taken once the relative error of every row is about this or less.

    Returns
    -------
    Tensor
        The improved solutions, ``(r, d)``.
    """
    weights = gathered.weights
    residual = gathered.sums((1.0 - gathered.dots(solution)).mul_(weights)).sub_(diagonal * solution)
    preconditioner = torch.addcmul(diagonal, gathered.totals(weights), mean_square)
    direction = scaled = residual / preconditioner
    norm = (residual * scaled).sum(1, keepdim=True)
    for step in range(steps):
        if tolerance and bool((norm <= tolerance**2 * _square_norm(solution, preconditioner)).all()):
            break
        dots = gathered.dots(direction)
        weighted = dots * weights
        penalty = diagonal * direction
        curvature = gathered.totals(dots.mul_(weighted)) + (penalty * direction).sum(1, keepdim=True)
        step_size = norm / curvature.clamp_min_(_EPSILON)
        solution = torch.addcmul(solution, step_size, direction)
        if step < steps - 1:
            residual = residual - step_size * penalty.add_(gathered.sums(weighted))
            scaled = residual / preconditioner
            before, norm = norm, (residual * scaled).sum(1, keepdim=True)
            direction = scaled + norm / before.clamp_min(_EPSILON) * direction
    return solution


def _square_norm(rows: Tensor, diagonal: Tensor) -> Tensor:
    return (rows * rows).mul_(diagonal).sum(1, keepdim=True)


def _solve_many(
    vectors: Tensor, columns: Tensor, weights: Tensor, targets: Tensor | None, diagonal: Tensor
) -> tuple[Tensor, Tensor]:
    """Solve the normal equations, with a ``(d, d)`` matrix for each row. Return the solutions and which rows failed."""
    matrix = torch.diag_embed(diagonal)
    right = torch.zeros_like(diagonal)
    piece = max(1, _BLOCK // diagonal.numel())
    for start in range(0, columns.shape[1], piece):
        part = slice(start, start + piece)
        x = vectors[columns[:, part]]
        weighted = x * weights[:, part, None]
        matrix.baddbmm_(weighted.mT, x)
        right += weighted.sum(1) if targets is None else (weighted * targets[:, part, None]).sum(1)
    factor, failed = torch.linalg.cholesky_ex(matrix)
    return torch.cholesky_solve(right[:, :, None], factor).squeeze(2), failed


def _solve_few(
    vectors: Tensor, columns: Tensor, weights: Tensor, targets: Tensor | None, diagonal: Tensor
) -> tuple[Tensor, Tensor]:
    """Solve by Woodbury's identity, with an ``(l, l)`` matrix for each row of length ``l``; see :func:`_solve_many`."""
    x = vectors[columns]
    scaled = x / diagonal[:, None, :]
    matrix = torch.bmm(x, scaled.mT)
    matrix.diagonal(dim1=1, dim2=2).add_(1.0 / torch.where(columns < 0, 1.0, weights).clamp_min(1e-6))
    factor, failed = torch.linalg.cholesky_ex(matrix)
    right = torch.ones_like(weights) if targets is None else targets
    solved = torch.cholesky_solve(right[:, :, None], factor)
    return torch.bmm(scaled.mT, solved).squeeze(2), failed
