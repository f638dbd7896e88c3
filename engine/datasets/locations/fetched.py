"""What was fetched from an address, and the sentences for what could not be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.datasets.formats.limits import as_size, max_fetched
from engine.errors import DataError, ErrorKind

_LONGEST_REASON = 160


@dataclass(frozen=True, slots=True)
class Fetched:
    """A local copy of data.

    Attributes
    ----------
    path
        The copy.
    address
        From where it is, without user, password and signed options.
    size
        How many bytes were fetched.
    sha256
        The checksum of a file; empty for the answer of a database, which has none.
    rows
        How many rows a database gave; None for a file.
    """

    path: Path
    address: str
    size: int
    sha256: str = ""
    rows: int | None = None

    @property
    def note(self) -> str:
        """What was fetched, as a sentence."""
        if self.rows is not None:
            return f"{self.path.name}: {self.rows:,} {'row' if self.rows == 1 else 'rows'} of {self.address}."
        return f"{self.path.name}: {self.size:,} bytes of {self.address}, sha256 {self.sha256}."

    def summary(self) -> dict[str, Any]:
        """The same as plain values."""
        known = {"rows": self.rows} if self.rows is not None else {"bytes": self.size, "sha256": self.sha256}
        return {"name": self.path.name, "address": self.address, **known}


def require_room(address: str, size: int) -> None:
    """Raise DataError if more is to be fetched than the limit allows."""
    if size > max_fetched():
        raise DataError(
            f"{address}: has {as_size(size)} or more, and the limit is {as_size(max_fetched())}; allow more if that is "
            "right.",
            kind=ErrorKind.TOO_LARGE,
            file=address,
        )


def cannot_be_read(address: str, why: str) -> DataError:
    """The error for data that a server does not give."""
    reason = " ".join(why.split())
    reason = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
    return DataError(f"{address}: cannot be read ({reason.rstrip('.')}).", file=address)
