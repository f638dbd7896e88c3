"""Dates as exports and spreadsheets write them, where the whole column decides what a date means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

#: The formats of dates, the most usual first. Formats that differ in the order of day and month are in ``_TWINS``.
_FORMATS = (
    "ISO8601",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%y/%m/%d",
    "%d %b %Y, %H:%M",
    "%d %b %Y %H:%M",
    "%d %b %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%a %b %d %H:%M:%S %Y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
#: ``2019-00-00``: MyAnimeList writes what it does not know as zeros.
_UNKNOWN_PART = re.compile(r"-00(?=-|$)")
#: Days since 30 December 1899 in a spreadsheet: from 1954 to 2119.
_SERIALS = (20_000, 80_000)
_SECONDS_PER_DAY = 86_400
_SERIAL_OF_1970 = 25_569


class Dates(NamedTuple):
    """The dates of a column.

    Attributes
    ----------
    seconds
        Unix seconds, or None where the text is empty or no date.
    unreadable
        The positions of the texts that are no dates.
    ambiguous
        The format that was chosen where another one fits equally well; empty if there is none.
    """

    seconds: list[int | None]
    unreadable: list[int]
    ambiguous: str


def parse_dates(texts: Sequence[str], *, newest_first: bool = False) -> Dates:
    """Read a column of dates; texts without a time zone are in UTC.

    The format that fits most of the texts is taken. If several fit equally well, it is the one by which the column is
    sorted best, as exports are sorted by date. A day and a month are not exchanged within a column.

    Parameters
    ----------
    texts
        The column.
    newest_first
        Whether the source is known to write the latest date first.
    """
    import pandas as pd

    seconds: list[int | None] = [None] * len(texts)
    dates = {}
    for position, text in enumerate(texts):
        if text.startswith(("0000", "00/00")):
            continue
        if _NUMBER.fullmatch(text) and not _is_compact(text):
            seconds[position] = _from_number(float(text))
        elif text:
            dates[position] = _UNKNOWN_PART.sub("-01", text)
    if not dates:
        return Dates(seconds, [p for p, text in enumerate(texts) if text and text[0] != "0" and seconds[p] is None], "")
    rest = pd.Series(dates)
    first, ambiguous = "", ""
    while len(rest):
        parsed, form, doubt = _parse_by_best(rest, first, newest_first)
        if not form:
            break
        first, ambiguous = first or form, ambiguous or doubt
        known = parsed.dropna()
        for at, moment in zip(known.index.tolist(), known.tolist(), strict=True):
            seconds[at] = int(moment.timestamp() // 1)
        rest = rest[parsed.isna()]
    unreadable = [p for p, text in enumerate(texts) if text and seconds[p] is None and not text.startswith("0000")]
    return Dates(seconds, unreadable, ambiguous)


def _parse_by_best(texts: pd.Series, chosen: str, newest_first: bool) -> tuple[pd.Series, str, str]:
    """The dates by the best format, that format, and the same if another one fits equally well."""
    import pandas as pd

    best, best_form, best_rank = texts, "", (0, 0)
    ties: list[str] = []
    for form in _FORMATS:
        if _is_twin(form, chosen):
            continue
        parsed = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
        known = parsed.dropna()
        if not len(known):
            continue
        if form == "ISO8601" and len(known) == len(texts):
            return parsed, form, ""  # no other format can be meant
        steps = known.diff().dropna().dt.total_seconds()
        later, earlier = int((steps > 0).sum()), int((steps < 0).sum())
        disorder = later if newest_first else min(later, earlier)
        rank = (len(known), -disorder)
        if rank > best_rank or not best_form:
            best, best_form, best_rank, ties = parsed, form, rank, []
        elif rank == best_rank and not known.equals(best.dropna()):
            ties.append(form)
    return best, best_form, best_form if ties else ""


def _is_twin(form: str, chosen: str) -> bool:
    """Whether the two formats differ in the order of day and month alone, so that only one can be meant."""
    swapped = chosen.replace("%m", "%?").replace("%d", "%m").replace("%?", "%d")
    return bool(chosen) and form == swapped and form != chosen


def _is_compact(text: str) -> bool:
    return len(text) in (8, 14) and text[:2] in ("19", "20") and text.isdecimal()


def _from_number(number: float) -> int | None:
    """The date of a spreadsheet's serial number, or of unix seconds or milliseconds."""
    if _SERIALS[0] <= number < _SERIALS[1]:
        return int((number - _SERIAL_OF_1970) * _SECONDS_PER_DAY)
    if 10**8 <= number < 10**10:
        return int(number)
    return int(number / 1000) if 10**11 <= number < 10**13 else None
