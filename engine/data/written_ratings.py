"""Ratings as people write them: ``4``, ``7,5``, ``4/5``, ``8 out of 10``, ``85 %``, ``★★★½`` and ``★★★☆☆``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

#: The highest rating of most scales.
FIVE_STARS = 5.0
#: The scales that are guessed where a table does not name one.
_SCALES = (FIVE_STARS, 10.0, 100.0)
_NUMBER = r"\+?(\d+(?:[.,]\d+)?|[.,]\d+)"
_FRACTION = re.compile(rf"{_NUMBER}\s*(?:/|out of|of)\s*{_NUMBER}", re.IGNORECASE)
_PERCENT = re.compile(rf"{_NUMBER}\s*%")
_UNIT = re.compile(
    r"(?<=[\d.,])\s*(?:[★⭐*]|stars?|points?|sterne?|punkte?|[ée]toiles?|estrellas?|estrelas?|stell[ae]|sterren)$",
    re.IGNORECASE,
)
_STARS = re.compile("([★⭐🌟*]*)(½|1/2)?([☆✩]*)")
#: More stars than this are a line of them, and no rating.
_MOST_STARS = 20
_VARIATION = "\N{VARIATION SELECTOR-16}"


@dataclass(frozen=True, slots=True)
class WrittenRating:
    """A rating, and the highest one of its scale if the text names it.

    Attributes
    ----------
    value
        The rating.
    highest
        The highest rating of its scale; None if the text is a plain number.
    """

    value: float
    highest: float | None = None


def parse_rating(text: str) -> WrittenRating | None:
    """Read one rating; None for an empty text or a dash.

    Raises
    ------
    ValueError
        If the text is no rating.
    """
    text = text.strip().replace(_VARIATION, "")
    if not text or text in "-–—":
        return None
    if found := _FRACTION.fullmatch(text):
        if not (highest := _number(found[2])):
            raise ValueError(text)
        return WrittenRating(_number(found[1]), highest)
    if found := _PERCENT.fullmatch(text):
        return WrittenRating(_number(found[1]), 100.0)
    found = _STARS.fullmatch(text.replace(" ", ""))
    if found and (found[1] or found[2]):
        full, half, empty = len(found[1]), bool(found[2]), len(found[3])
        if full + empty > _MOST_STARS:
            raise ValueError(text)
        return WrittenRating(full + half / 2, float(full + half + empty) if empty else FIVE_STARS)
    if "_" in text:
        raise ValueError(text)
    return WrittenRating(_number(_UNIT.sub("", text)))


def guessed_scale(ratings: Iterable[WrittenRating | None]) -> float:
    """The lowest usual scale that holds all ratings that name none: out of 5, 10 or 100."""
    best = max((one.value for one in ratings if one is not None and one.highest is None), default=0.0)
    return next((scale for scale in _SCALES if best <= scale), _SCALES[-1])


def _number(text: str) -> float:
    number = float(text.replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(text)
    return number
