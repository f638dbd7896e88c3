"""The rows of a file with columns of another file, which both files' key column connects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.datasets.formats.ids import to_ids
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import RowBatch, Rows, place
from engine.datasets.formats.values import to_strings

if TYPE_CHECKING:
    import pyarrow as pa


class JoinedRows:
    """The rows of a file, each with the values that another file has for its key.

    A row whose key the other file does not have is left out and counted. Where the other file has a key several times,
    its first row counts. The other file is held in memory.

    Parameters
    ----------
    rows
        The file.
    other
        The file with the further columns.
    key, other_key
        The column of the keys in each file.
    """

    def __init__(self, rows: Rows, other: Rows, key: str, other_key: str) -> None:
        self._rows, self._other, self._key, self._other_key = rows, other, key, other_key
        self.name = rows.name
        self.has_header = rows.has_header
        self.remarks = rows.remarks
        self.columns = [*rows.columns, *(one for one in other.columns if one not in rows.columns and one != other_key)]
        self._table: dict[str, pa.Array] | None = None

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns in blocks; see :meth:`engine.datasets.formats.rows.Rows.blocks`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        here = [one for one in wanted if one in self._rows.columns]
        there = [one for one in wanted if one not in here]
        table = self._read(there)
        keys = _as_texts(table[self._other_key])
        for block in self._rows.blocks(list(dict.fromkeys([*here, self._key])), report):
            found = pc.index_in(_as_texts(block.columns[self._key]), keys)
            known = found.is_valid().to_numpy(zero_copy_only=False)
            if not known.all():
                reason = f"{self._key} is not in {self._other.name}"
                report.skip(reason, int((~known).sum()), place(block, int((~known).argmax()), self._key))
            mask = pa.array(known)
            positions = found.filter(mask)
            columns = {one: block.columns[one].filter(mask) for one in here}
            columns |= {one: table[one].take(positions) for one in there}
            yield RowBatch(columns, np.asarray(block.rows)[known])

    def _read(self, wanted: Sequence[str]) -> dict[str, pa.Array]:
        import pyarrow as pa

        needed = [*wanted, self._other_key]
        if self._table is None or any(one not in self._table for one in needed):
            blocks = list(self._other.blocks(needed, ReadReport(self._other.name, "ratings")))
            self._table = {
                one: pa.concat_arrays([block.columns[one] for block in blocks]) if blocks else pa.array([], pa.string())
                for one in needed
            }
        return self._table


def _as_texts(keys: pa.Array) -> pa.Array:
    return to_strings(to_ids(keys))
