"""A thread-safe cache of quantized vectors that follows a growing matrix."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Any

import numpy.typing as npt

from engine.runtime import memory
from engine.runtime.job import Job
from engine.search.semantic.binary_quantization import BinaryQuantizer
from engine.search.semantic.vector_index import Quantizer

Vectors = npt.NDArray[Any]

#: Above this number of vectors binary quantization is used, which misses some of the nearest: 60,000 vectors take
#: 6 ms exactly and 3 ms with binary codes.
LARGE = 50_000
#: The bytes of a row's scale and offset beside its code.
_BYTES_BESIDES = 5
#: The number of rows that are quantized in advance while a search may wait (50 ms).
_AT_A_TIME = 131_072


class QuantizationCache:
    """The quantized form of a matrix in a file to which rows are appended; thread-safe.

    Few vectors are not quantized, many vectors are quantized to one bit per dimension.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: Hashable = None
        self._signs = BinaryQuantizer()

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
            return self._grown(vectors, file, len(vectors))

    def expect(self, vectors: Vectors, file: Hashable, job: Job) -> None:
        """Quantize all vectors in steps, so that a search that comes meanwhile waits for one step at most."""
        done = 0
        while done < len(vectors):
            done += _AT_A_TIME
            with self._lock:
                if self._grown(vectors, file, done) is None:
                    return
            job.checkpoint()  # outside the lock, since it may wait for a search

    def drop(self) -> None:
        """Discard the quantized vectors, for example because searches run on a GPU."""
        with self._lock:
            self._signs = BinaryQuantizer()

    def _grown(self, vectors: Vectors, file: Hashable, count: int) -> Quantizer | None:
        if file != self._file:
            self._file, self._signs = file, BinaryQuantizer()
        if len(vectors) <= LARGE or not self._fits(vectors):
            return None
        signs = self._signs.grown(vectors[: max(count, self._signs.rows)])
        if signs.rows > self._signs.rows:
            self._signs = signs
        return signs

    def _fits(self, vectors: Vectors) -> bool:
        """Whether there is room for the codes that are still to be made; the exact search needs none."""
        missing, dim = len(vectors) - self._signs.rows, vectors.shape[1]
        if missing <= 0:
            return True
        free = memory.available()
        return free is None or missing * (dim // 8 + _BYTES_BESIDES) + _AT_A_TIME * dim <= free
