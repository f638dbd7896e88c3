"""Rows of a sparse matrix with the vectors of their columns, in the layouts that suit a processor and a GPU.

A processor computes products pair by pair, straight from the vectors: :class:`SparseRows`. A GPU wants few large matrix
products: :class:`PaddedRows` copies the vectors of rows of similar length into one tensor. Both are
:class:`engine.factorization.least_squares.GatheredRows`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.factorization.pairs import Pairs

#: The most pairs and the most rows in a block of :func:`sparse_blocks`, and into how many blocks fewer are divided.
_PAIRS, _ROWS, _BLOCKS = 262_144, 16_384, 32
#: The number of elements of all vectors in a block of :func:`padded_blocks`.
_ELEMENTS = 1_048_576

#: A block of rows: ``rows (r,)`` and what a layout is made from.
Block = tuple[Tensor, tuple[Tensor, ...]]


class SparseRows:
    """Rows in compressed form, for a processor.

    Each row is computed by itself and in the order of its pairs, so that the last bits of a row depend neither on the
    other rows of the block nor on the number of threads.

    Parameters
    ----------
    vectors
        The vectors of all columns, ``(num_columns, d)``.
    bounds
        Where each row begins in ``columns``, and the end of the last one, int64, ``(r + 1,)``. No row is empty.
    columns, weights
        The columns and the weights of all pairs, ``(n,)``.
    """

    def __init__(self, vectors: Tensor, bounds: Tensor, columns: Tensor, weights: Tensor) -> None:
        _expect_sparse()
        self._vectors, self._bounds, self._columns = vectors, bounds, columns
        self.weights = weights

    def dots(self, rows: Tensor) -> Tensor:
        """See :meth:`engine.factorization.least_squares.GatheredRows.dots`."""
        shape = len(rows), len(self._vectors)
        pairs = torch.sparse_csr_tensor(self._bounds, self._columns, self.weights, shape, check_invariants=False)
        products: Tensor = torch.sparse.sampled_addmm(pairs, rows, self._vectors.T, beta=0.0)
        return products.values()

    def sums(self, values: Tensor) -> Tensor:
        """See :meth:`engine.factorization.least_squares.GatheredRows.sums`."""
        return functional.embedding_bag(
            self._columns, self._vectors, self._bounds, mode="sum", per_sample_weights=values, include_last_offset=True
        )

    def totals(self, values: Tensor) -> Tensor:
        """See :meth:`engine.factorization.least_squares.GatheredRows.totals`."""
        return torch.from_numpy(np.add.reduceat(values.numpy(), self._bounds[:-1].numpy()))[:, None]


class PaddedRows:
    """Rows that are padded to the same length, for a GPU.

    Parameters
    ----------
    padded
        The vectors of all columns, and a row of zeros.
    columns, weights
        The columns of each row, the last one for padding, and their weights, ``(r, l)``.
    """

    def __init__(self, padded: Tensor, columns: Tensor, weights: Tensor) -> None:
        self._vectors = functional.embedding(columns, padded)
        self.weights = weights

    def dots(self, rows: Tensor) -> Tensor:
        """See :meth:`engine.factorization.least_squares.GatheredRows.dots`."""
        return torch.bmm(self._vectors, rows.unsqueeze(2)).squeeze(2)

    def sums(self, values: Tensor) -> Tensor:
        """See :meth:`engine.factorization.least_squares.GatheredRows.sums`."""
        return torch.bmm(values.unsqueeze(1), self._vectors).squeeze(1)

    def totals(self, values: Tensor) -> Tensor:
        """See :meth:`engine.factorization.least_squares.GatheredRows.totals`."""
        return values.sum(1, keepdim=True)


def sparse_blocks(pairs: Pairs) -> Iterator[Block]:
    """Yield the rows that have pairs, each block with the bounds, columns and weights of :class:`SparseRows`.

    Columns and weights are views. A block has at most 262,144 pairs and a thirty-second of all pairs, unless a single
    row has more, and at most 16,384 rows.
    """
    _expect_sparse()  # before several threads need it, since it changes the filters of warnings for a moment
    rows = pairs.lengths.nonzero().squeeze(1)
    ends = pairs.ends[rows]
    most = min(_PAIRS, len(pairs.columns) // _BLOCKS + 1)
    first, begin = 0, 0
    while first < len(rows):
        last = min(max(first + 1, int(torch.searchsorted(ends, begin + most, right=True))), first + _ROWS)
        end = int(ends[last - 1])
        bounds = torch.cat((ends.new_zeros(1), ends[first:last] - begin))
        yield rows[first:last], (bounds, pairs.columns[begin:end], pairs.values[begin:end])
        first, begin = last, end


def padded_blocks(pairs: Pairs, num_columns: int, width: int) -> Iterator[Block]:
    """Yield the rows that have pairs, each block with the columns and weights of :class:`PaddedRows`.

    The vectors of a block have at most 1,048,576 elements together, unless those of a single row have more.
    """
    for rows, columns, weights in pairs.padded(max(1, _ELEMENTS // width)):
        yield rows, (torch.where(columns < 0, num_columns, columns).int(), weights)


@cache
def _expect_sparse() -> None:
    """Have torch warn of its sparse tensors now and unheard: it does so once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.zeros(1, 1).to_sparse_csr()
