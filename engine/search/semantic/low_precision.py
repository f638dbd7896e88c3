"""Products of matrices in narrow number types, by NumKong: NumPy has none of bfloat16 or of int8.

What a query waits for is numbers coming from memory: 42 MB of weights, and 1.5 kB for each item. In bfloat16 it is half
as much, in int8 a quarter.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

#: Where bfloat16 is worth it: processors that multiply whole tiles of it. By vector instructions it takes as long as
#: NumPy's float32, or longer.
_TILES = ("sapphireamx", "graniteamx")
#: Where int8 is: what all of x86 has that has AVX2 at least. Nothing was measured on Arm.
_INT8 = ("haswell",)


@cache
def _numkong() -> Any:
    """The library; None where it is not to be had."""
    try:
        import numkong
    except ImportError:  # no build for this machine
        return None
    return numkong


def _abilities() -> set[str]:
    library = _numkong()
    return set() if library is None else {name for name, there in library.get_capabilities().items() if there}


@cache
def has_bfloat16() -> bool:
    """Whether products in bfloat16 are quicker here than in float32."""
    return not _abilities().isdisjoint(_TILES)


@cache
def has_int8() -> bool:
    """Whether products in int8 are quicker here than in float32."""
    return not _abilities().isdisjoint(_INT8)


def pack_bfloat16(matrix: npt.NDArray[np.float32]) -> Any:
    """A matrix for :func:`times_bfloat16`, in half its memory."""
    return _numkong().dots_pack(_numkong().astype(np.ascontiguousarray(matrix), "bfloat16"))


def times_bfloat16(rows: npt.NDArray[np.float32], packed: Any) -> npt.NDArray[np.float32]:
    """``rows @ matrix.T`` for a matrix that was packed, summed in float32."""
    narrow = _numkong().astype(np.ascontiguousarray(rows), "bfloat16")
    product: npt.NDArray[np.float32] = np.asarray(_numkong().dots_packed(narrow, packed))
    return product


def pack_int8(matrix: npt.NDArray[np.int8]) -> Any:
    """A matrix for :func:`times_int8`."""
    return _numkong().dots_pack(np.ascontiguousarray(matrix))


def times_int8(rows: npt.NDArray[np.int8], packed: Any) -> npt.NDArray[np.int32]:
    """``rows @ matrix.T`` for a matrix that was packed, exactly."""
    product: npt.NDArray[np.int32] = np.asarray(_numkong().dots_packed(np.ascontiguousarray(rows), packed))
    return product
