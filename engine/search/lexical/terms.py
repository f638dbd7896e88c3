"""The words of a catalogue, and which of them a typed word matches."""

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

#: The most longer words that a half-typed word matches, and the most corrections of a misspelt word.
_MAX_LONGER, _MAX_CORRECTIONS = 24, 6
#: The weights of matches that differ from the typed word: another numeral, another grammatical form, a longer word, and
#: a longer word where the typed word is itself in a title.
_OTHER_NUMERAL, _OTHER_FORM, _LONGER, _LONGER_OF_TITLE_WORD = 0.8, 0.8, 0.8, 0.3
#: The weights of corrections by their number of edits, and of corrections of a rare word of the catalogue.
_CORRECTION = {1: 0.8, 2: 0.6}
_RARE_WORD_CORRECTION = 0.4
#: A word that is in no title and in at most this many items is rare, and may be misspelt itself.
_RARE = 2
#: A title word that is in at least this many items is a valid correction without support by neighbouring words.
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
    """The folded words of a text; Chinese and Japanese text gives each character and each pair of characters.

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
    """Replace Roman numerals in a folded title by numbers, except in its first word: "part ii" becomes "part 2"."""
    first, *rest = key.split(" ")
    return " ".join([first, *(_NUMBERS.get(word, word) for word in rest)])


class TermDictionary:
    """Matches typed words with the words of a catalogue.

    Parameters
    ----------
    term_ids
        The number of each word of the catalogue.
    in_items
        The number of items that contain each word, shape (num_words,).
    in_titles
        The number of titles that contain each word, shape (num_words,).
    titles
        The words of all titles, with a space before and after each word and a line break between titles.
    """

    def __init__(
        self,
        term_ids: Mapping[str, int],
        in_items: npt.NDArray[np.int64],
        in_titles: npt.NDArray[np.int64],
        titles: str,
    ) -> None:
        self._term_ids = term_ids
        self._in_items, self._in_titles = in_items, in_titles
        self._titles = titles

    def __contains__(self, word: str) -> bool:
        return word in self._term_ids

    def matches(self, word: str, *, is_last: bool) -> dict[str, float]:
        """The words of the catalogue that a typed word matches, with their weights; empty if there are none.

        The word itself has weight 1; other spellings of a numeral and other grammatical forms have less. The last word
        of a query may be half typed, so it also matches longer words. A word that the catalogue does not have is
        corrected to the words with the smallest edit distance, preferably words of titles.
        """
        number = self._term_ids.get(word)
        found: dict[str, float] = {} if number is None else {word: 1.0}
        for spelling in _SPELLINGS.get(word, ()):
            if spelling in self._term_ids:
                found.setdefault(spelling, _OTHER_NUMERAL)
        for form in _forms(word):
            if form in self._term_ids:
                found.setdefault(form, _OTHER_FORM)
        in_title = number is not None and self._in_titles[number] > 0
        if is_last and not word.isdigit():
            for longer in self._longer(word):
                found.setdefault(longer, _LONGER_OF_TITLE_WORD if in_title else _LONGER)
        if number is None:
            # A correction counts only if it is more frequent than all matches so far: "poter" is the beginning of
            # "potere", but more likely a misspelt "potter".
            frequency = sum(int(self._in_items[self._term_ids[one]]) for one in found)
            for correction, distance in self._corrections(word):
                if self._in_items[self._term_ids[correction]] > frequency:
                    found.setdefault(correction, _CORRECTION[distance])
            return found
        if not in_title and self._in_items[number] <= _RARE:
            found |= {
                correction: _RARE_WORD_CORRECTION
                for correction, distance in self._corrections(word)
                if distance == 1 and self.is_in_titles(correction)
            }
        return found

    def corrected(self, word: str, before: str, after: str) -> str:
        """The most likely correction of a word by a word of titles, or the word itself if none is likely.

        Parameters
        ----------
        word
            The word as it was typed, folded.
        before, after
            The words beside it in the query, or empty strings. A correction that stands beside one of them in a title
            is preferred.
        """
        number = self._term_ids.get(word)
        if word.isdigit() or word in _SPELLINGS or any(form in self._term_ids for form in _forms(word)):
            return word
        if number is not None and (self._in_titles[number] or self._in_items[number] > _RARE):
            return word
        corrections = [one for one, _ in self._corrections(word, min_length=3) if self.is_in_titles(one)]
        for one in corrections:
            if (before and f" {before} {one} " in self._titles) or (after and f" {one} {after} " in self._titles):
                return one
        is_half_typed = not after and any(map(self.is_in_titles, self._longer(word)))
        if number is not None or is_half_typed or len(word) < 4:
            return word
        return next((one for one in corrections if self._in_items[self._term_ids[one]] >= _FREQUENT), word)

    def split_compound(self, word: str) -> tuple[str, str] | None:
        """The two adjacent title words that a rare word consists of: "spider", "man" for "spiderman"; else None."""
        number = self._term_ids.get(word)
        if number is not None and self._in_items[number] > _RARE:
            return None
        for place in range(2, len(word) - 1) if len(word) <= _LONGEST_WORD else ():
            a, b = word[:place], word[place:]
            if self.is_in_titles(a) and self.is_in_titles(b) and f" {a} {b} " in self._titles:
                return a, b
        return None

    def is_in_titles(self, word: str) -> bool:
        """Whether any title contains this word."""
        number = self._term_ids.get(word)
        return number is not None and bool(self._in_titles[number])

    def _longer(self, word: str) -> list[str]:
        """Longer words with this prefix, the most frequent first: words of titles, or of texts if titles have none."""
        if len(word) < 2 or _is_ideograph(word[0]):
            return []
        for sorted_words in (
            (self._sorted_title_words, self._sorted_words) if len(word) > 2 else (self._sorted_title_words,)
        ):
            start = bisect_left(sorted_words, word)
            end = bisect_left(sorted_words, word + "\U0010ffff", start)
            if found := [one for one in sorted_words[start:end] if one != word]:
                return sorted(found, key=lambda one: -self._in_items[self._term_ids[one]])[:_MAX_LONGER]
        return []

    def _corrections(self, word: str, min_length: int = 4) -> list[tuple[str, int]]:
        """The words with the smallest edit distance and that distance, the most frequent first.

        Words of texts are returned only if no word of a title is close enough. A word with fewer than ``min_length``
        letters has no corrections, since too many words resemble it.
        """
        max_edits = 0 if len(word) < min_length or word.isdigit() else 1 if len(word) < 7 else 2
        for in_titles in (True, False) if max_edits else ():
            if found := (self._title_spellings if in_titles else self._all_spellings).similar(word, max_edits):
                nearest = min(distance for _, distance in found)
                found = [pair for pair in found if pair[1] == nearest]
                return sorted(found, key=lambda pair: -self._in_items[self._term_ids[pair[0]]])[:_MAX_CORRECTIONS]
        return []

    @locked_property
    def _sorted_words(self) -> list[str]:
        return sorted(self._term_ids)

    @locked_property
    def _sorted_title_words(self) -> list[str]:
        return sorted(word for word, number in self._term_ids.items() if self._in_titles[number])

    @locked_property
    def _title_spellings(self) -> SpellingIndex:
        return SpellingIndex(self._sorted_title_words)

    @locked_property
    def _all_spellings(self) -> SpellingIndex:
        return SpellingIndex(self._sorted_words)


def _forms(word: str) -> list[str]:
    """The plural of a singular English noun or the singular of a plural one; candidates that may not exist."""
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
