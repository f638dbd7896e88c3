"""What is wrong with a Parquet file, with the row and the column where the file tells them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.datasets.formats.shown import shortened
from engine.errors import DataError, ErrorKind
from engine.storage.atomic import describe_os_error

if TYPE_CHECKING:
    import pyarrow as pa

_POSITION = re.compile(r"Invalid UTF8 sequence at string index (\d+)")
_LONGEST_REASON = 120


def require_text(name: str, column: str, values: pa.Array, first_row: int) -> None:
    """Check that the strings of a column are UTF-8, which Parquet does not promise.

    Parameters
    ----------
    name
        The name of the file, for the message.
    column
        The name of the column.
    values
        Some consecutive values of it.
    first_row
        The row of the first of them.

    Raises
    ------
    DataError
        If they are not, or the column contradicts itself in another way.
    """
    import pyarrow as pa

    try:
        values.validate(full=True)
    except pa.ArrowInvalid as error:
        if (found := _POSITION.search(str(error))) is None:
            raise _damaged(name, error, column, first_row) from error
        row = first_row + int(found[1])
        raise DataError(
            f"{name}, row {row:,}, column {shortened(column)}: is text that is not UTF-8; write the file again as "
            "UTF-8.",
            kind=ErrorKind.BAD_ENCODING,
            file=name,
            row=row,
            column=column,
        ) from error


def damage_in(name: str, path: Path, columns: Sequence[str], first_row: int, block: int, error: Exception) -> DataError:
    """The error for a file that could not be read from a row on; each column is read alone to find the damaged one.

    Parameters
    ----------
    name
        The name of the file, for the message.
    path
        Where it is.
    columns
        The columns that were read together.
    first_row
        The first row that could not be read.
    block
        The number of rows that are read at a time.
    error
        What the reading raised.
    """
    import pyarrow as pa
    from pyarrow import parquet

    number = first_row // block
    for column in columns:
        try:
            with parquet.ParquetFile(path) as file:
                for _ in islice(file.iter_batches(block, columns=[column]), number + 1):
                    pass
        except (pa.ArrowException, OSError) as its_own:
            return _damaged(name, its_own, column, first_row)
    return _damaged(name, error, None, first_row)


def damage_of(name: str, error: Exception) -> DataError:
    """The error for a file that cannot be opened as Parquet."""
    return _damaged(name, error, None, None)


def _damaged(name: str, error: Exception, column: str | None, row: int | None) -> DataError:
    where = name if column is None else f"{name}, column {shortened(column)}"
    reason = describe_os_error(error) if isinstance(error, OSError) else str(error)
    reason = " ".join(reason.split()).rstrip(".") or type(error).__name__
    if len(reason) > _LONGEST_REASON:
        reason = f"{reason[: _LONGEST_REASON - 1]}…"
    since = "" if row is None else f" from row {row:,} on"
    return DataError(
        f"{where}: is cut short or damaged{since} ({reason}); get it again.", file=name, row=row, column=column
    )
