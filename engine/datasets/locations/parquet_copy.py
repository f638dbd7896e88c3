"""Rows of Python values, such as those of a database, written to a Parquet file block by block with their types."""

from __future__ import annotations

import datetime
import json
import os
import uuid
from collections.abc import Sequence
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.datasets.formats.parquet_json import FIRST_ROW
from engine.datasets.formats.rows import unique_names

if TYPE_CHECKING:
    import pyarrow as pa

#: Whole numbers from here on do not fit into 64 bits.
_EXACT = 1 << 63


class ParquetCopy:
    """A Parquet file whose types are found while it is written.

    The type of a column is that of its values. Where later values need a wider one (the first blocks had only nulls, or
    whole numbers, or a column has several types and becomes text), what was written before is written anew.

    Parameters
    ----------
    path
        The file; it is written when the copy is closed.
    columns
        The names of the columns; repeated and empty ones are made different.
    first_row
        The number that a person knows the first row by.
    """

    def __init__(self, path: Path, columns: Sequence[str], *, first_row: int = 1) -> None:
        self.path = path
        self.first_row = first_row
        self.columns = unique_names(columns)
        self.rows = 0
        self.bytes = 0
        self._schema: pa.Schema | None = None
        self._writer: Any = None

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        import pyarrow as pa

        columns = [_as_array(values) for values in zip(*rows, strict=True)]
        table = pa.table(columns, names=self.columns)
        self.rows += len(table)
        self.bytes += table.nbytes
        self._write(table)

    def close(self) -> None:
        """Finish the file; one without rows has columns of text."""
        import pyarrow as pa

        if self._schema is None:
            self._write(pa.table({name: pa.array([], pa.string()) for name in self.columns}))
        if any(pa.types.is_null(field.type) for field in self._schema or ()):
            self._rewrite(pa.schema([(one.name, _known(one.type)) for one in self._schema or ()]))
        self._writer.close()

    def abandon(self) -> None:
        """Stop writing; the file is of no use then."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, table: pa.Table) -> None:
        if self._schema is None:
            self._open(table.schema)
        assert self._schema is not None
        if table.schema != self._schema:
            common = _common_schema(self._schema, table.schema)
            if common != self._schema:
                self._rewrite(common)
            table = cast(table, common)
        self._writer.write_table(table)

    def _open(self, schema: pa.Schema) -> None:
        from pyarrow import parquet

        self._schema = schema
        # A column that has been null so far is written as such, which Parquet can.
        self._writer = parquet.ParquetWriter(self.path, schema.with_metadata({FIRST_ROW: str(self.first_row)}))

    def _rewrite(self, schema: pa.Schema) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self._writer.close()
        before = self.path.with_name(f"{self.path.name}.before")
        os.replace(self.path, before)
        self._open(schema)
        with parquet.ParquetFile(before) as file:
            for batch in file.iter_batches():
                self._writer.write_table(cast(pa.Table.from_batches([batch]), schema))
        before.unlink()


def cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with these types, each of which can hold its values."""
    import pyarrow as pa

    columns = []
    for column, field in zip(table.itercolumns(), schema, strict=True):
        if pa.types.is_string(field.type) and not pa.types.is_string(column.type):
            texts = [None if one is None else _as_text(one) for one in column.to_pylist()]
            columns.append(pa.chunked_array([pa.array(texts, pa.string())]))
        else:
            columns.append(column.cast(field.type, safe=False))  # a number of 17 digits beside fractions is rounded
    return pa.table(columns, schema=schema)


def _common_schema(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    fields = []
    for mine, theirs in zip(one, other, strict=True):
        fields.append((mine.name, _common_type(mine.type, theirs.type)))
    return pa.schema(fields)


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    kinds = {pa.types.is_integer: 0, pa.types.is_floating: 0, pa.types.is_date: 1, pa.types.is_timestamp: 1}
    groups = [next((group for test, group in kinds.items() if test(kind)), -1) for kind in (one, other)]
    if groups == [0, 0]:
        return pa.float64()
    zones = [getattr(kind, "tz", None) for kind in (one, other)]
    if groups == [1, 1] and zones == [None, None]:
        return pa.timestamp("us")
    if groups == [1, 1] and None not in zones:
        return pa.timestamp("us", "UTC")
    return pa.string()


def _known(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return pa.string() if pa.types.is_null(kind) else kind


def _as_array(values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    plain = [_plain(one) for one in values]
    kinds = {type(one) for one in plain if one is not None}
    if kinds == {datetime.date, datetime.datetime}:  # Arrow would take the type of the first one for all
        midnight = datetime.time()
        plain = [datetime.datetime.combine(one, midnight) if type(one) is datetime.date else one for one in plain]
    try:
        return pa.array(plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    if kinds <= {int, float} and float in kinds:
        return pa.array([None if one is None else float(one) for one in plain], pa.float64())
    return pa.array([None if one is None else _as_text(one) for one in plain], pa.string())


def _plain(value: Any) -> Any:
    """A value of a database as one that Arrow has a type for."""
    if value is None or isinstance(value, (int, float, str)):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            return float(value)
        if value != value.to_integral_value():
            return float(value)
        return int(value) if abs(value) < _EXACT else str(int(value))  # an id must not be rounded
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.time):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, IPv4Address, IPv6Address)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _as_text(bytes(value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    return value


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
