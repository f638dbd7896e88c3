"""The reading of a query: its words, what they match in a catalogue, and what was corrected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import groupby, pairwise

from engine.data.results import Correction
from engine.search.lexical.query_term import QueryTerm
from engine.search.lexical.stop_words import STOP_WORDS
from engine.search.lexical.synonyms import Synonyms
from engine.search.lexical.terms import ACRONYM, LONGEST_NAME, TermDictionary, tokens
from engine.search.lexical.variants import number_of
from engine.text.normalize import words

#: The weights of an acronym: where it is no word of the catalogue, and where it is a frequent one as well.
_AS_ACRONYM, _PERHAPS_ACRONYM = 1.0, 0.5
_LONGEST_ACRONYM = 10
_SYNONYM = 0.9
#: The number of queries whose terms and corrections are remembered.
_REMEMBERED = 64


class QueryReader:
    """Finds the terms of a catalogue that the words of a query match.

    Parameters
    ----------
    dictionary
        The words of the catalogue.
    synonyms
        Words that mean the same.
    """

    def __init__(self, dictionary: TermDictionary, synonyms: Synonyms | None = None) -> None:
        self._dictionary = dictionary
        self._synonyms = synonyms or Synonyms()
        # Each search needs the terms and the correction of its words several times: to find, to weigh and to explain.
        self._terms = lru_cache(maxsize=_REMEMBERED)(self._read_terms)
        self._corrected = lru_cache(maxsize=_REMEMBERED)(self._correct)

    def terms(self, query: str, literal: Collection[str] = ()) -> list[QueryTerm]:
        """The words of a query and their matches, without stop words and words that match nothing.

        Parameters
        ----------
        query
            Any text.
        literal
            Words that are not corrected.
        """
        return self._terms(query, frozenset(literal))

    def _read_terms(self, query: str, literal: frozenset[str]) -> list[QueryTerm]:
        query_tokens = list(dict.fromkeys(tokens(query)))
        query_words = words(query)
        last = query_words[-1] if query_words else ""
        beside = {
            word: (before, after)
            for before, word, after in zip(["", *query_words], query_words, [*query_words[1:], ""], strict=False)
        }
        initials = self._spaced_initials(query_words)
        in_initials = {letter for letters in initials for letter in letters}
        content = [word for word in query_tokens if word not in STOP_WORDS and word not in in_initials]
        terms = []
        for word in content or ([] if initials else query_tokens):
            before, after = beside.get(word, ("", ""))
            is_acronym = self._is_acronym(word) and word not in self._dictionary
            found = self._dictionary.matches(
                word, is_last=word == last, before=before, after=after, correct=word not in literal and not is_acronym
            )
            terms.append(QueryTerm(word, self._with_acronym(word, found.weights), correction=found.correction))
        if not any(term.matches for term in terms) and content:
            terms = [QueryTerm(word, {word: 1.0}) for word in query_tokens if word in self._dictionary]
        used = {term.typed: term.correction for term in terms if term.correction}
        return [
            *self._with_synonyms([term for term in terms if term.matches], query_words),
            *self._compounds(query_words),
            *self._names([used.get(word, word) for word in query_words]),
        ]

    def corrections(self, query: str, literal: Collection[str] = ()) -> tuple[Correction, ...]:
        """The words of a query that the catalogue does not have, and the words that are searched for instead."""
        meant = dict(zip(words(query), words(self.corrected(query, literal)), strict=False))
        found = []
        for term in self.terms(query, literal):
            used = meant.get(term.typed, term.typed)
            if used == term.typed:
                used = term.correction
            if used and used != term.typed:
                found.append(Correction(term.typed, used))
        return tuple(found)

    def unknown_words(self, query: str, literal: Collection[str] = ()) -> tuple[str, ...]:
        """The words of a query that no item has, and that nothing near replaces; stop words are none of them."""
        known = {word for term in self.terms(query, literal) for word in term.typed.split(" ")}
        query_words = dict.fromkeys(words(query))
        return tuple(word for word in query_words if word not in known and word not in STOP_WORDS)

    def corrected(self, query: str, literal: Collection[str] = ()) -> str:
        """The query with its misspelt words replaced by words of titles; all other words stay as typed."""
        return self._corrected(query, frozenset(literal))

    def _correct(self, query: str, literal: frozenset[str]) -> str:
        chunks = [(chunk, words(chunk)) for chunk in query.split()]
        corrected = typed = [word for _, its_words in chunks for word in its_words]
        for _ in range(2):  # twice, since a corrected neighbour may decide the correction of a word
            corrected = [
                word
                if word in STOP_WORDS or word in literal or self._is_acronym(word)
                else self._dictionary.corrected(word, before, after)
                for before, word, after in zip(["", *corrected], corrected, [*corrected[1:], ""], strict=False)
            ]
        if corrected == typed:
            return query
        rest = iter(corrected)
        parts = ((chunk, its_words, [next(rest) for _ in its_words]) for chunk, its_words in chunks)
        return " ".join(chunk if its_words == new else " ".join(new) for chunk, its_words, new in parts)

    def content_words(self, query: str) -> list[str]:
        """The distinct words of a query without stop words; all words if there are no others."""
        found = list(dict.fromkeys(words(query)))
        return [word for word in found if word not in STOP_WORDS] or found

    def _is_acronym(self, word: str) -> bool:
        return 1 < len(word) <= _LONGEST_ACRONYM and ACRONYM + word in self._dictionary

    def _with_acronym(self, word: str, matches: dict[str, float]) -> dict[str, float]:
        if self._is_acronym(word):
            weight = _PERHAPS_ACRONYM if self._dictionary.is_frequent(word) else _AS_ACRONYM
            return {**matches, ACRONYM + word: weight}
        return matches

    def _with_synonyms(self, terms: list[QueryTerm], query_words: Sequence[str]) -> list[QueryTerm]:
        """The terms with the synonyms of the words and phrases of a query."""
        for phrase, others in self._synonyms.of(query_words):
            matches = {other[0]: _SYNONYM for other in others if len(other) == 1 and other[0] in self._dictionary}
            phrases = tuple(
                other for other in others if len(other) > 1 and all(word in self._dictionary for word in other)
            )
            if len(phrase) == 1:
                own = next((term.matches for term in terms if term.typed == phrase[0]), {})
                matches = {**matches, **own}
            elif all(word in self._dictionary for word in phrase):
                phrases = (phrase, *phrases)
            if not matches and not phrases:
                continue
            terms = [term for term in terms if term.typed not in phrase]
            terms.append(QueryTerm(" ".join(phrase), matches, phrases))
        return terms

    def _compounds(self, query_words: Sequence[str]) -> list[QueryTerm]:
        """Terms for words that titles write as one, for words that titles write as two, and for spaced initials."""
        found = []
        for a, b in pairwise(query_words):
            if len(a) + len(b) > 4 and self._dictionary.is_in_titles(a + b):
                found.append(QueryTerm(f"{a} {b}", {a + b: 1.0}))
            number = number_of(b)
            if number is not None and number_of(a) is None and ACRONYM + a + number in self._dictionary:
                found.append(QueryTerm(f"{a} {b}", {ACRONYM + a + number: _AS_ACRONYM}))
        found += [QueryTerm(" ".join(one), {one: 1.0}) for one in self._spaced_initials(query_words)]
        for word in dict.fromkeys(query_words):
            if (parts := self._dictionary.split_compound(word)) is not None:
                found += [QueryTerm(word, {part: 1.0}) for part in parts if part not in STOP_WORDS]
        return found

    def _spaced_initials(self, query_words: Sequence[str]) -> list[str]:
        """The words of titles that a query spells with spaces, letter by letter: "mash" for "m a s h"."""
        runs = ("".join(run) for is_letter, run in groupby(query_words, key=_is_letter) if is_letter)
        return [letters for letters in runs if len(letters) > 1 and self._dictionary.is_in_titles(letters)]

    def _names(self, query_words: Sequence[str]) -> list[QueryTerm]:
        """Terms for the whole names of people: their words beside each other tell more than the same words apart."""
        found = []
        for length in range(2, min(LONGEST_NAME, len(query_words)) + 1):
            for start in range(len(query_words) - length + 1):
                name = " ".join(query_words[start : start + length])
                if name in self._dictionary:
                    found.append(QueryTerm(name, {name: 1.0}))
        return found


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isascii() and word.isalpha()
