"""Written dates and times: the forms that people and programs use, parsed by pandas and dateutil."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.month_names import with_english_months
from engine.datasets.formats.values import BadValueError, shown

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Two numbers and a year, whose order is decided by the column: ``31/12/2020 23:59``.
_NUMERIC = r"^(?P<a>\d{1,2})(?P<mark>[/.-])(?P<b>\d{1,2})[/.-](?P<year>\d{4}|\d{2})(?P<rest>$|[ T,].*$)"
#: The rewritings that bring a text to a form that pandas parses for a whole column at once.
_TIDY = (
    (r"[\s\p{Z}]+", " "),
    (r" ?\([A-Za-z ]*\)$", ""),  # JavaScript adds the name of the zone: "GMT+0100 (Central European Standard Time)"
    (r"^(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? ", ""),
    (r"(\d) ?([AaPp])\.?[Mm]\b\.?", r"\1 \2M"),
    (r",? ?\b(?:UTC|GMT|Z)([+-]\d)", r"\1"),
    (r"([\dM]) ?(?:UTC|GMT|[Zz])$", r"\1+00:00"),
    (r"([A-Za-z]{3,}\.? \d{1,2})(?:st|nd|rd|th)?,", r"\1"),
    (r"^(\d{1,2})(?:st|nd|rd|th) ", r"\1 "),
    (r"(\d), (\d{1,2}:)", r"\1 \2"),
    (r"^(\d{4}-\d\d-\d\d)([+-]\d\d:?\d\d)$", r"\1T00:00\2"),
    (r"(:\d\d),(\d)", r"\1.\2"),
)
_ZONE_NAME = r"^(?P<time>.*\d) ?\[?(?P<zone>[A-Z][A-Za-z_]+(?:/[A-Za-z_+\d-]+)+)\]?$"
_DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d %Y",
    "%B %d %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %Y",
    "%B %Y",
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I %p")
_FORMS = [day + clock + zone for day, clock, zone in product(_DAYS, _CLOCKS, ("", "%z", " %z"))]
#: Hours from UTC of the zones that mails and logs abbreviate, as far as an abbreviation means one zone only.
_HOURS = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9,
    "AEST": 10, "AEDT": 11,
}  # fmt: skip
#: How many forms one column may have before each of its remaining texts is parsed by itself.
_MOST_FORMS = 12
_WHAT = "is not a time (unix seconds, or a date such as 2024-05-31 or 2024-05-31T18:00:00)"


class UnclearDatesError(BadValueError):
    """A column whose dates can be read with the day first and with the month first."""


def parse_dates(texts: pa.Array, day_first: bool | None = None) -> tuple[npt.NDArray[np.int64], str, bool | None]:
    """Parse the different texts of a whole column to seconds since 1970; a time without a zone is in UTC.

    Parameters
    ----------
    texts
        Arrow array of strings without nulls.
    day_first
        Whether the day comes first in dates such as 01/02/2020, for a column that does not tell.

    Returns
    -------
    tuple
        The seconds, shape ``(n,)``; what a person should know about the reading, or empty text; and whether the day
        came first, None where that makes no difference.

    Raises
    ------
    UnclearDatesError
        If the day or the month may come first, and the column does not tell.
    BadValueError
        At the first text that is not a time.
    """
    import pandas as pd
    import pyarrow.compute as pc

    wordy = pc.invert(pc.match_substring_regex(texts, r"\d"))
    if pc.any(wordy).as_py():  # pandas takes "now" and "today" for times
        at = pc.index(wordy, True).as_py()
        raise BadValueError(at, f"{shown(texts, at)} {_WHAT}")
    tidy = with_english_months(pc.utf8_trim_whitespace(texts))
    for pattern, replacement in _TIDY:
        tidy = pc.replace_substring_regex(tidy, pattern, replacement)
    tidy, day_first = _year_first(tidy, texts, day_first)
    remark = "" if day_first is None else f"the dates were read with the {'day' if day_first else 'month'} first."
    zones = pc.extract_regex(tidy, _ZONE_NAME)
    named = zones.is_valid().to_numpy(zero_copy_only=False)
    names = pc.struct_field(zones, "zone").to_pylist() if named.any() else []
    if named.any():
        # A zone is kept beside the time; where the offset is written as well, the name adds nothing.
        tidy = pc.if_else(zones.is_valid(), pc.struct_field(zones, "time"), tidy)
    written = pd.Series(tidy.to_pylist(), dtype=object)
    times = _parse(written, texts)
    has_offset = written.str.contains(r":\d\d.*[+-]\d\d:?\d\d$", regex=True).to_numpy(dtype=bool)
    for zone in {name for name, offset in zip(names, has_offset, strict=False) if name and not offset}:
        rows = np.flatnonzero(np.array([one == zone for one in names]) & ~has_offset)
        try:
            local = pd.Series(times[rows]).dt.tz_localize(
                zone, ambiguous=np.ones(len(rows), bool), nonexistent="shift_forward"
            )
        except (KeyError, ValueError):  # zoneinfo's error for an unknown zone is a KeyError
            raise BadValueError(int(rows[0]), f"{shown(texts, rows[0])} names a time zone that is not known") from None
        times[rows] = local.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    return times.astype(np.int64), remark, day_first


def _year_first(tidy: pa.Array, texts: pa.Array, day_first: bool | None) -> tuple[pa.Array, bool | None]:
    """Rewrite dates of three numbers so that the year comes first; the column decides what day and month are.

    Also returned is whether the day came first, None where that makes no difference.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(tidy, _NUMERIC)
    numeric = found.is_valid().to_numpy(zero_copy_only=False)
    if not numeric.any():
        return tidy, None
    part = {name: pc.struct_field(found, name) for name in ("a", "b", "year", "rest")}
    first, second = (part[name].cast(pa.int32()).fill_null(0).to_numpy() for name in "ab")
    days, months = first > 12, second > 12
    if (days & months).any():
        at = int((days & months).argmax())
        raise BadValueError(at, f"{shown(texts, at)} {_WHAT}")
    if days.any() and months.any():
        later = int(max(days.argmax(), months.argmax()))
        earlier = int(min(days.argmax(), months.argmax()))
        raise BadValueError(
            later,
            f"{shown(texts, later)} and {shown(texts, earlier)} do not have day and month in the same order",
        )
    if days.any() or months.any():
        day_first = bool(days.any())
    elif day_first is None and (first != second).any():
        at = int((first != second).argmax())
        raise UnclearDatesError(
            at,
            f"{shown(texts, at)} can be read with the day or with the month first, and no other value of the column "
            "decides it; say which comes first, or write the year first (2020-12-31)",
        )
    day, month = ("a", "b") if day_first else ("b", "a")
    year = part["year"]
    # Two digits are 1969 to 2068, as in POSIX.
    century = pc.if_else(pc.greater_equal(year.cast(pa.int32()), 69), "19", "20")
    year = pc.if_else(pc.equal(pc.utf8_length(year), 2), pc.binary_join_element_wise(century, year, ""), year)
    padded = [pc.utf8_lpad(part[name], 2, "0") for name in (month, day)]
    rest = pc.replace_substring_regex(part["rest"], "^,? ?", " ")
    dates = pc.binary_join_element_wise(year, *padded, "-")
    whole = pc.utf8_trim_whitespace(pc.binary_join_element_wise(dates, rest, ""))
    return pc.if_else(found.is_valid(), whole, tidy), None if (first == second).all() else day_first


def _parse(written: pd.Series[Any], texts: pa.Array) -> npt.NDArray[Any]:
    """The times as datetime64[s]."""
    import pandas as pd

    times = np.full(len(written), np.datetime64("NaT"), dtype="datetime64[s]")
    left = np.arange(len(written))
    for form in (None, *range(_MOST_FORMS)):
        form = "ISO8601" if form is None else _form_of(written.iloc[left[0]])
        if form is None:
            break
        parsed = pd.to_datetime(written.iloc[left], format=form, utc=True, errors="coerce")
        times[left] = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        left = left[np.isnat(times[left])]
        if not len(left):
            return times
    for position in left:
        try:
            times[position] = _parse_one(written.iloc[position])
        except (ValueError, ArithmeticError, TypeError, IndexError, Warning):  # dateutil's errors are of all kinds
            raise BadValueError(int(position), f"{shown(texts, position)} {_WHAT}") from None
    return times


def _form_of(text: str) -> str | None:
    """A form for pandas that fits the text, or None."""
    import pandas as pd

    for form in _FORMS:
        try:
            pd.to_datetime(text, format=form)
        except ValueError:
            continue
        return form
    return None


def _parse_one(text: str) -> Any:
    """Parse a text of a rare form. A text without a year or a month is refused, since dateutil would take today's."""
    from dateutil import parser  # type: ignore[import-untyped]

    if re.fullmatch(r"[\d.+-]+", text) and not re.fullmatch(r"\d{4}-\d{3}|\d{8}|\d{12}|\d{14}", text):
        raise ValueError
    try:
        moments = [parser.isoparse(text)]
    except ValueError:
        zones = {name: hours * 3600 for name, hours in _HOURS.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # dateutil warns of a zone that it does not know, and drops it
            moments = [
                parser.parse(text, default=datetime(year, month, 1), tzinfos=zones)
                for year, month in ((1904, 1), (2012, 3))
            ]
    if moments[0] != moments[-1]:
        raise ValueError
    moment = moments[0] if moments[0].tzinfo else moments[0].replace(tzinfo=UTC)
    return np.datetime64(int(moment.timestamp() // 1), "s")
