"""Times that are in several columns, such as a date and a time of day, or the number of an order and a place in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.dates import parse_dates
from engine.datasets.formats.ids import clean_ids
from engine.datasets.formats.numeric_times import ORDER_REMARK, counts_as_order, to_seconds
from engine.datasets.formats.rows import RowBatch, Rows
from engine.datasets.formats.values import BadValueError, to_strings

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport

#: Between the texts of the columns of one row. It is the separator of units in ASCII and stands in no file.
JOINT = "\x1f"
#: The name of a column that holds the numbers of the rows.
ROW_NUMBER = "#row"
#: A whole number, as pandas also writes it in a column with gaps.
_WHOLE = r"^\d{1,18}(?:\.0*)?$"


class TimedRows:
    """The rows of a file with one more column for their time.

    Parameters
    ----------
    rows
        The file.
    name
        The name of the added column.
    parts
        The columns whose texts are joined in it, the most significant first. Without any, the column holds the number
        of the row.
    first
        Is added to the number of the row.
    """

    def __init__(self, rows: Rows, name: str, parts: Sequence[str], first: int = 0) -> None:
        self._rows, self._added, self._parts, self._first = rows, name, tuple(parts), first
        self.name = rows.name
        self.has_header = rows.has_header
        self.remarks = rows.remarks
        self.columns = [*rows.columns, name]

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns in blocks; see :meth:`engine.datasets.formats.rows.Rows.blocks`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._added not in wanted:
            yield from self._rows.blocks(wanted, report)
            return
        here = [one for one in wanted if one != self._added]
        for block in self._rows.blocks(list(dict.fromkeys([*here, *self._parts])) or self._rows.columns[:1], report):
            if self._parts:
                texts = [pc.utf8_trim_whitespace(to_strings(clean_ids(block.columns[one]))) for one in self._parts]
                added = pc.binary_join_element_wise(*texts, JOINT)
            else:
                added = pa.array(np.asarray(block.rows, dtype=np.int64) + self._first)
            yield RowBatch({**{one: block.columns[one] for one in here}, self._added: added}, block.rows)


@dataclass(frozen=True, slots=True)
class ParsedTimes:
    """The times that different texts stand for.

    Attributes
    ----------
    times
        Seconds since 1970, or whole numbers that only tell an order; int64, shape ``(n,)``.
    remark, is_order, within, day_first
        See :class:`engine.datasets.formats.times.TimeColumn`.
    """

    times: npt.NDArray[np.int64]
    remark: str = ""
    is_order: bool = False
    within: npt.NDArray[np.int64] | None = None
    day_first: bool | None = None


def parse_joined(texts: pa.Array, day_first: bool | None) -> ParsedTimes:
    """Read different texts of several columns, joined by :data:`JOINT`.

    If all columns hold whole numbers, and the first of them are no dates, the rows are ordered by the first column,
    then by the second, and so on. If only the first column holds dates or times, the other columns order the rows of
    equal times. Otherwise the columns together are one written time, such as a date and a time of day.

    Parameters
    ----------
    texts
        The texts, each once.
    day_first
        See :class:`engine.datasets.formats.times.TimeColumn`.

    Raises
    ------
    BadValueError
        At the first text that has no such meaning; its position is that among the texts.
    """
    import pyarrow.compute as pc

    lists = pc.split_pattern(texts, JOINT)
    columns = [pc.list_element(lists, place) for place in range(len(lists[0]))]
    numbers = [_whole_numbers(one) for one in columns]
    rest = [one for one in numbers[1:] if one is not None]
    if len(rest) < len(columns) - 1:
        return parsed_dates(pc.binary_join(lists, " "), day_first)
    found = None
    if numbers[0] is None:
        seconds, remark, found = parse_dates(columns[0], day_first)
    else:
        seconds, remark = to_seconds(numbers[0].copy())
        if not remark and counts_as_order(seconds):
            return ParsedTimes(_in_one_number([numbers[0], *rest]), ORDER_REMARK, is_order=True)
    return ParsedTimes(seconds, remark, within=_in_one_number(rest), day_first=found)


def parsed_dates(texts: pa.Array, day_first: bool | None) -> ParsedTimes:
    """What :func:`engine.datasets.formats.dates.parse_dates` returns."""
    seconds, remark, found = parse_dates(texts, day_first)
    return ParsedTimes(seconds, remark, day_first=found)


def _whole_numbers(texts: pa.Array) -> npt.NDArray[np.int64] | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(texts, _WHOLE)).as_py():
        return None
    numbers: npt.NDArray[np.int64] = pc.replace_substring_regex(texts, r"\..*", "").cast(pa.int64()).to_numpy()
    return numbers


def _in_one_number(columns: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Whole numbers of several columns in one number, which is ordered by the first column, then by the second …"""
    # The widths are the same for all files of a log, so that their numbers can be compared.
    width = 62 // len(columns)
    found = np.zeros_like(columns[0])
    for numbers in columns:
        if (numbers >= 1 << width).any():
            position = int((numbers >= 1 << width).argmax())
            raise BadValueError(position, f"{int(numbers[position])} is too large for the place in an order")
        found = (found << width) | numbers
    return found
