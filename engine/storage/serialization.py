"""Models on disk: a folder with ``model.safetensors`` (tensors) and ``model.json`` (all else), and without any code.

``model.json`` names the file of the tensors, and replacing it commits a model: the tensors of another model have
another name. So a folder holds one whole model at every moment.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.errors import DataError
from engine.storage.atomic import sync_folder, writing
from engine.storage.model_content import damaged, not_safetensors, read_with
from engine.storage.model_header import (
    FORMAT,
    FORMAT_VERSION,
    HEADER,
    TENSORS,
    TENSORS_NAME,
    clear_unnamed,
    header_hash,
)
from engine.storage.part_file import unfinished
from engine.version import __version__

_log = logging.getLogger(__name__)


def write(path: str | Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Store a model completely or not at all.

    Parameters
    ----------
    path
        The folder. A model that is already there is replaced; any other content is left unchanged.
    tensors
        The tensors by name.
    header
        Everything else, as values that JSON can represent.

    Raises
    ------
    DataError
        If the folder cannot be written, or contains something other than a model.
    """
    folder = Path(path)
    _require_model_or_nothing(folder)
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    try:
        # Until the block ends, the unfinished header tells other processes that a model is being stored here.
        with writing(folder / HEADER) as temporary:
            sync_folder(folder)
            file = _write_new(folder, content)
            sync_folder(folder)
            whole = {
                **header,
                "format": FORMAT,
                "format_version": FORMAT_VERSION,
                "program": __version__,
                "tensors": file.name,
                "tensors_sha256": hashlib.sha256(content).hexdigest(),
            }
            whole["header_sha256"] = header_hash(whole)
            temporary.write_bytes(json.dumps(whole, indent=1, sort_keys=True).encode())
    finally:
        clear_unnamed(folder)


def read(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Load a model that :func:`write` stored.

    Returns
    -------
    tuple
        The tensors by name, on the CPU, and the header.

    Raises
    ------
    DataError
        If there is no model, or another program or a newer version of this one stored it.
    DamagedError
        If the files are not those that were stored.
    """
    return read_with(path, _parse)


def _parse(content: bytes, file: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load(content)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:  # forged: the checksum is right
        raise not_safetensors(file, error) from error
    if not all(_is_finite(tensor) for name, tensor in tensors.items() if not name.startswith("optimizer.")):
        raise damaged(file, "it holds numbers that are not finite")
    return tensors


def _is_finite(tensor: Tensor) -> bool:
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    least, greatest = tensor.aminmax()  # one pass, which takes no memory; it gives NaN where there is one
    return bool(least.isfinite() and greatest.isfinite())


def _require_model_or_nothing(folder: Path) -> None:
    """Raise DataError if a folder holds something other than a model, or what an interrupted :func:`write` left."""
    if not folder.exists() or (folder / HEADER).is_file():
        return
    rest = unfinished(folder, HEADER)
    if not folder.is_dir() or any(
        path not in rest and not (rest and TENSORS_NAME.fullmatch(path.name)) for path in folder.iterdir()
    ):
        raise DataError(
            f"{folder} contains something that is not a model: choose another folder to store this one.",
            file=str(folder),
        )


def _write_new(folder: Path, content: bytes) -> Path:
    """Write the tensors to a file of a name that no header has."""
    try:
        file = (folder / TENSORS).open("xb")
    except FileExistsError:
        file = (folder / f"model-{uuid.uuid4().hex[:12]}.safetensors").open("xb")
    with file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(file.name)
