"""Reading stored files that may be damaged or forged: every way in which one can be wrong becomes one sentence.

What is read here is never run, and never decides how much memory is taken: sizes come from the file system, and what
a file says about itself is compared with them.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

from engine.errors import DamagedError, DataError, MissingError
from engine.storage.atomic import describe_os_error
from engine.storage.schema import SchemaError, convert, require_shallow

T = TypeVar("T")

#: The largest JSON or TOML file that is read. The largest that the program writes, a manifest, has some kilobytes.
MAX_TEXT_BYTES = 16 << 20
#: The key under which a JSON object holds the checksum of the rest of it; files of earlier versions have none.
CHECKSUM = "checksum"


def require_file(path: Path) -> int:
    """Check that a path is a plain file, since a pipe or a device would be read forever; returns its size in bytes.

    Raises
    ------
    MissingError
        If there is none.
    DataError
        If it cannot be reached.
    DamagedError
        If it is something else, such as a folder.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(f"{path}: is missing.", file=str(path)) from None
    except (OSError, ValueError) as error:  # a ValueError for a name that no file can have
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or device"
        raise DamagedError(f"{path}: is damaged, since it is {what} and not a file.", file=str(path))
    return status.st_size


def read_bytes(path: Path, limit: int | None = None) -> bytes:
    """Read a whole file.

    Parameters
    ----------
    path
        The file.
    limit
        The largest size in bytes that such a file can have; None for any.

    Raises
    ------
    MissingError
        If there is none.
    DataError
        If it cannot be read.
    DamagedError
        If it is not a plain file, or larger than ``limit``.
    """
    size = require_file(path)
    if limit is not None and size > limit:
        raise DamagedError(
            f"{path}: is damaged, since its {size:,} bytes are more than such a file ever has.", file=str(path)
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


@overload
def read_json(path: Path) -> Any: ...


@overload
def read_json(path: Path, kind: type[T]) -> T: ...


def read_json(path: Path, kind: Any = Any) -> Any:
    """Read a JSON file, and check it against a type.

    Parameters
    ----------
    path
        The file.
    kind
        A type that :func:`engine.storage.schema.convert` knows; ``Any`` for all that is not nested too deep.

    Raises
    ------
    MissingError
        If there is none.
    DataError
        If it cannot be read.
    DamagedError
        If it is not JSON, or not of this type.
    """
    content = read_bytes(path, MAX_TEXT_BYTES)
    try:
        value = json.loads(content.decode("utf-8"))
        require_shallow(value)
    except SchemaError as error:
        raise damaged(path, str(error)) from error
    except RecursionError:
        raise damaged(path, "its values are nested too deep") from None
    except ValueError as error:  # also a UnicodeDecodeError, and a number of too many digits
        raise damaged(path, f"it is not JSON ({_short(error)})") from error
    return convert_file(path, value, kind)


def convert_file(path: Path, value: Any, kind: type[T]) -> T:
    """Check what was read from a file against a type; see :func:`engine.storage.schema.convert`.

    Raises
    ------
    DamagedError
        If it is not of this type.
    """
    try:
        return convert(value, kind)
    except SchemaError as error:
        raise damaged(path, str(error)) from error


def with_checksum(value: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with the checksum of its content, which :func:`require_checksum` compares after reading."""
    plain = json.loads(json.dumps({name: one for name, one in value.items() if name != CHECKSUM}, default=str))
    return {**plain, CHECKSUM: _checksum(plain)}


def require_checksum(path: Path, value: Mapping[str, Any]) -> bool:
    """Compare an object that was read from a file with the checksum in it; returns whether there is one.

    Raises
    ------
    DamagedError
        If the object is not the one that was written.
    """
    if CHECKSUM not in value:
        return False
    if value[CHECKSUM] != _checksum({name: one for name, one in value.items() if name != CHECKSUM}):
        raise damaged(path, "its checksum is wrong")
    return True


def damaged(path: Path, why: str) -> DamagedError:
    """The error for a stored file that does not hold what was written."""
    return DamagedError(f"{path}: is damaged, since {why}.", file=str(path))


def _unreadable(path: Path, error: OSError | ValueError) -> DataError:
    why = describe_os_error(error) if isinstance(error, OSError) else str(error)
    return DataError(f"{path}: cannot be read ({why}).", file=str(path))


def _checksum(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _short(error: Exception) -> str:
    text = str(error)
    return text if len(text) <= 100 else f"{text[:99]}…"
