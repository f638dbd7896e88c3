"""Comparisons with an item: ``like Heat but shorter``, ``thrillers newer than Heat``, ``made before Star Wars``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from engine.search.understanding.candidate import Candidate, Part
from engine.search.understanding.columns import Columns, NumberRole
from engine.search.understanding.known_titles import KnownTitles
from engine.search.understanding.words import Words

Sign = Literal["<", ">"]

_LENGTHS: tuple[NumberRole, ...] = ("runtime", "episodes", "pages")
#: What is compared, the columns of it, the best first; then the words for less and for more of it.
_COMPARATIVES: tuple[tuple[tuple[NumberRole, ...], Mapping[Sign, tuple[str, ...]]], ...] = (
    (_LENGTHS, {"<": ("shorter", "less long", "not as long"), ">": ("longer",)}),
    (("year",), {"<": ("older", "earlier", "less recent"), ">": ("newer", "more recent", "more modern")}),
    (
        ("rating",),
        {
            "<": ("worse rated", "lower rated", "less highly rated"),
            ">": ("better rated", "higher rated", "more highly rated", "better reviewed", "better"),
        },
    ),
    (
        ("people",),
        {
            "<": ("less popular", "less famous", "less well known", "more obscure"),
            ">": ("more popular", "more famous", "better known"),
        },
    ),
)
_DEGREES = ("much", "a bit", "a little", "a lot", "even", "far", "way", "slightly", "somewhat")
#: Times before and after an item: those that are said of nothing but items, and the others.
_MADE: Mapping[Sign, tuple[str, ...]] = {
    "<": ("made before", "released before", "from before", "that came out before"),
    ">": ("made after", "released after", "from after", "that came out after"),
}
_TIMES: Mapping[Sign, tuple[str, ...]] = {"<": ("before",), ">": ("after", "since")}
_LONGEST_TITLE = 8


def match_comparison(
    words: Words, start: int, columns: Columns, titles: KnownTitles, like: int | None
) -> Candidate | None:
    """The condition that compares items with another one; None if these words are none.

    Parameters
    ----------
    words, start
        The words, and the place of the first one of the condition.
    columns, titles
        The columns of the catalogue, and its titles.
    like
        The row of the item that the query names in other words: "like Heat but shorter"; None if it names none.
    """
    place = words.after(start, _DEGREES) or start
    for roles, phrases_by_sign in _COMPARATIVES:
        for sign, phrases in phrases_by_sign.items():
            if (end := words.after(place, phrases)) is None:
                continue
            if words[end] == "than":
                found = _well_known(words, end + 1, titles)
                return None if found is None else _condition(start, found[0], roles, sign, columns, found[1])
            if like is None or not (words.breaks(end) or words.tokens[end].is_stop or words.names_items(end)):
                return None
            return _condition(start, end, roles, sign, columns, like)
    return _match_time(words, start, columns, titles)


def _match_time(words: Words, start: int, columns: Columns, titles: KnownTitles) -> Candidate | None:
    """``made before Jaws``, and ``before Star Wars`` at the end, of a title that hardly means anything else."""
    for sign in _TIMES:
        if (behind := words.after(start, _MADE[sign])) is not None:
            found = _well_known(words, behind, titles)
        elif (behind := words.after(start, _TIMES[sign])) is not None and start > 0 and words.is_head(start - 1):
            found = _well_known(words, behind, titles)
            told = [token for token in words.tokens[behind : found[0]] if not token.is_stop] if found else []
            found = found if found is not None and len(told) > 1 and words.breaks(found[0]) else None
        else:
            continue
        return None if found is None else _condition(start, found[0], ("year",), sign, columns, found[1])
    return None


def _well_known(words: Words, start: int, titles: KnownTitles) -> tuple[int, int] | None:
    """The place behind the longest well-known title at a word, and its row; None if there is none."""
    for end in range(min(len(words), start + _LONGEST_TITLE), start, -1):
        typed = [token.word for token in words.tokens[start:end]]
        if not (words.breaks(end) or words.tokens[end].is_stop) or not titles.is_well_known(typed):
            continue
        if (row := titles.row(" ".join(typed))) is not None:
            return end, row
    return None


def _condition(
    start: int, end: int, roles: tuple[NumberRole, ...], sign: Sign, columns: Columns, row: int
) -> Candidate | None:
    """The filter for less or more of a number than an item has, if it is known of the item."""
    for role in roles:
        if (field := columns.numbers.get(role)) is None:
            continue
        value = float(field.numbers[row])
        if np.isnan(value) or (value == 0 and role != "rating"):
            return None
        if field.kind == "date":
            value //= 10_000
        term = f"{sign}{_shown(value)}"
        if sign == "<" and role in _LENGTHS and (field.numbers == 0).any():
            term = f"1..{_shown(value - 1)}"  # 0 is no length but an unknown one
        return Candidate(start, end, "explicit", (Part(field.name, (term,)),))
    return None


def _shown(number: float) -> str:
    return np.format_float_positional(number, trim="-")
