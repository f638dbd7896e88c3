"""A byte for each number of a vector: the nearest of some hundred thousand, surely, reading a quarter of the memory.

A vector is rounded to 255 steps of its own size, and how far that moves it is known. Since nothing is longer than 1, no
cosine is wrong by more than that distance (Cauchy and Schwarz): whatever might be among the nearest is looked at
exactly, so that none is missed. It is as if all vectors had been compared in float32, in a third of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.ranking import top_k
from engine.search.narrow import pack_int8, times_int8
from engine.search.parts import in_parts

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

#: Rows that are compared at a time: enough that the call costs little, and few enough to share among threads.
_BLOCK = 4096
#: A thread is given no fewer blocks.
_LEAST_BLOCKS = 8
_STEPS = 127
#: For what float32 rounds away, relative to a cosine of 1: many times as much.
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class _Block:
    packed: Any
    #: Of each row what one step is, and how far the row was moved by rounding it at most.
    steps: Floats
    moved: float


@dataclass(frozen=True, slots=True)
class Int8Codes:
    """The codes of the first rows of a matrix that only grows.

    Attributes
    ----------
    blocks
        Of 4,096 rows each.
    rest
        The vectors of the rows after them, too few for a block yet.
    """

    blocks: tuple[_Block, ...] = ()
    rest: Floats = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.blocks) * _BLOCK + len(self.rest)

    def asked_for(self, k: int) -> int:
        """How many of the nearest to ask for where ``k`` are wanted."""
        return k

    def grown(self, vectors: npt.NDArray[Any]) -> Int8Codes:
        """The codes of these vectors, of which the first :attr:`rows` are known; only new blocks are read."""
        known = len(self.blocks)
        starts = range(known * _BLOCK, len(vectors) // _BLOCK * _BLOCK, _BLOCK)
        made: dict[int, _Block] = {}

        def work(begin: int, end: int) -> None:
            for start in starts[begin:end]:
                made[start] = _encode(np.asarray(vectors[start : start + _BLOCK], dtype=np.float32))

        in_parts(len(starts), _LEAST_BLOCKS, work)
        blocks = (*self.blocks, *(made[start] for start in starts))
        return Int8Codes(blocks, vectors[len(blocks) * _BLOCK :])

    def nearest(self, query: Floats, count: int, allowed: npt.NDArray[np.bool_] | None = None) -> Rows:
        """Rows among which are surely the nearest to a query.

        Parameters
        ----------
        query
            A vector of unit length.
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
            cosines[~allowed] = -np.inf
            count = min(count, int(np.count_nonzero(allowed)))
        if count >= self.rows:
            return np.arange(self.rows)
        if count < 1:
            return np.zeros(0, dtype=np.int64)
        # So many reach the last of the best but for what they are wrong by; who may reach these is wrong by as much.
        last = cosines[top_k(cosines, count)[-1]]
        return np.flatnonzero(cosines >= last - 2 * wrong_by)

    def _cosines(self, query: Floats) -> tuple[Floats, float]:
        """The cosine of each row with a query, and by how much each is wrong at most."""
        # In two digits, the second of what the first left over: then the query itself is nearly exact, for nothing,
        # since what takes time is reading the rows.
        digits = np.zeros((2, len(query)), dtype=np.int8)
        left, steps = query, np.zeros(2, dtype=np.float32)
        for place in range(2):
            steps[place] = max(float(np.abs(left).max(initial=0)) / _STEPS, 1e-30)
            digits[place] = np.rint(left / steps[place])
            left = left - digits[place] * steps[place]
        cosines = np.empty(self.rows, dtype=np.float32)

        def work(begin: int, end: int) -> None:
            for number in range(begin, end):
                block = self.blocks[number]
                of_block = cosines[number * _BLOCK :][: len(block.steps)]
                first, second = times_int8(digits, block.packed).astype(np.float32)
                np.multiply(first, steps[0], out=of_block)
                second *= steps[1]
                of_block += second
                of_block *= block.steps

        in_parts(len(self.blocks), _LEAST_BLOCKS, work)
        if len(self.rest):
            cosines[-len(self.rest) :] = np.einsum("ij,j->i", self.rest, query)
        moved = max((block.moved for block in self.blocks), default=0.0)
        length, unsaid = float(np.linalg.norm(query)), float(np.linalg.norm(left))
        return cosines, length * moved + (1 + moved) * unsaid + _ROUNDING * length


def _encode(vectors: Floats) -> _Block:
    steps = np.maximum(np.abs(vectors).max(axis=1, initial=0) / np.float32(_STEPS), np.float32(1e-30))
    codes = np.rint(vectors / steps[:, None])
    differences = vectors - codes * steps[:, None]
    moved = float(np.sqrt(np.einsum("ij,ij->i", differences, differences).max(initial=0)))
    return _Block(pack_int8(codes.astype(np.int8)), steps, moved)
