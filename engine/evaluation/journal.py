"""The file in which a search for options is stored: a journal of Optuna to which lines are only appended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.storage.atomic import cannot_write, make_folder, sync_folder
from engine.storage.lock import locked


class Journal:
    """A backend for Optuna's ``JournalStorage`` whose errors reach the caller.

    While Optuna handles an error of the disk, it raises others, which say nothing of the disk. So the first error is
    kept here.

    Parameters
    ----------
    path
        The file. Its folder is created; the folder in which that lies must exist.

    Raises
    ------
    DataError
        If the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        from optuna.storages.journal import JournalFileBackend

        self._path = path
        self._error: BaseException | None = None
        with self.errors():
            if not path.parent.parent.is_dir():
                raise DataError(
                    f"{path.parent.parent}: the data set was removed, so no search can be stored.",
                    file=str(path.parent.parent),
                )
            make_folder(path.parent)
            lock: Any = _Lock(path.with_name(f"{path.name}.lock"))
            _drop_partial_line(path, lock)
            self._backend = JournalFileBackend(str(path), lock_obj=lock)
            sync_folder(path.parent)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise the first error of the file in place of those that followed from it.

        Raises
        ------
        DataError
            If the file cannot be read or written.
        """
        try:
            yield
        except BaseException as error:
            first = error if self._error is None else self._error
            if isinstance(first, OSError):
                raise cannot_write(self._path, first) from error
            if isinstance(first, DataError | KeyboardInterrupt) and first is not error:
                raise first from error
            raise

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Read the lines from a number on."""
        with self._keeping_the_first_error():
            yield from self._backend.read_logs(log_number_from)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append lines, and wait until they are on disk."""
        with self._keeping_the_first_error():
            self._backend.append_logs(logs)

    @contextmanager
    def _keeping_the_first_error(self) -> Iterator[None]:
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:  # and not the end of a generator that is closed
            self._error = self._error or error
            raise


class _Lock:
    """A lock for Optuna, which the system releases when the process ends, even after a crash."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = ExitStack()

    def acquire(self) -> bool:
        """Wait for the lock."""
        return self._held.enter_context(locked(self._path, wait=True))

    def release(self) -> None:
        """Release the lock."""
        self._held.close()


def _drop_partial_line(path: Path, lock: _Lock) -> None:
    """Remove an incomplete last line that a killed writer left, since the next line would be appended to it."""
    if not path.is_file():
        return
    lock.acquire()
    try:
        with path.open("r+b") as file:
            content = file.read()
            if not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)
                os.fsync(file.fileno())
    finally:
        lock.release()
