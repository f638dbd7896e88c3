"""Models on disk: a folder with ``model.safetensors`` (numbers) and ``model.json`` (everything else). No code in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.errors import DataError
from engine.version import __version__

FORMAT = "recsys-tui model"
FORMAT_VERSION = 1
TENSORS, HEADER = "model.safetensors", "model.json"


def write(path: str | Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Store a model, all of it or nothing.

    Parameters
    ----------
    path
        The folder. A model that is there already is replaced; anything else is left alone.
    tensors
        By name.
    header
        Plain data: what JSON can hold.

    Raises
    ------
    DataError
        If the folder cannot be written or holds something else.
    """
    folder = Path(path)
    if folder.exists() and not (folder / HEADER).is_file() and not _is_empty_folder(folder):
        raise DataError(f"{folder} holds something that is not a model: choose another place to store this one.")
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    whole = {
        **header,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "program": __version__,
        "tensors_sha256": hashlib.sha256(content).hexdigest(),
    }
    whole["header_sha256"] = _header_hash(whole)
    scratch: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        new = scratch / "new"
        new.mkdir()
        _write_synced(new / TENSORS, content)
        _write_synced(new / HEADER, json.dumps(whole, indent=1, sort_keys=True).encode())
        if folder.exists():
            folder.rename(scratch / "old")
        new.rename(folder)
    except OSError as error:
        raise DataError(f"{folder} cannot be written ({error.strerror or error}): nothing was stored.") from error
    finally:
        if scratch is not None:
            if (scratch / "old").exists() and not folder.exists():
                (scratch / "old").rename(folder)
            shutil.rmtree(scratch, ignore_errors=True)


def read(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Load what :func:`write` stored, on the CPU.

    Raises
    ------
    DataError
        If there is no model, or it is damaged, of another program, or of a newer version of this one.
    """
    folder = Path(path)
    header = read_header(folder)
    try:
        content = (folder / TENSORS).read_bytes()
    except OSError as error:
        raise DataError(
            f"{folder / TENSORS} cannot be read ({error.strerror or error}): train the model again."
        ) from error
    if hashlib.sha256(content).hexdigest() != header["tensors_sha256"]:
        raise DataError(f"{folder / TENSORS} is damaged (its checksum is wrong): train the model again.")
    try:
        return load(content), header
    except (SafetensorError, ValueError) as error:
        raise DataError(f"{folder / TENSORS} is not a safetensors file ({error}): train the model again.") from error


def read_header(path: str | Path) -> dict[str, Any]:
    """The description of a stored model, without its numbers. Raises as :func:`read`."""
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"There is no model in {folder}: train one first.")
    try:
        header = json.loads((folder / HEADER).read_bytes())
    except FileNotFoundError:
        raise DataError(f"{folder} holds no model: {HEADER} is missing.") from None
    except OSError as error:
        raise DataError(f"{folder / HEADER} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise DataError(f"{folder / HEADER} is damaged (not JSON): train the model again.") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DataError(f"{folder / HEADER} is not of a model of recsys-tui.")
    version = header.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise DataError(
            f"The model in {folder} was stored by a newer recsys-tui (format {version}, this one reads up to "
            f"{FORMAT_VERSION}): update the program."
        )
    if header.get("header_sha256") != _header_hash(header):
        raise DataError(f"{folder / HEADER} is damaged (its checksum is wrong): train the model again.")
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
