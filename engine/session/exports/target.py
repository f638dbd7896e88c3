"""The file that an export is to write: checked before the work begins, since the work can take long."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DataError, ErrorKind, OptionError
from engine.runtime.job import Job
from engine.storage.atomic import cannot_write, describe_os_error
from engine.storage.lock import LONG_WAIT, locked, report_wait
from engine.storage.part_file import clear_parts, part_file

if TYPE_CHECKING:
    from engine.storage.table_files import PrepareCell


@dataclass(frozen=True, slots=True)
class Target:
    """Where an export goes.

    Attributes
    ----------
    path
        The file. The ending of its name tells the format.
    replace
        Whether an existing file is replaced.
    prepare_cell
        Called with each distinct text of a CSV file; see :func:`engine.storage.table_files.write_tables`.
    """

    path: Path
    replace: bool = False
    prepare_cell: PrepareCell | None = None

    @property
    def files(self) -> list[Path]:
        """The files that are written: ``path``, and beside an array the file of its ids."""
        return [self.path, ids_file(self.path)] if self.path.suffix.lower() == ".npy" else [self.path]

    def require_free(self) -> None:
        """Check that the files do not exist, unless they are to be replaced.

        Raises
        ------
        DataError
            If one exists.
        """
        for path in () if self.replace else self.files:
            if path.exists():
                raise DataError(
                    f"{path}: exists already, and was not replaced.", kind=ErrorKind.FILE_EXISTS, file=str(path)
                )

    def clear_unfinished(self) -> None:
        """Delete what killed exports have left beside the files."""
        for path in self.files:
            clear_parts(path.parent, path.name)


def ids_file(path: Path) -> Path:
    """The file of the ids of an array of vectors: ``films.ids.csv`` for ``films.npy``."""
    return path.with_name(f"{path.stem}.ids.csv")


def require_target(target: Target, endings: Collection[str]) -> Target:
    """Check that a file can be written.

    Parameters
    ----------
    target
        Where the export goes.
    endings
        The endings that the name of the file may have.

    Returns
    -------
    Target
        The same with symbolic links followed, so that the file behind a link is replaced and not the link.

    Raises
    ------
    OptionError
        If the ending is none of ``endings``.
    DataError
        If the folder does not exist, or the file exists and is not to be replaced, or is no plain file.
    """
    path = target.path
    if path.suffix.lower() not in endings:
        *others, last = sorted(endings)
        raise OptionError(
            f"{path}: its name must end in {', '.join(others)} or {last}, which tells the format of the file.",
            file=str(path),
            choices=sorted(endings),
        )
    try:
        found = replace(target, path=path.resolve())
        if not found.path.parent.is_dir():
            raise DataError(
                f"{path}: cannot be written, since the folder {found.path.parent} does not exist: create it first.",
                file=str(path),
            )
        for one in found.files:
            if one.exists() and not one.is_file():
                raise DataError(f"{one}: is a folder or a device: name a file.", file=str(one))
        found.require_free()
    except (OSError, ValueError, RuntimeError) as error:  # an impossible name, a loop of links
        why = describe_os_error(error) if isinstance(error, OSError) else str(error)
        raise DataError(f"{path}: cannot be written ({why}): name another file.", file=str(path)) from error
    return found


def _require_writable(path: Path) -> None:
    """Check that an unfinished file can lie beside a file, by making one.

    Raises
    ------
    DataError
        If it cannot, such as in a read-only folder, or since the name is too long.
    """
    try:
        with part_file(path) as part:
            part.close()
            part.path.unlink()
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def writing_to(target: Target, endings: Collection[str], locks: Path, job: Job) -> Iterator[Target]:
    """Hold the right to write a file, which two exports must not write at once.

    Parameters
    ----------
    target, endings
        As of :func:`require_target`, which is called first.
    locks
        The folder of the lock files.
    job
        Reports for whom it waits, and may be cancelled.

    Yields
    ------
    Target
        What :func:`require_target` returns. What killed exports have left beside the file is deleted.

    Raises
    ------
    OptionError, DataError
        As :func:`require_target`.
    """
    found = require_target(target, endings)
    name = hashlib.sha256(str(found.path).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    lock = locks / f"export-{name}.lock"
    with locked(lock, purpose="exporting to the same file", timeout=LONG_WAIT, on_wait=report_wait(job)):
        found.require_free()  # another export may have written it meanwhile
        found.clear_unfinished()
        for path in found.files:
            _require_writable(path)
        yield found
