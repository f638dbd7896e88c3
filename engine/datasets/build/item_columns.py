"""Make the columns of a catalogue from text: titles, years, genres, and the text for the search."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.column_types import Column, as_prose, is_code, is_list_mask, to_texts, typed
from engine.data.text_columns import clean, clean_lists, find_separator, list_parts, map_distinct, split_list, strip
from engine.datasets.formats.shown import shortened
from engine.datasets.formats.values import MISSING_NUMBERS, numbers_or_null
from engine.text.foreign_names import in_english

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.build.items import Records
    from engine.datasets.formats.files import Files
    from engine.datasets.formats.read_report import ReadReport

__all__ = [
    "article_first", "as_prose", "is_people", "joined", "list_parts", "makers", "map_distinct", "no_genres", "numbers",
    "sentence", "split_genres", "split_year", "strip", "table_of", "told_years", "type_columns", "whole_numbers",
    "years", "years_of",
]  # fmt: skip

_ARTICLES = (
    "The", "A", "An", "La", "Le", "Les", "L'", "Il", "Lo", "I", "Gli", "El", "Los", "Las", "Der", "Die", "Das",
    "Un", "Une", "Una", "Ein", "Eine", "O", "Os", "As", "Det", "Den", "De", "En", "Ett", "Het",
)  # fmt: skip
_YEAR_AT_END = re.compile(r"\s*\((\d{4})(?:[-–]\s?(?:\d{4})?)?\)\s*(?=(?:\([^()]*\))?$)")
_ARTICLE_AT_END = re.compile(rf"^(?P<rest>.+?), (?P<article>{'|'.join(_ARTICLES)})(?P<tail>(?: \(.*)?)$", re.DOTALL)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")
#: The last words of the names of columns with those who made an item.
_PEOPLE = re.compile(
    r"(?:^| )(?:authors?|artists?|brands?|studios?|directors?|cast|actors?|actress(?:es)?|stars?|starring|writers?|"
    r"creators?|performers?|singers?|bands?|composers?|designers?|developers?|manufacturers?|producers?|people|"
    r"persons?|directed by|written by|created by)(?: names?)?$"
)
#: The last words of the names of columns that often hold several texts.
_LISTS = re.compile(
    r"(?:^| )(?:genres?|categor(?:y|ies)|tags?|keywords?|topics?|subjects?|themes?|moods?|mechanics|authors|artists|"
    r"brands|studios?|directors?|cast|actors|actresses|stars|starring|writers|creators|performers|composers|designers|"
    r"developers?|producers?|publishers|people|persons|country|countries|languages?|platforms?|labels|shelves|"
    r"ingredients|listed in|directed by|written by|created by)(?: names)?$"
)
#: The smallest share of values with a bar or a semicolon in a column of lists whose name says nothing.
_MANY_SEPARATED = 0.2
#: The longest mean length of the parts of such a column; longer parts are prose.
_SHORT_PART = 40
_LONGEST_SHOWN = 40


def years(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The first number of four digits in a date or a year, as int32; null if there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(texts, pattern=r"(?:^|\D)(?P<year>\d{4})(?:\D|$)")
    return pc.struct_field(found, "year").cast(pa.int32())


def years_of(records: Records, column: str) -> pa.ChunkedArray:
    """The :func:`years` of a column of a catalogue; values that are left out are told in the report."""
    return told_years(as_prose(records.table[column]), column, records.numbers, records.report)


def told_years(
    texts: pa.ChunkedArray, column: str, numbers: npt.NDArray[Any], report: ReadReport, place: str = "row"
) -> pa.ChunkedArray:
    """The :func:`years` of texts; values that are left out are told in the report.

    Parameters
    ----------
    texts
        The texts.
    column
        The column that they stand in, by its name.
    numbers
        The number of the row of each text.
    report
        Takes the remark.
    place
        What such a number counts: ``"row"`` or ``"line"``.
    """
    import pyarrow.compute as pc

    found = years(texts)
    lost = pc.and_(pc.and_(pc.is_null(found), pc.is_valid(texts)), pc.invert(_is_unknown_year(texts)))
    places = np.flatnonzero(pc.fill_null(lost, False).to_numpy(zero_copy_only=False))
    count = len(places)
    if count:
        first = int(places[np.argmin(numbers[places])])
        where = f"{place} {int(numbers[first]):,}: {shortened(texts[first].as_py())!r}"
        name = shortened(column)
        report.remarks.append(
            f"one value of the column {name} is no year of four digits, and was left out of the years: {where}."
            if count == 1
            else f"{count:,} values of the column {name} are no years of four digits, and were left out of the years, "
            f"the first in {where}."
        )
    return found


def _is_unknown_year(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which texts are a spelling of "no value" or a zero."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lower = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    return pc.or_(
        pc.is_in(lower, pa.array([*MISSING_NUMBERS, "unknown", "?"])), pc.match_substring_regex(lower, r"^0+(\.0*)?$")
    )


def numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert to float64, with null for everything that is not a number."""
    import pyarrow as pa

    return pa.chunked_array([numbers_or_null(one) for one in texts.chunks], pa.float64())


def whole_numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert to int64 with fractions cut off, and null for everything that is not a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.trunc(numbers(texts)).cast(pa.int64(), safe=False)


def split_genres(values: pa.ChunkedArray, separator: str | None = None) -> pa.ChunkedArray:
    """Split texts into lists of strings without empty parts; null becomes an empty list.

    Parameters
    ----------
    values
        The column: texts, or lists of texts.
    separator
        The text between two genres. If None, the separator that splits most values of the column; a value that is a
        list in the notation of Python or JSON is then read as a list.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = typed("genres", values) if pa.types.is_nested(values.type) else None
    if column is not None and pa.types.is_list(column.values.type):
        genres = column.values
    else:
        genres = _split(clean(to_texts(values)), separator)
    return pc.if_else(pc.is_null(genres), pa.scalar([], pa.list_(pa.string())), genres)


def _split(texts: pa.ChunkedArray, separator: str | None, *, people: bool = False) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    written = pc.fill_null(is_list_mask(texts), False)
    if separator is None:
        separator = find_separator(texts.filter(pc.invert(written)), people=people)
    if not pc.any(written).as_py():
        return clean_lists(pc.split_pattern(texts, separator))

    def split(text: str) -> list[str]:
        return split_list(text, separator)

    return map_distinct(texts, split, pa.list_(pa.string()))


def type_columns(records: Records, names: Sequence[str], files: Files) -> dict[str, pa.ChunkedArray]:
    """Give the columns of a catalogue their types; what a person should know about it is added to the report.

    ``files`` says whether the day or the month comes first in dates that do not tell.

    Columns of vectors are left out. A column of texts becomes a column of lists if it has the name of one, such as
    ``authors``, and separators, or if bars or semicolons separate short texts in many of its values.
    """
    import pyarrow as pa

    found: dict[str, pa.ChunkedArray] = {}
    for name in names:
        day_first, semicolons = files.day_first_of("items", name), records.report.separator == ";"
        column = typed(name, records.table[name], day_first, decimal_comma=semicolons)
        if column is None:
            records.report.remarks.append(f"the column {name} holds vectors, and is not kept.")
            continue
        if column.almost:
            records.report.remarks.append(_exception(name, column, records))
        if column.is_unclear:
            records.report.remarks.append(_unclear_dates(name, column))
            records.report.hints.append({"hint": "dates", "file": records.report.name, "column": shortened(name)})
        if column.had_commas:
            records.report.remarks.append(f"the numbers in the column {shortened(name)} have a decimal comma.")
        if column.day_first is not None:
            records.report.day_first[name] = column.day_first
        values = column.values
        found[name] = _as_list(name, values) if pa.types.is_string(values.type) else values
    return found


def _exception(name: str, column: Column, records: Records) -> str:
    text = column.values[column.exception].as_py()
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    some = f"{column.num_exceptions:,} values are" if column.num_exceptions > 1 else "one value is"
    return (
        f"the column {name[:_LONGEST_SHOWN]} is kept as text, since {some} not among its {column.almost}, the first in "
        f"row {int(records.numbers[column.exception]):,}: {shown!r}."
    )


def _unclear_dates(name: str, column: Column) -> str:
    example = next(one for one in column.values.to_pylist() if one and one[0].isdigit())
    return (
        f"the column {shortened(name)} is kept as text, since the day or the month may come first in its dates, such "
        f"as {shortened(example)!r}."
    )


def _as_list(name: str, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as lists if its values are separated texts, else unchanged."""
    import pyarrow.compute as pc

    if is_code(name):
        return texts
    people = is_people(name)
    separator = find_separator(texts, people=people)
    known = len(texts) - texts.null_count
    share = (pc.sum(pc.match_substring(texts, separator)).as_py() or 0) / max(1, known)
    if share == 0:
        return texts
    if not _LISTS.search(_words_of(name)):
        if separator not in ("|", ";") or share < _MANY_SEPARATED:
            return texts
        length, parts = (
            pc.sum(one).as_py() or 0 for one in (pc.utf8_length(texts), pc.count_substring(texts, separator))
        )
        if length > _SHORT_PART * (parts + known):
            return texts
    lists = _split(texts, separator, people=people)
    return pc.if_else(pc.equal(pc.list_value_length(lists), 0), None, lists)


def makers(typed_columns: Mapping[str, pa.ChunkedArray]) -> list[pa.ChunkedArray]:
    """Those of the columns that name people, brands or studios, as texts."""
    import pyarrow as pa

    return [
        as_prose(values)
        for name, values in typed_columns.items()
        if is_people(name) and (pa.types.is_string(values.type) or pa.types.is_list(values.type))
    ]


def is_people(name: str) -> bool:
    """Whether a column's name says that it holds those who made an item, for whom people search."""
    return _PEOPLE.search(_words_of(name)) is not None


def _words_of(name: str) -> str:
    """The words of a column's name in lower case, with spaces between them and without a number at the end."""
    return " ".join(re.findall(r"[a-z]+", _CAMEL.sub(" ", in_english(name)).lower()))


def no_genres(count: int) -> pa.Array:
    """An array of ``count`` empty lists."""
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, dtype=np.int32)), pa.array([], pa.string()))


def split_year(title: str) -> tuple[str, int | None]:
    """Split ``"Toy Story (1995)"`` into title and year; the year is None if there is none."""
    found = _YEAR_AT_END.search(title)
    if found is None:
        return title.strip(), None
    return f"{title[: found.start()]} {title[found.end() :]}".strip(), int(found[1])


def article_first(title: str) -> str:
    """Turn ``"Matrix, The"`` into ``"The Matrix"``, and ``"Postino, Il (…)"`` into ``"Il Postino (…)"``."""
    found = _ARTICLE_AT_END.match(title)
    if found is None:
        return title
    space = "" if found["article"].endswith("'") else " "
    return f"{found['article']}{space}{found['rest']}{found['tail']}"


def sentence(*parts: pa.ChunkedArray, separator: str = ". ") -> pa.ChunkedArray:
    """Join the parts of each row; parts that are null are left out, and a row without any part gives an empty text."""
    import pyarrow.compute as pc

    # Where all parts are null, pyarrow's join drops the row, so that one part must have a value.
    nothing = reduce(pc.and_, map(pc.is_null, parts))
    some = pc.if_else(nothing, "", parts[0])
    return pc.binary_join_element_wise(some, *parts[1:], separator, null_handling="skip")


def joined(lists: pa.ChunkedArray, separator: str = ", ") -> pa.ChunkedArray:
    """Join each list to one text; an empty list becomes null."""
    import pyarrow.compute as pc

    text = pc.binary_join(lists, separator)
    return pc.if_else(pc.equal(text, ""), None, text)


def table_of(columns: dict[str, Any], metadata: Sequence[tuple[str, Any]] = ()) -> pa.Table:
    """The table of a catalogue: the standard columns, then the metadata.

    Metadata whose name is already used, or is reserved by the engine, gets ``_in_file`` appended to its name.
    """
    import pyarrow as pa

    taken = {**columns}
    for name, values in metadata:
        while name in taken or name in ("item_id", "title", "year", "genres", "text"):
            name = f"{name}_in_file"
        taken[name] = values
    return pa.table(taken)
