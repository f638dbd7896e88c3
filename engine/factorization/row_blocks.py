"""Blocks of the rows of a factorisation that an executor updates while the other side's vectors are fixed.

The blocks depend on the data alone, and what the rows have in common is computed once, by the caller. That includes the
products with a basis: a product of a few rows has other last bits with one thread than with several. So the vectors are
the same to the last bit, wherever and in whichever order the blocks are computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.factorization.least_squares import FactorBlock, gathered, improve_block, solve_block, unsolved, with_padding
from engine.factorization.pairs import Pairs
from engine.runtime.executor import Executor
from engine.runtime.job import Job

#: The columns and the weights of a block.
_Block = tuple[Tensor, Tensor]
#: The number of rows that are multiplied with a basis at a time.
_PART = 65_536


class RowBlocks:
    """The rows of one side of a factorisation in blocks, which an executor holds for all sweeps.

    Parameters
    ----------
    pairs
        The columns of each row, and their weights.
    num_columns, width
        The shape of the vectors of the columns.
    executor
        What computes.
    """

    def __init__(self, pairs: Pairs, num_columns: int, width: int, executor: Executor) -> None:
        self._pairs, self._width, self._executor = pairs, width, executor
        blocks = gathered(pairs, num_columns, width)
        self._rows: list[list[Tensor]] = []
        self._chunks = []
        for part in executor.portions(len(blocks)):
            self._rows.append([blocks[one][0] for one in part])
            self._chunks.append(executor.share([blocks[one][1:] for one in part]))

    def improve(self, fixed: Tensor, basis: Tensor, diagonals: Tensor, free: Tensor, steps: int, job: Job) -> None:
        """Improve ``free`` by a few conjugate gradient steps; see
        :func:`engine.factorization.least_squares.improve_rows`.

        Parameters
        ----------
        fixed, free
            The vectors of the columns and of the rows. The latter are changed.
        basis
            The basis in which the common part of the equations is diagonal, ``(d, d)``.
        diagonals
            The diagonal part of each row's equations in that basis, ``(num_rows, d)``.
        steps
            The number of steps.
        job
            May cancel.
        """
        executor, current = self._executor, free @ basis
        chunks = (
            (blocks, [diagonals[one] for one in rows], [current[one] for one in rows])
            for rows, blocks in zip(self._rows, self._chunks, strict=True)
        )
        shared = executor.share(with_padding(fixed @ basis)), steps
        for number, improved in executor.run(improve_blocks, shared, chunks, job):
            for rows, block in zip(self._rows[number], improved, strict=True):
                current[rows] = _received(block, current)
        _leave_basis(current, basis, free)

    def solve(self, fixed: Tensor, basis: Tensor, diagonals: Tensor, free: Tensor, job: Job) -> None:
        """Solve exactly for ``free``; see :func:`engine.factorization.least_squares.solve_rows` and :meth:`improve`."""
        executor = self._executor
        solution = torch.zeros_like(free)
        shared = (executor.share(with_padding(fixed @ basis)),)
        sent: list[list[Tensor]] = []

        def chunks() -> Iterator[tuple[list[_Block], list[Tensor]]]:
            blocks = unsolved(self._pairs, self._width)
            for part in self._rows:
                these: list[FactorBlock] = [next(blocks) for _ in part]
                sent.append([rows for rows, _, _ in these])
                yield [block[1:] for block in these], [diagonals[rows] for rows, _, _ in these]

        for number, solved in executor.run(solve_blocks, shared, chunks(), job):
            for rows, block in zip(sent[number], solved, strict=True):
                solution[rows] = _received(block, free)
        _leave_basis(solution, basis, free)


def _received(block: Any, like: Tensor) -> Tensor:
    """A block that an executor computed, as a tensor on the device of another one."""
    # An array is copied, since one from elsewhere cannot be written to, which torch warns of.
    return block if isinstance(block, Tensor) else torch.tensor(block, device=like.device)


def _leave_basis(rows: Tensor, basis: Tensor, out: Tensor) -> None:
    """Write the rows, which are in a basis, to ``out``, a part at a time to save memory."""
    for start in range(0, len(rows), _PART):
        out[start : start + _PART] = rows[start : start + _PART] @ basis.T


def improve_blocks(
    job: Job,
    padded: Tensor,
    steps: int,
    blocks: Sequence[_Block],
    diagonals: Sequence[Tensor],
    solutions: Sequence[Tensor],
) -> list[Tensor]:
    """Improve the rows of some blocks; work for an executor."""
    padded = torch.as_tensor(padded)
    improved = []
    for (columns, weights), diagonal, solution in zip(blocks, diagonals, solutions, strict=True):
        job.checkpoint()
        improved.append(
            improve_block(
                padded,
                torch.as_tensor(columns),
                torch.as_tensor(weights),
                torch.as_tensor(diagonal),
                torch.as_tensor(solution),
                steps,
            )
        )
    return improved


def solve_blocks(job: Job, padded: Tensor, blocks: Sequence[_Block], diagonals: Sequence[Tensor]) -> list[Tensor]:
    """Solve for the rows of some blocks; work for an executor."""
    padded = torch.as_tensor(padded)
    solved = []
    for (columns, weights), diagonal in zip(blocks, diagonals, strict=True):
        job.checkpoint()
        solved.append(
            solve_block(padded, torch.as_tensor(columns), torch.as_tensor(weights), torch.as_tensor(diagonal))
        )
    return solved
