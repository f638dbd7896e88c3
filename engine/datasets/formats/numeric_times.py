"""Times that are written as numbers: the range of a whole column tells their unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.values import BadValueError

#: From this on, seconds are after the year 5000, so a time must be in a finer unit; each unit is 1,000 times finer.
_TOO_LATE = 100_000_000_000
_UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
#: In seconds this is in 1973. A smaller number is close to zero in every unit, so it tells nothing about the unit.
_TELLING = 100_000_000
#: What a person should know about such numbers.
ORDER_REMARK = "the times are numbers that only tell the order of the rows, and are no dates."
#: Enough of a column to choose how it is read; then every value is checked.
_SAMPLE = 10_001
#: The share of a column that must fit, so that single mistakes are found and do not change how all others are read.
_MOST = 0.9
#: Forms of dates that are written as digits: first and last number, what a person calls it, and the form for pandas.
_DATES = (
    (18_000_101, 21_001_231, "dates of the form YYYYMMDD", "%Y%m%d"),
    (18_000_101_000_000, 21_001_231_235_959, "dates of the form YYYYMMDDHHMMSS", "%Y%m%d%H%M%S"),
    (180_001_010_000, 210_012_312_359, "dates of the form YYYYMMDDHHMM", "%Y%m%d%H%M"),
    (180_001, 210_012, "months of the form YYYYMM", "%Y%m"),
    (1800, 2100, "years", "%Y"),
)
#: Days of a spreadsheet count from 1899-12-30. These are 1970-01-01 and 2100-01-01.
_SHEET_1970, _SHEET_2100 = 25_569, 73_051
_SECONDS_A_DAY = 86_400

Numbers = npt.NDArray[Any]  # int64 or float64


def to_seconds(numbers: Numbers) -> tuple[npt.NDArray[np.int64], str]:
    """Convert a whole column to seconds since 1970.

    Parameters
    ----------
    numbers
        Times of one column; int64 or float64, shape ``(n,)``. The array may be changed.

    Returns
    -------
    tuple
        The seconds, and what a person should know: empty if the numbers are seconds.

    Raises
    ------
    BadValueError
        At the first number that does not fit the others.
    """
    if not len(numbers):
        return numbers.astype(np.int64), ""
    sample = numbers[:: len(numbers) // _SAMPLE + 1]
    sample = sample[sample != 0]
    for first, last, name, form in _DATES:
        fits = (sample >= first) & (sample <= last)
        if len(sample) and fits.mean() >= _MOST and _parses(sample[fits], form).mean() >= _MOST:
            return _dates(numbers, name, form), f"the times were read as {name}."
    if len(sample) and ((sample >= _SHEET_1970) & (sample < _SHEET_2100)).mean() >= _MOST:
        days = numbers.astype(np.float64)
        _require(
            numbers, (days > 0) & (days < 10 * _SHEET_2100), "is not a day of a spreadsheet, as the other times are"
        )
        seconds = np.round((days - _SHEET_1970) * _SECONDS_A_DAY).astype(np.int64)
        return seconds, "the times were read as days of a spreadsheet (44197 is 2021-01-01)."
    return _unix(numbers, sample)


def counts_as_order(seconds: npt.NDArray[np.int64]) -> bool:
    """Whether times are so small, such as 1, 2 and 3, that they only tell an order and are no dates of 1970."""
    return bool(len(seconds)) and bool((np.abs(seconds) < _TELLING).all())


def _unix(numbers: Numbers, sample: Numbers) -> tuple[npt.NDArray[np.int64], str]:
    _require(numbers, np.abs(numbers) < 2.0**63, "is not a time (seconds since 1970)")
    middle = float(np.median(np.abs(sample))) if len(sample) else 0.0
    unit = next((unit for unit in (3, 2, 1) if middle >= _TOO_LATE * 1000 ** (unit - 1)), 0)
    sizes = np.abs(numbers)
    low, high = (_TELLING if unit == 0 else _TOO_LATE * 1000 ** (unit - 1)), _TOO_LATE * 1000**unit
    if unit and ((sizes >= _TELLING) & (sizes < low)).any():
        _require(numbers, (sizes < _TELLING) | (sizes >= low), _mixed(unit))
    if unit < 3:
        _require(numbers, sizes < high, _mixed(unit))
    if unit == 0 and middle >= _TELLING:
        first, last, name, form = _DATES[0]
        early = (numbers >= first) & (numbers <= last)
        if early.any():
            early[early] = _parses(numbers[early], form)
            _require(numbers, ~early, f"looks like one of {name}, and other times are seconds since 1970")
    if numbers.dtype == np.float64:
        seconds = np.floor(numbers / 1000**unit).astype(np.int64)
    else:
        seconds = numbers.astype(np.int64, copy=False)
        if unit:
            seconds //= 1000**unit
    return seconds, f"the times were read as {_UNITS[unit]}." if unit else ""


def _mixed(unit: int) -> str:
    return f"does not fit the other times, which are {_UNITS[unit]} since 1970; the column may mix units"


def _dates(numbers: Numbers, name: str, form: str) -> npt.NDArray[np.int64]:
    different, codes = np.unique(numbers, return_inverse=True)
    parsed = _parse(different, form)
    _require(numbers, ~np.isnat(parsed)[codes], f"is not a time, since other times are {name}")
    return parsed.astype(np.int64)[codes]


def _parses(numbers: Numbers, form: str) -> npt.NDArray[np.bool_]:
    return ~np.isnat(_parse(numbers, form))  # type: ignore[no-any-return]


def _parse(numbers: Numbers, form: str) -> npt.NDArray[Any]:
    import pandas as pd

    texts = pd.Series(numbers.astype(np.int64)).astype(str).where(numbers == np.floor(numbers), "")
    times = pd.to_datetime(texts, format=form, errors="coerce").to_numpy()
    return times.astype("datetime64[s]")


def _require(numbers: Numbers, fits: npt.NDArray[np.bool_], what: str) -> None:
    if not fits.all():
        position = int(np.argmin(fits))
        number = numbers[position].item()
        shown = int(number) if abs(number) < 2**63 and number == int(number) else number
        raise BadValueError(position, f"{str(shown)!r} {what}")
