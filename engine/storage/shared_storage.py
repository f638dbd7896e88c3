"""A place that all machines of a cluster see, such as a network folder or a bucket, for the data of a computation.

What one process puts there lies in a folder of its own, which goes with the last value in it, and at the latest with
the process. A folder that a killed process left is removed by a later one.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import re
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from engine.errors import DataError, ErrorKind
from engine.storage.store_errors import reason_of
from engine.storage.stored_value import MARKER, StoredValue, write_parts
from engine.storage.taken_apart import take_apart
from engine.version import __version__

_log = logging.getLogger(__name__)

#: The fewest bytes of arrays that are put there.
_LEAST_BYTES = 1 << 20
#: The file that a run writes again from time to time, so that others see that it lives.
_ALIVE = "alive"
_ALIVE_SECONDS = 1800.0
#: The age of the newest file of a run that is dead.
_DEAD = timedelta(days=1)
_PROGRAM = "recsys-tui"
_RUN = re.compile(rf"{_PROGRAM}-run-[0-9a-f]{{32}}")
_VALUE = re.compile(r"value-\d+\.arrow")


class SharedStorage:
    """Stores large values in a place that all machines see.

    Parameters
    ----------
    filesystem
        A file system of pyarrow.
    folder
        The place in it.
    address
        The same for messages, without keys.
    """

    def __init__(self, filesystem: Any, folder: str, address: str) -> None:
        self._filesystem, self._folder, self._address = filesystem, folder.rstrip("/"), address
        self._run: weakref.ref[_Run] | None = None
        self._lock = threading.Lock()

    def require(self) -> None:
        """Try whether values can be stored, and remove what killed processes left.

        Raises
        ------
        DataError
            If they cannot.
        """
        with self._errors():
            probe = _Run(self._filesystem, self._folder)
        try:
            with suppress(OSError, ValueError):
                _remove_dead(self._filesystem, self._folder, probe.path)
        finally:
            probe.remove()

    def put(self, value: Any) -> tuple[StoredValue, Any] | None:
        """Store the arrays of a value.

        Returns
        -------
        stored, rest
            The file of the arrays, which lives as long as ``stored``, and what :meth:`StoredValue.load` needs beside
            it. None if the value has few arrays, or cannot be taken apart.

        Raises
        ------
        DataError
            If they cannot be stored.
        """
        try:
            rest, parts = take_apart(value)
        except RecursionError:  # something in it refers to itself
            return None
        if sum(len(part) for part in parts) < _LEAST_BYTES:
            return None
        with self._errors():
            run = self._current()
            name = run.next_name()
            path = f"{run.path}/{name}"
            with self._filesystem.open_output_stream(path) as stream:
                written = write_parts(stream, parts)
        stored = StoredValue(self._filesystem, run.path, name, self._address, written)
        # This keeps the run as well, which removes all of its files where the process ends before the value.
        weakref.finalize(stored, run.forget, name).atexit = False
        return stored, rest

    def keep_alive(self) -> None:
        """Say from time to time that the values are in use; call it as often as you like."""
        run = None if self._run is None else self._run()
        if run is not None:
            run.keep_alive()

    def remove(self) -> None:
        """Remove what is stored, in a process that ends at once."""
        run = None if self._run is None else self._run()
        if run is not None:
            run.remove()

    def _current(self) -> _Run:
        with self._lock:
            run = None if self._run is None else self._run()
            if run is None:
                run = _Run(self._filesystem, self._folder)
                self._run = weakref.ref(run)
            return run

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # pyarrow's own are among both
            raise DataError(
                f"{self._address}: the data for the machines of the cluster cannot be written there "
                f"({reason_of(error)}).",
                kind=ErrorKind.STORAGE_FAILED,
                file=self._address,
            ) from error


class _Run:
    """The folder of this process in a place. It goes with the last value that refers to it."""

    def __init__(self, filesystem: Any, folder: str) -> None:
        self._filesystem, self.path = filesystem, f"{folder}/{_PROGRAM}-run-{uuid4().hex}"
        if filesystem.type_name == "local":
            os.mkdir(self.path, 0o700)
        self._numbers = iter(range(1 << 62))
        self._written = time.monotonic()
        # Not left to weakref's own end of the process: pyarrow ends its stores before that.
        self._process = os.getpid()
        self._remove = weakref.finalize(self, _remove_own, self._process, filesystem, self.path)
        self._remove.atexit = False
        atexit.register(self._remove)
        weakref.finalize(self, atexit.unregister, self._remove).atexit = False
        marker = {"program": _PROGRAM, "version": __version__, "run": self.path.rpartition("/")[2]}
        try:
            self._write(MARKER, json.dumps(marker).encode())
        except BaseException:
            self.remove()
            raise

    def next_name(self) -> str:
        return f"value-{next(self._numbers)}.arrow"

    def forget(self, name: str) -> None:
        """Remove a file."""
        if os.getpid() == self._process:
            with suppress(OSError, ValueError):
                self._filesystem.delete_file(f"{self.path}/{name}")

    def keep_alive(self) -> None:
        if time.monotonic() < self._written + _ALIVE_SECONDS:
            return
        self._written = time.monotonic()
        try:
            self._write(_ALIVE, b"")
        except (OSError, ValueError) as error:
            _log.warning("%s cannot be written to: %s", self.path, reason_of(error))

    def remove(self) -> None:
        self._remove()

    def _write(self, name: str, content: bytes) -> None:
        with self._filesystem.open_output_stream(f"{self.path}/{name}") as stream:
            stream.write(content)


def _files(filesystem: Any, folder: str) -> list[Any]:
    from pyarrow import fs

    found: list[Any] = filesystem.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    return found


def _remove_own(process: int, filesystem: Any, path: str) -> None:
    if os.getpid() == process:  # and not a fork of it, which ends earlier
        _remove_run(filesystem, path)


def _remove_run(filesystem: Any, path: str) -> None:
    """Remove the files of a run, and its folder if nothing else is in it; errors leave it to a later process."""
    try:
        names = [one.base_name for one in _files(filesystem, path)]
        ours = [name for name in names if _VALUE.fullmatch(name) or name in (_ALIVE, MARKER)]
        for name in sorted(ours, key=MARKER.__eq__):  # the marker is last: without it the folder is nobody's
            filesystem.delete_file(f"{path}/{name}")
        if filesystem.type_name == "local":
            os.rmdir(path)
        elif ours == names:
            filesystem.delete_dir(path)  # a store keeps an empty object in the place of a folder
    except FileNotFoundError:  # another process was quicker
        pass
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be removed: %s", path, reason_of(error))


def _remove_dead(filesystem: Any, folder: str, own: str) -> None:
    """Remove runs whose newest file is much older than one that was just written, by the clock of the place."""
    (now,) = (one.mtime for one in _files(filesystem, own) if one.base_name == MARKER)
    for one in _files(filesystem, folder):
        if not _RUN.fullmatch(one.base_name):
            continue
        files = _files(filesystem, one.path)
        if all(now - file.mtime > _DEAD for file in files) and _is_run(filesystem, one.path, one.base_name):
            _remove_run(filesystem, one.path)


def _is_run(filesystem: Any, path: str, name: str) -> bool:
    """Whether a folder has the marker of the run of that name."""
    try:
        with filesystem.open_input_stream(f"{path}/{MARKER}") as stream:
            marker = json.loads(stream.read(4096))
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and (marker.get("program"), marker.get("run")) == (_PROGRAM, name)
