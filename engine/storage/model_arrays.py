"""Stored models read as NumPy arrays, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from engine.storage.model_content import damaged, not_safetensors, read_with

Arrays = dict[str, npt.NDArray[Any]]


def read_arrays(path: str | Path) -> tuple[Arrays, dict[str, Any]]:
    """Load a model that :func:`engine.storage.serialization.write` stored.

    Returns
    -------
    tuple
        The arrays by name, and the header.

    Raises
    ------
    DataError
        If there is no model, or another program or a newer version of this one stored it.
    DamagedError
        If the files are not those that were stored.
    """
    return read_with(path, _parse)


def _parse(content: bytes, file: Path) -> Arrays:
    try:
        arrays: Arrays = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:  # forged: the checksum is right
        raise not_safetensors(file, error) from error
    if not all(_is_finite(array) for name, array in arrays.items() if not name.startswith("optimizer.")):
        raise damaged(file, "it holds numbers that are not finite")
    return arrays


def _is_finite(array: npt.NDArray[Any]) -> bool:
    if not np.issubdtype(array.dtype, np.floating) or not array.size:
        return True
    return bool(np.isfinite(array.min()) and np.isfinite(array.max()))  # both are NaN where there is one
