"""Codes of vectors that are being added to, for threads that search meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Any

import numpy.typing as npt

from engine.runtime.job import Job
from engine.search.semantic.binary_quantization import BinaryQuantizer
from engine.search.semantic.int8_quantization import Int8Quantizer
from engine.search.semantic.low_precision import has_int8
from engine.search.semantic.vector_index import Codes

Vectors = npt.NDArray[Any]

#: Vectors beyond which a query goes by codes of a bit for each number, which miss some of the nearest. Without int8
#: 100,000 take 10 ms exactly and 5 ms by codes; with it 250,000 take 14 ms by codes of a byte, which miss none.
LARGE, LARGE_FOR_BYTES = 100_000, 250_000
#: So few are compared with the query as soon as by their codes: 9,000 take .6 ms either way.
_SMALL = 16_384
#: Rows that a search takes in at once when there are new ones, and those for which searches wait while codes are made
#: beforehand: 20 and 50 ms of one core.
_IN_PASSING, _AT_A_TIME, _SIGNS_AT_A_TIME = 8192, 16_384, 131_072


class QuantizationCache:
    """The codes of a matrix in a file that only grows, made once; any thread may ask.

    Whichever serve: none for few vectors, a byte for each number, or a bit for very many. Bytes cost as much to make as
    some twenty searches without them, so they are only made where searches are expected.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: Hashable = None
        self._expected = False
        self._signs = BinaryQuantizer()
        self._bytes = Int8Quantizer()

    @property
    def made(self) -> int:
        """Grows with what was made."""
        return len(self._bytes.blocks)

    def of(self, vectors: Vectors, file: Hashable) -> Codes | None:
        """The codes for a search of these vectors; None where it is as soon done without.

        Parameters
        ----------
        vectors
            So many rows as there are by now.
        file
            What they were read from; the codes of another file are forgotten.
        """
        with self._lock:
            return self._grown(vectors, file, _IN_PASSING, len(vectors))

    def expect(self, vectors: Vectors, file: Hashable, job: Job) -> None:
        """Make what searches will need, a little at a time, and keep it up from now on."""
        self._expected = True
        done = 0
        while done < len(vectors):
            done += _SIGNS_AT_A_TIME if _many(vectors) else _AT_A_TIME
            with self._lock:
                if self._grown(vectors, file, _AT_A_TIME, done) is None:
                    return
            job.checkpoint()  # not in the lock: it may wait for somebody who searches

    def drop(self) -> None:
        """Forget them: something else searches."""
        with self._lock:
            self._signs, self._bytes = BinaryQuantizer(), Int8Quantizer()

    def _grown(self, vectors: Vectors, file: Hashable, bytes_for: int, signs_for: int) -> Codes | None:
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
