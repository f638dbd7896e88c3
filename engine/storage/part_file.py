"""Unfinished files: each is locked by its writer, which tells those of a living writer from those of a killed one."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from engine.storage.file_lock import try_to_lock

_NAME = re.compile(r"\.(?P<target>.+)\.[0-9a-f]+\.part")
#: Seconds after which an unfinished file is abandoned, on a file system whose locks do not tell.
_PATIENCE = 24 * 3600.0


class PartFile:
    """An unfinished file, which is locked.

    Attributes
    ----------
    path
        Where it lies.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def become(self, target: Path) -> None:
        """Wait until the content is on disk, then take the place of ``target``.

        Raises
        ------
        OSError
            If either fails; ``target`` is then unchanged.
        """
        os.fsync(self._descriptor)
        if os.name == "nt":
            self.close()  # Windows renames no open file, and deletes none: the lock is not needed there
        os.replace(self.path, target)

    def close(self) -> None:
        """Release the lock."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


@contextlib.contextmanager
def part_file(path: Path, mode: int = 0o666) -> Iterator[PartFile]:
    """Make a new, empty file beside ``path`` and hold its lock; an exception in the block deletes it.

    Parameters
    ----------
    path
        What the file is to become. Its folder must exist.
    mode
        The permissions of the new file, as :func:`os.open` takes them.

    Raises
    ------
    OSError
        If the file cannot be created.
    """
    part = _create(path, mode)
    try:
        yield part
    except BaseException:
        with contextlib.suppress(OSError):
            part.path.unlink(missing_ok=True)
        raise
    finally:
        part.close()


def unfinished(folder: Path, target: str | None = None) -> list[Path]:
    """The unfinished files in a folder, of living and of dead writers.

    Parameters
    ----------
    folder
        The folder, which need not exist.
    target
        Only files that are to get this name; None for all.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    matches = ((name, _NAME.fullmatch(name)) for name in names)
    return [folder / name for name, match in matches if match and target in (None, match["target"])]


def clear_parts(folder: Path, target: str | None = None) -> list[Path]:
    """Delete the unfinished files in a folder whose writers are dead, and return them; no error is raised.

    Parameters
    ----------
    folder, target
        As of :func:`unfinished`.
    """
    return [path for path in unfinished(folder, target) if path.is_file() and _delete_if_abandoned(path)]


def _create(path: Path, mode: int) -> PartFile:
    while True:
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            # Before it was locked, another process may have taken the file for an abandoned one and deleted it.
            if _lock(descriptor) is not False and part.exists():
                return PartFile(part, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _delete_if_abandoned(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
        try:
            lock = _lock(descriptor)
            if lock is False or (lock is None and time.time() - os.stat(descriptor).st_mtime < _PATIENCE):
                return False
            path.unlink()  # while the lock is held, so that no writer takes the file for its own
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return True


def _lock(descriptor: int) -> bool | None:
    """Lock an unfinished file; None where no lock tells. Windows lets nobody delete or rename an open file."""
    return None if sys.platform == "win32" else try_to_lock(descriptor)
