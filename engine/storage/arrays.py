"""NumPy files whose headers are compared with the size of the file before memory is taken for them."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError
from engine.storage.atomic import describe_os_error
from engine.storage.guarded import damaged, require_file

#: What NumPy raises at a header that is no header.
_HEADER_ERRORS = (
    ValueError,
    SyntaxError,
    tokenize.TokenError,
    TypeError,
    KeyError,
    RecursionError,
    MemoryError,
    OverflowError,
)


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Read the header of a ``.npy`` file of version 1.0, as this program writes it; the file is then at the first row.

    Raises
    ------
    ValueError
        If the header is not of this form, or declares Python objects, columns before rows, or a negative size.
    """
    try:
        version = np.lib.format.read_magic(file)
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    except _HEADER_ERRORS as error:
        raise ValueError("its header cannot be read") from error  # NumPy quotes the whole header
    if version != (1, 0) or fortran_order or dtype.hasobject or any(size < 0 for size in shape):
        raise ValueError("its header was not written by this program")
    return tuple(int(size) for size in shape), dtype


def num_bytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """The number of bytes of an array, which does not overflow for a forged shape."""
    return math.prod(shape) * dtype.itemsize


def read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read all arrays of an uncompressed ``.npz`` file; they are read-only.

    Raises
    ------
    MissingError
        If there is no file.
    DataError
        If it cannot be read.
    DamagedError
        If it is not such a file, a checksum is wrong, or an array has another size than its header says.
    """
    size = require_file(path)
    arrays: dict[str, npt.NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(one.compress_type != zipfile.ZIP_STORED for one in members):
                raise ValueError("it is compressed, and this program does not compress it")
            if sum(one.file_size for one in members) > size:
                raise ValueError("its arrays are larger than the file")
            for member in members:
                # Read as one piece, which also compares the member's checksum.
                content = archive.read(member)
                stream = io.BytesIO(content)
                shape, dtype = read_header(stream)
                start = stream.tell()
                if num_bytes(shape, dtype) != len(content) - start:
                    raise ValueError(f"{member.filename} has another size than its header says")
                flat = np.frombuffer(content, dtype, offset=start) if start < len(content) else np.empty(0, dtype)
                arrays[member.filename.removesuffix(".npy")] = flat.reshape(shape)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({describe_os_error(error)}).", file=str(path)) from error
    except (ValueError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OverflowError) as error:
        raise damaged(path, str(error).rstrip(".") or "it is cut short") from error
    return arrays
