"""Moods and intents in a query, such as "feel-good" or "for a rainy evening", as weights of genres.

The vocabulary is ``moods.tsv``, which describes its own form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.text.normalize import fold, words

Vector = npt.NDArray[np.float64]

_FILE = Path(__file__).with_name("moods.tsv")
_WORD = re.compile("[^\\W_]+(?:['\u2018\u2019\u02bc][^\\W_]+)*")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc]")
#: What "not scary" does to a genre, compared with "scary": "not" is often "not too".
_NEGATED = -0.6
#: The number of characters of a query that are read.
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Moods:
    """The moods of a query.

    Attributes
    ----------
    genres
        Weights of genres, from −1 (does not fit) to 1 (fits best), by the key of their names (see :func:`genre_key`).
    phrases
        The words of the query that name the moods, as typed.
    words
        English words that say the same, to add to the meaning of the query.
    """

    genres: Mapping[str, float] = field(default_factory=dict)
    phrases: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Mood:
    genres: Mapping[str, float]
    words: str


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The contents of ``moods.tsv``; expressions are folded words with one space between them."""

    moods: Mapping[str, _Mood]
    longest: Mapping[str, int]
    roles: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    stop: int
    mood: _Mood
    negated: bool


def read_moods(text: str) -> Moods:
    """The moods that a query names.

    Only whole expressions count, the longest first. A mood of a single word, such as "dark", counts only in a query
    that consists of moods or describes what is wanted ("a dark film", "dark thriller"), not in "dark city". After "not"
    or "without" the genres of a mood count against an item.

    Parameters
    ----------
    text
        The query, in English or, for the usual moods, in Spanish, French, German, Italian or Portuguese. Its first
        2,000 characters are read.

    Examples
    --------
    >>> moods = read_moods("something heartwarming for a rainy evening")
    >>> moods.phrases, moods.genres["horror"]
    (('heartwarming', 'for a rainy evening'), -1.0)
    >>> read_moods("dark city").phrases
    ()
    """
    text = unicodedata.normalize("NFC", text[:_LONGEST])
    typed = list(_WORD.finditer(text))
    tokens = [_key(match.group()) for match in typed]
    found = _expressions(tokens)
    if not _describes(tokens, found):
        found = [one for one in found if one.stop - one.start > 1]
    genres: dict[str, float] = {}
    for one in found:
        for genre, weight in one.mood.genres.items():
            if one.negated:
                weight = min(0.0, _NEGATED * weight)
            genres[genre] = max(-1.0, min(1.0, genres.get(genre, 0.0) + weight))
    added = dict.fromkeys(word for one in found if not one.negated for word in one.mood.words.split())
    return Moods(
        {genre: weight for genre, weight in genres.items() if weight},
        tuple(text[typed[one.start].start() : typed[one.stop - 1].end()] for one in found),
        " ".join(added),
    )


def is_mood(folded: Sequence[str]) -> bool:
    """Whether folded words are an expression for a mood: ``funny``."""
    return " ".join(folded) in _vocabulary().moods


def genre_key(name: str) -> str:
    """A key that is the same for the usual names of a genre.

    Examples
    --------
    >>> genre_key("Sci-Fi") == genre_key("Science Fiction") == "science fiction"
    True
    """
    folded = " ".join(words(name))
    return _same_genres().get(folded, folded)


def genre_weights(names: Sequence[str], moods: Moods) -> Vector:
    """The weight of each of some genres, such as the distinct genres of a catalogue, shape (genres,)."""
    return np.array([moods.genres.get(genre_key(name), 0.0) for name in names], dtype=np.float64)


def item_weights(weights: Vector, codes: npt.NDArray[np.integer], offsets: npt.NDArray[np.integer]) -> Vector:
    """How well items fit by their genres, from −1 to 1; 0 for an item none of whose genres has a weight.

    The weights of an item's genres are added and divided by the root of their number: genres that agree count more than
    one alone, and genres that contradict each other cancel out.

    Parameters
    ----------
    weights
        The weight of each distinct genre (see :func:`genre_weights`), shape (genres,).
    codes
        The genres of all items, one item after the other, as places in ``weights``.
    offsets
        Where the genres of each item begin in ``codes``, and where those of the last one end, shape (items + 1,).
    """
    each = weights[codes]
    sums, counts = (np.concatenate(([0.0], np.cumsum(values))) for values in (each, each != 0.0))
    total = sums[offsets[1:]] - sums[offsets[:-1]]
    number = counts[offsets[1:]] - counts[offsets[:-1]]
    return np.where(number > 0, np.clip(total / np.sqrt(np.maximum(number, 1.0)), -1.0, 1.0), 0.0)


def genre_weight(genres: Iterable[str], moods: Moods) -> float:
    """How well one item fits by its genres, from −1 to 1 (see :func:`item_weights`).

    Examples
    --------
    >>> genre_weight(["Comedy", "Family"], read_moods("feel-good film")) > 0.5
    True
    """
    weights = genre_weights(list(genres), moods)
    return float(item_weights(weights, np.arange(len(weights)), np.array([0, len(weights)]))[0])


def _key(word: str) -> str:
    return _APOSTROPHES.sub("", fold(word))


def _expressions(tokens: Sequence[str]) -> list[_Found]:
    """The moods among folded words: from left to right, at each place the longest."""
    vocabulary = _vocabulary()
    found, place, free = [], 0, 0
    while place < len(tokens):
        for length in range(min(vocabulary.longest.get(tokens[place], 0), len(tokens) - place), 0, -1):
            mood = vocabulary.moods.get(" ".join(tokens[place : place + length]))
            if mood is not None:
                start = _negation(tokens, place, free)
                free = place + length
                found.append(_Found(start, free, mood, negated=start < place))
                break
        place = max(place + 1, free)
    return found


def _negation(tokens: Sequence[str], place: int, free: int) -> int:
    """Where the negation of an expression at a place begins, such as "not too"; the place itself if there is none."""
    roles = _vocabulary().roles
    before = place
    while before > free and tokens[before - 1] in roles["intensifier"] and place - before < 3:
        before -= 1
    return before - 1 if before > free and tokens[before - 1] in roles["negation"] else place


def _describes(tokens: Sequence[str], found: Sequence[_Found]) -> bool:
    """Whether a query describes what is wanted, so that its words are hardly those of a title."""
    roles = _vocabulary().roles
    if any(token in roles["frame"] or token in _genre_words() for token in tokens):
        return True
    named = {place for one in found for place in range(one.start, one.stop)}
    return all(place in named or token in roles["filler"] for place, token in enumerate(tokens))


def _lines() -> list[list[str]]:
    """The lines of the file without comments, each cut at its tabs."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def _listed(text: str) -> list[str]:
    """The folded expressions of a list with commas."""
    return [" ".join(_key(word) for word in _WORD.findall(part)) for part in text.split(",")]


@cache
def _same_genres() -> Mapping[str, str]:
    """The name of a genre in this vocabulary by its other names, folded."""
    same = {}
    for kind, *columns in _lines():
        if kind == "@genre":
            first, *others = (" ".join(words(name)) for name in columns[0].split(","))
            same.update(dict.fromkeys(others, first))
    return same


@cache
def _genre_words() -> frozenset[str]:
    """Names of genres that are a single word."""
    same = _same_genres()
    weighted = (name for mood in _vocabulary().moods.values() for name in mood.genres)
    return frozenset(name for name in (*same, *same.values(), *weighted) if " " not in name)


@cache
def _vocabulary() -> _Vocabulary:
    """The vocabulary, read when it is first needed."""
    moods: dict[str, _Mood] = {}
    roles: dict[str, frozenset[str]] = {}
    for first, *columns in _lines():
        if first.startswith("@"):
            if first != "@genre":
                roles[first.removeprefix("@")] = frozenset(_listed(columns[0]))
            continue
        pairs = (pair.strip().rpartition(" ") for pair in columns[0].split(","))
        mood = _Mood({genre_key(name): float(weight) for name, _, weight in pairs}, columns[1])
        moods.update(dict.fromkeys(_listed(first), mood))
    longest: dict[str, int] = {}
    for expression in moods:
        begin, *more = expression.split()
        longest[begin] = max(longest.get(begin, 0), len(more) + 1)
    return _Vocabulary(moods, longest, roles)
