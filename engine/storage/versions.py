"""Folders that hold versions: each version is a folder of its own, and one small file names the current one.

Replacing that file commits a new version. So at every moment the current version is the old one or the new one, whole,
whatever step of a replacement is interrupted or fails, and a reader needs no lock: if a version was replaced while it
was read, it is read again.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DamagedError, DataError, MissingError
from engine.storage.atomic import cannot_write, make_folder, sync_file, sync_folder, write_json
from engine.storage.guarded import read_json
from engine.storage.part_file import clear_parts

POINTER = "version.json"
_NAME = re.compile(r"v-[0-9a-f]{12}")
_log = logging.getLogger(__name__)


def current_version(folder: Path) -> Path:
    """The folder of the current version; ``folder`` itself if its content was stored without versions.

    Raises
    ------
    DamagedError
        If the file that names the current version does not hold such a name.
    DataError
        If that file cannot be read.
    """
    pointer = folder / POINTER
    try:
        name = read_json(pointer, _Pointer).version
    except MissingError:
        return folder
    if not _NAME.fullmatch(name):
        raise DamagedError(f"{pointer}: is damaged, since it names no version.", file=str(pointer))
    return folder / name


@dataclass(frozen=True, slots=True)
class _Pointer:
    """The content of the file that names the current version."""

    version: str


@contextmanager
def new_version(folder: Path) -> Iterator[Path]:
    """Give a new, empty folder, which becomes the current version when the block ends without an exception.

    Only one process at a time may do so; the caller holds a lock.

    Parameters
    ----------
    folder
        The folder of the versions. It is created if necessary.

    Raises
    ------
    DataError
        If the version cannot be written; the one before is then still the current one.
    """
    fresh = folder / f"v-{uuid.uuid4().hex[:12]}"
    try:
        make_folder(fresh)
        yield fresh
        for path in fresh.iterdir():
            sync_file(path)
        sync_folder(fresh)
        write_json(folder / POINTER, {"version": fresh.name})
    except BaseException as error:
        clear_old_versions(folder)
        if isinstance(error, OSError):
            raise cannot_write(folder, error) from error
        raise
    clear_old_versions(folder)


def clear_old_versions(folder: Path) -> list[Path]:
    """Delete every version but the current one, and what was stored without versions before; the caller holds a lock.

    Nothing is deleted if the current version cannot be told. A file that cannot be deleted stays for the next call.

    Returns
    -------
    list of Path
        What was deleted.
    """
    cleared = clear_parts(folder)
    try:
        current = current_version(folder)
        if current != folder and not current.is_dir():
            return cleared
        versioned = current != folder
        for path in sorted(folder.iterdir()):
            is_old = versioned and path.name != POINTER and not path.name.startswith(".")
            if path != current and (is_old or _NAME.fullmatch(path.name)):
                cleared += delete(path)
        if not versioned and not any(folder.iterdir()):
            folder.rmdir()
    except (DataError, OSError) as error:
        _log.info("%s: old versions were not cleared (%s)", folder, error)
    return cleared


def delete(path: Path) -> list[Path]:
    """Delete a file or a folder as far as possible; returns the path if it is gone, and raises no error."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            os.unlink(path)
    except OSError as error:
        _log.info("%s: could not be deleted (%s)", path, error)
        return []
    return [path]
