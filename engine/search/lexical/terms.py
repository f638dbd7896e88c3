"""The words of a catalogue, and what a typed word may mean among them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.runtime.locked_property import locked_property
from engine.search.lexical.spelling import SpellingIndex
from engine.text.normalize import words

#: How many longer words a half-typed one may stand for, and near words a misspelt one.
_PREFIXED, _CORRECTED = 24, 6
#: What a word counts that is not the typed one.
_OTHER_NUMERAL, _OTHER_FORM, _LONGER, _LONGER_TOO = 0.8, 0.8, 0.8, 0.3
_CORRECTION = {1: 0.8, 2: 0.6}
_DOUBTFUL = 0.4
#: A word that no title has and no more texts than this may be misspelt, too.
_RARE = 2
#: A title's word in so many items is meant by what is written nearly so, whatever stands beside it.
_FREQUENT = 5
_LONGEST_WORD = 40
_IDEOGRAPH = re.compile("[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_NUMERALS = (
    ("1", "i", "one", "1st", "first"),
    ("2", "ii", "two", "2nd", "second"),
    ("3", "iii", "three", "3rd", "third"),
    ("4", "iv", "four", "4th", "fourth"),
    ("5", "v", "five", "5th", "fifth"),
    ("6", "vi", "six", "6th", "sixth"),
    ("7", "vii", "seven", "7th", "seventh"),
    ("8", "viii", "eight", "8th", "eighth"),
    ("9", "ix", "nine", "9th", "ninth"),
    ("10", "x", "ten", "10th", "tenth"),
    ("11", "xi", "eleven"),
    ("12", "xii", "twelve"),
    ("13", "xiii", "thirteen"),
)
_SPELLINGS: Mapping[str, tuple[str, ...]] = {spelling: spellings for spellings in _NUMERALS for spelling in spellings}
_NUMBERS = {roman: number for number, roman, *_ in _NUMERALS}


def tokens(text: str) -> list[str]:
    """The folded words of a text; of Chinese and Japanese, which has no spaces, each character and each pair of them.

    Examples
    --------
    >>> tokens("Your Name 君の名")
    ['your', 'name', '君', 'の', '名', '君の', 'の名']
    """
    found = words(text)
    if text.isascii() or not _IDEOGRAPH.search(text):
        return found
    return found + [a + b for a, b in pairwise(found) if _is_ideograph(a) and _is_ideograph(b)]


def with_numbers(key: str) -> str:
    """A folded title with Roman numerals as numbers, "godfather part ii" as "godfather part 2"; a first word stays."""
    first, *rest = key.split(" ")
    return " ".join([first, *(_NUMBERS.get(word, word) for word in rest)])


class TermDictionary:
    """What typed words mean among the words of a catalogue.

    Parameters
    ----------
    numbering
        Every word and its number.
    in_items
        In how many items each word occurs, by number.
    in_titles
        In how many titles.
    titles
        The words of all titles, with a space before and behind each word and a line end between titles.
    """

    def __init__(
        self,
        numbering: Mapping[str, int],
        in_items: npt.NDArray[np.int64],
        in_titles: npt.NDArray[np.int64],
        titles: str,
    ) -> None:
        self._numbering = numbering
        self._in_items, self._in_titles = in_items, in_titles
        self._titles = titles

    def __contains__(self, word: str) -> bool:
        return word in self._numbering

    def meanings(self, word: str, *, is_last: bool) -> dict[str, float]:
        """Words of the catalogue that a typed word may mean, and what each counts; empty if there are none.

        The word itself counts 1, another spelling of a numeral less. The last word of a query may be half typed. A word
        that is not there is corrected to the nearest words that are, those of titles first.
        """
        known = self._numbering.get(word)
        meant: dict[str, float] = {} if known is None else {word: 1.0}
        for spelling in _SPELLINGS.get(word, ()):
            if spelling in self._numbering:
                meant.setdefault(spelling, _OTHER_NUMERAL)
        for form in _forms(word):
            if form in self._numbering:
                meant.setdefault(form, _OTHER_FORM)
        in_title = known is not None and self._in_titles[known] > 0
        if is_last and not word.isdigit():
            for longer in self._longer(word):
                meant.setdefault(longer, _LONGER_TOO if in_title else _LONGER)
        if known is None:
            # What it may be the beginning of may be rarer than what it may be misspelt for: "poter" of "potere".
            seen = sum(int(self._in_items[self._numbering[one]]) for one in meant)
            for near, distance in self._near(word):
                if self._in_items[self._numbering[near]] > seen:
                    meant.setdefault(near, _CORRECTION[distance])
            return meant
        if known is not None and not in_title and self._in_items[known] <= _RARE:
            meant |= {
                near: _DOUBTFUL for near, distance in self._near(word) if distance == 1 and self.is_in_titles(near)
            }
        return meant

    def corrected(self, word: str, before: str, after: str) -> str:
        """A word as it was probably meant: itself, or what is written nearly so and stands in titles.

        Parameters
        ----------
        word
            As it was typed, folded.
        before, after
            Its neighbours; empty where there is none. What titles have beside them is what was meant.
        """
        number = self._numbering.get(word)
        if word.isdigit() or word in _SPELLINGS or any(form in self._numbering for form in _forms(word)):
            return word
        if number is not None and (self._in_titles[number] or self._in_items[number] > _RARE):
            return word
        near = [one for one, _ in self._near(word, least=3) if self.is_in_titles(one)]
        for one in near:
            if (before and f" {before} {one} " in self._titles) or (after and f" {one} {after} " in self._titles):
                return one
        is_half_typed = not after and any(map(self.is_in_titles, self._longer(word)))
        if number is not None or is_half_typed or len(word) < 4:
            return word
        return next((one for one in near if self._in_items[self._numbering[one]] >= _FREQUENT), word)

    def apart(self, word: str) -> tuple[str, str] | None:
        """The two words that titles write in place of a rare one: "spider", "man" for "spiderman"."""
        number = self._numbering.get(word)
        if number is not None and self._in_items[number] > _RARE:
            return None
        for place in range(2, len(word) - 1) if len(word) <= _LONGEST_WORD else ():
            a, b = word[:place], word[place:]
            if self.is_in_titles(a) and self.is_in_titles(b) and f" {a} {b} " in self._titles:
                return a, b
        return None

    def is_in_titles(self, word: str) -> bool:
        """Whether a title has this word."""
        number = self._numbering.get(word)
        return number is not None and bool(self._in_titles[number])

    def _longer(self, word: str) -> list[str]:
        """Longer words that begin so, the most frequent first; those of titles if there are any."""
        if len(word) < 2 or _is_ideograph(word[0]):
            return []
        for vocabulary in (
            (self._sorted_title_words, self._sorted_words) if len(word) > 2 else (self._sorted_title_words,)
        ):
            start = bisect_left(vocabulary, word)
            end = bisect_left(vocabulary, word + "\U0010ffff", start)
            if found := [one for one in vocabulary[start:end] if one != word]:
                return sorted(found, key=lambda one: -self._in_items[self._numbering[one]])[:_PREFIXED]
        return []

    def _near(self, word: str, least: int = 4) -> list[tuple[str, int]]:
        """The nearest words and their distances, the most frequent first; those of titles if there are any.

        Words shorter than ``least`` have none: too many are near to them.
        """
        most = 0 if len(word) < least or word.isdigit() else 1 if len(word) < 7 else 2
        for in_titles in (True, False) if most else ():
            if found := (self._title_spellings if in_titles else self._all_spellings).near(word, most):
                nearest = min(distance for _, distance in found)
                found = [pair for pair in found if pair[1] == nearest]
                return sorted(found, key=lambda pair: -self._in_items[self._numbering[pair[0]]])[:_CORRECTED]
        return []

    @locked_property
    def _sorted_words(self) -> list[str]:
        return sorted(self._numbering)

    @locked_property
    def _sorted_title_words(self) -> list[str]:
        return sorted(word for word, number in self._numbering.items() if self._in_titles[number])

    @locked_property
    def _title_spellings(self) -> SpellingIndex:
        return SpellingIndex(self._sorted_title_words)

    @locked_property
    def _all_spellings(self) -> SpellingIndex:
        return SpellingIndex(self._sorted_words)


def _forms(word: str) -> list[str]:
    """Singular and plural of an English noun, whichever it is not; most are words that do not exist."""
    if len(word) < 4 or not word.isascii() or word.isdigit():
        return []
    if word.endswith("ies"):
        return [word[:-3] + "y", word[:-1]]
    if word.endswith("s"):
        return [] if word.endswith("ss") else [word[:-1], word[:-2]] if word.endswith("es") else [word[:-1]]
    if word.endswith("y"):
        return [word[:-1] + "ies", word + "s"]
    return [word + "es"] if word.endswith(("x", "ch", "sh")) else [word + "s"]


def _is_ideograph(word: str) -> bool:
    return len(word) == 1 and _IDEOGRAPH.match(word) is not None
