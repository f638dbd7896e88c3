"""The columns of a catalogue, made from text: titles, years, genres, and what search reads."""

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
    """Without surrounding space; empty text becomes null."""
    import pyarrow.compute as pc

    stripped = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(stripped, ""), None, stripped)


def years(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """int32: the first number of four digits in a date or a year; null where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(texts, pattern=r"(?:^|\D)(?P<year>\d{4})(?:\D|$)")
    return pc.struct_field(found, "year").cast(pa.int32())


def numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """float64; null where there is no number."""
    import pyarrow as pa

    return pa.chunked_array([numbers_or_null(one) for one in texts.chunks], pa.float64())


def whole_numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """int64, fractions cut off; null where there is no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.trunc(numbers(texts)).cast(pa.int64(), safe=False)


def map_distinct(texts: pa.ChunkedArray, function: Callable[[str], Any], to: Any) -> pa.ChunkedArray:
    """Apply ``function`` to each different text once; null stays null."""
    import pyarrow as pa

    coded = texts.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    mapped = []
    for begin in range(0, len(coded.dictionary), _AT_A_TIME):  # each piece is one long call
        piece = coded.dictionary.slice(begin, _AT_A_TIME).to_pylist()
        mapped.append(pa.array([None if text is None else function(text) for text in piece], to))
    return pa.chunked_array([pa.concat_arrays([*mapped, pa.array([], to)]).take(coded.indices)])


def split_genres(texts: pa.ChunkedArray, separator: str | None = None) -> pa.ChunkedArray:
    """Lists of strings, without empty parts; null becomes an empty list.

    Parameters
    ----------
    texts
        The column.
    separator
        If None: ``|``, else ``;``, else a comma, whichever occurs in the column; a list written as a Python or JSON
        literal is read as such.
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
    """So many empty lists."""
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, dtype=np.int32)), pa.array([], pa.string()))


def literal_names(text: str) -> list[str] | None:
    """The names in a list of ``{'id': …, 'name': …}`` or of plain strings, written as a Python literal.

    Nothing of the text is run. None if it is no such list.
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
    """``"Toy Story (1995)"`` to its title and year."""
    found = _YEAR_AT_END.search(title)
    if found is None:
        return title.strip(), None
    return f"{title[: found.start()]} {title[found.end() :]}".strip(), int(found[1])


def article_first(title: str) -> str:
    """``"Matrix, The"`` as ``"The Matrix"``; ``"Postino, Il (a.k.a. …)"`` too."""
    found = _ARTICLE_AT_END.match(title)
    if found is None:
        return title
    space = "" if found["article"].endswith("'") else " "
    return f"{found['article']}{space}{found['rest']}{found['tail']}"


def sentence(*parts: pa.ChunkedArray, separator: str = ". ") -> pa.ChunkedArray:
    """The parts that are there, joined."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*parts, separator, null_handling="skip")


def joined(lists: pa.ChunkedArray, separator: str = ", ") -> pa.ChunkedArray:
    """Lists as text; null where they are empty."""
    import pyarrow.compute as pc

    text = pc.binary_join(lists, separator)
    return pc.if_else(pc.equal(text, ""), None, text)


def table_of(columns: dict[str, Any], metadata: Sequence[tuple[str, Any]] = ()) -> pa.Table:
    """A catalogue's table: the standard columns, then metadata, whose names give way to those of the engine."""
    import pyarrow as pa

    taken = {**columns}
    for name, values in metadata:
        while name in taken or name in ("item_id", "title", "year", "genres", "text"):
            name = f"{name}_in_file"
        taken[name] = values
    return pa.table(taken)
