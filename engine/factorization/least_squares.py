"""Many small ridge regressions at once: each row of a matrix on the vectors that its columns stand for."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.errors import LearningError
from engine.factorization.pairs import Pairs

#: Numbers in one gathered block of vectors.
_BLOCK = 1_048_576


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
