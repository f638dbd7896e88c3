"""Clean columns of text: missing values, HTML entities, and lists that are written as text."""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

#: Spellings of "no value" in a column of texts. "none" and "NA" can be words there, so they are not among them.
MISSING_TEXTS = (
    "", "NaN", "nan", "NAN", "NULL", "null", "Null", "\\N", "None", "<NA>", "N/A", "n/a", "#N/A", "NaT",
    "[]", "{}", "[None]", "[null]", "[nan]",
)  # fmt: skip
#: Separators of lists, those first that prefer to occur in no name.
_SEPARATORS = ("|", ";", ",", "/")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NUMPY_LIST = re.compile(r"""\[\s*(?:'[^']*'|"[^"]*")(?:\s+(?:'[^']*'|"[^"]*"))+\s*\]""")
_R_LIST = re.compile(r'c\(\s*"[^"]*"(?:\s*,\s*"[^"]*")*\s*\)')
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_LONGEST_LITERAL = 100_000
_AT_A_TIME = 20_000


def unwrap_formulas(texts: Any) -> Any:
    """Take the text out of ``="…"``, as exports write what a spreadsheet must not take for a number, such as an ISBN.

    Parameters
    ----------
    texts
        An array of strings, or a chunked one, without space around the texts.
    """
    import pyarrow.compute as pc

    if not pc.any(pc.starts_with(texts, '="')).as_py():
        return texts
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, '^="([^"]*)"$', r"\1"))


def strip(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Remove surrounding space; empty text becomes null."""
    import pyarrow.compute as pc

    stripped = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(stripped, ""), None, stripped)


def clean(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Remove surrounding space and decode HTML entities; spellings of "no value" become null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = unwrap_formulas(pc.utf8_trim_whitespace(texts))
    texts = pa.chunked_array([_decoded(one) for one in texts.chunks], pa.string())
    return pc.if_else(pc.is_in(texts, pa.array(MISSING_TEXTS)), None, texts)


def decode_entities(text: str) -> str:
    """Decode the HTML entities that end with a semicolon, so that an address with ``&copy=1`` stays as it is."""
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text).replace("\u00a0", " ").strip()


def _decoded(texts: pa.Array) -> pa.Array:
    """Decode the entities of a piece; only the texts that have any become Python objects."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(texts, "&")).as_py():
        return texts
    has_entity = pc.fill_null(pc.match_substring_regex(texts, "&(?:[#b-zA-Z]|a[^m]|am[^p])"), False)
    ampersands = pc.replace_substring(texts, "&amp;", "&")  # by far the most frequent
    if not pc.any(has_entity).as_py():
        return ampersands
    decoded = [decode_entities(text) for text in texts.filter(has_entity).to_pylist()]
    return pc.replace_with_mask(ampersands, has_entity, pa.array(decoded, pa.string()))


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


def list_parts(text: str) -> list[str] | None:
    """The parts of a list that is written in the notation of JSON, Python, NumPy or R.

    A part is a text, a number, or an object with a ``name``. No part of the text is executed.

    Returns
    -------
    list of str or None
        The parts without those that are missing; None if the text is not such a list.
    """
    if len(text) > _LONGEST_LITERAL:
        return None
    if _NUMPY_LIST.fullmatch(text) or _R_LIST.fullmatch(text):  # Python would join the texts of the former
        return _present([one or other for one, other in _QUOTED.findall(text)])
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    if not isinstance(value, list):
        return None
    parts = [one.get("name") if isinstance(one, dict) else one for one in value if one is not None]
    if not all(isinstance(part, str | int | float) for part in parts):
        return None
    return _present([str(part) for part in parts])


def is_list(text: str) -> bool:
    """Whether a text begins and ends as a list of :func:`list_parts` does."""
    return (text.startswith("[") and text.endswith("]")) or (text.startswith("c(") and text.endswith(")"))


def find_separator(texts: pa.ChunkedArray, *, people: bool = False) -> str:
    """The separator that splits most values of a column: the bar, the semicolon, the comma or the slash.

    If two split the same number of values, the one wins that is rarer in names. A comma followed by a space separates
    where nearly every value with a comma has one, so that ``"1,001 Nights, Travel"`` has two parts.

    Parameters
    ----------
    texts
        The column.
    people
        Whether the values are names, in which a comma may stand before the given name: ``"Eco, Umberto; Lem, S."``.
    """
    import pyarrow.compute as pc

    def count(mask: Any) -> int:
        return pc.sum(mask).as_py() or 0

    counts = {one: count(pc.match_substring(texts, one)) for one in _SEPARATORS}
    if people and (counts["|"] or counts[";"]):
        counts[","] = 0
    best = max(_SEPARATORS, key=lambda one: counts[one])  # the first of equal ones
    if best == "," and counts[","]:
        spaced = pc.match_substring(texts, ", ")
        bare = pc.match_substring_regex(texts, r",(?:[^\s\d]|\d{1,2}(?:\D|$)|\d{4})")  # "1,001" is one number
        if count(spaced) == counts[","] and count(pc.and_(spaced, bare)) < 0.1 * counts[","]:
            return ", "
    return best if counts[best] else "|"


def split_list(text: str, separator: str) -> list[str]:
    """The parts of a list in any notation, or of a text with separators; missing parts are left out."""
    if is_list(text):
        parts = list_parts(text)
        if parts is not None:
            return parts
    return _present(text.split(separator))


def clean_lists(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    """Clean the texts in lists as :func:`clean` does, and leave out those that are missing; an empty list is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = lists.combine_chunks()
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    owners = pc.list_parent_indices(whole).to_numpy(zero_copy_only=False)
    parts = clean(pa.chunked_array([pc.list_flatten(whole)]).cast(pa.string())).combine_chunks()
    parts = parts.combine_chunks() if isinstance(parts, pa.ChunkedArray) else parts
    known = parts.is_valid().to_numpy(zero_copy_only=False)
    lengths = np.bincount(owners[known].astype(np.int64), minlength=len(whole))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    made = pa.ListArray.from_arrays(pa.array(offsets), parts.filter(pa.array(known)))
    return pa.chunked_array([pc.if_else(pa.array(lengths > 0), made, None)])


def _present(parts: list[str]) -> list[str]:
    stripped = (decode_entities(part.strip()) for part in parts)
    return list(dict.fromkeys(part for part in stripped if part not in MISSING_TEXTS))
