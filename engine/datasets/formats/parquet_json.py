"""Files that contain the names of their columns: Parquet, and JSON with one object on each line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.rows import RowBatch, Rows
from engine.datasets.formats.sources import Source
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport

_PARQUET = b"PAR1"
_BLOCK_ROWS = 1 << 17
_LINES_AT_A_TIME = 20_000


def open_rows(source: Source) -> Rows:
    """Open a file of any of the formats; its content decides which."""
    head = source.head()
    if head.startswith(_PARQUET):
        return Parquet(source)
    if source.base.endswith((".parquet", ".pq")):
        raise DataError(
            f"{source.name}: has the name of a Parquet file and is not one, or is damaged; get it again.",
            file=source.name,
        )
    if source.base.endswith((".jsonl", ".ndjson", ".json")) or head.lstrip().startswith(b'{"'):
        return JsonLines(source)
    return Delimited(source)


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
            self.columns: list[str] = list(file.schema_arrow.names)
        twice = next((one for one in self.columns if self.columns.count(one) > 1), None)
        if twice is not None:
            raise DataError(
                f"{self.name}: has more than one column {twice!r}; rename all but one of them.",
                file=self.name,
                column=twice,
            )

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns with the types of the file. See :class:`engine.datasets.formats.rows.Rows`."""
        import pyarrow as pa

        row = 1
        with self._open() as file:
            try:
                for batch in file.iter_batches(_BLOCK_ROWS, columns=list(wanted)):
                    report.rows += batch.num_rows
                    columns = {name: batch.column(name) for name in wanted}
                    yield RowBatch(columns, range(row, row + batch.num_rows))
                    row += batch.num_rows
            except (pa.ArrowInvalid, OSError) as error:
                raise self._damaged(error) from error

    def _open(self) -> Any:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            return parquet.ParquetFile(self.source.path)
        except (pa.ArrowInvalid, OSError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DataError:
        return DataError(
            f"{self.name}: is cut short or damaged ({str(error).rstrip('.')}); get it again.", file=self.name
        )


class JsonLines:
    """A file with one JSON object on each line. Its columns are the keys of the first 1,000 objects."""

    has_header = True
    remarks: Sequence[str] = ()

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = source.name
        keys: dict[str, None] = {}
        for position, (_, record) in enumerate(self._records()):
            if position == 1000:
                break
            keys.update(dict.fromkeys(record))
        self.columns: list[str] = list(keys)

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these keys as strings. See :class:`engine.datasets.formats.rows.Rows`."""
        rows: list[int] = []
        values: list[list[str | None]] = [[] for _ in wanted]
        for row, record in self._records(report):
            report.rows += 1
            rows.append(row)
            for column, name in zip(values, wanted, strict=True):
                column.append(_as_text(record.get(name)))
            if len(rows) == _LINES_AT_A_TIME:
                yield _block(wanted, values, rows)
                rows, values = [], [[] for _ in wanted]
        if rows:
            yield _block(wanted, values, rows)

    def _records(self, report: ReadReport | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in self._lines(report):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise self._bad_line(number, f"is not JSON ({error}); correct that line") from None
            if not isinstance(record, dict):
                advice = 'write one object on each line, such as {"user": 1, "item": "a"}'
                raise self._bad_line(number, f"is not a JSON object; {advice}")
            yield number, record

    def _bad_line(self, number: int, what: str) -> DataError:
        return DataError(f"{self.name}, line {number:,}: {what}.", kind=ErrorKind.BAD_ROW, file=self.name, row=number)

    def _lines(self, report: ReadReport | None) -> Iterator[tuple[int, bytes]]:
        with self.source.open_text() as text:
            number = 1
            for block in text.blocks():
                lines = block.split(b"\n")
                if not lines[-1]:
                    lines.pop()
                for line in lines:
                    yield number, line
                    number += 1
            if report is not None:
                report.remarks += text.remarks()


def _block(wanted: Sequence[str], values: list[list[str | None]], rows: list[int]) -> RowBatch:
    import numpy as np
    import pyarrow as pa

    columns: dict[str, pa.Array] = {}
    for name, column in zip(wanted, values, strict=True):
        try:
            columns[name] = pa.array(column, pa.string())
        except UnicodeEncodeError:  # JSON can escape half a surrogate pair, which is not text
            whole = [None if one is None else one.encode("utf-8", "replace").decode() for one in column]
            columns[name] = pa.array(whole, pa.string())
    return RowBatch(columns, np.array(rows, dtype=np.int64))


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (list, dict, bool)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
