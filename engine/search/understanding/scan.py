"""What may be a condition at each place of a query."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np

from engine.search.understanding.candidate import Candidate
from engine.search.understanding.comparisons import match_comparison
from engine.search.understanding.known_titles import KnownTitles
from engine.search.understanding.makers import match_credit, match_maker, match_name
from engine.search.understanding.negation import Negated, match_negation
from engine.search.understanding.quantities import match_quantity
from engine.search.understanding.requests import match_order, match_place, match_stress
from engine.search.understanding.tokens import FILLERS, word_set
from engine.search.understanding.vocabulary import Vocabulary
from engine.search.understanding.words import Words
from engine.search.understanding.years import match_bare_year, match_years

#: Words before a year that is a subject, such as "london in 1940".
_NOT_BEFORE_YEAR = word_set("in of during about around to set the since until year under over than")
#: Adjectives of what is almost always in English.
_MOSTLY_ENGLISH = word_set("american hollywood")


class Scan:
    """Looks for conditions in one query.

    Parameters
    ----------
    text, words
        The query and its words.
    vocabulary
        What they can mean in the catalogue.
    titles
        The titles of the catalogue, whose words are no conditions.
    like
        The row of the item that results should resemble, with which comparatives compare; None if there is none.
    """

    def __init__(
        self, text: str, words: Words, vocabulary: Vocabulary, titles: KnownTitles, like: int | None = None
    ) -> None:
        self._text = text
        self.words = words
        self._vocabulary = vocabulary
        self._titles = titles
        self._like = like
        self._phrases: dict[int, Candidate | None] = {}

    def phrase(self, start: int) -> Candidate | None:
        """The longest candidate that begins at a word; None if there is none."""
        if start not in self._phrases:
            self._phrases[start] = self._phrase(start)
        return self._phrases[start]

    def _phrase(self, start: int) -> Candidate | None:
        words, columns = self.words, self._vocabulary.columns
        if not words[start]:
            return None
        found = [
            one
            for one in (
                match_order(words, start, columns),
                match_comparison(words, start, columns, self._titles, self._like),
                match_stress(words, start),
                match_years(words, start, columns),
                match_quantity(words, start, columns),
                match_place(words, start, self._vocabulary),
                match_maker(words, start, self._vocabulary),
                self._vocabulary.find(words.plain, start),
            )
            if one is not None and not _is_broken(one, words)
        ]
        return max(found, key=lambda one: one.end, default=None)

    def origin(self, start: int) -> Candidate | None:
        """Who made the items that a negation excludes, or where: "by hitchcock", "from france"; None if no such word.

        A noun behind the name would make both a part of a subject.
        """
        words = self.words
        found = match_place(words, start, self._vocabulary, is_of_items=True)
        found = found or match_credit(words, start, self._vocabulary)
        if found is None or _is_broken(found, words):
            return None
        is_last = words.breaks(found.end) or words.tokens[found.end].is_stop
        return found if is_last or self.phrase(found.end) is not None else None

    def excluded(self, start: int) -> Candidate | None:
        """What a negation excludes that names no origin: as :meth:`phrase`, but "english" is the language.

        Where a catalogue has languages and no countries, "not american" excludes what is in English: the most of what
        is meant, and without it nothing would be excluded.
        """
        found = self.phrase(start)
        is_english = self.words[start] == "english"
        if not is_english and not (self.words[start] in _MOSTLY_ENGLISH and self._vocabulary.has_languages_only):
            return found
        if found is not None and found.end > start + 1:
            return found
        english = self._vocabulary.english
        return found if english is None else english.at(start, start + 1)

    def name(self, start: int) -> Candidate | None:
        """The name of a person or a maker that begins at a word; None if none does."""
        found = match_name(self.words, start, self._vocabulary)
        return None if found is None or _is_broken(found, self.words) else found

    def all(self, skipped: range) -> tuple[list[Candidate], list[Negated]]:
        """All candidates and all negations of the query, which do not overlap.

        Parameters
        ----------
        skipped
            The places of words that have a meaning already.
        """
        candidates: list[Candidate] = []
        negated: list[Negated] = []
        place = 0
        while place < len(self.words):
            if place in skipped:
                place = skipped.stop
            elif excluded := match_negation(
                self.words,
                place,
                self,
                is_of_items=any(place == each[-1].end for each in (candidates, negated) if each),
            ):
                negated += excluded
                place = excluded[-1].end
            elif (found := self._candidate(place, candidates)) is not None:
                candidates.append(found)
                place = found.end
            else:
                place += 1
        candidates, negated = self._with_kind(candidates, negated)
        spans = [(one.start, one.end) for one in candidates] + [(one.start, one.end) for one in negated]
        owned = {place for start, end in spans for place in range(start, end)}
        others = [place for place in range(len(self.words)) if place not in owned and place not in skipped]
        subject = [self.words.tokens[place].word for place in others if not self.words.tokens[place].is_stop]
        candidates = [one for one in candidates if one.role != "year" or self._is_year(one, subject)]
        return (
            [one for one in candidates if not self._titles.joins(self.words.tokens, one.start, one.end, owned)],
            [one for one in negated if not self._is_of_title(one, owned)],
        )

    def _candidate(self, place: int, before: Sequence[Candidate]) -> Candidate | None:
        """What may be a condition at a place; behind another one "from japan" is said of items."""
        if (found := self.phrase(place) or self._bare_year(place)) is not None:
            return found
        if not before or before[-1].end != place or before[-1].role != "explicit" or not self.words[place]:
            return None
        found = match_place(self.words, place, self._vocabulary, is_of_items=True)
        return None if found is None or _is_broken(found, self.words) else found

    def _with_kind(self, candidates: list[Candidate], negated: list[Negated]) -> tuple[list[Candidate], list[Negated]]:
        """The candidates and negations, of which the kind that a leading "no" or "not" excludes a part of is asked for.

        "No horror series" asks for other series, as "non-horror series" does. Where another noun says what is wanted,
        or words to search for stand before it, the exclusion names what is unwanted and nothing else: "comedies, no
        horror series".
        """
        of_kinds = [one for one in negated if one.kind is not None]
        if len(of_kinds) != 1 or any(one.is_head for one in candidates):
            return candidates, negated
        (one,) = of_kinds
        start = min(each.start for each in negated)
        owned = {place for each in candidates for place in range(each.start, each.end)}
        is_first = all(place in owned or self.words[place] in FILLERS for place in range(start))
        if one.kind is None or self.words[start] not in ("no", "not") or not is_first:
            return candidates, negated
        kind, left = one.kind, []
        for each in negated:
            if each.start == kind.end and (other := each.alternative_to(kind)) is not None:
                kind = kind.joined(other)  # "no horror series or films"
            else:
                left.append(each.without_kind())
        return sorted([*candidates, kind], key=lambda each: each.start), left

    def _is_of_title(self, one: Negated, owned: Container[int]) -> bool:
        """Whether a negation is a part of a title: "eyes without a face", "no country for"."""
        titles, tokens = self._titles, self.words.tokens
        ends = {one.end} if one.before_noun is None else {one.end, one.before_noun}
        return titles.joins(tokens, one.start, one.end, owned) or any(
            titles.negate(self._text, tokens, one.start, end) for end in ends
        )

    def _bare_year(self, place: int) -> Candidate | None:
        """A number that is a year and no title, beside other words; before a noun for items it is nothing else."""
        words = self.words
        if len(words) == 1 or self._titles.is_well_known([words[place]]):
            return None
        is_after_mark = place > 0 and words.breaks(place)
        if not (is_after_mark or words.breaks(place + 1)) and words.is_head(place + 1):
            found = match_bare_year(words, place, self._vocabulary.columns)
            return None if found is None else replace(found, role="explicit")
        if words[place - 1] in _NOT_BEFORE_YEAR:
            return None
        return match_bare_year(words, place, self._vocabulary.columns)

    def _is_year(self, found: Candidate, subject: Sequence[str]) -> bool:
        """Whether a number is the year of items: "batman 1989", but not "berlin 1945"."""
        field = self._vocabulary.columns.numbers["year"]
        if not subject:
            return True
        return self._titles.have(subject, np.flatnonzero(field.mask(found.parts[0].terms[0])))


def _is_broken(found: Candidate, words: Words) -> bool:
    """Whether a mark other than the commas of a list stands between the words of a candidate."""
    return any(words.breaks(place) and place not in found.commas for place in range(found.start + 1, found.end))
