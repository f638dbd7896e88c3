"""Models on disk: a folder with ``model.safetensors`` (tensors) and ``model.json`` (all else), and without any code."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.errors import DamagedError, DataError
from engine.storage.atomic import describe_os_error, exchanging_folder
from engine.version import __version__

FORMAT = "recsys-tui model"
FORMAT_VERSION = 1
TENSORS, HEADER = "model.safetensors", "model.json"


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
    if folder.exists() and not (folder / HEADER).is_file() and not _is_empty_folder(folder):
        raise DataError(
            f"{folder} contains something that is not a model: choose another folder to store this one.",
            file=str(folder),
        )
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    whole = {
        **header,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "program": __version__,
        "tensors_sha256": hashlib.sha256(content).hexdigest(),
    }
    whole["header_sha256"] = _header_hash(whole)
    with exchanging_folder(folder) as fresh:
        _write_synced(fresh / TENSORS, content)
        _write_synced(fresh / HEADER, json.dumps(whole, indent=1, sort_keys=True).encode())


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
    folder = Path(path)
    header = read_header(folder)
    file = folder / TENSORS
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(
            f"{file} cannot be read ({describe_os_error(error)}): train the model again.", file=str(file)
        ) from error
    if hashlib.sha256(content).hexdigest() != header["tensors_sha256"]:
        raise DamagedError(f"{file} is damaged (its checksum is wrong): train the model again.", file=str(file))
    try:
        return load(content), header
    except (SafetensorError, ValueError) as error:
        raise DataError(
            f"{file} is not a safetensors file ({error}): train the model again.", file=str(file)
        ) from error


def read_header(path: str | Path) -> dict[str, Any]:
    """Load the description of a stored model without its tensors; raises the same errors as :func:`read`."""
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"There is no model in {folder}: train one first.", file=str(folder))
    file = folder / HEADER
    try:
        header = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{folder} holds no model: {HEADER} is missing.", file=str(folder)) from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {describe_os_error(error)}.", file=str(file)) from error
    except ValueError as error:
        raise DamagedError(f"{file} is damaged (not JSON): train the model again.", file=str(file)) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DataError(f"{file} does not describe a model of recsys-tui.", file=str(file))
    version = header.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise DataError(
            f"The model in {folder} was stored by a newer recsys-tui (format {version}, this one reads up to "
            f"{FORMAT_VERSION}): update the program.",
            file=str(folder),
        )
    if header.get("header_sha256") != _header_hash(header):
        raise DamagedError(f"{file} is damaged (its checksum is wrong): train the model again.", file=str(file))
    return header


def _header_hash(header: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in header.items() if key != "header_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _is_empty_folder(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
