"""Acronyms of titles: "lotr" for "The Lord of the Rings", "t2" for "Terminator 2", "hp3" for the third of a series."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from engine.search.lexical.variants import number_of
from engine.text.normalize import split_year, words

#: Only the titles of so many items have acronyms, the most popular: those of unknown titles would mean too many things.
_MOST_ITEMS = 3000
_LONGEST, _MOST_WORDS = 8, 9
_LONGEST_WORD = 24
#: The shortest word and the shortest part of one that is read as two: "fullmetal" has the initials "fm".
_SHORTEST_COMPOUND, _SHORTEST_PART = 7, 3
_SMALL_WORDS = frozenset(words("a an and at by da de der des du for in la le no of on or the to und von"))
_ARTICLES = ("the", "a", "an")
#: Words before a number that people leave out: "bttf2" is "Back to the Future Part II".
_PARTS = frozenset(("part", "volume", "vol", "chapter", "episode", "season"))
_ENDS_PART = re.compile(r"\s*(?::|/|\(|\)|\[|\]|\s[-–—~]\s)\s*")
_SERIES = re.compile(r"^(?P<series>.+?)(?::\s|\s[-–—]\s|\s+and\s+the\s+|\s+&\s+the\s+)", re.IGNORECASE)

#: Tells the two words that a compound consists of, or None.
Splitter = Callable[[str], tuple[str, str] | None]


def acronyms(titles_of: Callable[[int], Iterable[str]], years: Sequence[int | None], best: npt.NDArray[np.int64],
             vocabulary: Container[str]) -> dict[int, list[str]]:  # fmt: skip
    """The acronyms of the best-known items.

    Parameters
    ----------
    titles_of
        The titles of an item.
    years
        The year of each item, which gives the order of a series whose titles have no numbers.
    best
        The items, the most popular first; the rest has no acronyms if there are too many.
    vocabulary
        The words of the catalogue, of which compounds consist.

    Returns
    -------
    dict
        Item -> its acronyms.
    """
    split = _Compounds(vocabulary)
    found: dict[int, list[str]] = {}
    series: defaultdict[str, list[int]] = defaultdict(list)
    for item in best[:_MOST_ITEMS].tolist():
        its_own = dict.fromkeys(one for title in titles_of(item) for one in acronyms_of(title, split))
        if its_own:
            found[item] = list(its_own)
        for name in {name for title in titles_of(item) if (name := _series_of(title))}:
            series[name].append(item)
    for name, items in series.items():
        if len(items) < 2:
            continue
        dated = sorted((year, item) for item in items if (year := years[item]) is not None)
        place_of = {item: place for place, (_, item) in enumerate(dated, 1)} if len(dated) == len(items) else {}
        for item in items:
            for one in acronyms_of(name):
                numbered = [f"{one}{place_of[item]}"] if place_of and not one[-1].isdigit() else []
                known = found.setdefault(item, [])
                known += [other for other in (one, *numbered) if other not in known]
    return found


def acronyms_of(title: str, split: Splitter = lambda _: None) -> Iterator[str]:
    """The acronyms of one title: of all its words, of its parts, with and without small words.

    Examples
    --------
    >>> list(acronyms_of("Back to the Future"))
    ['bttf', 'btf', 'bf']
    >>> list(acronyms_of("Terminator 2"))
    ['t2']
    """
    parts = [part for one in _ENDS_PART.split(split_year(title)[0]) if (part := words(one))]
    whole = [word for part in parts for word in part]
    for run in [*parts, whole] if len(parts) > 1 else parts:
        yield from _initials(run, split)


def _initials(run: Sequence[str], split: Splitter) -> Iterator[str]:
    if not 1 < len(run) <= _MOST_WORDS and not (len(run) == 1 and split(run[0])):
        return
    without_article = run[1:] if run[0] in _ARTICLES else run
    inner_articles = [word for place, word in enumerate(without_article) if place == 0 or word not in _ARTICLES]
    without_small = [word for word in run if word not in _SMALL_WORDS]
    numbered = {place for place, word in enumerate(run[1:]) if number_of(word)}
    without_part = [word for place, word in enumerate(run) if not (word in _PARTS and place in numbered)]
    spellings = {word: (number_of(word) or word[0], word if word.isdigit() else word[0]) for word in run}
    compounds = {word: parts for word in run if (parts := split(word)) is not None}
    seen = set()
    for chosen in (run, without_article, inner_articles, without_small, without_part):
        written = ["".join(spellings[word][0] for word in chosen), "".join(spellings[word][1] for word in chosen)]
        if compounds:
            pairs = ((word, compounds.get(word)) for word in chosen)
            written.append("".join(spellings[word][0] if two is None else two[0][0] + two[1][0] for word, two in pairs))
        for letters in written:
            if 1 < len(letters) <= _LONGEST and not letters.isdigit() and letters not in seen and letters.isalnum():
                seen.add(letters)
                yield letters


def _series_of(title: str) -> str:
    """The part of a title that a whole series has, folded; empty if there is none, or it has a number."""
    found = _SERIES.match(split_year(title)[0])
    name = words(found["series"]) if found else []
    return "" if len(name) < 2 or any(number_of(word) for word in name) else " ".join(name)


class _Compounds:
    """Splits words that consist of two words of a vocabulary."""

    def __init__(self, vocabulary: Container[str]) -> None:
        self._vocabulary = vocabulary

    def __call__(self, word: str) -> tuple[str, str] | None:
        if not _SHORTEST_COMPOUND <= len(word) <= _LONGEST_WORD:
            return None
        for place in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            if word[:place] in self._vocabulary and word[place:] in self._vocabulary:
                return word[:place], word[place:]
        return None
