"""The form in which every file format is read: named columns, block by block, with the number of each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy.typing as npt

from engine.datasets.formats.column_names import by_plain_name, plain_name
from engine.datasets.formats.shown import listed, shortened
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some consecutive rows of a file.

    Attributes
    ----------
    columns
        Name -> Arrow array: strings from text files, the file's own types from Parquet.
    rows
        The number of each row as a person counts: the header is row 1. As in a spreadsheet, a row whose quoted
        values contain line breaks counts once.
    """

    columns: Mapping[str, pa.Array]
    rows: range | npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


class Rows(Protocol):
    """A file with named columns.

    Attributes
    ----------
    name
        The name of the file, as shown to a person.
    columns
        The names of the columns; no name occurs twice.
    has_header
        Whether the file itself contains the names.
    remarks
        What was unusual about the columns: the ends of sentences that begin with the name of the file.
    """

    name: str
    columns: list[str]
    has_header: bool
    remarks: Sequence[str]

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns in blocks of about 100,000 rows, and count every row in the report."""
        ...


def unique_names(names: Sequence[str]) -> list[str]:
    """Column names that differ, without surrounding space.

    A repeated name gets a number: ``a, a`` becomes ``a, a_2``. An empty name becomes its position: ``#3``.
    """
    found: list[str] = []
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        unique = plain = name.strip() or f"#{position}"
        # The count goes on where it ended for this name, since a spreadsheet can leave thousands of equal names.
        number = numbers.get(plain, 2)
        while unique in taken:
            unique, number = f"{plain}_{number}", number + 1
        numbers[plain] = number
        taken.add(unique)
        found.append(unique)
    return found


def find_columns(
    rows: Rows,
    required: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]] | None = None,
    *,
    kind: str | None = None,
) -> dict[str, str]:
    """Find the column for each role.

    Parameters
    ----------
    rows
        The file.
    required, optional
        Role -> the names that its column may have, the best first, in any spelling (see
        :func:`~engine.datasets.formats.column_names.plain_name`). The position of a
        column is one of its names: ``#3``.
    kind
        The kind of data set, for a reader whose columns the caller can name by a mapping; it is put into the error.

    Returns
    -------
    dict
        Role -> name of the column. Optional roles without a column are left out.

    Raises
    ------
    DataError
        If a required column is missing; the sentence names the columns that there are and those that are needed.
    """
    there = {f"#{position}": column for position, column in enumerate(rows.columns, 1)} | by_plain_name(rows.columns)
    found = {
        role: name if name in rows.columns else there[plain_name(name)]
        for role, names in {**required, **(optional or {})}.items()
        for name in reversed(names)
        if name in rows.columns or plain_name(name) in there
    }
    missing = [names[0] for role, names in required.items() if role not in found]
    if missing:
        there_are = listed(rows.columns) + "".join(f" ({remark.rstrip('.')})" for remark in rows.remarks)
        needed = ", ".join(names[0] for names in required.values())
        advice = "" if kind else "; check that it is the right file"
        raise DataError(
            f"{rows.name}: has no column {' or '.join(repr(name) for name in missing)}; it has {there_are}, and needs "
            f"{needed}{advice}.",
            kind=ErrorKind.MISSING_COLUMN,
            name=kind,
            file=rows.name,
            column=missing[0],
            choices=rows.columns,
        )
    return found


def following(blocks: Iterator[RowBatch], report: ReadReport, job: Job | None) -> Iterator[RowBatch]:
    """The same blocks; before each one the job may stop the reading, and after each one the progress is reported."""
    for block in blocks:
        if job is not None:
            job.checkpoint()
        yield block
        if job is not None:
            job.report(Progress(f"reading {report.name}", report.rows, None, "rows"))


def place(block: RowBatch, position: int, column: str = "") -> str:
    """The position of a value as text: ``row 17, column rating``."""
    row = f"row {int(block.rows[position]):,}"
    return f"{row}, column {shortened(column)}" if column else row


def bad_value(name: str, block: RowBatch, position: int, column: str, what: str) -> DataError:
    """The error for a value that cannot be used.

    Parameters
    ----------
    name
        The name of the file.
    block, position, column
        The place of the value.
    what
        What is wrong with it: ``"'abc' is not a number"``.
    """
    return DataError(
        f"{name}, {place(block, position, column)}: {what}; correct it, or empty it to have the row left out.",
        kind=ErrorKind.BAD_VALUE,
        file=name,
        row=int(block.rows[position]),
        column=column,
    )
