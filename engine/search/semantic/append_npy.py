"""A ``.npy`` file to which rows can be appended, valid even if the writer is killed."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DamagedError, MissingError
from engine.storage.arrays import num_bytes, read_header
from engine.storage.guarded import require_file

_HEADER = 128


class AppendableArray:
    """An array in a ``.npy`` file whose header is updated only after appended rows are on disk.

    The header is the commit point: 128 bytes, written in one call, after the rows have reached the disk. A writer that
    is killed leaves at most some bytes after the last committed row; the next append overwrites them. Rows are
    written, not memory-mapped, since a full disk makes a write fail but kills a process that writes to mapped memory.

    Parameters
    ----------
    path
        An existing file, made by :meth:`create`.

    Raises
    ------
    DamagedError
        If the file is not such an array, or shorter than its header says.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            require_file(path)  # a pipe in its place would be waited for
            with open(path, "rb") as file:
                shape, dtype = read_header(file)
                about = os.fstat(file.fileno())
                size = about.st_size
                if not shape or file.tell() != _HEADER:
                    raise ValueError("its header was not written by this program")
        except (MissingError, FileNotFoundError) as error:
            raise DamagedError(f"{path.name} is missing") from error
        except ValueError as error:
            raise DamagedError(f"{path.name} is not an array ({error})") from error
        self._identity = about.st_dev, about.st_ino
        self.dtype: np.dtype[Any] = dtype
        self._rows, self.row_shape = shape[0], shape[1:]
        if size < _HEADER + num_bytes(shape, dtype):
            raise DamagedError(f"{path.name} is cut off")

    @staticmethod
    def create(path: Path, dtype: npt.DTypeLike, row_shape: tuple[int, ...] = ()) -> None:
        """Create a file without rows, and wait until it is on disk."""
        with open(path, "wb", buffering=0) as file:
            file.write(_header(np.dtype(dtype), (0, *row_shape)))
            os.fsync(file.fileno())

    @staticmethod
    def cut_to_whole_rows(path: Path, dtype: npt.DTypeLike, row_shape: tuple[int, ...]) -> int:
        """Have the header of a file that was cut off state the rows that are left; returns their number.

        Raises
        ------
        DamagedError
            If the header itself is not that of such a file.
        """
        with open(path, "r+b", buffering=0) as file:
            try:
                shape, found = read_header(file)
            except ValueError as error:
                raise DamagedError(f"{path.name} is not an array ({error})") from error
            if found != np.dtype(dtype) or shape[1:] != row_shape or file.tell() != _HEADER:
                raise DamagedError(f"{path.name} holds something else")
            left = (os.fstat(file.fileno()).st_size - _HEADER) // num_bytes(row_shape, found)
            rows = min(shape[0], max(0, left))
            if rows < shape[0]:
                _write_at(file, 0, _header(found, (rows, *row_shape)))
                os.fsync(file.fileno())
        return rows

    def __len__(self) -> int:
        return self._rows

    def read(self) -> npt.NDArray[Any]:
        """The committed rows, memory-mapped and read on access.

        Raises
        ------
        DamagedError
            If the file was replaced or cut off since it was opened.
        """
        if not self._rows:
            return np.zeros((0, *self.row_shape), dtype=self.dtype)
        try:
            with open(self.path, "rb") as file:
                about = os.fstat(file.fileno())
                if (about.st_dev, about.st_ino) != self._identity:
                    raise DamagedError(f"{self.path.name} was replaced")
                # np.load(mmap_mode="r") would read the number of rows from the header, which a writer may be changing.
                mapped = np.memmap(file, self.dtype, mode="r", offset=_HEADER, shape=(self._rows, *self.row_shape))
        except FileNotFoundError as error:
            raise DamagedError(f"{self.path.name} is missing") from error
        except ValueError as error:
            raise DamagedError(f"{self.path.name} is cut off") from error
        return mapped.view(np.ndarray)

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Write rows after the last one, then commit them by updating the header.

        Parameters
        ----------
        rows
            Rows of shape ``(n, *row_shape)``; they are converted to the file's dtype.

        Raises
        ------
        OSError
            If the disk is full or the file cannot be written; the rows are then not committed.
        """
        data = np.ascontiguousarray(rows, dtype=self.dtype)
        if data.shape[1:] != self.row_shape:
            raise ValueError(f"rows of shape {data.shape[1:]} do not fit {self.row_shape}")
        total = self._rows + len(data)
        with open(self.path, "r+b", buffering=0) as file:
            _write_at(file, _HEADER + self._rows * self._row_bytes, data.tobytes())
            os.fsync(file.fileno())
            _write_at(file, 0, _header(self.dtype, (total, *self.row_shape)))
            os.fsync(file.fileno())
        self._rows = total

    def truncate(self, rows: int) -> None:
        """Discard all rows after the first ``rows``."""
        with open(self.path, "r+b", buffering=0) as file:
            _write_at(file, 0, _header(self.dtype, (rows, *self.row_shape)))
            os.fsync(file.fileno())
        self._rows = rows

    @property
    def _row_bytes(self) -> int:
        return num_bytes(self.row_shape, self.dtype)


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, description)
    header = buffer.getvalue()
    if len(header) != _HEADER:
        raise ValueError(f"a header of {len(header)} bytes instead of {_HEADER}")
    return header


def _write_at(file: io.FileIO, offset: int, data: bytes) -> None:
    file.seek(offset)
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
