"""The rows of several files with the same columns, one file after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.datasets.formats.rows import RowBatch, Rows
from engine.datasets.formats.shown import listed
from engine.errors import DataError

if TYPE_CHECKING:
    from engine.datasets.formats.read_report import ReadReport


class ChainedRows:
    """The rows of several files as those of one; each row has the number that it has in its own file.

    The columns are those of the first file.

    Parameters
    ----------
    parts
        The files, at least one.

    Raises
    ------
    DataError
        If a file lacks a column of the first one.
    """

    def __init__(self, parts: Sequence[Rows]) -> None:
        first = parts[0]
        for part in parts[1:]:
            lacking = [column for column in first.columns if column not in part.columns]
            if lacking:
                raise DataError(
                    f"{part.name}: has no column {lacking[0]!r}, which {first.name} has; files that are read as one "
                    "need the same columns.",
                    file=part.name,
                    column=lacking[0],
                )
        self._parts = parts
        more = len(parts) - 1
        self.name = f"{first.name} and {more:,} more {'file' if more == 1 else 'files'}"
        self.columns = first.columns
        self.has_header = first.has_header
        others = dict.fromkeys(column for part in parts for column in part.columns if column not in first.columns)
        self._unused = f"columns that {first.name} does not have were not used: {listed(others)}." if others else ""
        self.remarks: Sequence[str] = [remark for part in parts for remark in part.remarks]

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns in blocks; see :meth:`engine.datasets.formats.rows.Rows.blocks`."""
        for part in self._parts:
            yield from part.blocks(wanted, report)
        if self._unused:
            report.remarks.append(self._unused)
