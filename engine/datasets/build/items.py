"""Read the items of a file: one row for each id, in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.ids import require_single_values, to_ids
from engine.datasets.formats.rows import RowBatch, Rows, bad_value, following
from engine.datasets.formats.values import BadValueError, to_strings, with_line_end

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport
    from engine.runtime.job import Job


@dataclass(slots=True)
class Catalogue:
    """Items with external ids.

    Attributes
    ----------
    ids
        Arrow array of int64 or string; no id occurs twice.
    table
        One row for each id, with the columns that :class:`engine.data.items.ItemTable` requires.
    """

    ids: pa.Array
    table: pa.Table


@dataclass(slots=True)
class Records:
    """The columns of a file as strings, with the number of each row.

    Attributes
    ----------
    table
        Columns of strings, or of the types of the file; only files with types, such as Parquet, have null.
    numbers
        The number of each row as a person counts (the header is row 1); int64, shape ``(num_rows,)``.
    report
        The row counts of the file.
    """

    table: pa.Table
    numbers: npt.NDArray[np.int64]
    report: ReadReport

    def leave_out(self, which: npt.NDArray[np.bool_], reason: str) -> None:
        """Count these rows as left out, without changing the table."""
        if which.any():
            self.report.skip(reason, int(which.sum()), f"row {int(self.numbers[int(which.argmax())]):,}")

    def keep(self, which: npt.NDArray[np.bool_]) -> None:
        """Drop all other rows."""
        import pyarrow as pa

        self.table = self.table.filter(pa.array(which))
        self.numbers = self.numbers[which]

    def as_texts(self) -> pa.Table:
        """The table with every column as strings."""
        import pyarrow as pa

        texts = [
            pa.chunked_array([to_strings(piece) for piece in column.chunks], pa.string())
            for column in self.table.itercolumns()
        ]
        return pa.table(texts, names=self.table.column_names)

    def keep_first_of_each(self, column: str, what: str) -> pa.Array:
        """Drop and count the rows without an id, and those with the id of an earlier row.

        Parameters
        ----------
        column
            The column of the ids.
        what
            What a row describes, for the reason: ``"film"``.

        Returns
        -------
        pa.Array
            The ids of the remaining rows.
        """
        import pyarrow as pa

        values = self.table[column].combine_chunks()
        ids = to_ids(values)
        try:
            require_single_values(values, ids)
        except BadValueError as error:
            block = RowBatch({}, self.numbers)
            raise bad_value(self.report.name, block, error.position, column, str(error)) from None
        broken = with_line_end(ids)
        if broken is not None:
            self.leave_out(broken, "line end in an id")
            self.keep(~broken)
            ids = ids.filter(pa.array(~broken))
        missing = nulls(ids)
        first = is_first(ids)
        self.leave_out(missing, "no item id")
        self.leave_out(~missing & ~first, f"duplicate {what} in the catalogue")
        self.keep(~missing & first)
        return ids.filter(pa.array(~missing & first))


def read_records(
    rows: Rows, wanted: Sequence[str], report: ReadReport, job: Job | None, *, typed: bool = False
) -> Records:
    """Read these columns of a catalogue.

    Parameters
    ----------
    rows, wanted, report, job
        The file, the names of the columns, the report in which rows are counted, and the job that may stop.
    typed
        Whether the columns have the types of the file, as far as it has any. If False, they are strings.
    """
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in wanted])
    batches, numbers = [], [np.zeros(0, dtype=np.int64)]
    for block in following(rows.blocks(wanted, report), report, job):
        columns = [block.columns[name] if typed else to_strings(block.columns[name]) for name in wanted]
        batches.append(pa.record_batch(columns, names=list(wanted)))
        numbers.append(np.asarray(block.rows, dtype=np.int64))  # an empty range has no type of its own
    table = _joined(batches) if batches else schema.empty_table()
    return Records(table, np.concatenate(numbers), report)


def _joined(batches: list[pa.RecordBatch]) -> pa.Table:
    """One table; where several files have other types for a column, a type that holds all values, or text."""
    import pyarrow as pa

    if all(batch.schema.equals(batches[0].schema) for batch in batches):
        return pa.Table.from_batches(batches)
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        texts = [[to_strings(column) for column in batch.columns] for batch in batches]
        return pa.Table.from_batches([pa.record_batch(one, names=batches[0].schema.names) for one in texts])


def nulls(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Which values are null; bool, shape ``(n,)``."""
    return values.is_null().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def is_first(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Which values occur at no earlier position, where null counts as a value; bool, shape ``(n,)``."""
    codes = values.dictionary_encode().indices.fill_null(-1).to_numpy()
    _, first = np.unique(codes, return_index=True)
    found = np.zeros(len(codes), dtype=bool)
    found[first] = True
    return found
