"""Parquet, and the choice of the format by which a file is read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.json import JsonDocument, JsonLines, is_document, looks_like_json
from engine.datasets.formats.limits import require_unpackable
from engine.datasets.formats.parquet_damage import damage_in, damage_of, require_text
from engine.datasets.formats.rows import RowBatch, Rows
from engine.datasets.formats.shown import shortened
from engine.datasets.formats.sources import Source
from engine.errors import DataError

if TYPE_CHECKING:
    from engine.datasets.formats.read_report import ReadReport

_PARQUET = b"PAR1"
_BLOCK_ROWS = 1 << 17
#: What a value takes in memory at least.
_LEAST_BYTES = 4
#: The key in the metadata of a file that is the copy of another table: the number of its first row there.
FIRST_ROW = b"recsys-tui.first-row"


def open_rows(source: Source, *, header: bool | None = None, encoding: str = "utf-8") -> Rows:
    """Open a file of any of the formats; its content decides which.

    Parameters
    ----------
    source
        The file.
    header
        Whether the first row of a text with separators holds the names of the columns; None decides by the rows.
    encoding
        The encoding of such a text, where it is not UTF-8.
    """
    head = source.head()
    if head.startswith(_PARQUET):
        return Parquet(source)
    if source.base.endswith((".parquet", ".pq")):
        raise DataError(
            f"{source.name}: has the name of a Parquet file and is not one, or is damaged; get it again.",
            file=source.name,
        )
    if source.base.endswith((".jsonl", ".ndjson", ".json")) or looks_like_json(head):
        return JsonDocument(source) if is_document(head) else JsonLines(source)
    return Delimited(source, header=header, encoding=encoding)


class Parquet:
    """A Parquet file. It must not be packed, since it is not read from front to back."""

    has_header = True
    remarks: Sequence[str] = ()

    def __init__(self, source: Source) -> None:
        if source.packing != "plain":
            raise DataError(f"{source.name}: is a packed Parquet file; unpack it first.", file=source.name)
        self.source = source
        self.name = source.name
        with self._open() as file:
            try:
                self.columns: list[str] = list(file.schema_arrow.names)
            except UnicodeDecodeError as error:
                raise damage_of(self.name, error) from error
        twice = next((one for one in self.columns if self.columns.count(one) > 1), None)
        if twice is not None:
            raise DataError(
                f"{self.name}: has more than one column {shortened(twice)!r}; rename all but one of them.",
                file=self.name,
                column=twice,
            )

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns with the types of the file. See :class:`engine.datasets.formats.rows.Rows`."""
        import pyarrow as pa

        with self._open() as file:
            # A value that repeats takes no space in the file, and at least so much in memory.
            packed = os.path.getsize(self.source.path)
            require_unpackable(self.name, packed, file.metadata.num_rows * len(wanted) * _LEAST_BYTES)
            row = int((file.schema_arrow.metadata or {}).get(FIRST_ROW, b"1"))
            try:
                for batch in file.iter_batches(_BLOCK_ROWS, columns=list(wanted)):
                    report.rows += batch.num_rows
                    columns = {name: batch.column(name) for name in wanted}
                    for name, column in columns.items():
                        require_text(self.name, name, column, row)
                    yield RowBatch(columns, range(row, row + batch.num_rows))
                    row += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                if isinstance(error, MemoryError):
                    raise
                raise damage_in(self.name, self.source.path, wanted, row, _BLOCK_ROWS, error) from error

    def _open(self) -> Any:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            return parquet.ParquetFile(self.source.path)
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, MemoryError):
                raise
            raise damage_of(self.name, error) from error
