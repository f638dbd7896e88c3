"""The English words for a query in another language, in the order in which the rules of English read them.

What the vocabularies translate word by word keeps the order of the other language: "comédie française" is a comedy that
is French, and "ホラー以外" are all but horror. The rules that read conditions know English alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from engine.search.understanding.genres import STRONG
from engine.search.understanding.lexicon import EXCLUSIONS, Role
from engine.search.understanding.places import COUNTRIES, LANGUAGES, REGIONS

#: Words for what a catalogue holds, which other languages put before the subject.
_FORMS = frozenset({"anime", "animation", "cartoon", "series", "book", "novel", "manga"})
#: The languages in which most adjectives stand behind the noun.
_ADJECTIVES_BEHIND = frozenset({"es", "fr", "it", "pt"})
#: Adjectives that say something of items and not of a subject, beside those of countries.
_OF_ITEMS = frozenset({"recent", "old", "new", "short", "long", "silent", "classic"})
#: Nouns, beside genres, before which an adjective says something of items.
_NOUNS = _FORMS | {"film", "love story", "short film", "documentary", "crime", "black comedy", "film noir", "war"}
#: What ends the words that a noun at the beginning belongs to.
_ENDS: frozenset[Role] = frozenset({"connector", "measure", "negation", "origin"})
_COUNTRY_NAMES = frozenset(name for names in COUNTRIES.values() for name in names)


class Word(NamedTuple):
    """An expression of a query in English.

    Attributes
    ----------
    english
        The English words.
    role
        The role of the expression in its language.
    breaks
        Whether a comma or another mark stands before it.
    """

    english: str
    role: Role = "subject"
    breaks: bool = False


def told(words: Sequence[Word], *, with_film: bool = False) -> str:
    """The words as a text, without the conjunctions and negations that say nothing; "film" is left out on request."""
    kept: list[Word] = []
    has_exclusion = False
    breaks = False
    for place, word in enumerate(words):
        breaks |= word.breaks
        if word.role == "negation" and not _is_negated(words, place + 1):
            continue
        if word.role == "origin" and not _is_country(words, place + 1):
            continue
        if word.role == "conjunction" and not (kept and (word.english == "or" or has_exclusion)):
            continue
        if word.role == "film" and not with_film:
            continue
        is_exclusion = word.role == "negation" or word.english in EXCLUSIONS
        has_exclusion |= is_exclusion
        if word.role == "subject" and any(word.english == one.english for one in kept):
            continue
        kept.append(word._replace(breaks=breaks and bool(kept)))
        breaks = False
    while kept and kept[-1].role == "conjunction":
        kept.pop()
    last = len(kept) - 1
    shown = [f"{word.english}s" if word.role == "film" and n < last else word.english for n, word in enumerate(kept)]
    return "".join(f"{',' * word.breaks} {english}" for word, english in zip(kept, shown, strict=True)).strip()


def _is_negated(words: Sequence[Word], place: int) -> bool:
    """Whether a bare "not" excludes the word at a place: an adjective of a country, or a genre."""
    if place >= len(words) or words[place].breaks:
        return False
    english = words[place].english
    return _is_of_place(english) or english in STRONG


def _is_country(words: Sequence[Word], place: int) -> bool:
    """Whether the name of a country is at a place: "aus italien"."""
    return place < len(words) and words[place].english in _COUNTRY_NAMES


def _is_of_place(english: str) -> bool:
    return english in COUNTRIES or english in LANGUAGES or english in REGIONS


def in_english_order(words: Sequence[Word], language: str | None, *, film_is_kind: bool = False) -> str:
    """The words of a query in the order of English: "football anime" for what others call an anime of football.

    Parameters
    ----------
    words
        The words in the order of their language.
    language
        The language by its code of ISO 639-1.
    film_is_kind
        Whether films are only a part of the catalogue, so that the noun says something.
    """
    ordered = list(words)
    if language in _ADJECTIVES_BEHIND:
        ordered = _with_adjectives_before(ordered)
    if not film_is_kind:
        ordered = _without_bare_films(ordered)
    first = ordered[0].english if ordered else ""
    if first in _FORMS or (first == "film" and film_is_kind):
        of_noun = list(takewhile(lambda one: one.role not in _ENDS and not one.breaks, ordered[1:]))
        if of_noun and of_noun[0].english not in ("without", "like"):
            ordered = [*of_noun, ordered[0], *ordered[1 + len(of_noun) :]]
    ordered = _with_noun_before_origin(ordered)
    text = told(ordered, with_film=True)
    has_film = any(word.role == "film" for word in words)
    is_noted = any(word.role == "film" for word in ordered)
    of_place = any(_is_of_place(one) for word in ordered for one in word.english.split())
    return f"{text} film" if has_film and not is_noted and of_place and " " in text else text


def _with_adjectives_before(words: Sequence[Word]) -> list[Word]:
    """The words, of which adjectives of items stand before the noun that they follow."""
    ordered: list[Word] = []
    for word in words:
        is_adjective = _is_of_place(word.english) or word.english in _OF_ITEMS
        place = len(ordered)
        while is_adjective and place and (_is_of_place(ordered[place - 1].english) or _is_noun(ordered[place - 1])):
            place -= 1
            if _is_noun(ordered[place]):
                break
        is_behind = is_adjective and place < len(ordered) and _is_noun(ordered[place]) and not word.breaks
        if is_behind:
            noun = ordered[place]
            ordered[place] = noun._replace(breaks=False)
            word = word._replace(breaks=noun.breaks)
        ordered.insert(place if is_behind else len(ordered), word)
    return ordered


def _with_noun_before_origin(words: Sequence[Word]) -> list[Word]:
    """The words with a noun for items before "from italy", which is no condition without it: "films from italy"."""
    ordered: list[Word] = []
    for place, word in enumerate(words):
        is_behind_noun = not ordered or ordered[-1].role == "film" or ordered[-1].english in _FORMS
        if word.role == "origin" and not is_behind_noun and _is_country(words, place + 1):
            ordered.append(Word("film", "film"))
        ordered.append(word)
    return ordered


def _is_noun(word: Word) -> bool:
    return word.role == "film" or word.english in _NOUNS or word.english in STRONG


def _without_bare_films(words: Sequence[Word]) -> list[Word]:
    """The words without "film" where no adjective of items stands before it, which would be a subject without it."""
    ordered: list[Word] = []
    for word in words:
        before = ordered[-1].english.split()[-1] if ordered else ""
        if word.role != "film" or _is_of_place(before) or before in _OF_ITEMS:
            ordered.append(word)
    return ordered
