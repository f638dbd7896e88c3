"""The items of a file: one row an id, in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.rows import Rows, following
from engine.datasets.formats.values import to_ids, to_strings

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport
    from engine.runtime.job import Job


@dataclass(slots=True)
class Catalogue:
    """Items under external ids.

    Attributes
    ----------
    ids
        Arrow array of int64 or string, each once.
    table
        As :class:`engine.data.items.ItemTable` wants it, one row an id.
    """

    ids: pa.Array
    table: pa.Table


@dataclass(slots=True)
class Records:
    """The columns of a file as strings, with the number of each row.

    Attributes
    ----------
    table
        Strings; null only where the file's own types say so.
    numbers
        As a person counts: the header is row 1. Shape ``(num_rows,)``.
    ledger
        The account of the file.
    """

    table: pa.Table
    numbers: npt.NDArray[np.int64]
    report: ReadReport

    def leave_out(self, which: npt.NDArray[np.bool_], reason: str) -> None:
        """Count these rows as left out; the table stays as it is."""
        if which.any():
            self.report.skip(reason, int(which.sum()), f"row {int(self.numbers[int(which.argmax())]):,}")

    def keep(self, which: npt.NDArray[np.bool_]) -> None:
        """Drop the other rows."""
        import pyarrow as pa

        self.table = self.table.filter(pa.array(which))
        self.numbers = self.numbers[which]

    def keep_first_of_each(self, column: str, what: str) -> pa.Array:
        """Drop, and count, the rows without an id and those whose id an earlier row has.

        Parameters
        ----------
        column
            Which holds the ids.
        what
            What a row is, for the reason: ``"film"``.

        Returns
        -------
        pa.Array
            The ids of the rows that stay.
        """
        import pyarrow as pa

        ids = to_ids(self.table[column].combine_chunks())
        missing = nulls(ids)
        first = is_first(ids)
        self.leave_out(missing, "no item id")
        self.leave_out(~missing & ~first, f"duplicate {what} in the catalogue")
        self.keep(~missing & first)
        return ids.filter(pa.array(~missing & first))


def read_records(rows: Rows, wanted: Sequence[str], report: ReadReport, job: Job | None) -> Records:
    """Read columns of a catalogue at once."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in wanted])
    batches, numbers = [], [np.zeros(0, dtype=np.int64)]
    for block in following(rows.blocks(wanted, report), report, job):
        batches.append(pa.record_batch([to_strings(block.columns[name]) for name in wanted], schema=schema))
        numbers.append(np.asarray(block.rows))
    return Records(pa.Table.from_batches(batches, schema=schema), np.concatenate(numbers), report)


def nulls(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Where there is no value."""
    return values.is_null().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def is_first(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Where a value stands that no earlier position has (null is one value)."""
    codes = values.dictionary_encode().indices.fill_null(-1).to_numpy()
    _, first = np.unique(codes, return_index=True)
    found = np.zeros(len(codes), dtype=bool)
    found[first] = True
    return found
