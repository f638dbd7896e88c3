"""Many small ridge regressions at once: each row of a matrix on the vectors that its columns stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import LearningError
from engine.factorization.pairs import Pairs

#: Numbers in one gathered block of vectors.
_BLOCK = 1_048_576
#: So that nothing is divided by zero where a solution cannot be improved.
_TINY = 1e-30

#: Rows of like length: ``rows (r,)``, ``columns (r, l)``, ``weights (r, l)``.
FactorBlock = tuple[Tensor, Tensor, Tensor]


def solve_rows(
    pairs: Pairs, vectors: Tensor, diagonals: Tensor, targets: Pairs | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Minimise ``Σ c (t - x·w)² + wᵀ diagonal w`` for each row that has pairs.

    Parameters
    ----------
    pairs
        Which vectors ``x`` each row has, by column, and what they weigh: ``c``.
    vectors
        ``(num_columns, d)``.
    diagonals
        ``(num_rows, d)``, above 0.
    targets
        The same pairs with ``t`` for values; None where each ``t`` is 1.

    Yields
    ------
    rows, solutions
        ``(r,)`` and ``(r, d)``, a block at a time.

    Raises
    ------
    LearningError
        If the equations of a row have no one solution.
    """
    width = vectors.shape[1]
    # One row of zeros more: what pads a row points there.
    padded = torch.cat((vectors, vectors.new_zeros(1, width)))
    wanted = None if targets is None else targets.padded(_BLOCK // width)
    for rows, columns, weights in pairs.padded(_BLOCK // width):
        aims = None if wanted is None else next(wanted)[2]
        solve = _solve_few if 4 * columns.shape[1] <= 3 * width else _solve_many
        solved, failed = solve(padded, columns, weights, aims, diagonals[rows])
        if failed.any():
            raise LearningError("The equations of a user or an item have no one solution: give the model a larger l2.")
        yield rows, solved


def gathered(pairs: Pairs, num_columns: int, width: int) -> list[FactorBlock]:
    """The pairs as :func:`improve_rows` takes them, to be made once for many sweeps.

    Parameters
    ----------
    pairs
        As of :func:`solve_rows`.
    num_columns, width
        The shape of the vectors.
    """
    return [
        (rows, torch.where(columns < 0, num_columns, columns).int(), weights)
        for rows, columns, weights in pairs.padded(_BLOCK // width)
    ]


def improve_rows(
    blocks: Sequence[FactorBlock], vectors: Tensor, diagonals: Tensor, solutions: Tensor, steps: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Come closer to what :func:`solve_rows` finds, where each target is 1, in a fraction of its time.

    By conjugate gradients from the solutions so far (Takács, Pilászy and Tikk, "Applications of the conjugate gradient
    method for implicit feedback collaborative filtering", RecSys 2011), preconditioned by the equations' diagonal.

    Parameters
    ----------
    blocks
        As :func:`gathered` makes them.
    vectors, diagonals
        As of :func:`solve_rows`.
    solutions
        Those so far, ``(num_rows, d)``.
    steps
        How many to take.

    Yields
    ------
    rows, solutions
        As :func:`solve_rows`.
    """
    padded = torch.cat((vectors, vectors.new_zeros(1, vectors.shape[1])))
    for rows, columns, weights in blocks:
        x = functional.embedding(columns, padded)
        yield rows, _improve(x, weights, diagonals[rows], solutions[rows], steps)


def _improve(x: Tensor, weights: Tensor, diagonal: Tensor, solution: Tensor, steps: int) -> Tensor:
    def of_rows(values: Tensor, matrix: Tensor) -> Tensor:
        return torch.bmm(values.unsqueeze(1), matrix).squeeze(1)

    def of_columns(values: Tensor) -> Tensor:
        return torch.bmm(x, values.unsqueeze(2)).squeeze(2)

    scale = diagonal + of_rows(weights, x * x)
    rest = of_rows((1.0 - of_columns(solution)) * weights, x) - diagonal * solution
    direction = scaled = rest / scale
    length = (rest * scaled).sum(1, keepdim=True)
    for step in range(steps):
        moved = of_rows(of_columns(direction) * weights, x) + diagonal * direction
        far = length / (direction * moved).sum(1, keepdim=True).clamp_min(_TINY)
        solution = solution + far * direction
        if step < steps - 1:
            rest = rest - far * moved
            scaled = rest / scale
            before, length = length, (rest * scaled).sum(1, keepdim=True)
            direction = scaled + length / before.clamp_min(_TINY) * direction
    return solution


def _solve_many(
    vectors: Tensor, columns: Tensor, weights: Tensor, aims: Tensor | None, diagonal: Tensor
) -> tuple[Tensor, Tensor]:
    """By the normal equations, with a matrix as large as a vector for each row; and which rows failed."""
    matrix = torch.diag_embed(diagonal)
    right = torch.zeros_like(diagonal)
    piece = max(1, _BLOCK // diagonal.numel())
    for start in range(0, columns.shape[1], piece):
        part = slice(start, start + piece)
        x = vectors[columns[:, part]]
        weighted = x * weights[:, part, None]
        matrix.baddbmm_(weighted.mT, x)
        right += weighted.sum(1) if aims is None else (weighted * aims[:, part, None]).sum(1)
    factor, failed = torch.linalg.cholesky_ex(matrix)
    return torch.cholesky_solve(right[:, :, None], factor).squeeze(2), failed


def _solve_few(
    vectors: Tensor, columns: Tensor, weights: Tensor, aims: Tensor | None, diagonal: Tensor
) -> tuple[Tensor, Tensor]:
    """The same by Woodbury's identity, with a matrix as large as the row is long."""
    x = vectors[columns]
    scaled = x / diagonal[:, None, :]
    matrix = torch.bmm(x, scaled.mT)
    matrix.diagonal(dim1=1, dim2=2).add_(1.0 / torch.where(columns < 0, 1.0, weights).clamp_min(1e-6))
    factor, failed = torch.linalg.cholesky_ex(matrix)
    right = torch.ones_like(weights) if aims is None else aims
    solved = torch.cholesky_solve(right[:, :, None], factor)
    return torch.bmm(scaled.mT, solved).squeeze(2), failed
