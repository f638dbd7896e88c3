"""Tables written to a file piece by piece: CSV, JSON lines or Parquet, as the ending of its name says."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from engine.storage.atomic import writing

if TYPE_CHECKING:
    import pyarrow as pa

#: Prepares a text for a cell of a CSV file, such as by keeping a spreadsheet from running it.
PrepareCell = Callable[[str], object]


def write_tables(
    path: Path, schema: pa.Schema, tables: Iterable[pa.Table], *, prepare_cell: PrepareCell | None = None
) -> int:
    """Write tables one after the other to one file, which is whole or absent at every moment.

    Parameters
    ----------
    path
        The file, which is replaced. Its ending is one of those in :data:`TABLE_FORMATS`.
    schema
        The columns of all tables.
    tables
        The pieces, each of which fits into memory.
    prepare_cell
        Called with each distinct text of a CSV file. None writes the texts as they are.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    DataError
        If the file cannot be written; an older one is then unchanged.
    """
    with writing(path) as part, open(part, "wb") as file:
        return write_content(file, path.suffix, schema, tables, prepare_cell=prepare_cell)


def write_content(
    file: IO[bytes],
    ending: str,
    schema: pa.Schema,
    tables: Iterable[pa.Table],
    *,
    prepare_cell: PrepareCell | None = None,
) -> int:
    """Write tables one after the other to an open file.

    Parameters
    ----------
    file
        The file.
    ending
        The ending of its name, which tells the format.
    schema, tables, prepare_cell
        As of :func:`write_tables`.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    rows = 0
    writer = TABLE_FORMATS[ending.lower()](file, schema, prepare_cell)
    try:
        for table in tables:
            writer.write(table)
            rows += table.num_rows
        writer.close()
    except BaseException:
        writer.abandon()
        raise
    return rows


class _TableWriter(ABC):
    def __init__(self, file: IO[bytes], schema: pa.Schema, prepare_cell: PrepareCell | None) -> None:
        self._file = file
        self._schema = schema
        self._prepare_cell = prepare_cell

    @abstractmethod
    def write(self, table: pa.Table) -> None:
        """Write the rows of a table."""

    def close(self) -> None:  # noqa: B027 (only some formats have an end)
        """Write what follows the last row."""

    def abandon(self) -> None:  # noqa: B027
        """Write nothing more, after an error."""


class _CsvWriter(_TableWriter):
    """CSV as pyarrow writes it: texts in quotation marks, numbers without them, and nothing for a missing value."""

    def __init__(self, file: IO[bytes], schema: pa.Schema, prepare_cell: PrepareCell | None) -> None:
        super().__init__(file, schema, prepare_cell)
        # Without quotation marks around the names of the columns, which are ours and need none.
        self._file.write(f"{','.join(schema.names)}\n".encode())

    def write(self, table: pa.Table) -> None:
        import pyarrow as pa
        from pyarrow import csv

        columns = [self._prepared(_finite(column)) for column in table.columns]
        buffer = pa.BufferOutputStream()
        csv.write_csv(pa.table(columns, table.column_names), buffer, csv.WriteOptions(include_header=False))
        self._file.write(buffer.getvalue())

    def _prepared(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        if self._prepare_cell is None or not _is_text(column.type):
            return column
        prepare = self._prepare_cell
        return _by_distinct_value(column, lambda text: str(prepare(text)))


class _JsonLinesWriter(_TableWriter):
    """One JSON object a line; what no terminal could show as it is, such as an escape sequence, is escaped."""

    def write(self, table: pa.Table) -> None:
        names = [json.dumps(name) for name in table.column_names]
        columns = [_json_values(_finite(column)) for column in table.columns]
        line = f"{{{', '.join(f'{name}: %s' for name in names)}}}\n"
        self._file.write("".join(line % row for row in zip(*columns, strict=True)).encode())


class _ParquetWriter(_TableWriter):
    """Parquet with one row group for each table."""

    def __init__(self, file: IO[bytes], schema: pa.Schema, prepare_cell: PrepareCell | None) -> None:
        from pyarrow import parquet

        super().__init__(file, schema, prepare_cell)
        self._writer = parquet.ParquetWriter(file, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()

    def abandon(self) -> None:
        # Else it would try to write the end of the file when it is collected, and fail, since the file is closed.
        self._writer.is_open = False


#: The ending of a file's name -> what writes its format.
TABLE_FORMATS: Final[dict[str, type[_TableWriter]]] = {
    ".csv": _CsvWriter,
    ".jsonl": _JsonLinesWriter,
    ".parquet": _ParquetWriter,
}


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _finite(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column in which numbers that are not finite are missing, since neither CSV nor JSON has them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))


def _by_distinct_value(column: pa.ChunkedArray, convert: Callable[[str], str]) -> pa.ChunkedArray:
    """Convert each distinct text once: titles and ids come again and again."""
    import pyarrow as pa

    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    texts = pa.array([convert(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([texts.take(encoded.indices)])


def _json_values(column: pa.ChunkedArray) -> list[str]:
    """The values of a column as JSON."""
    import pyarrow as pa

    if _is_text(column.type):
        column = _by_distinct_value(column, _json_text)
    elif pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        column = column.cast(pa.string())  # a float of single precision in as few digits as tell it apart
    elif pa.types.is_fixed_size_list(column.type):
        return _json_vectors(column)
    else:
        return [json.dumps(value) for value in column.to_pylist()]
    return ["null" if value is None else value for value in column.to_pylist()]


def _json_vectors(column: pa.ChunkedArray) -> list[str]:
    import pyarrow as pa

    width = column.type.list_size
    values = pa.concat_arrays([chunk.flatten() for chunk in column.chunks]).cast(pa.string()).to_pylist()
    return [f"[{', '.join(values[start : start + width])}]" for start in range(0, len(column) * width, width)]


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())
