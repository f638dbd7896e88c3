"""Why an item is in a list, in a few words."""

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
#: All of ASCII but lower case and digits.
_BETWEEN_WORDS = bytes(one for one in range(128) if not chr(one).isdigit() and not chr(one).islower())


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word of a query and what it was taken for.

    Attributes
    ----------
    typed
        As it was typed, folded.
    taken_for
        Words of the catalogue and what each weighs: the word itself 1, other numerals, longer words that begin so and
        corrections less.
    """

    typed: str
    taken_for: Mapping[str, float] = field(default_factory=dict)


def by_words(item: Item, query: Iterable[QueryWord]) -> str:
    """Where the words of a query are in an item: ``title "heat" · text "bank"``; empty if nowhere."""
    query = list(query)
    wanted = {one for word in query for one in word.taken_for}
    places = {
        "title": _which_of(wanted, [item.title, str(item.metadata.get("original_title") or "")]),
        "genre": _which_of(wanted, item.genres),
        "text": _which_of(wanted, [item.text]),
    }
    found: dict[str, list[str]] = {}
    for word in query:
        for place, its_words in places.items():
            if there := min(its_words & word.taken_for.keys(), key=lambda one: (-word.taken_for[one], one), default=""):
                said = f'"{there}"'
                if not (word.typed.startswith(there[:-1]) or there.startswith(word.typed) or there.isdigit()):
                    said += f' for "{word.typed}"'
                found.setdefault(place, []).append(said)
                break
    return " · ".join(f"{place} {' '.join(said[:_SHOWN_WORDS])}" for place, said in found.items())


def by_meaning(cosine: float, genres: Sequence[str] = ()) -> str:
    """How near, and which of the item's genres are near: ``meaning 0.62: Crime, Thriller``."""
    near = f": {', '.join(genres[:_SHOWN_GENRES])}" if genres else ""
    return f"meaning {cosine:.2f}{near}"


def phrases(item: Item) -> list[str]:
    """The title, the genres and the sentences of an item; of those with the same words the first."""
    sentences = re.split(r"(?<=[.!?])\s+|\s+[–—]\s+|;\s+", item.text)
    by_words: dict[tuple[str, ...], str] = {}
    for one in (item.title, *item.genres, *map(str.strip, sentences)):
        if one:
            by_words.setdefault(tuple(words(one)) or (one,), one)
    return list(by_words.values())[:_PHRASES]


def _which_of(wanted: set[str], texts: Iterable[str]) -> set[str]:
    """Which words are in some texts, as one or as two."""
    its_words: set[str] = set()
    for text in texts:
        if text.isascii() and "&" not in text:  # then it is soon told that a text has none of them
            run = text.lower().encode().translate(None, _BETWEEN_WORDS)
            if not any(one.encode() in run for one in wanted):
                continue
        found = words(text)
        its_words.update(wanted.intersection(found))
        its_words.update(wanted.intersection(a + b for a, b in pairwise(found)))  # "spider man", ideographs
    return its_words
