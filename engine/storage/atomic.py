"""Write files completely or not at all: under a temporary name, synced to disk, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.errors import DamagedError, DataError


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``, which replaces ``path`` when the block ends without an exception.

    Raises
    ------
    DataError
        If the folder cannot be written or the disk is full; ``path`` is then unchanged.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def exchanging_folder(folder: Path) -> Iterator[Path]:
    """Give a new, empty folder beside ``folder``, which replaces it when the block ends without an exception.

    Raises
    ------
    DataError
        If the folder cannot be written; ``folder`` is then unchanged.
    """
    fresh, old = (folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.{end}") for end in ("part", "old"))
    try:
        fresh.mkdir(parents=True)
        yield fresh
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except OSError as error:
        raise _not_written(folder, error) from error
    finally:
        # This also repairs an interrupt between the two renames.
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock on the file ``path``; the system releases it when the process ends, even after a crash.

    Parameters
    ----------
    path
        The lock file. It is created if necessary and never deleted, since another process may be waiting for it.
    wait
        Whether to wait while another process holds the lock.

    Yields
    ------
    bool
        Whether the lock is held. It is always true after waiting, and on a file system without locks.

    Raises
    ------
    DataError
        If the file cannot be created.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a")  # noqa: SIM115 - closed below; an OSError of the caller's block must not be caught here
    except OSError as error:
        raise _not_written(path, error) from error
    with file:
        yield _lock(file.fileno(), wait)


def _not_written(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path}: cannot be written ({describe_os_error(error)}): make room or make it writable, and try again.",
        file=str(path),
    )


def _lock(descriptor: int, wait: bool) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks, such as some network ones
    return True


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    with writing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    DataError
        If it is missing or unreadable.
    DamagedError
        If it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({describe_os_error(error)}).", file=str(path)) from error
    except ValueError as error:
        raise DamagedError(f"{path}: is damaged, since it is not JSON ({error}).", file=str(path)) from error


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
    if number := re.search(r"\[errno (\d+)\]", text):  # pyarrow puts its own words around the number
        text = os.strerror(int(number[1]))
    return text[:1].lower() + text[1:]


def _sync_folder(folder: Path) -> None:
    # Without this step a power failure can undo the rename. Windows does not need it, and cannot open folders.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
