"""What every file format comes to: named columns, read block by block, with the number of each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy.typing as npt

from engine.errors import DataError
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
        The number of each row as a person counts: the header is row 1. A quoted value with line breaks in it is
        part of one row, as in a spreadsheet.
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
        The file's name, as shown.
    columns
        The names of its columns, each once.
    has_header
        Whether the names stand in the file.
    """

    name: str
    columns: list[str]
    has_header: bool

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns, in blocks of some 100,000 rows; every row read is entered in the ledger."""
        ...


def unique_names(names: Sequence[str]) -> list[str]:
    """Column names without surrounding space, a repeated one numbered: ``a, a`` becomes ``a, a_2``."""
    found: list[str] = []
    for name in names:
        stripped = plain = name.strip()
        number = 2
        while stripped in found:
            stripped, number = f"{plain}_{number}", number + 1
        found.append(stripped)
    return found


def find_columns(
    rows: Rows,
    required: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]] | None = None,
    advice: str = "",
) -> dict[str, str]:
    """Which column has which role.

    Parameters
    ----------
    rows
        The file.
    required, optional
        Role -> the names it may have, best first; capitals do not matter.
    advice
        What to do when one is missing.

    Returns
    -------
    dict
        Role -> name, without the optional roles that were not found.

    Raises
    ------
    DataError
        If a required column is missing; the sentence names the columns found and those expected.
    """
    by_lower = {column.lower(): column for column in reversed(rows.columns)}
    found = {
        role: by_lower[name.lower()]
        for role, names in {**required, **(optional or {})}.items()
        for name in reversed(names)
        if name.lower() in by_lower
    }
    missing = [names[0] for role, names in required.items() if role not in found]
    if missing:
        there = ", ".join(rows.columns[:30]) + (", …" if len(rows.columns) > 30 else "")
        raise DataError(
            f"{rows.name}: has no column {' or '.join(repr(name) for name in missing)}; it has {there}, and needs "
            f"{', '.join(names[0] for names in required.values())}. {advice or 'Check that it is the right file.'}"
        )
    return found


def following(blocks: Iterator[RowBatch], report: ReadReport, job: Job | None) -> Iterator[RowBatch]:
    """The same blocks, with progress reported and a request to stop obeyed before each."""
    for block in blocks:
        if job is not None:
            job.checkpoint()
        yield block
        if job is not None:
            job.report(Progress(f"reading {report.name}", report.rows, None, "rows"))


def place(block: RowBatch, position: int, column: str = "") -> str:
    """Where a value stands: ``row 17, column rating``."""
    row = f"row {int(block.rows[position]):,}"
    return f"{row}, column {column}" if column else row


def bad_value(name: str, block: RowBatch, position: int, column: str, what: str) -> DataError:
    """The error for a value that cannot be used: file, row, column, value, what to do."""
    return DataError(
        f"{name}, {place(block, position, column)}: {what}; correct it, or empty it to have the row left out."
    )
