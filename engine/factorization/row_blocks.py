"""Blocks of the rows of a factorisation that an executor updates while the other side's vectors are fixed.

The blocks depend on the data alone, and what the rows have in common is computed once, by the caller. That includes the
products with a basis: a product of a few rows has other last bits with one thread than with several. So the vectors are
the same to the last bit, wherever and in whichever order the blocks are computed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.factorization.gathered_rows import PaddedRows, SparseRows, padded_blocks, sparse_blocks
from engine.factorization.least_squares import GatheredRows, improve_rows
from engine.factorization.pairs import Pairs
from engine.runtime.executor import Executor, as_tensor
from engine.runtime.job import Job

#: The number of rows that are multiplied with a basis at a time.
_PART = 65_536


class RowBlocks:
    """The rows of one side of a factorisation in blocks, which an executor holds for all sweeps.

    Parameters
    ----------
    pairs
        The columns of each row, and their weights.
    column_counts
        The number of pairs of each column, ``(num_columns,)``.
    width
        The length of the vectors.
    executor
        What computes.
    """

    def __init__(self, pairs: Pairs, column_counts: Tensor, width: int, executor: Executor) -> None:
        self._executor = executor
        self._shares = (column_counts / column_counts.sum()).float()
        self._sparse = pairs.columns.device.type == "cpu"
        blocks = list(sparse_blocks(pairs) if self._sparse else padded_blocks(pairs, len(column_counts), width))
        self._rows: list[list[Tensor]] = []
        self._chunks = []
        for part in executor.portions(len(blocks)):
            self._rows.append([blocks[one][0] for one in part])
            self._chunks.append(executor.share([blocks[one][1] for one in part]))

    def improve(
        self,
        fixed: Tensor,
        common: tuple[Tensor, Tensor],
        l2: Tensor,
        free: Tensor,
        job: Job,
        *,
        steps: int,
        tolerance: float = 0.0,
    ) -> None:
        """Improve ``free`` by conjugate gradients; see :func:`engine.factorization.least_squares.improve_rows`.

        Parameters
        ----------
        fixed, free
            The vectors of the columns and of the rows. The latter are changed.
        common
            What the equations of all rows have in common: its eigenvalues, ``(d,)``, and its eigenvectors, ``(d, d)``.
        l2
            What is added to the eigenvalues in each row, ``(num_rows,)``.
        job
            May cancel.
        steps, tolerance
            The number of steps, and the relative error at which they end before.
        """
        executor, (eigenvalues, basis) = self._executor, common
        vectors, current = fixed @ basis, free @ basis
        mean_square = self._shares @ vectors.square()
        chunks = (
            (blocks, [l2[one] for one in rows], [current[one] for one in rows])
            for rows, blocks in zip(self._rows, self._chunks, strict=True)
        )
        if not self._sparse:
            vectors = torch.cat((vectors, vectors.new_zeros(1, vectors.shape[1])))  # the vector of the padding
        shared = self._sparse, executor.share(vectors), eigenvalues, mean_square, steps, tolerance
        for number, improved in executor.run(improve_blocks, shared, chunks, job):
            for rows, block in zip(self._rows[number], improved, strict=True):
                current[rows] = as_tensor(block, current.device)
        for start in range(0, len(current), _PART):
            free[start : start + _PART] = current[start : start + _PART] @ basis.T


def improve_blocks(
    job: Job,
    sparse: bool,
    vectors: Tensor,
    eigenvalues: Tensor,
    mean_square: Tensor,
    steps: int,
    tolerance: float,
    blocks: Sequence[tuple[Tensor, ...]],
    l2: Sequence[Tensor],
    solutions: Sequence[Tensor],
) -> list[Tensor]:
    """Improve the rows of some blocks; work for an executor. The blocks are sparse or padded."""
    vectors, eigenvalues, mean_square = (torch.as_tensor(one) for one in (vectors, eigenvalues, mean_square))
    improved = []
    for block, own_l2, solution in zip(blocks, l2, solutions, strict=True):
        job.checkpoint()
        parts = [torch.as_tensor(part) for part in block]
        rows: GatheredRows = SparseRows(vectors, *parts) if sparse else PaddedRows(vectors, *parts)
        diagonal = eigenvalues + torch.as_tensor(own_l2)[:, None]
        improved.append(improve_rows(rows, diagonal, mean_square, torch.as_tensor(solution), steps, tolerance))
    return improved
