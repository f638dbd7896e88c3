"""Reading many queries from a file or a pipe, as they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import click

from engine.errors import DataError

#: The number of queries whose vectors a session keeps.
_BATCH = 256


def open_queries(name: str) -> IO[str]:
    """A file of queries, or standard input for ``-``."""
    from engine.session import describe_os_error

    try:
        return click.open_file(name, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({describe_os_error(error)}).") from error


def read_queries(lines: IO[str]) -> Iterator[list[str]]:
    """Batches of the queries that have arrived, so that none waits for one that is not written yet."""
    unread, number = b"", 0
    while chunk := lines.buffer.read1(1 << 16):  # type: ignore[attr-defined]
        *whole, unread = (unread + chunk).split(b"\n")
        for start in range(0, len(whole), _BATCH):
            batch = whole[start : start + _BATCH]
            yield [_decode(line, lines.name, number + place) for place, line in enumerate(batch, start=1)]
            number += len(batch)
    if unread:
        yield [_decode(unread, lines.name, number + 1)]


def _decode(line: bytes, name: str, number: int) -> str:
    try:
        return line.decode("utf-8").removeprefix("\ufeff").rstrip("\r")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}, line {number:,}: is not UTF-8 text; save it as UTF-8.") from error
