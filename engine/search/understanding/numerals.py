"""Numbers in figures and in words: ``90``, ``1,000``, ``10k``, ``two and a half``, ``a hundred``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from engine.search.understanding.words import Words

_FIGURES = re.compile(r"(?P<digits>[0-9]+(?:[.,][0-9]+)*)(?P<thousand>k|m)?")
_UNITS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"  # noqa: E501
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL: Mapping[str, int] = {
    **{word: number for number, word in enumerate(_UNITS.split(), 1)},
    **{word: 10 * number for number, word in enumerate(_TENS.split(), 2)},
    "dozen": 12,
}
_LARGE: Mapping[str, int] = {"hundred": 100, "thousand": 1000, "million": 1_000_000}


class Number(NamedTuple):
    """A number that the words up to ``end`` name."""

    end: int
    value: float


def number_at(words: Words, start: int) -> Number | None:
    """The number that begins at this word; None if there is none."""
    figures = figures_of(words[start])
    if figures is not None:
        end = start + 1
        if words[end] in _LARGE:
            return Number(end + 1, figures * _LARGE[words[end]])
        return Number(end, figures)
    place = start + 1 if words[start] in ("a", "one") and words[start + 1] in (*_LARGE, "dozen") else start
    value, end = 0.0, place
    if words[end] in _SMALL:
        value, end = float(_SMALL[words[end]]), end + 1
        if value >= 20 and value % 10 == 0 and _SMALL.get(words[end], 10) < 10:
            value, end = value + _SMALL[words[end]], end + 1
    elif words[end] not in _LARGE:
        return None
    while words[end] in _LARGE:
        value, end = (value or 1.0) * _LARGE[words[end]], end + 1
    return Number(end, value)


def figures_of(word: str) -> float | None:
    """A number in figures; None if the word is none."""
    found = _FIGURES.fullmatch(word)
    if found is None:
        return None
    digits = found["digits"]
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", digits):
        digits = digits.replace(",", "")
    digits = digits.replace(",", ".")
    if digits.count(".") > 1 or len(digits) > 15:
        return None
    return float(digits) * {"": 1, "k": 1e3, "m": 1e6}[found["thousand"] or ""]
