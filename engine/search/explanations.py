"""Short explanations of why an item is in a list of search results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

from engine.data.items import Item
from engine.search.lexical.acronyms import acronyms_of
from engine.search.lexical.catalogue_fields import OTHER_TITLES, SEPARATOR, role_of
from engine.search.lexical.query_term import QueryTerm
from engine.search.lexical.terms import ACRONYM
from engine.text.normalize import words

_SHOWN_WORDS = 5
_SHOWN_GENRES = 3
_PHRASES = 20


class ItemMatch:
    """Where an item has the terms of a query.

    Parameters
    ----------
    item
        The item.
    terms
        The terms of the query.
    effects
        How much the item's score would fall without each typed word; words that are not named count as 0.
    """

    def __init__(self, item: Item, terms: MatchedTerms, effects: Mapping[str, float] | None = None) -> None:
        self._terms = terms
        self._effects = effects or {}
        self._titles = [item.title]
        self._places: dict[str, set[str]] = {"title": set(), "genre": terms.in_texts(item.genres)}
        if terms.wanted:
            for column, text in _searched(item):
                if role_of(column) is OTHER_TITLES:
                    self._titles.append(text)
                else:
                    self._places[column.replace("_", " ")] = terms.in_texts(text.split(SEPARATOR))
            self._places["title"] = terms.in_texts(self._titles)
        self._places["text"] = terms.in_texts([item.text])

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the item's columns that match a term, folded, in alphabetical order."""
        return tuple(sorted(set().union(*self._places.values())))

    @property
    def reason(self) -> str:
        """The place and the word of each term: ``title "heat" · text "bank"``; empty if the item has none.

        The word without which the item's score would fall most comes first.
        """
        found: dict[str, list[str]] = {}
        places = [(place, its_words) for place, its_words in self._places.items() if its_words]
        for typed, weights in sorted(self._terms.weights, key=lambda term: -self._effect(term[0])):
            for place, its_words in places:
                if match := _best(its_words & weights.keys(), weights):
                    found.setdefault(place, []).append(_shown(match, typed))
                    break
            else:
                if match := _best(self._initials & weights.keys(), weights):
                    found.setdefault("initials", []).append(_shown(match.removeprefix(ACRONYM), typed))
        if not found:  # the initials may be of words that are written as one: "fma" for "Fullmetal Alchemist"
            found["initials"] = [f'"{typed}"' for typed in self._terms.acronyms]
        return " · ".join(f"{place} {' '.join(shown[:_SHOWN_WORDS])}" for place, shown in found.items() if shown)

    def _effect(self, typed: str) -> float:
        """The effect of a term, rounded, so that words of equal effect stay in the order of the query."""
        return round(max(self._effects.get(word, 0.0) for word in typed.split(" ")), 3)

    def of_terms(self) -> list[tuple[str, frozenset[str]]]:
        """For each term that the item has, the words of the item that match it, after the one that is shown."""
        found = [(_best(weights.keys() & set(self.words), weights), weights) for _, weights in self._terms.weights]
        return [(best, frozenset(weights) & frozenset(self.words)) for best, weights in found if best]

    @cached_property
    def _initials(self) -> set[str]:
        """The acronyms of the item's titles, as terms have them."""
        if not self._terms.acronyms:
            return set()
        return {one for title in self._titles for one in _acronyms_of_title(title)}


class MatchedTerms:
    """The terms of a query, to be found in items.

    Parameters
    ----------
    terms
        The terms.

    Attributes
    ----------
    weights
        Each typed word, with the words that it matches and their weights; words of synonymous phrases have none.
    wanted
        All words that the terms match.
    acronyms
        The typed words that may be acronyms.
    """

    def __init__(self, terms: Iterable[QueryTerm]) -> None:
        self.weights = [
            (term.typed, {**{word: 0.0 for phrase in term.phrases for word in phrase}, **term.matches})
            for term in terms
        ]
        matches = {word for _, weights in self.weights for word in weights}
        self.wanted = {word for word in matches if not word.startswith(ACRONYM)}
        self.acronyms = [typed for typed, weights in self.weights if any(word.startswith(ACRONYM) for word in weights)]

    def in_item(self, item: Item, effects: Mapping[str, float] | None = None) -> ItemMatch:
        """Where an item has them, and how much its score would fall without each typed word, as far as is known."""
        return ItemMatch(item, self, effects)

    def in_texts(self, texts: Iterable[str]) -> set[str]:
        """The wanted words that some texts contain, written as one word or as two."""
        return {word for text in texts for word in self.wanted & words_of_text(text)}


def _best(words_found: Iterable[str], weights: Mapping[str, float]) -> str:
    return min(words_found, key=lambda one: (-weights[one], one), default="")


def _shown(match: str, typed: str) -> str:
    alike = typed.startswith(match[:-1]) or match.startswith(typed) or match.isdigit()
    return f'"{match}"' if alike else f'"{match}" for "{typed}"'


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


def _searched(item: Item) -> list[tuple[str, str]]:
    """The columns of an item that keyword search reads besides the standard ones, and their values."""
    found = []
    for column, value in item.metadata.items():
        if isinstance(value, str | list | tuple) and role_of(column) is not None:
            found.append((column, value if isinstance(value, str) else SEPARATOR.join(map(str, value))))
    return found


def searched_texts(item: Item) -> list[str]:
    """The texts of an item that keyword search reads besides its title and its text."""
    return [value for _, value in _searched(item)]


@lru_cache(maxsize=4096)
def _acronyms_of_title(title: str) -> frozenset[str]:
    return frozenset(ACRONYM + one for one in acronyms_of(title))


@lru_cache(maxsize=4096)
def words_of_text(text: str) -> frozenset[str]:
    """The words of a text, and each two of them as one word: "spider man", ideographs."""
    found = words(text)
    return frozenset(found).union(a + b for a, b in pairwise(found))
