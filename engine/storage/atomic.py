"""Files that are either whole or not there: written under a temporary name, synced, renamed."""

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

_ADVICE = "make room or make it writable, and try again"


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path``; what is written there becomes ``path`` when the block ends well.

    Raises
    ------
    DataError
        If the folder cannot be written or the disk is full; ``path`` is then as it was before.
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
        raise DataError(f"{path}: cannot be written ({describe_os_error(error)}): {_ADVICE}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def exchanging_folder(folder: Path) -> Iterator[Path]:
    """A new, empty folder beside ``folder``, which takes its place when the block ends well.

    Raises
    ------
    DataError
        If it cannot be written; ``folder`` is then as it was before.
    """
    fresh, old = (folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.{end}") for end in ("part", "old"))
    try:
        fresh.mkdir(parents=True)
        yield fresh
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({describe_os_error(error)}): {_ADVICE}.") from error
    finally:
        # Also after an interrupt between the two renames.
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the lock file ``path``, which the system lets go of when the process ends, in whatever way.

    Parameters
    ----------
    path
        Made if need be, and left there: whoever deleted it could delete one that another process waits for.
    wait
        Whether to wait for another process that holds it.

    Yields
    ------
    bool
        Whether it is held; always true after a wait, and on a file system without locks.

    Raises
    ------
    DataError
        If the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a")  # noqa: SIM115 - closed below; what the block raises is not ours to explain
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({describe_os_error(error)}): {_ADVICE}.") from error
    with file:
        yield _lock(file.fileno(), wait)


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
        raise DataError(f"{path}: cannot be read ({describe_os_error(error)}).") from error
    except ValueError as error:
        raise DamagedError(f"{path}: is damaged, it is not JSON ({error}).") from error


def checksum(path: Path) -> str:
    """The sha256 of a file's bytes, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def set_aside(folder: Path) -> Path:
    """Rename a damaged folder so that it is neither used nor lost, and tell its new name."""
    number = 1
    while (aside := folder.with_name(f"{folder.name}.damaged-{number}")).exists():
        number += 1
    folder.rename(aside)
    return aside


def describe_os_error(error: OSError) -> str:
    """The operating system's own words, in lower case and without the number: ``no space left on device``."""
    text = error.strerror or str(error) or type(error).__name__
    if number := re.search(r"\[errno (\d+)\]", text):  # pyarrow wraps them in words of its own
        text = os.strerror(int(number[1]))
    return text[:1].lower() + text[1:]


def _sync_folder(folder: Path) -> None:
    # Without this a power cut can undo the rename. Folders cannot be opened on Windows, which needs no such step.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
