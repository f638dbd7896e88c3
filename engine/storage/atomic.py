"""Write files completely or not at all: under a temporary name, synced to disk, then renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.storage.part_file import part_file

#: What to do about an error of the disk, by its number.
_REMEDIES = {
    errno.ENOSPC: "make room",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable",
    errno.EPERM: "make it writable",
    errno.EIO: "check the disk",
}
_log = logging.getLogger(__name__)


@contextmanager
def writing(path: Path, mode: int = 0o666) -> Iterator[Path]:
    """Give a temporary path beside ``path``, which replaces ``path`` when the block ends without an exception.

    The replacement is the last step that can fail: if it happened, no error is raised, and the file is the new one.

    Parameters
    ----------
    path
        The file. Its folder is created if necessary.
    mode
        The permissions of the new file, as :func:`os.open` takes them.

    Raises
    ------
    DataError
        If the folder cannot be written or the disk is full; ``path`` is then unchanged.
    """
    try:
        make_folder(path.parent)
        with part_file(path, mode) as part:
            yield part.path
            part.become(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    sync_committed(path.parent)


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents, and wait until their names are on disk.

    Only their owner may enter them, since data sets, searches and logs are personal. A folder that is there already
    keeps its permissions.

    Raises
    ------
    OSError
        If the folder cannot be created.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        sync_folder(one.parent)


def sync_file(path: Path) -> None:
    """Wait until the content of a file is on disk."""
    with open(path, "r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names of the files in a folder are on disk.

    Without this step a power failure can undo a rename. Windows does not need it, and cannot open folders.
    """
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems cannot do it
                raise
        finally:
            os.close(descriptor)


def sync_committed(folder: Path) -> None:
    """Like :func:`sync_folder`, after a change that cannot be taken back: an error is logged and not raised."""
    try:
        sync_folder(folder)
    except OSError as error:
        _log.warning("%s: a power failure now could undo the last change (%s)", folder, describe_os_error(error))


def cannot_write(path: Path, error: OSError) -> DataError:
    """The error for a file or folder that cannot be written."""
    remedy = _REMEDIES.get(error.errno or _number_in(str(error)) or 0, "make room or make it writable")
    return DataError(
        f"{path}: cannot be written ({describe_os_error(error)}): {remedy}, and try again.",
        file=str(path),
    )


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    with writing(path) as temporary:
        text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
        try:
            written = text.encode()
        except UnicodeEncodeError:  # a name of a file or an argument with bytes that are no UTF-8
            written = json.dumps(value, indent=2, default=str).encode()
        temporary.write_bytes(written + b"\n")


def checksum(path: Path) -> str:
    """The sha256 of a file's bytes, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def set_aside(folder: Path) -> Path:
    """Rename a damaged folder so that it is neither used nor lost; returns the new path."""
    number = 1
    while (aside := folder.with_name(f"{folder.name}.damaged-{number}")).exists():
        number += 1
    folder.rename(aside)
    return aside


def describe_os_error(error: OSError) -> str:
    """The message of the operating system without its number, such as ``no space left on device``."""
    text = error.strerror or str(error) or type(error).__name__
    if (number := _number_in(text)) is not None:
        text = os.strerror(number)
    return text[:1].lower() + text[1:]


def _number_in(text: str) -> int | None:
    """The number of the system's error in pyarrow's own words around it."""
    number = re.search(r"\[errno (\d+)\]", text)
    return None if number is None else int(number[1])
