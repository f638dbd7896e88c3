"""A byte for each number of a vector: the nearest of some hundred thousand, surely, reading a quarter of the memory.

Vectors and queries are rounded to 255 steps of their own size, and how far that moves them is known. A cosine is wrong
by no more than these distances, since the other one has length 1 (Cauchy and Schwarz): whatever might be among the
nearest is looked at exactly, so that none is missed. It is as if all had been compared in float32, in two thirds of the
time or less.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.ranking import top_k
from engine.search.semantic.low_precision import pack_int8, times_int8
from engine.search.semantic.thread_pool import in_parts

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

#: Rows that are compared at a time: enough that the call costs little, and few enough to share among threads.
_BLOCK = 4096
#: A thread is given no fewer blocks to search, or to make.
_LEAST_BLOCKS, _LEAST_MADE = 8, 2
_STEPS = 127
#: For what float32 rounds away, relative to a cosine of 1: many times as much.
_ROUNDING = np.float32(1e-5)
#: How far from 1 the square of a vector's length may be in the making of a centre, and what is still taken for one.
_NEARLY, _LARGEST_SQUARE = 0.1, 100.0


@dataclass(frozen=True, slots=True)
class _Block:
    """Codes of some rows.

    Attributes
    ----------
    packed
        The codes themselves.
    steps
        Of each row, what one step is.
    wrong_by
        By how much each row's product with a query of length 1 is wrong at most.
    longest
        The length of the longest row as it is coded: by so much is a product wrong for what a query's code left out.
    """

    packed: Any
    steps: Floats
    wrong_by: Floats
    longest: float


@dataclass(frozen=True, slots=True)
class Int8Quantizer:
    """The codes of the first rows of a matrix that only grows.

    Attributes
    ----------
    centre
        What is subtracted from each row first, since what all have in common tells nothing and makes the steps large.
    blocks
        Of 4,096 rows each.
    rest
        The vectors of the rows after them.
    """

    centre: Floats | None = None
    blocks: tuple[_Block, ...] = ()
    rest: Floats = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.blocks) * _BLOCK + len(self.rest)

    def grown(self, vectors: npt.NDArray[Any], at_most: int | None = None) -> Int8Quantizer:
        """The codes of these vectors.

        Parameters
        ----------
        vectors
            The first of them are those of which this has codes already.
        at_most
            Rows that are given codes now; without them the others take part all the same, only not as quickly.
        """
        kept = self.blocks[: len(vectors) // _BLOCK]
        starts = range(len(kept) * _BLOCK, len(vectors) // _BLOCK * _BLOCK, _BLOCK)
        if at_most is not None:
            starts = starts[: max(1, at_most // _BLOCK)]
        centre = self.centre if self.centre is not None else _centre(np.asarray(vectors[:_BLOCK], dtype=np.float32))
        made: dict[int, _Block] = {}

        def work(begin: int, end: int) -> None:
            for start in starts[begin:end]:
                made[start] = _encode(np.asarray(vectors[start : start + _BLOCK], dtype=np.float32) - centre)

        in_parts(len(starts), _LEAST_MADE, work)
        blocks = (*kept, *(made[start] for start in starts))
        rest = np.asarray(vectors[len(blocks) * _BLOCK :], dtype=np.float32)
        return Int8Quantizer(centre if blocks else None, blocks, rest)

    def rescore_count(self, k: int) -> int:
        """How many of the nearest to ask for where ``k`` are wanted."""
        return k

    def nearest(self, query: Floats, count: int, allowed: npt.NDArray[np.bool_] | None = None) -> Rows:
        """Rows among which are surely the nearest to a query.

        Parameters
        ----------
        query
            A vector.
        count
            How many of the nearest are wanted; some more rows come back.
        allowed
            Which rows may be found, shape (rows,); None allows all.

        Returns
        -------
        int64 array
            In ascending order.
        """
        cosines, wrong_by = self._cosines(query)
        if allowed is not None:
            cosines[~allowed], wrong_by[~allowed] = -np.inf, 0
        least = cosines - wrong_by
        surest = top_k(least, count)
        if count < 1:
            return np.zeros(0, dtype=np.int64)
        if len(surest) < count:
            return np.flatnonzero(np.isfinite(cosines))
        return np.flatnonzero(cosines >= least[surest[-1]] - wrong_by)

    def _cosines(self, query: Floats) -> tuple[Floats, Floats]:
        """The product of each row with a query, and by how much it is wrong at most."""
        step = np.float32(max(float(np.abs(query).max(initial=0)) / _STEPS, 1e-30))
        code = np.rint(query / step)[None]
        length, unsaid = max(float(np.linalg.norm(query)), 1e-30), np.linalg.norm(query - code[0] * step)
        code = code.astype(np.int8)
        common = np.float32(0 if self.centre is None else self.centre @ query)
        cosines, wrong_by = np.empty((2, self.rows), dtype=np.float32)

        def work(begin: int, end: int) -> None:
            for number in range(begin, end):
                block = self.blocks[number]
                rows = slice(number * _BLOCK, (number + 1) * _BLOCK)
                products = times_int8(code, block.packed)[0].astype(np.float32)
                products *= block.steps
                products *= step
                np.add(products, common, out=cosines[rows])
                np.multiply(block.wrong_by, length, out=wrong_by[rows])
                wrong_by[rows] += unsaid * block.longest

        in_parts(len(self.blocks), _LEAST_BLOCKS, work)
        if len(self.rest):
            cosines[-len(self.rest) :] = self.rest @ query
            wrong_by[-len(self.rest) :] = _ROUNDING * length
        return cosines, wrong_by


def _centre(vectors: Floats) -> Floats:
    """The middle of those that are vectors of length 1, or nearly; none need be."""
    near = vectors[np.abs(np.einsum("ij,ij->i", vectors, vectors) - 1) < _NEARLY]
    return np.zeros(vectors.shape[1], dtype=np.float32) if not len(near) else near.mean(axis=0, dtype=np.float32)


def _encode(vectors: Floats) -> _Block:
    """The codes of some rows from which the centre was subtracted; the rows are used up."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
    broken = ~(squares < _LARGEST_SQUARE)  # damage: wrong by anything, so it is always looked at itself
    vectors[broken], squares[broken] = 0, 0
    steps = np.maximum(np.abs(vectors).max(axis=1, initial=0) / np.float32(_STEPS), np.float32(1e-30))
    codes = np.rint(vectors / steps[:, None])
    vectors -= codes * steps[:, None]
    moved = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    longest = float((np.sqrt(squares) + moved).max(initial=0))
    moved[broken] = np.inf
    return _Block(pack_int8(codes.astype(np.int8)), steps, moved + _ROUNDING, longest)
