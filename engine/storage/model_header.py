"""The description of a stored model: ``model.json``, read and checked without torch."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DamagedError, DataError, MissingError
from engine.storage.guarded import convert_file, read_json
from engine.storage.part_file import clear_parts, unfinished
from engine.storage.versions import current_version

FORMAT = "recsys-tui model"
FORMAT_VERSION = 2
TENSORS, HEADER = "model.safetensors", "model.json"
TENSORS_NAME = re.compile(r"model(-[0-9a-f]{12})?\.safetensors")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Header:
    """What every description of a model has; a model adds entries of its own."""

    model: str
    tensors_sha256: str
    tensors: str = TENSORS
    options: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


def read_header(path: str | Path) -> dict[str, Any]:
    """Load the description of a stored model without its tensors.

    Raises
    ------
    DataError
        If there is no model, or another program or a newer version of this one stored it.
    DamagedError
        If the description is not the one that was stored.
    """
    folder = current_version(Path(path))
    if not folder.is_dir():
        raise DataError(f"There is no model in {folder}: train one first.", file=str(folder))
    file = folder / HEADER
    try:
        header = read_json(file, dict[str, Any])
    except MissingError:
        raise DataError(f"{folder} holds no model: {HEADER} is missing.", file=str(folder)) from None
    except DamagedError as error:
        raise DamagedError(f"{str(error).rstrip('.')}: train the model again.", file=str(file)) from error
    if header.get("format") != FORMAT:
        raise DataError(f"{file} does not describe a model of recsys-tui.", file=str(file))
    version = header.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise DataError(
            f"The model in {folder} was stored by a newer recsys-tui (format {version}, this one reads up to "
            f"{FORMAT_VERSION}): update the program.",
            file=str(folder),
        )
    if header.get("header_sha256") != header_hash(header):
        raise DamagedError(f"{file} is damaged (its checksum is wrong): train the model again.", file=str(file))
    convert_file(file, header, _Header)
    if not TENSORS_NAME.fullmatch(header.get("tensors", TENSORS)):
        raise DamagedError(f"{file} is damaged (it names no file of tensors): train the model again.", file=str(file))
    return header


def tensors_file(folder: Path, header: Mapping[str, Any]) -> Path:
    """The file of a model's tensors; a description of format 1 does not name it."""
    return folder / str(header.get("tensors", TENSORS))


def header_hash(header: Mapping[str, Any]) -> str:
    """The checksum of a description, without the entry that holds it."""
    rest = {key: value for key, value in header.items() if key != "header_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def clear_unnamed(folder: Path) -> list[Path]:
    """Delete the tensors that a model's description does not name, and what killed processes left; no error is raised.

    Of the tensors nothing is deleted where that cannot be told, or another process is writing. The order matters:
    tensors that were found before the look for another writer are those of its description by the time that this
    description is read, or of nobody.

    Returns
    -------
    list of Path
        What was deleted.
    """
    cleared: list[Path] = []
    try:
        found = [path for path in folder.iterdir() if TENSORS_NAME.fullmatch(path.name)]
        cleared += clear_parts(folder)
        if unfinished(folder, HEADER):
            return cleared
        try:
            named = read_json(folder / HEADER, dict[str, Any]).get("tensors", TENSORS)
        except MissingError:
            named = None
        for path in found:
            if path.name != named:
                path.unlink()
                cleared.append(path)
        if named is None and not any(folder.iterdir()):
            folder.rmdir()
    except (OSError, DataError) as error:
        _log.info("%s: old tensors were not deleted (%s)", folder, error)
    return cleared
