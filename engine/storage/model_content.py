"""The file of a stored model's tensors: read whole, and compared with the checksum in the model's description."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import DamagedError, DataError, MissingError
from engine.storage.guarded import read_bytes
from engine.storage.model_header import read_header, tensors_file
from engine.storage.versions import current_version

T = TypeVar("T")


def read_with(path: str | Path, parse: Callable[[bytes, Path], T]) -> tuple[T, dict[str, Any]]:
    """Read a stored model.

    Parameters
    ----------
    path
        Its folder.
    parse
        Called with the content of the file of tensors and its path.

    Returns
    -------
    tuple
        What ``parse`` returns, and the header.

    Raises
    ------
    DataError
        If there is no model, or another program or a newer version of this one stored it.
    DamagedError
        If the files are not those that were stored.
    """
    while True:
        header = read_header(path)
        try:
            file = tensors_file(current_version(Path(path)), header)
            return parse(_read(file, header), file), header
        except DataError:
            # If another process replaced the model meanwhile, nothing is damaged.
            if read_header(path) == header:
                raise


def _read(file: Path, header: Mapping[str, Any]) -> bytes:
    try:
        content = read_bytes(file)
    except MissingError:
        raise DamagedError(f"{file} is missing: train the model again.", file=str(file)) from None
    if hashlib.sha256(content).hexdigest() != header["tensors_sha256"]:
        raise damaged(file, "its checksum is wrong")
    return content


def damaged(file: Path, why: str) -> DamagedError:
    """Make the error for a file of tensors that is not the one that was stored."""
    return DamagedError(f"{file} is damaged ({why}): train the model again.", file=str(file))


def not_safetensors(file: Path, error: Exception) -> DamagedError:
    """Make the error for a file that has the right checksum and another form, which only a forged one can have."""
    return DamagedError(f"{file} is not a safetensors file ({error}): train the model again.", file=str(file))
