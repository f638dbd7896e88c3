"""Columns of times, as seconds since 1970: the whole column decides how its values are to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.joined_times import JOINT, parse_joined, parsed_dates
from engine.datasets.formats.numeric_times import ORDER_REMARK, counts_as_order, to_seconds
from engine.datasets.formats.values import (
    MISSING_NUMBERS,
    BadValueError,
    GrowingArray,
    cast,
    is_number,
    shown,
    to_strings,
)

if TYPE_CHECKING:
    import pyarrow as pa

#: Spellings of "no time", in lower case. MySQL exports the dates of zeros.
_MISSING = (*MISSING_NUMBERS, "nat", "#n/a", '=""', "0000-00-00", "0000-00-00 00:00:00")
#: A number among written dates can be read only as a year, or as a date and time of 8, 12 or 14 digits.
_DIGITS_OF_DATES = (4, 8, 12, 14)


def to_times(values: pa.Array, day_first: bool | None = None) -> pa.Array:
    """Convert a whole column to int64, in seconds since 1970; fractions of a second are cut off.

    Parameters
    ----------
    values
        The column: numbers, dates and times of a Parquet file, or text.
    day_first
        As in :class:`TimeColumn`.

    Raises
    ------
    BadValueError
        At the first value that is not a time.
    """
    import pyarrow as pa

    cleaned = clean_times(values)
    there = cleaned.is_valid().to_numpy(zero_copy_only=False)
    column = TimeColumn(day_first)
    column.add(cleaned.drop_null(), np.flatnonzero(there))
    seconds = np.zeros(len(values), dtype=np.int64)
    seconds[there] = column.finish()
    return pa.array(seconds, mask=~there)


def clean_times(values: pa.Array) -> pa.Array:
    """Convert a part of a column to the type that tells how it is written.

    Returns
    -------
    pa.Array
        Timestamps in seconds, for dates of a Parquet file and for dates that are all written as ISO 8601 demands;
        int64 or float64, for numbers; strings, for everything else. Missing values are null.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_date(values.type):
        return values.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(values.type):
        return pc.floor_temporal(values.cast(pa.timestamp(values.type.unit)), unit="second").cast(pa.timestamp("s"))
    if is_number(values.type):
        whole = None if pa.types.is_floating(values.type) else cast(values, pa.int64())
        return _without_nan(values.cast(pa.float64(), safe=False)) if whole is None else whole
    texts = to_strings(values)
    times = _quick(texts)
    if times is None:
        texts = pc.utf8_trim_whitespace(texts)
        texts = pc.if_else(pc.is_in(pc.utf8_lower(texts), pa.array(_MISSING)), None, texts)
        times = _quick(texts)
    return texts if times is None else times


def _quick(texts: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = cast(texts, pa.int64())
    if numbers is None:
        numbers = cast(texts, pa.float64())
        numbers = None if numbers is None else _without_nan(numbers)
    if numbers is not None:
        return numbers
    for zone in (None, "UTC"):
        times = cast(texts, pa.timestamp("us", zone))
        if times is not None:
            return pc.floor_temporal(times, unit="second").cast(pa.timestamp("s", zone)).cast(pa.timestamp("s"))
    return None


def _without_nan(numbers: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.if_else(pc.is_nan(numbers), None, numbers)


class TimeColumn:
    """Collects a column of times block by block, and decides at its end how it is to be read.

    Numbers are dates (``20201231``), years, days of a spreadsheet, or seconds to nanoseconds since 1970: the one that
    fits their range. Dates such as 01/02/2020 are read with the day or the month first, whichever the other values
    allow.

    Parameters
    ----------
    day_first
        Whether the day comes first in dates such as 01/02/2020, for a column that does not tell.
    is_order
        Whether whole numbers only tell the order of the rows, however large they are.

    Attributes
    ----------
    is_order
        After :meth:`finish`, whether the times are numbers that only tell an order and are no dates.
    day_first
        After :meth:`finish`, whether dates were read with the day first; None where that makes no difference.
    within
        After :meth:`finish`, the order of the rows whose times are equal, int64, shape ``(n,)``; None if it is that of
        the file.
    remark
        After :meth:`finish`, what a person should know about the reading: the end of a sentence that begins with the
        name of the file; empty if there is nothing.
    """

    def __init__(self, day_first: bool | None = None, is_order: bool = False) -> None:
        self.remark = ""
        self.within: npt.NDArray[np.int64] | None = None
        self.is_order = is_order
        self.day_first: bool | None = None
        self._given_day_first = day_first
        # Times, whole numbers, the bits of floats, or positions among the texts: the kind of the block tells which.
        self._values = GrowingArray(np.int64)
        self._blocks: list[tuple[int, str, Any, pa.Array | None]] = []

    def add(self, values: pa.Array, rows: range | npt.NDArray[np.int64]) -> None:
        """Append values as :func:`clean_times` returns them, without nulls, with the numbers of their rows."""
        import pyarrow as pa

        if not len(values):
            return
        if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
            rows = range(int(rows[0]), int(rows[-1]) + 1)  # an array would be as large as the times
        kind, texts = "number", None
        if pa.types.is_timestamp(values.type):
            kind, values = "time", values.cast(pa.int64())
        elif pa.types.is_string(values.type):
            coded = values.dictionary_encode()
            kind, values, texts = "text", coded.indices.cast(pa.int64()), coded.dictionary
        numbers = values.to_numpy(zero_copy_only=False)
        if numbers.dtype == np.float64:
            kind, numbers = "float", numbers.view(np.int64)
        self._blocks.append((len(self._values), kind, rows, texts))
        self._values.add(numbers)

    def finish(self) -> npt.NDArray[np.int64]:
        """The whole column in seconds since 1970. Nothing can be appended afterwards.

        Raises
        ------
        BadValueError
            At the first value that is not a time; its position is the number of the row.
        """
        values = self._values.finish()
        kinds = {kind for _, kind, _, _ in self._blocks}
        try:
            if kinds <= {"number", "float"}:
                return self._finish_numbers(values, "float" in kinds)
            self.is_order = False
            if kinds - {"time"}:
                self._finish_texts(values)
        except BadValueError as error:
            error.position = self._row(error.position)
            raise
        return values

    def _pieces(self, values: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
        ends = [begin for begin, _, _, _ in self._blocks[1:]]
        return np.split(values, ends) if self._blocks else []

    def _finish_numbers(self, values: npt.NDArray[np.int64], has_floats: bool) -> npt.NDArray[np.int64]:
        numbers: npt.NDArray[Any] = values
        if has_floats:
            pieces = [
                piece.view(np.float64) if kind == "float" else piece.astype(np.float64)
                for piece, (_, kind, _, _) in zip(self._pieces(values), self._blocks, strict=True)
            ]
            numbers = np.concatenate(pieces)
        if self.is_order and (numbers == np.floor(numbers)).all() and (np.abs(numbers) < 2.0**63).all():
            seconds, self.remark = numbers.astype(np.int64), ""
        else:
            seconds, self.remark = to_seconds(numbers)
            self.is_order = not self.remark and counts_as_order(seconds)
        self.remark = ORDER_REMARK if self.is_order else self.remark
        return seconds

    def _finish_texts(self, values: npt.NDArray[np.int64]) -> None:
        """Replace the positions among the texts by times. Numbers among them are read as they are written."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts, pieces = [], []
        for piece, (begin, kind, _, own) in zip(self._pieces(values), self._blocks, strict=True):
            if kind == "time":
                continue
            if own is None:
                numbers = pa.array(piece.view(np.float64) if kind == "float" else piece)
                coded = numbers.cast(pa.string()).dictionary_encode()
                own, piece[:] = coded.dictionary, coded.indices.to_numpy()
            texts.append(own)
            pieces.append((begin, piece))
        coded = pa.concat_arrays(texts).dictionary_encode()
        codes, offset = coded.indices.to_numpy(), 0
        for (_, piece), own in zip(pieces, texts, strict=True):
            piece[:] = codes[offset : offset + len(own)][piece]
            offset += len(own)

        different = coded.dictionary
        is_joined = pc.any(pc.match_substring(different, JOINT)).as_py()
        plain = pc.match_substring_regex(different, r"^[+-]?[\d.]+(?:[eE][+-]?\d+)?$").to_numpy(zero_copy_only=False)
        dots = pc.match_substring(different, ".").to_numpy(zero_copy_only=False)
        digits = pc.utf8_length(different).to_numpy(zero_copy_only=False)
        dotted_date = pc.match_substring_regex(different, r"^\d+\.\d+\.\d+$").to_numpy(zero_copy_only=False)
        number = plain & ~dotted_date & (dots | ~np.isin(digits, _DIGITS_OF_DATES))
        try:
            if number.any() and not is_joined:
                counts = np.bincount(np.concatenate([piece for _, piece in pieces]), minlength=len(different))
                mostly_numbers = "time" not in {kind for _, kind, _, _ in self._blocks} and (
                    counts[number].sum() >= counts[~number].sum()
                )
                code = int((~number if mostly_numbers else number).argmax())
                others = "numbers" if mostly_numbers else "written dates"
                raise BadValueError(code, f"{shown(different, code)} is not a time like the others, which are {others}")
            parsed = (parse_joined if is_joined else parsed_dates)(different, self._given_day_first)
        except BadValueError as error:
            found = ((begin, np.flatnonzero(piece == error.position)) for begin, piece in pieces)
            error.position = next(begin + int(at[0]) for begin, at in found if len(at))
            raise
        self.remark, self.is_order, self.day_first = parsed.remark, parsed.is_order, parsed.day_first
        self.within = None if parsed.within is None else parsed.within[values]
        for _, piece in pieces:
            piece[:] = parsed.times[piece]

    def _row(self, position: int) -> int:
        begin, _, rows, _ = next(block for block in reversed(self._blocks) if block[0] <= position)
        return int(rows[position - begin])
