"""The files of runs: reading them, comparing them with what was recorded, and clearing what belongs to no run."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.data.runs import RunRecord, ValuesFile
from engine.errors import DamagedError, DataError, MissingError
from engine.storage.atomic import checksum, describe_os_error
from engine.storage.guarded import convert_file, damaged, read_json, require_checksum, require_file
from engine.storage.part_file import clear_parts
from engine.storage.versions import delete

#: The folder of removed runs, in the folder of the runs.
REMOVED = "removed"
RECORD = re.compile(r"([1-9]\d{0,8})\.json")
VALUES = re.compile(r"([1-9]\d{0,8})\.npz")


def numbers_in(folder: Path, pattern: re.Pattern[str]) -> list[int]:
    """The numbers of the files in a folder whose names fit a pattern, sorted."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(int(match[1]) for name in names if (match := pattern.fullmatch(name)))


def read_run(path: Path, number: int) -> RunRecord:
    """Read the record of a run.

    Raises
    ------
    MissingError
        If there is none.
    DamagedError
        If it is not what was written.
    DataError
        If it cannot be read.
    """
    raw = read_json(path, dict[str, Any])
    if not require_checksum(path, raw):
        raise damaged(path, "it has no checksum")
    run = convert_file(path, raw, RunRecord)
    if run.id != number:
        raise damaged(path, f"it is the record of run {run.id}")
    return run


def require_values(path: Path, recorded: ValuesFile) -> None:
    """Compare the arrays beside a run with what was recorded of them.

    Raises
    ------
    DamagedError
        If the file is missing, or not the one that was stored.
    DataError
        If it cannot be read.
    """
    try:
        size = require_file(path)
    except MissingError:
        raise DamagedError(f"{path}: is missing.", file=str(path)) from None
    try:
        if size != recorded.bytes or checksum(path) != recorded.sha256:
            raise damaged(path, "it is not the file that was stored")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({describe_os_error(error)}).", file=str(path)) from error


def clear_runs(folder: Path) -> list[Path]:
    """Delete what killed processes left of runs, and the values of runs that are gone; the caller holds the lock."""
    cleared = clear_parts(folder)
    for number in numbers_in(folder, RECORD):  # a power failure can leave both names of a run that was being moved
        if (both := folder / REMOVED / f"{number}.json").exists():
            cleared += delete(both)
    kept = {*numbers_in(folder, RECORD), *numbers_in(folder / REMOVED, RECORD)}
    for number in numbers_in(folder, VALUES):
        if number not in kept:
            cleared += delete(folder / f"{number}.npz")
    return cleared


def record_files(folder: Path) -> list[tuple[int, Path]]:
    """The numbers and files of all records in a folder of runs, those of removed runs included."""
    places = (folder, folder / REMOVED)
    return [(number, place / f"{number}.json") for place in places for number in numbers_in(place, RECORD)]


def describe_run(path: Path) -> str:
    """A few words on a stored run, after its record and its values were compared with their checksums."""
    number = int(path.stem)
    run = read_run(path, number)
    if run.values is not None:
        folder = path.parent.parent if path.parent.name == REMOVED else path.parent
        require_values(folder / f"{number}.npz", run.values)
    return f"{run.kind} {run.model}, {run.state}, {run.started}"


def data_fingerprint(fingerprints: Mapping[str, str], files: Mapping[str, Mapping[str, Any]]) -> str:
    """A hash of the tables of a data set, of 12 hexadecimal digits."""
    content = {"ids": dict(fingerprints), "tables": {table: str(entry["sha256"]) for table, entry in files.items()}}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
