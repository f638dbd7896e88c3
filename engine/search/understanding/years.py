"""Years and decades in words: ``before 1960``, ``the early nineties``, ``from 1970 to 1975``, ``last ten years``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from engine.search.understanding.candidate import Candidate, Part
from engine.search.understanding.columns import Columns
from engine.search.understanding.numerals import number_at
from engine.search.understanding.tokens import word_set
from engine.search.understanding.words import Words

_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_DECADE = re.compile(r"(?P<century>1[0-9]|20)?(?P<decade>[0-9])0(?:s|ies)")
_DECADES: Mapping[str, int] = {
    "noughties": 2000,
    "twenties": 1920,
    "thirties": 1930,
    "forties": 1940,
    "fifties": 1950,
    "sixties": 1960,
    "seventies": 1970,
    "eighties": 1980,
    "nineties": 1990,
}
#: The first and the last year of a part of a decade.
_ERAS: Mapping[str, tuple[int, int]] = {"early": (0, 4), "mid": (3, 6), "middle": (3, 6), "late": (5, 9)}
_CENTURIES: Mapping[str, int] = {"20th": 20, "twentieth": 20, "21st": 21}
_BEFORE = ("before", "older than", "earlier than", "prior to", "pre")
_AFTER = ("after", "newer than", "later than", "post")
_SINCE = ("since", "starting in", "starting from")
_UNTIL = ("until", "till", "up to", "no later than")
_OR_LATER = ("or later", "or newer", "and later", "and newer", "and after", "or after", "onwards", "onward", "and on")
_OR_EARLIER = ("or earlier", "or older", "and earlier", "and older", "and before", "or before")
_MADE = ("made", "released", "produced", "filmed", "shot", "published", "written", "aired", "out", "dated", "came out")
_OF = ("from", "of", "in")
#: Superlatives that stand for items: "the best of 1999".
_BEST = frozenset(("best", "top", "greatest", "worst"))
#: What stands before a time that is a subject or an age.
_SETTINGS = word_set(
    """
    set during about place takes happening back living life situated around his her their my your its our
    roaring
    """
)
#: What follows a time that is a subject.
_STYLES = frozenset(("style", "styled", "nostalgia", "inspired", "themed", "aesthetic", "aesthetics", "setting"))


class Span(NamedTuple):
    """Years from ``low`` to ``high``, which the words up to ``end`` name."""

    end: int
    low: int
    high: int


def match_years(words: Words, start: int, columns: Columns) -> Candidate | None:
    """The condition on years that begins at this word; None if there is none."""
    field = columns.numbers.get("year")
    newest = columns.newest_year
    if field is None or newest is None:
        return None
    place = words.after(start, _MADE) or start
    found = (
        _relative(words, place, newest)
        or _century(words, start, place, newest)
        or _compared(words, place)
        or _plain(words, start, place)
    )
    if found is None or words[found[0]] in _STYLES:
        return None
    end, terms = found
    commas = words.commas(start, end) if len(terms) > 1 else frozenset()
    return Candidate(start, end, "explicit", (Part(field.name, terms),), commas=commas)


def match_bare_year(words: Words, start: int, columns: Columns) -> Candidate | None:
    """A year by itself, such as in ``dune 2021``, if some item is of this year."""
    field = columns.numbers.get("year")
    if field is None or not _YEAR.fullmatch(words[start]) or not len(columns.years):
        return None
    year = int(words[start])
    if not columns.years[0] <= year <= columns.years[-1]:
        return None
    return Candidate(start, start + 1, "year", (Part(field.name, (str(year),)),))


def _relative(words: Words, start: int, newest: int) -> tuple[int, tuple[str, ...]] | None:
    """``(from the) last ten years``, counted back from the newest items."""
    place = words.after(start, _OF) or start
    place = words.after(place, ("the",)) or place
    behind = words.after(place, ("last", "past"))
    if behind is None:
        return None
    if words[behind] == "decade":
        return behind + 1, (f">={newest - 9}",)
    number = number_at(words, behind)
    if number is None or words[number.end] not in ("years", "year", "decades") or not 1 <= number.value <= 200:
        return None
    years = int(number.value) * (10 if words[number.end] == "decades" else 1)
    return number.end + 1, (f">={newest - years + 1}",)


def _century(words: Words, start: int, place: int, newest: int) -> tuple[int, tuple[str, ...]] | None:
    """``(from) the 21st century``, ``this century``; it is a subject where no noun for items is beside it."""
    behind = words.after(place, _OF)
    place = place if behind is None else behind
    first = words.after(place, ("the", "this")) or place
    century = _CENTURIES.get(words[first])
    end = first + 1
    if words[first - 1] == "this" and first > place:
        century, end = -(-newest // 100), first
    if century is None or words[end] != "century" or words[start - 1] in _SETTINGS:
        return None
    if not ((start > 0 and words.is_head(start - 1)) or words.names_items(end + 1)):
        return None
    low, high = 100 * century - 99, 100 * century
    return end + 1, (f">={low}" if high > newest else f"{low}..{high}",)


def _compared(words: Words, start: int) -> tuple[int, tuple[str, ...]] | None:
    """``before 1960``, ``since the 90s``, ``between 1970 and 1975``, ``from 1970 to 1975``."""
    for signs, sign in ((_BEFORE, "<"), (_AFTER, ">"), (_SINCE, ">="), (_UNTIL, "<=")):
        behind = words.after(start, signs)
        if behind is not None and (span := _span(words, behind)) is not None:
            year = span.low if sign in ("<", ">=") else span.high
            return span.end, (f"{sign}{year}",)
    behind = words.after(start, ("between", "from"))
    if behind is not None and (low := _span(words, behind)) is not None:
        between = words.after(low.end, ("and",) if words[start] == "between" else ("to", "until", "till", "through"))
        high = None if between is None else _span(words, between)
        if high is not None and low.low <= high.high:
            return high.end, (f"{low.low}..{high.high}",)
    return None


def _plain(words: Words, start: int, place: int) -> tuple[int, tuple[str, ...]] | None:
    """``1990s``, ``from the early 90s``, ``70s and 80s``, ``1970-1975``, ``from 1999``, ``1999 or later``."""
    behind = words.after(place, _OF)
    if _is_setting(words, start) or (words[start] == "in" and not words.is_head(start - 1)):
        return None
    first = _span(words, place if behind is None else behind)
    if first is None:
        return None
    is_decade = first.high > first.low
    if words[start] == "of" and not is_decade and not words.is_head(start - 1) and words[start - 1] not in _BEST:
        return None  # "the summer of 1969"
    if (later := words.after(first.end, _OR_LATER)) is not None:
        return later, (f">={first.low}",)
    if (earlier := words.after(first.end, _OR_EARLIER)) is not None:
        return earlier, (f"<={first.high}",)
    between = words.after(first.end, ("to", "until", "till", "through"))
    if between is None and re.fullmatch(r"\s*[\u2010-\u2015-]\s*", words.gap(first.end)):
        between = first.end
    last = None if between is None else _span(words, between)
    if last is not None and first.low < last.high:
        return last.end, (f"{first.low}..{last.high}",)
    if not is_decade and behind is None and place == start and words[start] != "year":
        return None  # a number alone may be a title; see match_bare_year
    return _several(words, first)


def _several(words: Words, first: Span) -> tuple[int, tuple[str, ...]]:
    """A year, a decade or several: ``70s and 80s``, ``1971, 1972 or 1973``."""
    terms, end = [_term(first)], first.end
    while (joint := words.joint(end)) is not None:
        span = _span(words, words.after(joint.end, _OF) or joint.end)
        if span is None or (joint.word == "," and words.joint(span.end) is None and not words.breaks(span.end)):
            break
        terms.append(_term(span))
        end = span.end
    return end, tuple(terms)


def _is_setting(words: Words, start: int) -> bool:
    """Whether a time is a subject or an age: "set in the 80s", "about the sixties", "in her thirties"."""
    before = start - 1
    while words[before] in ("the", "early", "mid", "late") or (before < start - 1 and words[before] == "and"):
        before -= 1
    return words[before] in _SETTINGS or words[before] in ("in", "of", "to", "into")


def _term(span: Span) -> str:
    if span.low == span.high:
        return str(span.low)
    if span.low % 10 == 0 and span.high == span.low + 9:
        return f"{span.low}s"
    return f"{span.low}..{span.high}"


def _span(words: Words, start: int) -> Span | None:
    """A year, or a decade or a part of one."""
    place = words.after(start, ("the",)) or start
    if words[place] == "year" and _YEAR.fullmatch(words[place + 1]):
        return Span(place + 2, int(words[place + 1]), int(words[place + 1]))
    era = _ERAS.get(words[place])
    decade_at = place if era is None else place + 1
    decade = _decade(words[decade_at], words[decade_at - 1])
    if decade is not None:
        low, high = era or (0, 9)
        return Span(decade_at + 1, decade + low, decade + high)
    if era is None and _YEAR.fullmatch(words[start]):
        return Span(start + 1, int(words[start]), int(words[start]))
    return None


def _decade(word: str, before: str) -> int | None:
    if found := _DECADE.fullmatch(word):
        decade = int(found["decade"]) * 10
        if found["century"]:
            return int(found["century"]) * 100 + decade
        return (2000 if decade < 20 else 1900) + decade
    if word in ("twenties", "thirties") and before not in ("the", "early", "mid", "late"):
        return None  # more often an age
    return _DECADES.get(word)
