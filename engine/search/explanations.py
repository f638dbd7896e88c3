"""Short explanations of why an item is in a list of search results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from engine.data.items import Item
from engine.text.normalize import words

_SHOWN_WORDS = 5
_SHOWN_GENRES = 3
_PHRASES = 20
#: All ASCII characters except lower-case letters and digits.
_NOT_IN_WORDS = bytes(one for one in range(128) if not chr(one).isdigit() and not chr(one).islower())


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A word of a query and the words of the catalogue that it matches.

    Attributes
    ----------
    typed
        The word as it was typed, folded.
    matches
        Words of the catalogue and their weights: 1 for the typed word itself, and less for other spellings of a
        numeral, for longer words with this prefix and for spelling corrections.
    """

    typed: str
    matches: Mapping[str, float] = field(default_factory=dict)


def explain_keyword(item: Item, terms: Iterable[QueryTerm]) -> str:
    """Where an item has the terms of a query: ``title "heat" · text "bank"``; empty if it has none."""
    terms = list(terms)
    wanted = {one for term in terms for one in term.matches}
    places = {
        "title": _words_in(wanted, [item.title, str(item.metadata.get("original_title") or "")]),
        "genre": _words_in(wanted, item.genres),
        "text": _words_in(wanted, [item.text]),
    }
    found: dict[str, list[str]] = {}
    for term in terms:
        for place, its_words in places.items():
            if match := min(its_words & term.matches.keys(), key=lambda one: (-term.matches[one], one), default=""):
                shown = f'"{match}"'
                if not (term.typed.startswith(match[:-1]) or match.startswith(term.typed) or match.isdigit()):
                    shown += f' for "{term.typed}"'
                found.setdefault(place, []).append(shown)
                break
    return " · ".join(f"{place} {' '.join(shown[:_SHOWN_WORDS])}" for place, shown in found.items())


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


def _words_in(wanted: set[str], texts: Iterable[str]) -> set[str]:
    """The wanted words that some texts contain, written as one word or as two."""
    its_words: set[str] = set()
    for text in texts:
        if text.isascii() and "&" not in text:  # a quick test whether the text has any of the words
            run = text.lower().encode().translate(None, _NOT_IN_WORDS)
            if not any(one.encode() in run for one in wanted):
                continue
        found = words(text)
        its_words.update(wanted.intersection(found))
        its_words.update(wanted.intersection(a + b for a, b in pairwise(found)))  # "spider man", ideographs
    return its_words
