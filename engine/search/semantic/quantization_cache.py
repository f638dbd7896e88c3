"""A thread-safe cache of quantized vectors that follows a growing matrix."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Any

import numpy.typing as npt

from engine.runtime.job import Job
from engine.search.semantic.binary_quantization import BinaryQuantizer
from engine.search.semantic.int8_quantization import Int8Quantizer
from engine.search.semantic.low_precision import has_int8
from engine.search.semantic.vector_index import Quantizer

Vectors = npt.NDArray[Any]

#: Above this number of vectors binary quantization is used, which misses some of the nearest: the first number applies
#: without int8 support, the second one with it. 100,000 vectors take 10 ms exactly and 5 ms with binary codes; 250,000
#: take 14 ms with int8 codes, which miss none.
LARGE, LARGE_FOR_BYTES = 100_000, 250_000
#: Below this number of vectors exact search is as fast as int8: 9,000 take 0.6 ms either way.
_SMALL = 16_384
#: The number of new rows that a search quantizes by itself (20 ms of one core), and the numbers of rows that are
#: quantized in advance while a search may wait (50 ms): first for int8, then for binary codes.
_IN_PASSING, _AT_A_TIME, _SIGNS_AT_A_TIME = 8192, 16_384, 131_072


class QuantizationCache:
    """The quantized form of a matrix in a file to which rows are appended; thread-safe.

    Few vectors are not quantized, more vectors are quantized to int8, and very many to one bit per dimension. Int8
    quantization costs as much as about twenty exact searches, so it happens only where searches are expected.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: Hashable = None
        self._expected = False
        self._signs = BinaryQuantizer()
        self._bytes = Int8Quantizer()

    @property
    def made(self) -> int:
        """A number that increases whenever more rows are quantized to int8."""
        return len(self._bytes.blocks)

    def of(self, vectors: Vectors, file: Hashable) -> Quantizer | None:
        """The quantizer for a search of these vectors; None if exact search is as fast.

        Parameters
        ----------
        vectors
            All vectors that are stored by now, shape (num_vectors, dim).
        file
            An identifier of the file of the vectors; the cache discards what it holds of another file.
        """
        with self._lock:
            return self._grown(vectors, file, _IN_PASSING, len(vectors))

    def expect(self, vectors: Vectors, file: Hashable, job: Job) -> None:
        """Quantize all vectors in small steps, and quantize new vectors from now on."""
        self._expected = True
        done = 0
        while done < len(vectors):
            done += _SIGNS_AT_A_TIME if _many(vectors) else _AT_A_TIME
            with self._lock:
                if self._grown(vectors, file, _AT_A_TIME, done) is None:
                    return
            job.checkpoint()  # outside the lock, since it may wait for a search

    def drop(self) -> None:
        """Discard the quantized vectors, for example because searches run on a GPU."""
        with self._lock:
            self._signs, self._bytes = BinaryQuantizer(), Int8Quantizer()

    def _grown(self, vectors: Vectors, file: Hashable, bytes_for: int, signs_for: int) -> Quantizer | None:
        if file != self._file:
            self._file, self._signs, self._bytes = file, BinaryQuantizer(), Int8Quantizer()
        if _many(vectors):
            signs = self._signs.grown(vectors[: max(signs_for, self._signs.rows)])
            if signs.rows > self._signs.rows:
                self._signs, self._bytes = signs, Int8Quantizer()
            return signs
        if not (self._expected and has_int8()) or len(vectors) < _SMALL:
            return None
        numbers = self._bytes.grown(vectors, bytes_for)
        if len(numbers.blocks) > len(self._bytes.blocks):
            self._bytes = numbers
        return numbers


def _many(vectors: Vectors) -> bool:
    return len(vectors) > (LARGE_FOR_BYTES if has_int8() else LARGE)
