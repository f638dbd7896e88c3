"""Dates with the months of other languages than English, rewritten to a form that the parser of dates knows."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from engine.text.normalize import fold

if TYPE_CHECKING:
    import pyarrow as pa

_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: German, French, Spanish, Italian, Portuguese, Dutch, Polish, Turkish and Russian, as they stand after a day.
_NAMES = (
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
)
_SHORTEST = 3
#: A day, a month in words, a year, and perhaps a time of day.
_DATE = re.compile(
    r"^(\d{1,2})(?:\.|er|º|ª|°)?\s+(?:de\s+|d')?([^\W\d_]{3,}\.?)\s+(?:de\s+|del\s+)?(\d{4})\b(.*)$", re.IGNORECASE
)
_IDEOGRAPHS = r"^(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]"


def with_english_months(texts: pa.Array) -> pa.Array:
    """The texts, in which dates with a month of another language have it in English.

    Examples
    --------
    "3. März 2024" becomes "3 Mar 2024", "1er août 2023 18:00" "1 Aug 2023 18:00", and "2024年5月31日" "2024-5-31".
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.replace_substring_regex(texts, _IDEOGRAPHS, r"\1-\2-\3")
    if not pc.any(pc.match_substring_regex(texts, r"^\d{1,2}\S*\s+(?:de\s+|d')?\p{L}{3,}")).as_py():
        return texts
    return pa.array([None if text is None else _in_english(text) for text in texts.to_pylist()], texts.type)


def _in_english(text: str) -> str:
    found = _DATE.match(text)
    month = None if found is None else month_of(found[2])
    return text if found is None or month is None else f"{found[1]} {_ENGLISH[month]} {found[3]}{found[4]}"


@cache
def month_of(word: str) -> int | None:
    """The month that a word, or its beginning with at least three letters, names in one of the languages; from 0."""
    plain = fold(word.rstrip("."))
    if len(plain) < _SHORTEST:
        return None
    found = {number for names in _NAMES for number, name in enumerate(names.split()) if fold(name).startswith(plain)}
    return found.pop() if len(found) == 1 else None
