"""A value whose arrays lie in a file that several machines can read, and what a worker keeps of such values."""

from __future__ import annotations

import hashlib
import os
import platform
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from engine.errors import DataError, ErrorKind
from engine.runtime.memory import available
from engine.runtime.thread_pool import usable_cores
from engine.storage.store_errors import reason_of
from engine.storage.taken_apart import Bytes, put_together

#: The file of a run that says which run it is.
MARKER = "run.json"
#: The share of the free memory that the values of an object store may take in all workers of a machine together.
#: Those of a folder are mapped, so that the machine holds them once and can forget them.
_SHARE = 0.25


class Part(NamedTuple):
    """A part of a file.

    Attributes
    ----------
    offset
        The place of its bytes in the file, which are the body of a message.
    size
        The number of its bytes.
    digest
        Their SHA-256. It travels with the task, so that a file that somebody else has changed is not believed.
    """

    offset: int
    size: int
    digest: bytes


@dataclass(frozen=True)
class StoredValue:
    """A value in a file of Arrow's tensors; see :mod:`engine.storage.taken_apart`.

    Attributes
    ----------
    filesystem
        The file system, of pyarrow. It is sent with its address, and with keys only if these are in the address.
    run
        The folder of the run.
    name
        The name of the file.
    address
        The place of all runs, as messages name it.
    parts
        The parts of the file.
    """

    filesystem: Any
    run: str
    name: str
    address: str
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """The number of bytes of all parts."""
        return sum(part.size for part in self.parts)

    def load(self, rest: Callable[[], Any], beside: Collection[str] = ()) -> Any:
        """Read the value, or take the one that this process has read before.

        Parameters
        ----------
        rest
            Gives what is not in the file.
        beside
            The names of other values that are needed at the same time.

        Raises
        ------
        DataError
            If this machine does not see the file, or it is not as it was written.
        """
        return _kept.get(self, rest, beside)

    def read(self, rest: Any) -> Any:
        """Read the value; see :meth:`load`."""
        try:
            content = self._content()
        except (OSError, ValueError) as error:
            raise self._unseen(error) from error
        return put_together(rest, lambda number: self._part(content, self.parts[number]))

    def require_run(self) -> None:
        """Raise DataError unless this machine sees the folder of the run."""
        try:
            with self.filesystem.open_input_stream(f"{self.run}/{MARKER}") as stream:
                stream.read()
        except (OSError, ValueError) as error:
            raise self._unseen(error) from error

    @property
    def is_mapped(self) -> bool:
        """Whether reading maps the file, which then takes no memory of this process."""
        return bool(self.filesystem.type_name == "local")

    def _content(self) -> Any:
        import pyarrow as pa

        path = f"{self.run}/{self.name}"
        if self.is_mapped:
            with pa.memory_map(path) as file:
                return file.read_buffer()
        with self.filesystem.open_input_file(path) as file:
            return file.read_buffer()

    def _part(self, content: Any, part: Part) -> Bytes:
        # The header of the message is not looked at: a forged one could name any place in memory.
        found: Bytes = np.frombuffer(content, np.uint8)[part.offset : part.offset + part.size]
        if hashlib.sha256(found.data).digest() != part.digest:
            raise DataError(
                f"{self.address}: {os.path.basename(self.run)}/{self.name} was changed or cut off while it was in use; "
                "start the work again.",
                file=self.address,
            )
        return found

    def _unseen(self, error: Exception) -> DataError:
        machine, why = platform.node() or "of a worker", reason_of(error)
        needed = "that folder" if self.is_mapped else "access to it, by keys of its own or those in the address"
        return DataError(
            f"The machine {machine} cannot read what was put into {self.address} ({why}); every machine of the cluster "
            f"needs {needed}.",
            kind=ErrorKind.STORAGE_FAILED,
            file=self.address,
        )


class _Kept:
    """What this process has read of one run, up to a bound; what was used longest ago goes first."""

    def __init__(self) -> None:
        self._run = ""
        self._values: OrderedDict[str, tuple[int, Any]] = OrderedDict()

    def get(self, stored: StoredValue, rest: Callable[[], Any], beside: Collection[str]) -> Any:
        if stored.run != self._run:
            self._values.clear()  # their files are gone, or soon will be
            stored.require_run()
            self._run = stored.run
        if stored.name not in self._values:
            self._make_room(stored, beside)
            self._values[stored.name] = stored.size, stored.read(rest())
        self._values.move_to_end(stored.name)
        return self._values[stored.name][1]

    def _make_room(self, stored: StoredValue, beside: Collection[str]) -> None:
        room = _bound(stored.is_mapped) - stored.size - sum(size for size, _ in self._values.values())
        for name in [one for one in self._values if one not in beside]:
            if room >= 0:
                return
            room += self._values.pop(name)[0]


def _bound(is_mapped: bool) -> float:
    free = available() or 0
    return free if is_mapped else _SHARE * free / usable_cores()


_kept = _Kept()


def write_parts(stream: Any, parts: Sequence[Bytes]) -> tuple[Part, ...]:
    """Write parts as messages of Arrow, whose bodies begin at multiples of 64 bytes, as computations like it."""
    import pyarrow as pa

    written = []
    for content in parts:
        pa.ipc.write_tensor(pa.Tensor.from_numpy(content), stream)
        written.append(Part(stream.tell() - len(content), len(content), hashlib.sha256(content.data).digest()))
    return tuple(written)
