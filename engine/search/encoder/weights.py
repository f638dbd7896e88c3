"""The tensors of a safetensors file as NumPy arrays, mapped into memory: what is not used is not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DamagedError

#: The types that embedding models are stored in; bfloat16 is none of NumPy's and is widened by :func:`as_float32`.
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4"}
_LARGEST_HEADER = 100 << 20

Array = npt.NDArray[Any]


def read_weights(path: Path) -> dict[str, Array]:
    """All tensors by name, as float32 where they are floating point.

    The format is a length of eight bytes, a JSON header of that length, and the numbers. It holds no code. Tensors that
    are float32 in the file stay mapped (private to this process, and writable so that torch takes them as they are).

    Raises
    ------
    DamagedError
        If the file is not of this format, or is cut off.
    """
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= _LARGEST_HEADER:
                raise ValueError("its header has an impossible length")
            header = json.loads(file.read(length))
        content = np.memmap(path, np.uint8, mode="c")[8 + length :]
        return {name: _tensor(content, entry) for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(f"{path}: is not a whole safetensors file ({error}).") from error


def _tensor(content: Array, entry: dict[str, Any]) -> Array:
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= len(content):
        raise ValueError("it is cut off")
    kind = entry["dtype"]
    if kind not in _TYPES:
        return np.zeros(0, dtype=np.float32)  # positions and the like in types that no weight of ours has
    numbers = content[begin:end].view(np.ndarray).view(_TYPES[kind]).reshape(entry["shape"])
    if kind == "BF16":
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers.astype(np.float32) if kind in ("F64", "F16") else numbers
