"""Batched ridge regressions: one for each row of a sparse matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import LearningError
from engine.factorization.pairs import Pairs

#: The number of elements in one gathered block of vectors.
_BLOCK = 1_048_576
#: A lower bound of denominators, which are 0 if a solution is exact already.
_EPSILON = 1e-30

#: Rows of similar length: ``rows (r,)``, ``columns (r, l)``, ``weights (r, l)``.
FactorBlock = tuple[Tensor, Tensor, Tensor]


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
    padded = with_padding(vectors)
    target_blocks = None if targets is None else targets.padded(_BLOCK // width)
    for rows, columns, weights in pairs.padded(_BLOCK // width):
        block_targets = None if target_blocks is None else next(target_blocks)[2]
        yield rows, solve_block(padded, columns, weights, diagonals[rows], block_targets)


def with_padding(vectors: Tensor) -> Tensor:
    """Append a row of zeros, which is the vector of the padding."""
    return torch.cat((vectors, vectors.new_zeros(1, vectors.shape[1])))


def solve_block(
    padded: Tensor, columns: Tensor, weights: Tensor, diagonal: Tensor, targets: Tensor | None = None
) -> Tensor:
    """Solve the equations of :func:`solve_rows` for one block of rows.

    Parameters
    ----------
    padded
        The result of :func:`with_padding`.
    columns, weights
        The columns of each row, -1 for padding, and their weights, ``(r, l)``; see :meth:`Pairs.padded`.
    diagonal
        The diagonals of the penalties, ``(r, d)``.
    targets
        The targets, ``(r, l)``; None means that each is 1.

    Raises
    ------
    LearningError
        If the equations of a row have no unique solution.
    """
    solve = _solve_few if 4 * columns.shape[1] <= 3 * padded.shape[1] else _solve_many
    solved, failed = solve(padded, columns, weights, targets, diagonal)
    if failed.any():
        raise LearningError("The equations of a user or an item have no unique solution: give the model a larger l2.")
    return solved


def unsolved(pairs: Pairs, width: int) -> Iterator[FactorBlock]:
    """The blocks of :func:`solve_rows`, for :func:`solve_block`. ``width`` is the length of the vectors."""
    return pairs.padded(_BLOCK // width)


def gathered(pairs: Pairs, num_columns: int, width: int) -> list[FactorBlock]:
    """Prepare pairs for :func:`improve_rows`. The result can be used for many sweeps.

    Parameters
    ----------
    pairs
        See :func:`solve_rows`.
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
    """Approximate the result of :func:`solve_rows`, where each target is 1, in a fraction of its time.

    The method is conjugate gradients, started from the current solutions and preconditioned by the equations' diagonal
    (Takács, Pilászy and Tikk, "Applications of the conjugate gradient method for implicit feedback collaborative
    filtering", RecSys 2011).

    Parameters
    ----------
    blocks
        The result of :func:`gathered`.
    vectors, diagonals
        See :func:`solve_rows`.
    solutions
        The current solutions, ``(num_rows, d)``.
    steps
        The number of conjugate gradient steps.

    Yields
    ------
    rows, solutions
        See :func:`solve_rows`.
    """
    padded = with_padding(vectors)
    for rows, columns, weights in blocks:
        yield rows, improve_block(padded, columns, weights, diagonals[rows], solutions[rows], steps)


def improve_block(
    padded: Tensor, columns: Tensor, weights: Tensor, diagonal: Tensor, solution: Tensor, steps: int
) -> Tensor:
    """Improve the solutions of one block of rows; see :func:`improve_rows`.

    Parameters
    ----------
    padded
        The result of :func:`with_padding`.
    columns, weights
        A block of :func:`gathered`, ``(r, l)``.
    diagonal, solution
        The diagonals of the penalties and the current solutions, ``(r, d)``.
    steps
        The number of conjugate gradient steps.
    """
    x = functional.embedding(columns, padded)

    def row_products(values: Tensor, matrix: Tensor) -> Tensor:
        return torch.bmm(values.unsqueeze(1), matrix).squeeze(1)

    def column_products(values: Tensor) -> Tensor:
        return torch.bmm(x, values.unsqueeze(2)).squeeze(2)

    preconditioner = diagonal + row_products(weights, x * x)
    residual = row_products((1.0 - column_products(solution)) * weights, x) - diagonal * solution
    direction = scaled = residual / preconditioner
    norm = (residual * scaled).sum(1, keepdim=True)
    for step in range(steps):
        product = row_products(column_products(direction) * weights, x) + diagonal * direction
        step_size = norm / (direction * product).sum(1, keepdim=True).clamp_min(_EPSILON)
        solution = solution + step_size * direction
        if step < steps - 1:
            residual = residual - step_size * product
            scaled = residual / preconditioner
            before, norm = norm, (residual * scaled).sum(1, keepdim=True)
            direction = scaled + norm / before.clamp_min(_EPSILON) * direction
    return solution


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
