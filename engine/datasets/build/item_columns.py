"""Make the columns of a catalogue from text: titles, years, genres, and the text for the search."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.datasets.formats.values import numbers_or_null

if TYPE_CHECKING:
    import pyarrow as pa

_ARTICLES = (
    "The", "A", "An", "La", "Le", "Les", "L'", "Il", "Lo", "I", "Gli", "El", "Los", "Las", "Der", "Die", "Das",
    "Un", "Une", "Una", "Ein", "Eine", "O", "Os", "As", "Det", "Den", "De", "En", "Ett", "Het",
)  # fmt: skip
_YEAR_AT_END = re.compile(r"\s*\((\d{4})(?:[-–]\s?(?:\d{4})?)?\)\s*(?=(?:\([^()]*\))?$)")
_ARTICLE_AT_END = re.compile(rf"^(?P<rest>.+?), (?P<article>{'|'.join(_ARTICLES)})(?P<tail>(?: \(.*)?)$", re.DOTALL)
_LONGEST_LITERAL = 100_000
_AT_A_TIME = 20_000


def strip(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Remove surrounding space; empty text becomes null."""
    import pyarrow.compute as pc

    stripped = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(stripped, ""), None, stripped)


def years(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The first number of four digits in a date or a year, as int32; null if there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(texts, pattern=r"(?:^|\D)(?P<year>\d{4})(?:\D|$)")
    return pc.struct_field(found, "year").cast(pa.int32())


def numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert to float64, with null for everything that is not a number."""
    import pyarrow as pa

    return pa.chunked_array([numbers_or_null(one) for one in texts.chunks], pa.float64())


def whole_numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert to int64 with fractions cut off, and null for everything that is not a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.trunc(numbers(texts)).cast(pa.int64(), safe=False)


def map_distinct(texts: pa.ChunkedArray, function: Callable[[str], Any], to: Any) -> pa.ChunkedArray:
    """Apply ``function`` once to each different text; null stays null."""
    import pyarrow as pa

    coded = texts.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    mapped = []
    for begin in range(0, len(coded.dictionary), _AT_A_TIME):  # in pieces, since each is one long call
        piece = coded.dictionary.slice(begin, _AT_A_TIME).to_pylist()
        mapped.append(pa.array([None if text is None else function(text) for text in piece], to))
    return pa.chunked_array([pa.concat_arrays([*mapped, pa.array([], to)]).take(coded.indices)])


def split_genres(texts: pa.ChunkedArray, separator: str | None = None) -> pa.ChunkedArray:
    """Split texts into lists of strings without empty parts; null becomes an empty list.

    Parameters
    ----------
    texts
        The column.
    separator
        The text between two genres. If None, the first of ``|``, ``;`` and the comma that occurs in the column; a
        value that is a list in the notation of Python or JSON is then read as a list.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if separator is None:
        separator = next(
            (one for one in "|;" if pc.any(pc.match_substring(texts, one)).as_py()),
            ",",
        )

    def split(text: str) -> list[str]:
        if text.startswith("["):
            names = literal_names(text)
            if names is not None:
                return names
        return [part.strip() for part in text.split(separator) if part.strip()]

    genres = map_distinct(texts, split, pa.list_(pa.string()))
    return pc.if_else(pc.is_null(genres), pa.scalar([], pa.list_(pa.string())), genres)


def no_genres(count: int) -> pa.Array:
    """An array of ``count`` empty lists."""
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, dtype=np.int32)), pa.array([], pa.string()))


def literal_names(text: str) -> list[str] | None:
    """The names in a list of ``{'id': …, 'name': …}`` or of plain strings, written as a Python literal.

    Returns None if the text is not such a list. No part of the text is executed.
    """
    if len(text) > _LONGEST_LITERAL:
        return None
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(value, list):
        return None
    names = [one.get("name") if isinstance(one, dict) else one for one in value]
    texts = [name.strip() for name in names if isinstance(name, str)]
    return [text for text in texts if text] if len(texts) == len(names) else None


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
    """Join the parts of each row; parts that are null are left out."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*parts, separator, null_handling="skip")


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
