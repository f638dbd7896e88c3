"""Some of the rows of a file: those that have certain values in certain columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.datasets.formats.rows import RowBatch, Rows, place
from engine.datasets.formats.shown import listed, shortened
from engine.datasets.formats.values import numbers_or_null, to_strings

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport


class SelectedRows:
    """The rows of a file that have given values, and where asked for a column that is the same in every row.

    Rows without these values are left out and counted.

    Parameters
    ----------
    rows
        The file.
    where
        Column -> the value that a row must have. ``1``, ``1.0``, ``true`` and ``yes`` are the same, as are upper and
        lower case.
    constant
        Name -> text of columns that are added.
    """

    def __init__(self, rows: Rows, where: Mapping[str, str], constant: Mapping[str, str] | None = None) -> None:
        self._rows, self._where, self._constant = rows, where, dict(constant or {})
        self.name = rows.name
        self.has_header = rows.has_header
        self.remarks = rows.remarks
        self.columns = [*rows.columns, *(one for one in self._constant if one not in rows.columns)]

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns of the selected rows in blocks; see :meth:`engine.datasets.formats.rows.Rows.blocks`."""
        import pyarrow as pa

        asked = list(dict.fromkeys([*(one for one in wanted if one not in self._constant), *self._where]))
        selected, others = 0, dict[str, list[str]]()
        for block in self._rows.blocks(asked or self._rows.columns[:1], report):
            keep = np.ones(len(block), dtype=bool)
            for column, value in self._where.items():
                fits = _equal(block.columns[column], value)
                gone = keep & ~fits
                if gone.any():
                    if column not in others:
                        others[column] = _some_of(block.columns[column].filter(pa.array(gone)))
                    report.skip(f"{column} is not {value}", int(gone.sum()), place(block, int(gone.argmax()), column))
                keep &= fits
            mask, count = pa.array(keep), int(keep.sum())
            selected += count
            columns = {
                one: pa.repeat(pa.scalar(self._constant[one]), count)
                if one in self._constant
                else block.columns[one].filter(mask)
                for one in wanted
            }
            yield RowBatch(columns, np.asarray(block.rows)[keep])
        if not selected:
            report.instead = "; ".join(f"{shortened(column)} is {listed(values)}" for column, values in others.items())


_MOST_SHOWN = 8
_WORDS = {"true": 1.0, "yes": 1.0, "y": 1.0, "t": 1.0, "false": 0.0, "no": 0.0, "n": 0.0, "f": 0.0}


def _some_of(values: pa.Array) -> list[str]:
    """The first different values of a column, as a sentence shows them."""
    different = [shortened(one or "empty") for one in to_strings(values).unique().to_pylist()[: _MOST_SHOWN + 1]]
    return [*different[:_MOST_SHOWN], *(["…"] if len(different) > _MOST_SHOWN else [])]


def _equal(values: object, value: str) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_lower(pc.utf8_trim_whitespace(to_strings(values)))
    wanted = value.strip().lower()
    same = pc.equal(texts, wanted).fill_null(False).to_numpy(zero_copy_only=False)
    number = truth_of(wanted)
    try:
        number = float(wanted) if number is None else number
    except ValueError:
        return same  # type: ignore[no-any-return]
    words = [word for word, value in _WORDS.items() if value == number]
    fits = pc.or_kleene(pc.equal(numbers_or_null(texts), number).fill_null(False), pc.is_in(texts, pa.array(words)))
    return same | fits.fill_null(False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def truth_of(word: str) -> float | None:
    """1 for ``true``, ``yes``, ``y`` and ``t``, 0 for their opposites, and None for other words; in lower case."""
    return _WORDS.get(word)
