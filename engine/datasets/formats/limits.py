"""How much data one source may bring: what an archive may unpack to, and how much may be downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from engine.errors import DataError, ErrorKind, OptionError

#: Content that unpacks to more than ``MAX_UNPACKED_BYTES``, and to more than ``MAX_UNPACKED_RATIO`` times its packed
#: size, is refused, since no table is packed so well. A file that is unpacked already has no such limit.
MAX_UNPACKED_BYTES = 256 << 20
MAX_UNPACKED_RATIO = 100
#: How much is taken from a server or a database for one data set.
MAX_FETCHED_BYTES = 4 << 30

# The limit belongs to one call of engine.datasets.read, while archives are opened deep inside the readers, also those
# of other packages, whose interface has no place for it.
_MAX_SIZE: ContextVar[int | None] = ContextVar("max_size", default=None)


@contextmanager
def size_limit(max_size: int | None) -> Iterator[None]:
    """Read with another limit than the usual ones.

    Parameters
    ----------
    max_size
        How many bytes an archive may unpack to, whatever its packed size, and how many may be fetched; None for the
        usual limits.

    Raises
    ------
    OptionError
        If it is not above zero.
    """
    if max_size is not None and max_size <= 0:
        raise OptionError(f"The largest size must be above zero, not {max_size}.")
    token = _MAX_SIZE.set(max_size)
    try:
        yield
    finally:
        _MAX_SIZE.reset(token)


def max_unpacked(packed: int) -> int:
    """How many bytes may come out of so many packed ones."""
    limit = _MAX_SIZE.get()
    return max(MAX_UNPACKED_BYTES, packed * MAX_UNPACKED_RATIO) if limit is None else limit


def require_unpackable(name: str, packed: int, unpacked: int) -> None:
    """Raise DataError if so many packed bytes may not become so many.

    Parameters
    ----------
    name
        The name of the file, for the message.
    packed, unpacked
        The sizes in bytes.
    """
    limit = max_unpacked(packed)
    if unpacked > limit:
        raise DataError(
            f"{name}: {as_size(packed)} unpack to {as_size(unpacked)} or more, and the limit is {as_size(limit)}; "
            "allow more if the file is right, or unpack it and name the unpacked file.",
            kind=ErrorKind.TOO_LARGE,
            file=name,
        )


def max_fetched() -> int:
    """How many bytes may be fetched from servers and databases."""
    return _MAX_SIZE.get() or MAX_FETCHED_BYTES


def as_size(size: float) -> str:
    """A number of bytes for a person: ``458 KB``, ``3.8 GB``."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size /= 1024
    return f"{size:,.1f} {unit}" if size < 10 and unit != "bytes" else f"{size:,.0f} {unit}"
