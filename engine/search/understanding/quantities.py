"""Quantities in words: ``under 90 minutes``, ``fewer than 26 episodes``, ``rated above 8``, ``under $20``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from engine.search.filters.columns import NumberField
from engine.search.understanding.candidate import Candidate, Part
from engine.search.understanding.columns import Columns, NumberRole
from engine.search.understanding.numerals import figures_of, number_at
from engine.search.understanding.words import Words

Sign = Literal["<", "<=", ">", ">=", "=", "~"]

_SIGNS: Mapping[Sign, tuple[str, ...]] = {
    "<=": (
        *("no more than", "not more than", "no longer than", "not longer than", "not over", "at most", "up to"),
        *("maximum of", "maximum", "max", "within"),
    ),
    ">=": ("no less than", "no fewer than", "not less than", "not under", "at least", "minimum of", "minimum", "min"),
    "<": ("less than", "fewer than", "shorter than", "lower than", "cheaper than", "under", "below", "beneath"),
    ">": ("more than", "longer than", "greater than", "higher than", "better than", "over", "above", "exceeding"),
    "~": ("about", "around", "approximately", "roughly", "circa"),
    "=": ("exactly",),
}
_BEHIND: Mapping[Sign, tuple[str, ...]] = {
    "<=": (
        "or less",
        "or fewer",
        "or shorter",
        "or under",
        "or below",
        "or lower",
        "max",
        "maximum",
        "tops",
        "at most",
    ),
    ">=": ("or more", "or longer", "or higher", "or above", "or better", "or over", "and up", "and above", "plus"),
}
#: The words with which a comparison begins; few words of a query do.
_BEGINNINGS = frozenset(phrase.split(" ")[0] for phrases in _SIGNS.values() for phrase in phrases)
_UNITS: Mapping[str, NumberRole] = {
    **dict.fromkeys(("episode", "episodes", "ep", "eps"), "episodes"),
    **dict.fromkeys(("page", "pages"), "pages"),
    **dict.fromkeys(("season", "seasons"), "seasons"),
    **dict.fromkeys(("dollar", "dollars", "usd", "bucks", "euro", "euros", "eur", "pounds", "gbp", "yen"), "price"),
    **dict.fromkeys(("vote", "votes", "members", "ratings", "viewers", "users"), "people"),
}
#: Units of which several numbers are as many choices.
_COUNTED: tuple[NumberRole, ...] = ("episodes", "seasons")
_RATED = ("rated", "rating", "score", "scored", "scoring", "imdb", "stars")
_MINUTES = ("minute", "minutes", "min", "mins", "m")
_HOURS = ("hour", "hours", "hr", "hrs", "h")
#: How far from a round number a quantity may be that is "about" it.
_TOLERANCE = 0.1
#: Roles of which 0 is no number but an unknown one.
_NEVER_ZERO: tuple[NumberRole, ...] = ("runtime", "episodes", "pages", "seasons")


class _Amount(NamedTuple):
    end: int
    value: float
    role: NumberRole | None
    field: NumberField | None = None


def match_quantity(words: Words, start: int, columns: Columns) -> Candidate | None:
    """The condition on a quantity that begins at this word; None if there is none."""
    return _rated(words, start, columns) or _compared(words, start, columns)


def _compared(words: Words, start: int, columns: Columns) -> Candidate | None:
    place = words.after(start, ("with", "of", "priced", "costing", "that are", "which are", "runs", "running")) or start
    if (between := _between(words, start, place, columns)) is not None:
        return between
    if (choice := _choice(words, place, columns)) is not None:
        return choice.at(start, choice.end)
    sign, number_at_ = _sign(words, place)
    amount = _amount(words, number_at_, columns)
    if amount is None or (amount.role is None and amount.field is None):
        return None
    end = amount.end
    if sign is None:
        sign, end = _sign_behind(words, end, amount, number_at_)
    if sign is None:
        if not _is_measure(words, number_at_, amount):
            return None
        sign = "~" if amount.role in ("runtime", "pages") else ">=" if amount.role == "rating" else "="
    elif amount.role == "runtime" and _is_deadline(words, start, end):
        return None
    end = words.after(end, ("long", "each", "in total", "in length")) or end
    return _candidate(start if place == start or words[start] != "of" else place, end, amount, sign, columns)


def _choice(words: Words, start: int, columns: Columns) -> Candidate | None:
    """``12, 13 or 24 episodes``."""
    numbers: list[float] = []
    place: int | None = start
    while place is not None and (number := number_at(words, place)) is not None:
        numbers.append(number.value)
        joint = words.joint(number.end)
        role = _UNITS.get(words[number.end])
        if joint is None and len(numbers) > 1 and role in _COUNTED and role in columns.numbers:
            part = Part(columns.numbers[role].name, tuple(map(_shown, numbers)))
            end = number.end + 1
            return Candidate(start, end, "explicit", (part,), commas=words.commas(start, end))
        place = None if joint is None else joint.end
    return None


def _rated(words: Words, start: int, columns: Columns) -> Candidate | None:
    """``rated above 8``, ``with a rating of at least 7.5``, ``8+ rating``, ``imdb over 8``."""
    field = columns.numbers.get("rating")
    if field is None:
        return None
    place = words.after(start, ("with a", "with an", "with", "a", "has a")) or start
    behind = words.after(place, _RATED)
    if behind is not None:
        behind = words.after(behind, ("rating", "score")) or behind
        sign, at = _sign(words, behind)
        if sign is None:
            sign, at = _sign(words, words.after(behind, ("of", "is", "at")) or behind)
        number = number_at(words, at)
        if number is None or (words[place] == "stars" and sign is None):
            return None
        end = words.after(number.end, ("stars", "points", "out of 10", "out of ten", "10")) or number.end
        if sign is None:
            sign, end = _sign_behind(words, end, _Amount(end, number.value, "rating"), at)
        return _candidate(start, end, _Amount(end, number.value, "rating"), sign or ">=", columns)
    sign, at = _sign(words, start)
    number = number_at(words, at)
    if number is None:
        return None
    if words[number.end] == "10" and words.gap(number.end) == "/":  # 8/10
        amount = _Amount(number.end + 1, number.value, "rating")
        if sign is None:
            sign, end = _sign_behind(words, amount.end, amount, at)
            return _candidate(start, end, amount, sign or ">=", columns)
        return _candidate(start, amount.end, amount, sign, columns)
    if words[number.end] not in ("rating", "rated", "score") or words[number.end + 1] == "of":
        return None
    amount = _Amount(number.end + 1, number.value, "rating")
    return _candidate(start, number.end + 1, amount, sign or ">=", columns)


def _between(words: Words, start: int, place: int, columns: Columns) -> Candidate | None:
    """``between 20 and 30 episodes``, ``20-30 episodes``, ``$10 to $20``."""
    behind = words.after(place, ("between", "from"))
    low = number_at(words, place if behind is None else behind)
    if low is None:
        return None
    joint = words.after(low.end, ("and", "to"))
    if joint is None and words.gap(low.end).strip(" $€£¥") in ("-", "–"):
        joint = low.end
    high = None if joint is None else _amount(words, joint, columns)
    if high is None or (high.role is None and high.field is None):
        return None
    factor = 60 if high.role == "runtime" and words[high.end - 1] in _HOURS else 1
    field = high.field or columns.numbers.get(high.role or "runtime")
    if field is None or low.value * factor > high.value:
        return None
    part = Part(field.name, (f"{_shown(low.value * factor)}..{_shown(high.value)}",))
    return Candidate(start, high.end, "explicit", (part,))


def _sign(words: Words, start: int) -> tuple[Sign | None, int]:
    """The comparison that begins at a word, and the place behind it."""
    for sign, phrases in _SIGNS.items() if words[start] in _BEGINNINGS else ():
        if (behind := words.after(start, phrases)) is not None:
            return sign, words.after(behind, ("a total of",)) or behind
    gap = words.gap(start).rstrip(" $€£¥")
    for symbol in (">=", "<=", ">", "<", "~"):
        if gap.endswith(symbol):
            return symbol, start
    return None, start


def _sign_behind(words: Words, end: int, amount: _Amount, number: int) -> tuple[Sign | None, int]:
    """The comparison that follows a quantity: ``90 minutes or less``, ``8+``."""
    if any("+" in words.gap(place) for place in range(number + 1, end + 1)):
        return ">=", end
    for sign, phrases in _BEHIND.items():
        if (behind := words.after(end, phrases)) is not None:
            return sign, behind
    return None, end


def _amount(words: Words, start: int, columns: Columns) -> _Amount | None:
    """A number with its unit: ``90 minutes``, ``an hour and a half``, ``$20``, ``26 episodes``, ``500 calories``."""
    if (minutes := _minutes(words, start)) is not None:
        return minutes
    number = number_at(words, start)
    if number is None:
        return None
    if words.gap(start)[-1:] in ("$", "€", "£", "¥"):
        return _Amount(words.after(number.end, ("dollars", "euros", "pounds")) or number.end, number.value, "price")
    unit = words[number.end]
    if unit in ("star", "stars") and "rating" in columns.numbers:
        return _Amount(number.end + 1, _points(number.value, columns.numbers["rating"]), "rating")
    if (role := _UNITS.get(unit)) is not None and role in columns.numbers:
        return _Amount(number.end + 1, number.value, role)
    if unit and (field := columns.unit(unit)) is not None:
        return _Amount(number.end + 1, number.value, None, field)
    return None


def _points(stars: float, rating: NumberField) -> float:
    """The points of a rating that a number of stars is: of five stars, each is two points of ten."""
    return 2 * stars if stars <= 5 < np.nanmax(rating.numbers, initial=0) <= 10 else stars


def _minutes(words: Words, start: int) -> _Amount | None:
    """A running time in minutes: ``90 min``, ``1h30``, ``2.5 hours``, ``two hours and ten minutes``, ``an hour``."""
    for phrase, value_of in (("an hour and a half", 90), ("one and a half hours", 90), ("half an hour", 30)):
        if (end := words.after(start, (phrase,))) is not None:
            return _Amount(end, value_of, "runtime")
    if (end := words.after(start, ("an hour",))) is not None:
        return _Amount(end, 60, "runtime")
    if (glued := _glued(words[start])) is not None:
        minutes = None
        if words[start].endswith("h"):  # 1h 30m
            minutes = _glued(words[start + 1]) or figures_of(words[start + 1].removesuffix("m") or "-")
        if minutes is not None and minutes < 60:
            return _Amount(start + 2, glued + minutes, "runtime")
        return _Amount(start + 1, glued, "runtime")
    number = number_at(words, start)
    if number is None:
        return None
    end, value = number
    if (half := words.after(end, ("and a half",))) is not None and words[half] in _HOURS:
        return _Amount(half + 1, 60 * value + 30, "runtime")
    if words[end] in _MINUTES:
        return _Amount(end + 1, value, "runtime")
    if words[end] not in _HOURS:
        return None
    end += 1
    if (half := words.after(end, ("and a half",))) is not None:
        return _Amount(half, 60 * value + 30, "runtime")
    further = number_at(words, words.after(end, ("and",)) or end)
    if further is not None and words[further.end] in _MINUTES:
        return _Amount(further.end + 1, 60 * value + further.value, "runtime")
    return _Amount(end, 60 * value, "runtime")


def _glued(word: str) -> float | None:
    """A running time in one word: ``90min``, ``2h``, ``1h30``, ``1h30m``."""
    hours, separator, minutes = word.partition("h")
    minutes = minutes.removeprefix("rs").removeprefix("r")
    minutes = minutes.removesuffix("s").removesuffix("in").removesuffix("m")
    if separator and figures_of(hours) is not None and (not minutes or figures_of(minutes) is not None):
        return 60 * (figures_of(hours) or 0) + (figures_of(minutes) or 0)
    for unit in ("minutes", "mins", "min"):
        if word.endswith(unit):
            return figures_of(word.removesuffix(unit))
    return None


def _is_measure(words: Words, number: int, amount: _Amount) -> bool:
    """Whether a quantity without a comparison measures items: "12 episodes", "90 minute thriller", "2 hours long"."""
    if amount.role == "price" or amount.field is not None or amount.role == "people":
        return False
    if amount.role == "runtime":
        has_hyphen = any("-" in words.gap(place) for place in range(number + 1, amount.end))
        return has_hyphen or words[amount.end] == "long" or (words[amount.end] != "" and words.is_head(amount.end))
    return True


def _is_deadline(words: Words, start: int, end: int) -> bool:
    """Whether a time is a subject: "in less than two hours he must", "under an hour to live"."""
    return words[start - 1] in ("in", "has", "have", "only", "within") or words[end] in (
        "to",
        "left",
        "before",
        "later",
    )


def _candidate(start: int, end: int, amount: _Amount, sign: Sign, columns: Columns) -> Candidate | None:
    field = amount.field or (None if amount.role is None else columns.numbers.get(amount.role))
    if field is None:
        return None
    shown = _shown(amount.value)
    if sign == "~":
        term = f"{_shown(round(amount.value * (1 - _TOLERANCE)))}..{_shown(round(amount.value * (1 + _TOLERANCE)))}"
    elif sign == "=":
        term = shown
    elif sign in ("<", "<=") and amount.role in _NEVER_ZERO and (field.numbers == 0).any():
        term = f"1..{_shown(amount.value - (sign == '<'))}"
    else:
        term = f"{sign}{shown}"
    return Candidate(start, end, "explicit", (Part(field.name, (term,)),))


def _shown(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"
