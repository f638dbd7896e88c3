"""The types of a catalogue's columns: numbers, dates, truth values and lists, told from the values or the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.data.text_columns import clean, clean_lists, is_list, list_parts, map_distinct, split_list

if TYPE_CHECKING:
    import pyarrow as pa

#: Spellings of "no value" in a column of numbers, dates or truth values, in lower case.
_MISSING = ("", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nil", "\\n", "-", "–", "—", "?", "nat")
#: A number as it is plainly written. A leading zero or plus belongs to a code, such as a zip code or a phone number.
_NUMBER = r"^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$"
#: A whole number, or one with a decimal comma, and one whose comma separates no thousands.
_WITH_COMMAS = r"^-?(?:0|[1-9]\d*)(?:,\d+)?$"
_DECIMAL_COMMA = r"^-?(?:0,\d+|\d+,(?:\d{1,2}|\d{4,}))$"
#: The last word of the name of a column whose values are codes, also where they look like numbers.
_CODES = re.compile(
    r"(?:^|[^a-z])(?:(?:item|product|movie|film|book|anime|game|app|song|track|album|artist|show|video|imdb|tmdb)?ids?|"
    r"isbns?|isbn[_ -]?1[03]|ean|upc|gtin|asin|sku|barcode|zip|(?:zip|post|postal)[_ -]?code|phone|uuid|guid)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DATE_NAME = re.compile(r"date|released?|publish|day|_at$|premiere|aired|added", re.IGNORECASE)
_TRUTH = {"true": True, "false": False}
_TRUTH_PAIRS = (("yes", "no"), ("y", "n"), ("t", "f"))
_ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
_ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
#: Other spellings of a date, and the formats to try. If two of them fit all values, the dates are ambiguous; the first
#: of two has the day first.
_DATE_FORMATS = (
    (r"^\d{4}/\d{1,2}/\d{1,2}$", ("%Y/%m/%d",)),
    (r"^\d{4}\.\d{1,2}\.\d{1,2}$", ("%Y.%m.%d",)),
    (r"^\d{1,2}/\d{1,2}/\d{4}$", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"^\d{1,2}-\d{1,2}-\d{4}$", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"^\d{1,2}\.\d{1,2}\.\d{4}$", ("%d.%m.%Y",)),
    (r"^\d{1,2}-[A-Za-z]{3}-\d{4}$", ("%d-%b-%Y",)),
    (r"^\d{1,2} [A-Za-z]{3} \d{4}$", ("%d %b %Y",)),
    (r"^\d{1,2} [A-Za-z]+ \d{4}$", ("%d %B %Y",)),
    (r"^[A-Za-z]{3} \d{1,2}, \d{4}$", ("%b %d, %Y",)),
    (r"^[A-Za-z]+ \d{1,2}, \d{4}$", ("%B %d, %Y",)),
)
_NO_DATE = ("0000-00-00", "0000-00-00 00:00:00")
#: How many values are looked at before a whole column is converted.
_SAMPLE = 2000
#: A column of which at least this share has a type, and the rest has not, is worth a remark.
_MOSTLY = 0.9


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its type.

    Attributes
    ----------
    values
        Numbers (int64 or float64), dates (date32), times (timestamp in seconds), truth values, lists of texts, or
        texts. Missing values are null.
    almost
        What nearly all values of a column of texts are: ``"numbers"``, ``"dates"``; empty for any other column.
    exception
        The position of the first value that is none of these; -1 if there is none.
    num_exceptions
        The number of values that are none of these.
    is_unclear
        Whether the texts are dates in which the day or the month may come first.
    day_first
        Whether the texts were dates that were read with the day first; None where that makes no difference.
    had_commas
        Whether the texts were numbers with a decimal comma.
    """

    values: pa.ChunkedArray
    almost: str = ""
    exception: int = -1
    num_exceptions: int = 0
    is_unclear: bool = False
    day_first: bool | None = None
    had_commas: bool = False


def is_code(name: str) -> bool:
    """Whether a column's name says that its values are codes, which are no numbers even if they have only digits."""
    return _CODES.search(_CAMEL.sub("_", name.strip()).lower()) is not None


def typed(
    name: str, values: pa.ChunkedArray, day_first: bool | None = None, *, decimal_comma: bool = False
) -> Column | None:
    """Give a column its type: that of the file, or for texts the one that all present values have.

    Parameters
    ----------
    name
        The name of the column. Columns of codes, such as ``isbn`` or ``tmdb_id``, stay texts.
    values
        The column as the file has it.
    day_first
        Whether the day comes first in dates such as 03/04/2024, for a column that does not tell. Without an answer
        such a column stays a column of texts.
    decimal_comma
        Whether "3,5" may be a number, as in a table whose columns are separated by semicolons. Elsewhere it may be a
        list of two.

    Returns
    -------
    Column or None
        None for a column of vectors, which says nothing to a reader.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_dictionary(kind):
        return typed(name, values.cast(kind.value_type), day_first, decimal_comma=decimal_comma)
    if _is_list(kind) and pa.types.is_floating(kind.value_type):
        return None
    if _is_list_of_texts(kind):
        return Column(clean_lists(values))
    if pa.types.is_boolean(kind):
        return Column(values)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = _whole(values)
        if numbers is not None:
            return Column(numbers.cast(pa.string()) if is_code(name) and pa.types.is_integer(numbers.type) else numbers)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        moments = values.cast(pa.date32() if pa.types.is_date(kind) else pa.timestamp("s"), safe=False)
        if _have_python_years(moments):
            return Column(_days(moments))
    texts = to_texts(values)
    if not pc.any(pc.is_valid(texts)).as_py():
        return Column(clean(texts))
    return _infer(name, texts, day_first, decimal_comma)


def to_texts(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values as text. Those without a plain text become what Python prints for them."""
    import pyarrow as pa

    if pa.types.is_string(values.type):
        return values
    try:
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        printed = [None if one is None else _printed(one) for one in values.to_pylist()]
        return pa.chunked_array([pa.array(printed, pa.string())])


def as_prose(values: pa.ChunkedArray, separator: str = ", ") -> pa.ChunkedArray:
    """A column of any type as texts to be shown and searched, with the separator between the parts of a list."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if _is_list_of_texts(values.type):
        joined = pc.binary_join(clean_lists(values), separator)
        return pc.if_else(pc.equal(joined, ""), None, joined)
    texts = to_texts(values)
    if pc.any(pc.match_substring_regex(texts, r"^(?:\[|c\()")).as_py():  # some values are lists, others are not
        texts = map_distinct(texts, lambda text: _prose_of(text, separator), pa.string())
    return clean(texts)


def _infer(name: str, texts: pa.ChunkedArray, day_first: bool | None, decimal_comma: bool) -> Column:
    """Give a column of texts the type that all its values have."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cleaned = clean(texts)
    if is_code(name):
        return Column(_codes(cleaned))
    lower = pc.utf8_lower(cleaned)
    present = pc.if_else(pc.is_in(lower, pa.array(_MISSING)), None, cleaned)
    known = present.drop_null()
    if not len(known):
        return Column(cleaned)
    sample = known.slice(0, _SAMPLE)
    if (truth := _truth(sample, known, lower)) is not None:
        return Column(truth)
    if _share(sample, is_list_mask(sample)) > 0.5 and (lists := _lists(known, cleaned)) is not None:
        return Column(lists)
    if _DATE_NAME.search(name) and (days := _dates(present, sample, ((r"^[12]\d{7}$", ("%Y%m%d",)),))):
        return days[0]
    if decimal_comma and (numbers := _numbers_with_commas(present)) is not None:
        return Column(numbers, had_commas=True)
    share = _share(sample, pc.match_substring_regex(sample, _NUMBER))
    if share >= _MOSTLY:
        plain = pc.match_substring_regex(present, _NUMBER)
        if pc.all(plain).as_py():
            numbers = _parse_numbers(present)
            return Column(cleaned if numbers is None else numbers)
        return _almost(cleaned, plain, "numbers")
    if days := _dates(present, sample, _DATE_FORMATS):
        if len(days) > 1 and day_first is None:
            return Column(cleaned, is_unclear=True)
        return days[-1] if day_first is False else days[0]
    if _share(sample, pc.match_substring_regex(sample, _ISO_DATE)) >= _MOSTLY:
        return _almost(cleaned, pc.match_substring_regex(present, _ISO_DATE), "dates")
    return Column(cleaned)


def _codes(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Codes without the ``.0`` that pandas adds to integers in a column with missing values."""
    import pyarrow.compute as pc

    plain = pc.match_substring_regex(texts, r"^(?:0|[1-9]\d*)(?:\.0)?$")
    return pc.replace_substring_regex(texts, r"\.0$", "") if pc.all(plain).as_py() else texts


def is_list_mask(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which texts begin and end as a list does."""
    import pyarrow.compute as pc

    return pc.match_substring_regex(texts, r"(?s)^(?:\[.*\]|c\(.*\))$")


def _almost(texts: pa.ChunkedArray, fits: pa.ChunkedArray, what: str) -> Column:
    import pyarrow.compute as pc

    wrong = pc.fill_null(pc.invert(fits), False)
    number = pc.sum(wrong).as_py() or 0
    if number == 0 or number > (1 - _MOSTLY) * (len(fits) - fits.null_count):
        return Column(texts)
    return Column(texts, what, pc.index(wrong, True).as_py(), number)


def _share(values: pa.ChunkedArray, mask: Any) -> float:
    import pyarrow.compute as pc

    return (pc.sum(mask).as_py() or 0) / max(1, len(values))


def _truth(sample: pa.ChunkedArray, known: pa.ChunkedArray, lower: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(pc.unique(sample)) > 6:  # spellings such as TRUE, True and true
        return None
    words = set(pc.unique(pc.utf8_lower(known)).to_pylist()) if len(pc.unique(known)) <= 6 else set()
    values = dict(_TRUTH) if words and words <= set(_TRUTH) else {}
    for yes, no in _TRUTH_PAIRS:  # "no" alone may be a language, and "t" alone a size
        if words == {yes, no}:
            values = {yes: True, no: False}
    return map_distinct(lower, values.get, pa.bool_()) if values else None


def _lists(known: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    readable = sum(list_parts(text) is not None for text in known.slice(0, _SAMPLE).to_pylist() if is_list(text))
    if readable <= 0.5 * min(len(known), _SAMPLE):
        return None
    lists = map_distinct(texts, lambda text: split_list(text, "\0"), pa.list_(pa.string()))
    return pc.if_else(pc.equal(pc.list_value_length(lists), 0), None, lists)


def _numbers_with_commas(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Numbers of which some have a decimal comma; None if other texts are among them, or every comma may be another."""
    import pyarrow.compute as pc

    whole = pc.match_substring_regex(texts, _WITH_COMMAS)
    if not pc.all(whole).as_py() or not pc.any(pc.match_substring_regex(texts, _DECIMAL_COMMA)).as_py():
        return None
    return _parse_numbers(pc.replace_substring(texts, ",", "."))


def _parse_numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Plain numbers as int64 if all are whole, else as float64; None if some are too large for a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.any(pc.match_substring_regex(texts, r"^-?\d{16,}$")).as_py():  # float64 would round them
        try:
            return texts.cast(pa.int64())
        except pa.ArrowInvalid:
            return None
    numbers = texts.cast(pa.float64())
    return _whole(numbers) if pc.all(pc.is_finite(numbers)).as_py() else None


def _whole(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Numbers of any type as int64 if all are whole, else as float64; None if they are beyond int64."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(values.type):
        try:
            return values.cast(pa.int64())
        except pa.ArrowInvalid:
            return None
    numbers = values.cast(pa.float64(), safe=False)
    numbers = pc.if_else(pc.is_finite(numbers), numbers, None)
    whole = pc.and_(pc.equal(numbers, pc.trunc(numbers)), pc.less(pc.abs(numbers), 2.0**53))
    return numbers.cast(pa.int64()) if pc.all(whole).as_py() and numbers.null_count < len(numbers) else numbers


def _dates(
    texts: pa.ChunkedArray, sample: pa.ChunkedArray, formats: tuple[tuple[str, tuple[str, ...]], ...]
) -> list[Column]:
    """The dates or times that all texts are; empty if some is no date.

    If day and month cannot be told apart, there are two readings: the one with the day first, and the one with the
    month first.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    def fits(pattern: str) -> bool:
        return all(pc.all(pc.match_substring_regex(one, pattern)).as_py() is not False for one in (sample, texts))

    texts = pc.if_else(pc.is_in(texts, pa.array(_NO_DATE)), None, texts)
    sample = sample.filter(pc.invert(pc.is_in(sample, pa.array(_NO_DATE))))
    if not len(sample):
        return []
    types = [pa.date32()] if fits(_ISO_DATE) else []
    types += [pa.timestamp("us"), pa.timestamp("us", "UTC")] if not types and fits(_ISO_TIME) else []
    for kind in types:
        try:
            moments = texts.cast(kind)
        except pa.ArrowInvalid:
            continue
        moments = moments if kind == pa.date32() else moments.cast(pa.timestamp("s"), safe=False)
        return [Column(_days(moments))] if _have_python_years(moments) else []
    for pattern, ways in formats:
        if not fits(pattern):
            continue
        found = [
            Column(days, day_first=None if len(ways) == 1 else way.startswith("%d"))
            for way in ways
            if (days := _parse_days(texts, way)) is not None
        ]
        if len(found) > 1 and all(one.values.equals(found[0].values) for one in found):
            return [Column(found[0].values)]
        if found:
            return found
    return []


def _parse_days(texts: pa.ChunkedArray, way: str) -> pa.ChunkedArray | None:
    """Dates of one format; None if some text is no such date. pandas is strict where pyarrow takes 31 February."""
    import pandas as pd
    import pyarrow as pa

    coded = texts.combine_chunks().dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    try:
        days = pd.to_datetime(coded.dictionary.to_pandas(), format=way)
    except ValueError:
        return None
    return pa.chunked_array([pa.array(days.to_numpy().astype("datetime64[D]")).take(coded.indices)])


def _days(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as dates if all are at midnight."""
    import pyarrow as pa
    import pyarrow.compute as pc

    days = moments.cast(pa.date32(), safe=False)
    if pa.types.is_date(moments.type):
        return days
    midnight = pc.equal(pc.floor_temporal(moments, unit="day"), moments)
    return days if pc.all(midnight).as_py() is not False else moments


def _have_python_years(moments: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    ends = pc.min_max(pc.year(moments)).as_py()
    return ends["min"] is None or (ends["min"] >= 1 and ends["max"] <= 9999)


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_list_of_texts(kind: Any) -> bool:
    import pyarrow as pa

    plain = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer)
    return _is_list(kind) and any(is_plain(kind.value_type) for is_plain in plain)


def _printed(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _prose_of(text: str, separator: str) -> str:
    parts = list_parts(text) if is_list(text) else None
    return text if parts is None else separator.join(parts)
