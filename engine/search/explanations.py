"""Short explanations of why an item is in a list of search results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from engine.data.items import Item
from engine.search.lexical.acronyms import acronyms_of
from engine.search.lexical.catalogue_fields import OTHER_TITLES, SEPARATOR, role_of
from engine.search.lexical.query_term import QueryTerm
from engine.search.lexical.terms import ACRONYM
from engine.text.normalize import words

__all__ = ["QueryTerm", "explain_keyword", "explain_semantic", "matched_words", "phrases"]

_SHOWN_WORDS = 5
_SHOWN_GENRES = 3
_PHRASES = 20


def explain_keyword(item: Item, terms: Iterable[QueryTerm]) -> str:
    """Where an item has the terms of a query: ``title "heat" · text "bank"``; empty if it has none."""
    terms = list(terms)
    wanted = {one for term in terms for one in _words_of(term)}
    titles = [item.title, *(text for column, text in _searched(item) if role_of(column) is OTHER_TITLES)]
    places = {"title": _words_in(wanted, titles), "genre": _words_in(wanted, item.genres)}
    for column, text in _searched(item):
        if role_of(column) is not OTHER_TITLES:
            places[column.replace("_", " ")] = _words_in(wanted, text.split(SEPARATOR))
    places["text"] = _words_in(wanted, [item.text])
    if any(one.startswith(ACRONYM) for one in wanted):
        initials = {ACRONYM + one for title in titles for one in acronyms_of(title)}
        places["initials"] = {one for one in wanted if one in initials}
    found: dict[str, list[str]] = {}
    for term in terms:
        for place, its_words in places.items():
            weights = _words_of(term)
            if match := min(its_words & weights.keys(), key=lambda one: (-weights[one], one), default=""):
                match = match.removeprefix(ACRONYM)
                shown = f'"{match}"'
                if not (term.typed.startswith(match[:-1]) or match.startswith(term.typed) or match.isdigit()):
                    shown += f' for "{term.typed}"'
                found.setdefault(place, []).append(shown)
                break
    if not found:  # the initials may be of words that are written as one: "fma" for "Fullmetal Alchemist"
        found["initials"] = [
            f'"{term.typed}"' for term in terms if any(one.startswith(ACRONYM) for one in term.matches)
        ]
    return " · ".join(f"{place} {' '.join(shown[:_SHOWN_WORDS])}" for place, shown in found.items() if shown)


def matched_words(item: Item, terms: Iterable[QueryTerm]) -> tuple[str, ...]:
    """The words of an item's columns that match a term of the query, folded, in alphabetical order."""
    wanted = {one for term in terms for one in _words_of(term) if not one.startswith(ACRONYM)}
    columns = [part for _, text in _searched(item) for part in text.split(SEPARATOR)]
    return tuple(sorted(_words_in(wanted, [item.title, *columns, *item.genres, item.text]))) if wanted else ()


def explain_semantic(cosine: float, genres: Sequence[str] = ()) -> str:
    """The cosine of an item and its genres that are nearest to the query: ``meaning 0.62: Crime, Thriller``."""
    shown = f": {', '.join(genres[:_SHOWN_GENRES])}" if genres else ""
    return f"meaning {cosine:.2f}{shown}"


def phrases(item: Item) -> list[str]:
    """The title, the genres and the sentences of an item, without those that repeat the words of an earlier one."""
    sentences = re.split(r"(?<=[.!?])\s+|\s+[–—]\s+|;\s+", item.text)
    by_words: dict[tuple[str, ...], str] = {}
    for one in (item.title, *item.genres, *map(str.strip, sentences)):
        if one:
            by_words.setdefault(tuple(words(one)) or (one,), one)
    return list(by_words.values())[:_PHRASES]


def _words_of(term: QueryTerm) -> dict[str, float]:
    """The words that a term matches, with their weights; those of phrases that mean the same come last."""
    return {**{word: 0.0 for phrase in term.phrases for word in phrase}, **term.matches}


def _searched(item: Item) -> list[tuple[str, str]]:
    """The columns of an item that keyword search reads besides the standard ones, and their values."""
    found = []
    for column, value in item.metadata.items():
        if isinstance(value, str | list | tuple) and role_of(column) is not None:
            found.append((column, value if isinstance(value, str) else SEPARATOR.join(map(str, value))))
    return found


def _words_in(wanted: set[str], texts: Iterable[str]) -> set[str]:
    """The wanted words that some texts contain, written as one word or as two."""
    return {word for text in texts for word in wanted & _words_of_text(text)}


@lru_cache(maxsize=4096)
def _words_of_text(text: str) -> frozenset[str]:
    """The words of a text, and each two of them as one word: "spider man", ideographs."""
    found = words(text)
    return frozenset(found).union(a + b for a, b in pairwise(found))
