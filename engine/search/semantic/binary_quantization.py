"""One bit for each number of a vector: which of a million may be near, in a few milliseconds.

A vector's code tells on which side of the common centre it lies in each dimension; vectors with a small angle differ in
few bits (Charikar, 2002). The codes take a thirty-second of the vectors' memory, are made in half a second for a
million, and, unlike a graph (Malkov and Yashunin, 2018), need no building and take any filter as it is. Measured on
vectors of sentences, with queries of another kind than the items: a graph over 150 thousand in int8 (usearch) took 135
seconds of one core to build and found .88 of the ten nearest at best; an inverted file with 1,024 lists found .70
where it looked at 26 thousand of a million; codes that let 20 thousand through find .97.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.search.semantic.thread_pool import in_parts

Rows = npt.NDArray[np.int64]
Block = npt.NDArray[np.uint64]

#: Rows that are compared at a time: few enough for the processor's cache, and enough for threads to part the work
#: without waiting for each other between NumPy's calls.
_BLOCK = 65_536
#: A thread is given no fewer blocks.
_LEAST_BLOCKS = 2
#: How many vectors are compared exactly after the first look: at least so many, so many for each result, and one of so
#: many.
_LEAST, _FOR_EACH, _ONE_OF = 4096, 50, 50
#: Words whose differing bits can be counted in a byte.
_WORDS_IN_A_BYTE = 3


@dataclass(frozen=True, slots=True)
class BinaryQuantizer:
    """The codes of the first rows of a matrix that only grows.

    Attributes
    ----------
    rows
        How many rows.
    centre
        What each number is compared with.
    blocks
        Of up to 65,536 rows each: 64-bit words, of shape (words, rows).
    """

    rows: int = 0
    centre: npt.NDArray[np.float32] | None = None
    blocks: tuple[Block, ...] = ()

    def grown(self, vectors: npt.NDArray[Any]) -> BinaryQuantizer:
        """The codes of these vectors, the first of which are those of these codes; only new blocks are read."""
        if len(vectors) == self.rows:
            return self
        centre = self.centre
        if centre is None:
            centre = np.asarray(vectors[:_BLOCK].mean(axis=0), dtype=np.float32)
        kept = self.blocks[: min(self.rows, len(vectors)) // _BLOCK]
        starts = range(len(kept) * _BLOCK, len(vectors), _BLOCK)
        made = (np.ascontiguousarray(_pack(vectors[start : start + _BLOCK] > centre).T) for start in starts)
        return BinaryQuantizer(len(vectors), centre, (*kept, *made))

    def rescore_count(self, k: int) -> int:
        """How many to ask for so that nearly all of the ``k`` nearest vectors are among them."""
        return max(_LEAST, _FOR_EACH * k, self.rows // _ONE_OF)

    def nearest(self, query: npt.NDArray[np.float32], count: int, allowed: npt.NDArray[np.bool_] | None = None) -> Rows:
        """The rows whose codes differ least from a query's.

        Parameters
        ----------
        query
            A vector.
        count
            How many at least, if so many are allowed; more come back where several differ by the same number of bits.
        allowed
            Which rows may be found, shape (rows,); None allows all.

        Returns
        -------
        int64 array
            In ascending order.
        """
        differences = self._differences(_pack(query[None] > 0)[0])
        if allowed is not None:
            differences[~allowed] = np.iinfo(differences.dtype).max
            count = min(count, int(np.count_nonzero(allowed)))
        if count >= self.rows:
            return np.arange(self.rows)
        if count < 1:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(differences <= np.partition(differences, count - 1)[count - 1])

    def _differences(self, code: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
        """In how many bits each row's code differs from this one."""
        found = np.zeros(self.rows, dtype=np.uint16)
        in_parts(len(self.blocks), _LEAST_BLOCKS, lambda first, last: self._count(code, first, last, found))
        return found

    def _count(self, code: npt.NDArray[np.uint64], begin: int, end: int, found: npt.NDArray[np.uint16]) -> None:
        """Count for the blocks from ``begin`` to before ``end``."""
        words = np.empty(_BLOCK, dtype=np.uint64)
        counts, sums = np.empty((2, _BLOCK), dtype=np.uint8)
        for number in range(begin, end):
            block = self.blocks[number]
            size = block.shape[1]
            of_block = found[number * _BLOCK : number * _BLOCK + size]
            for first in range(0, len(code), _WORDS_IN_A_BYTE):
                for word in range(first, min(first + _WORDS_IN_A_BYTE, len(code))):
                    np.bitwise_xor(block[word], code[word], out=words[:size])
                    np.bitwise_count(words[:size], out=(sums if word == first else counts)[:size])
                    if word > first:
                        np.add(sums[:size], counts[:size], out=sums[:size])
                of_block += sums[:size]


def _pack(signs: npt.NDArray[np.bool_]) -> Block:
    """Rows of bits as rows of 64-bit words."""
    packed = np.packbits(signs, axis=1)
    padded = np.pad(packed, [(0, 0), (0, -packed.shape[1] % 8)])
    return np.ascontiguousarray(padded).view(np.uint64)
