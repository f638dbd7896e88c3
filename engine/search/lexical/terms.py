"""The words of a catalogue, and which of them a typed word matches."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.runtime.locked_property import locked_property
from engine.search.lexical.real_words import is_real_word
from engine.search.lexical.romanisation import RomanisedWords
from engine.search.lexical.spelling import SpellingIndex
from engine.search.lexical.stop_words import STOP_WORDS
from engine.search.lexical.variants import NUMERALS, forms, look_alikes, regional
from engine.text.normalize import words

#: The most longer words that a half-typed word matches, and the most corrections of a misspelt word.
_MAX_LONGER, _MAX_CORRECTIONS = 24, 6
#: The weights of matches that differ from the typed word: another numeral, another grammatical form, the British or
#: American spelling, a much more frequent romanisation, a longer word, and a longer word where the typed word is itself
#: in a title.
_OTHER_NUMERAL, _OTHER_FORM, _REGIONAL, _ROMANISED = 0.8, 0.8, 0.9, 0.8
_LONGER, _LONGER_OF_TITLE_WORD = 0.8, 0.3
#: The weights of corrections by their number of edits, and of corrections of a rare word of the catalogue.
_CORRECTION = {1: 0.8, 2: 0.6}
_RARE_WORD_CORRECTION = 0.4
#: A word that is in no title and in at most this many items is rare, and may be misspelt itself.
_RARE = 2
#: A word that is in at least this many items is a valid correction without support by neighbouring words, and so is one
#: by which an item of at least the popularity ``_WELL_KNOWN`` is meant.
_FREQUENT = 5
#: How many times as many items must have another romanisation of a word that few items have.
_MUCH_MORE_FREQUENT = 10
#: A correction of the first letter, which is seldom mistyped, needs an item of at least this popularity.
_WELL_KNOWN = 0.6
#: Too many words resemble one of fewer letters ("coen" is not "con"): it is no correction unless it stands beside a
#: neighbour in a title.
_SHORTEST_CORRECTION = 4
_LONGEST_WORD = 40
#: The number of words of which the corrections are remembered.
_REMEMBERED = 1024
#: The mark before an acronym among the terms of a catalogue: it is no word, and only found as a whole.
ACRONYM = " "
#: The most words of a name that is a term of its own, with spaces in it.
LONGEST_NAME = 4
_IDEOGRAPH = re.compile("[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


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


@dataclass(frozen=True, slots=True)
class Matches:
    """The words of a catalogue that a typed word matches.

    Attributes
    ----------
    weights
        The words and their weights; empty if there are none.
    correction
        The likeliest of the words if they are corrections of a misspelt word; otherwise empty.
    """

    weights: dict[str, float] = field(default_factory=dict)
    correction: str = ""


class TermDictionary:
    """Matches typed words with the words of a catalogue.

    Parameters
    ----------
    term_ids
        The number of each term of the catalogue. Terms with a space in them are not words, and never matched.
    in_items
        The number of items that contain each word, shape (num_words,).
    in_titles
        The number of titles that contain each word, shape (num_words,). The names of people count as titles here.
    titles
        The words of all titles, with a space before and after each word and a line break between titles.
    popularity
        The popularity, from 0 to 1, of the best-known item that a word stands for; None if nothing is known of it.
    """

    def __init__(
        self,
        term_ids: Mapping[str, int],
        in_items: npt.NDArray[np.int64],
        in_titles: npt.NDArray[np.int64],
        titles: str,
        popularity: Callable[[str], float] | None = None,
    ) -> None:
        self._term_ids = term_ids
        self._in_items, self._in_titles = in_items, in_titles
        self._titles = titles
        self._popularity = popularity
        # Who types on sends the same words again with every letter. To look for similar words and for neighbours in all
        # titles takes milliseconds.
        self._corrections = lru_cache(maxsize=_REMEMBERED)(self._find_corrections)
        self._stands_beside = lru_cache(maxsize=_REMEMBERED)(self._is_beside)

    def __contains__(self, word: str) -> bool:
        return word in self._term_ids

    def matches(self, word: str, *, is_last: bool, before: str = "", after: str = "", correct: bool = True) -> Matches:
        """The words of the catalogue that a typed word matches, with their weights.

        The word itself has weight 1; other spellings of a numeral, other grammatical forms, the spelling of the other
        side of the Atlantic and other romanisations have less. The last word of a query may be half typed, so it also
        matches longer words. A word that the catalogue does not have is corrected to the words with the smallest edit
        distance, preferably words of titles, unless titles write it as two words.

        Parameters
        ----------
        word
            The word as it was typed, folded.
        is_last
            Whether it is the last word of the query.
        before, after
            The words beside it in the query, or empty strings.
        correct
            Whether a word that the catalogue does not have is corrected.
        """
        number = self._term_ids.get(word)
        found: dict[str, float] = {} if number is None else {word: 1.0}
        for weight, spellings in (
            (_OTHER_NUMERAL, NUMERALS.get(word, ())),
            (_OTHER_FORM, forms(word)),
            (_REGIONAL, regional(word)),
            (1.0, look_alikes(word)),
        ):
            for spelling in spellings:
                if spelling in self._term_ids:
                    found.setdefault(spelling, weight)
        in_title = number is not None and self._in_titles[number] > 0
        is_rare = number is None or (not in_title and self._in_items[number] <= _RARE)
        if number is not None and self._in_items[number] <= _FREQUENT:
            for spelling in self._romanised_words.same(word):  # "shonen" where nearly all titles have "shounen"
                frequent = self._in_items[self._term_ids[spelling]] >= _MUCH_MORE_FREQUENT * self._in_items[number]
                if frequent and len(spelling) >= _SHORTEST_CORRECTION:
                    found.setdefault(spelling, _ROMANISED)
        has_other_spelling = number is None and len(found) > 0
        if is_last and not word.isdigit():
            for longer in self._longer(word):
                found.setdefault(longer, _LONGER_OF_TITLE_WORD if in_title else _LONGER)
        if not correct or not is_rare or has_other_spelling:
            return Matches(found)
        if number is not None:
            found |= {
                correction: _RARE_WORD_CORRECTION
                for correction, distance in self._corrections(word)
                if distance == 1 and self.is_in_titles(correction)
            }
            return Matches(found)
        if self.split_compound(word) is not None:
            return Matches(found)
        # A correction counts only if it is more frequent than all matches so far: "poter" is the beginning of
        # "potere", but more likely a misspelt "potter".
        frequency = sum(int(self._in_items[self._term_ids[one]]) for one in found)
        corrections = {
            correction: _CORRECTION[distance]
            for correction, distance in self._corrections(word, before, after)
            if self._in_items[self._term_ids[correction]] > frequency
        }
        return Matches(corrections | found, next(iter(corrections), ""))

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
        if word.isdigit() or word in NUMERALS or any(form in self._term_ids for form in forms(word)):
            return word
        if number is not None and (self._in_titles[number] or self._in_items[number] > _RARE):
            return word
        if number is None and self._has_other_spelling(word):
            return word
        corrections = [one for one, _ in self._corrections(word, before, after, min_length=3) if self.is_in_titles(one)]
        beside = (before, after) if number is None else _telling(before, after)
        for one in corrections:
            if self._stands_beside(one, *beside):
                return one
        is_half_typed = not after and any(map(self.is_in_titles, self._longer(word)))
        if number is not None or is_half_typed or len(word) < 4:
            return word
        return next((one for one in corrections if self._is_usual(one)), word)

    def split_compound(self, word: str) -> tuple[str, str] | None:
        """The two adjacent title words that a rare word consists of: "spider", "man" for "spiderman"; else None.

        One of them may be a single letter, as in "walle", if no item has the word itself.
        """
        number = self._term_ids.get(word)
        if number is not None and self._in_items[number] > _RARE:
            return None
        shortest = 1 if number is None else 2
        for place in range(shortest, len(word) - shortest + 1) if 3 < len(word) <= _LONGEST_WORD else ():
            a, b = word[:place], word[place:]
            if self.is_in_titles(a) and self.is_in_titles(b) and f" {a} {b} " in self._titles:
                return a, b
        return None

    def is_in_titles(self, word: str) -> bool:
        """Whether any title contains this word."""
        number = self._term_ids.get(word)
        return number is not None and bool(self._in_titles[number])

    def is_frequent(self, word: str) -> bool:
        """Whether a word is in a title, or in many items."""
        number = self._term_ids.get(word)
        return number is not None and bool(self._in_titles[number] or self._in_items[number] >= _FREQUENT)

    def _is_usual(self, word: str) -> bool:
        """Whether many items have a word, or a well-known one is meant by it."""
        if self._in_items[self._term_ids[word]] >= _FREQUENT:
            return True
        return self._popularity is not None and self._popularity(word) >= _WELL_KNOWN

    def _has_other_spelling(self, word: str) -> bool:
        spellings = (*regional(word), *look_alikes(word))
        return any(one in self._term_ids for one in spellings) or self.split_compound(word) is not None

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

    def _find_corrections(
        self, word: str, before: str = "", after: str = "", min_length: int = 4
    ) -> list[tuple[str, int]]:
        """The words with the smallest edit distance and that distance, the likeliest first.

        Those that stand beside a neighbour in a title come first, the nearest of them before others, then other
        romanisations of the word, which count as one edit, then those with the same letters in another order, since
        letters are swapped more often than others are typed for them (Kernighan, Church and Gale, 1990), then the most
        frequent. Words of texts are returned only if no word of a title is close enough. A word with fewer than
        ``min_length`` letters has no corrections, since too many words resemble it. A word that is real is no misspelt
        one, unless what it would be corrected to stands beside a neighbour in a title: "finding memo".
        """
        max_edits = 0 if len(word) < min_length or word.isdigit() else 1 if len(word) < 7 else 2
        is_real = is_real_word(word)
        for in_titles in (True, False) if max_edits else ():
            same = self._romanised_words.same(word) if in_titles else []
            similar = (self._title_spellings if in_titles else self._all_spellings).similar(word, max_edits)
            similar = [*((one, 1) for one in same), *(pair for pair in similar if pair[0] not in same)]
            supported = {one for one, _ in similar if self._stands_beside(one, before, after)} if similar else set()
            # Beside "the" nearly any word stands in a title.
            telling = supported and {one for one in supported if self._stands_beside(one, *_telling(before, after))}
            found = [
                (one, distance)
                for one, distance in similar
                if one not in STOP_WORDS or sorted(one) == sorted(word)  # "teh" is "the", but "cour" is not "your"
                if one in telling or len(one) >= _SHORTEST_CORRECTION
                if one in telling or one in same or not is_real
                if one in supported or one in same or self._is_likely(word, one, distance, in_titles)
            ]
            if found:
                nearest = min(distance for _, distance in found)
                found = [pair for pair in found if pair[1] == nearest or pair[0] in supported]
                found.sort(key=lambda pair: -self._in_items[self._term_ids[pair[0]]])
                swapped = {one for one, _ in found if sorted(one) == sorted(word)}
                found.sort(
                    key=lambda pair: (pair[0] not in supported, pair[1], pair[0] not in same, pair[0] not in swapped)
                )
                return found[:_MAX_CORRECTIONS]
        return []

    def _is_likely(self, word: str, correction: str, distance: int, in_titles: bool) -> bool:
        """Whether a word may be meant by a misspelt one, as far as the two of them tell.

        The first letter is seldom mistyped, and two edits easily make another word: a name that the catalogue does not
        have must not become a word that only resembles it ("kubrick" is not "brick").
        """
        same_start = word[0] == correction[0] or word[1::-1] == correction[:2]
        if distance > 1:
            is_close = same_start and abs(len(word) - len(correction)) < distance
            return is_close and (in_titles or self.is_frequent(correction))
        if same_start or self._popularity is None:
            return True
        return in_titles and self._popularity(correction) >= _WELL_KNOWN

    def _is_beside(self, word: str, before: str, after: str) -> bool:
        """Whether a title has this word after the one, or before the other."""
        return bool(
            (before and f" {before} {word} " in self._titles) or (after and f" {word} {after} " in self._titles)
        )

    @locked_property
    def _sorted_words(self) -> list[str]:
        return sorted(word for word in self._term_ids if " " not in word)

    @locked_property
    def _sorted_title_words(self) -> list[str]:
        return [word for word in self._sorted_words if self._in_titles[self._term_ids[word]]]

    @locked_property
    def _title_spellings(self) -> SpellingIndex:
        return SpellingIndex(self._sorted_title_words)

    @locked_property
    def _all_spellings(self) -> SpellingIndex:
        return SpellingIndex([word for word in self._sorted_words if word])

    @locked_property
    def _romanised_words(self) -> RomanisedWords:
        frequent_first = sorted(self._sorted_title_words, key=lambda word: -self._in_items[self._term_ids[word]])
        return RomanisedWords(frequent_first)


def _telling(before: str, after: str) -> tuple[str, str]:
    """The neighbours of a word, empty instead of those that stand beside nearly any word."""
    return "" if before in STOP_WORDS else before, "" if after in STOP_WORDS else after


def _is_ideograph(word: str) -> bool:
    return len(word) == 1 and _IDEOGRAPH.match(word) is not None
