"""Orders in words, and places in words: ``in chronological order``, ``in japanese``, ``from italy``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.search.filters.orders import Order, orders_of
from engine.search.understanding.candidate import Candidate
from engine.search.understanding.columns import Columns
from engine.search.understanding.lists import read_list
from engine.search.understanding.vocabulary import Vocabulary
from engine.search.understanding.words import Words

_ORDERS: Mapping[Order, tuple[str, ...]] = {
    "year": (
        *("in chronological order", "in order of release date", "in order of release", "in release order"),
        *("in order of appearance", "chronological order", "chronologically", "chronological", "oldest first"),
        *("earliest first", "by release date", "sorted by year", "sort by year", "ordered by year", "by year"),
        *("in the right order", "in the order of release", "in order"),
    ),
    "newest": ("newest first", "latest first", "most recent first", "newest to oldest", "in reverse order"),
    "rating": (
        *("best rated first", "highest rated first", "best first", "sorted by rating", "sort by rating"),
        *("ordered by rating", "by rating"),
    ),
    "popularity": (
        *("most popular first", "best known first", "sorted by popularity", "sort by popularity"),
        *("ordered by popularity", "by popularity"),
    ),
}
#: Adjectives that ask for an order: "oldest horror films".
_FIRST: Mapping[Order, tuple[str, ...]] = {
    "year": ("the oldest", "oldest", "the earliest", "earliest"),
    "newest": ("the newest", "newest", "the latest", "latest", "the most recent", "most recent"),
}
#: What stresses a superlative and asks for nothing.
_EVER = ("of all time", "of all times", "ever made", "ever")
_FROM = ("made in", "produced in", "shot in", "filmed in", "coming from", "from")
_SPOKEN = ("spoken in", "in the original", "in")


def match_order(words: Words, start: int, columns: Columns) -> Candidate | None:
    """The order that these words ask for, if the catalogue has the column for it."""
    for order in orders_of(columns.fields):
        end = words.after(start, _ORDERS.get(order, ()))
        if end is not None and not (words[end - 1] == "order" and words[end] in ("to", "that", "for")):
            return Candidate(start, end, "explicit", order=order)
        end = words.after(start, _FIRST.get(order, ()))
        if end is not None:
            return Candidate(start, end, "attribute", order=order)
    return None


def match_stress(words: Words, start: int) -> Candidate | None:
    """Words behind a noun for items that ask for nothing: "the best comedies of all time"."""
    end = words.after(start, _EVER)
    if end is None or words.breaks(start) or not words.is_head(start - 1):
        return None
    if not (words.breaks(end) or words.tokens[end].is_stop):
        return None
    return Candidate(start, end, "explicit")


def match_place(words: Words, start: int, vocabulary: Vocabulary, *, is_of_items: bool = False) -> Candidate | None:
    """``in japanese`` and ``from italy``, as far as the catalogue has languages and countries.

    Parameters
    ----------
    words, start, vocabulary
        The words, the place of the first one of the condition, and what they can mean.
    is_of_items
        Whether it is known that the words are said of items; else a noun before "from" must tell.
    """
    behind = words.after(start, _SPOKEN)
    if words[start - 1] in ("dubbed", "subtitled", "subtitles", "set"):
        return None
    if behind is not None:
        found = vocabulary.language(words.plain, behind)
        if found is None or (_goes_on(words, found.end) and not (is_of_items and words.is_head(found.end))):
            return None

        def language(place: int, _: bool) -> Candidate | None:
            further = vocabulary.language(words.plain, words.after(place, ("in",)) or place)
            return None if further is None or _goes_on(words, further.end) else further

        listed = read_list(words, found, language)
        end = words.after(listed.end, ("language", "languages")) or listed.end
        return replace(listed.either(words, start).at(start, end), role="explicit", is_origin=True)
    behind = words.after(start, _FROM)
    if behind is None or not (is_of_items or words.is_head(start - 1) or words[start] != "from"):
        return None
    found = _country(words, behind, vocabulary)
    if found is None:
        return None
    listed = read_list(words, found, lambda place, _: _country(words, words.after(place, _FROM) or place, vocabulary))
    if not listed.is_whole:
        return None
    return replace(listed.either(words, start), role="explicit", is_origin=True)


def _country(words: Words, start: int, vocabulary: Vocabulary) -> Candidate | None:
    return vocabulary.country(words.plain, words.after(start, ("the",)) or start)


def _goes_on(words: Words, end: int) -> bool:
    """Whether a noun follows, as in "in french prisons"."""
    return not words.breaks(end) and not words.tokens[end].is_stop and words[end] not in ("language", "languages")
