"""One stored model: the report beside it, and whether its files are those that were stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.data.results import FitReport
from engine.errors import DamagedError, DataError, MissingError
from engine.storage.atomic import checksum, describe_os_error
from engine.storage.guarded import convert_file, read_json, require_checksum, require_file, with_checksum
from engine.storage.model_header import HEADER, read_header, tensors_file
from engine.storage.versions import POINTER, current_version

REPORT = "report.json"
#: Files up to this size are compared with their checksums whenever a model is listed, which takes milliseconds. Larger
#: ones are compared by size only, until the model is loaded.
LISTED_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The size and the sha256 of a file when it was stored."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredReport:
    """What is stored beside a model.

    Attributes
    ----------
    id
        A new one for each training.
    report
        The report of the training.
    fingerprints
        What identifies the ids that the model was trained with.
    trained_at
        The time of the training, in ISO 8601 and UTC.
    files
        Path within the folder -> its record. Earlier versions of the program recorded none.
    updates
        How many times the data set had been updated before the training.
    """

    id: str
    report: FitReport
    fingerprints: Mapping[str, Any]
    trained_at: str
    files: Mapping[str, FileRecord] | None = None
    updates: int = 0


def pack_report(folder: Path, report: StoredReport) -> dict[str, Any]:
    """The content of the report's file, with a record of each file that is in the folder now."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": checksum(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != REPORT
    }
    return with_checksum({**asdict(report), "files": files})


def model_folder(versions: Path) -> Path:
    """The folder of the current version of a model; ``versions`` itself if there is no model.

    Raises
    ------
    DamagedError
        If the file that names the current version is damaged, or names one that does not exist.
    DataError
        If that file cannot be read.
    """
    folder = current_version(versions)
    if folder != versions and not folder.is_dir():
        raise DamagedError(f"{versions / POINTER}: is damaged, since it names a version that does not exist.")
    return folder


def read_report(folder: Path, name: str) -> StoredReport | None:
    """The report of the model ``name`` in a folder; None if there is no model.

    Raises
    ------
    DamagedError
        If the report is damaged or missing, or is that of another model.
    DataError
        If it cannot be read.
    """
    path = folder / REPORT
    try:
        raw = read_json(path, dict[str, Any])
    except MissingError:
        if (folder / HEADER).exists():
            raise DamagedError(f"{path}: is missing.", file=str(path)) from None
        return None
    require_checksum(path, raw)
    stored = convert_file(path, raw, StoredReport)
    if stored.report.model != name:
        raise DamagedError(f"{path}: is damaged, since it is the report of {stored.report.model!r}.", file=str(path))
    return stored


def require_whole(folder: Path, stored: StoredReport, *, largest: int | None = None) -> None:
    """Compare the files of a model with what was recorded of them.

    Parameters
    ----------
    folder
        The folder of the model.
    stored
        Its report. Earlier versions of the program recorded no files in it; the model's own checksum is compared then.
    largest
        Of files with more bytes only the size is compared; None compares the checksum of all.

    Raises
    ------
    DamagedError
        If a file is missing, or is not the one that was stored.
    DataError
        If one cannot be read.
    """
    header = read_header(folder)
    if header["model"] != stored.report.model:
        raise DamagedError(f"{folder}: is damaged, since it holds a model of the kind {header['model']!r}.")
    if not stored.files:
        require_recorded(tensors_file(folder, header), header["tensors_sha256"], None, largest)
    for name, record in (stored.files or {}).items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise DamagedError(f"{folder / REPORT}: is damaged, since it names a file outside the folder.")
        require_recorded(path, record.sha256, record.bytes, largest)


def require_recorded(path: Path, sha256: str, recorded: int | None = None, largest: int | None = None) -> None:
    """Compare a file with what was recorded of it.

    Parameters
    ----------
    path
        The file.
    sha256, recorded
        Its checksum, and its size in bytes if that was recorded.
    largest
        As of :func:`require_whole`.

    Raises
    ------
    DamagedError
        If it is missing, or is not the one that was stored.
    DataError
        If it cannot be read.
    """
    try:
        size = require_file(path)
    except MissingError:
        raise DamagedError(f"{path}: is missing.", file=str(path)) from None
    if recorded not in (None, size):
        raise DamagedError(f"{path}: is damaged, since it has {size:,} bytes instead of {recorded:,}.", file=str(path))
    if (largest is None or size <= largest) and _checksum(path) != sha256:
        raise DamagedError(f"{path}: is damaged, since its checksum is wrong.", file=str(path))


def _checksum(path: Path) -> str:
    try:
        return checksum(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({describe_os_error(error)}).", file=str(path)) from error
