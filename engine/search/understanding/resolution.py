"""Which candidates of a query are conditions, by the words around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.search.understanding.candidate import Candidate
from engine.search.understanding.kinds import BEFORE_NOUNS
from engine.search.understanding.places import NATIONAL_SUBJECTS
from engine.search.understanding.tokens import FILLERS, word_set
from engine.search.understanding.words import Words

#: Verbs and prepositions that make a noun for items a subject: "making a film", "trapped in a movie".
_MAKING = word_set(
    """
    make makes making made shoot shooting direct directing write writing inside into behind within about in of
    on during through around
    """
)
_ARTICLES = frozenset(("a", "an", "the", "his", "her", "their", "another"))
#: Words behind a noun for items that are no nouns themselves: "movies only".
_BEHIND_NOUNS = frozenset(("only", "please", "recommendations", "recommendation", "suggestions", "recs"))
_ABOUT = frozenset(("about", "with", "of", "on", "in", "at", "by"))
#: Pronouns that adjectives follow.
_PRONOUNS = frozenset(("something", "anything", "everything"))
#: Articles and degrees that may stand between an attribute and its noun.
_SKIPPED = frozenset(("and", "or", "but", "really", "very", "most", "some", "all", "the", "ever"))


@dataclass(frozen=True, slots=True)
class Resolution:
    """Decides for each candidate whether it is a condition.

    Attributes
    ----------
    words
        The words of the query.
    candidates
        All candidates in their order; they do not overlap.
    others
        The places of words that have another meaning already.
    """

    words: Words
    candidates: Sequence[Candidate]
    others: frozenset[int] = frozenset()

    def conditions(self) -> list[Candidate]:
        """The candidates that are conditions; one that is not may leave a neighbour without what made it one."""
        left = list(self.candidates)
        while True:
            owners = {place: one for one in left for place in range(one.start, one.end)}
            holding = [one for one in left if self._holds(one, owners)]
            if len(holding) == len(left):
                return holding
            left = holding

    def _holds(self, one: Candidate, owners: dict[int, Candidate]) -> bool:
        match one.role:
            case "explicit" | "year" | "compound":
                return True
            case "genre":
                return not self._is_before_noun(one, owners)
            case "kind" | "noun":
                return not self._is_subject(one, owners)
            case "adjective":
                return self._describes(one, owners, reach=2) or not self._is_before_noun(one, owners)
            case "subject":
                return not self._is_before_subject(one, owners) and self._describes(one, owners, reach=0)
            case "attribute":
                return self._follows_pronoun(one, owners) or self._describes(one, owners, one.reach)

    def _is_before_noun(self, one: Candidate, owners: dict[int, Candidate]) -> bool:
        """Whether a noun follows that is no candidate: "comedy club"."""
        words, end = self.words, one.end
        if words.breaks(end) or end in owners or end in self.others:
            return False
        return not (words.tokens[end].is_stop or words[end] in _BEHIND_NOUNS)

    def _is_before_subject(self, one: Candidate, owners: dict[int, Candidate]) -> bool:
        """Whether the word before makes it a subject: "high school", "world war", "about family"."""
        words, before = self.words, one.start - 1
        if words.breaks(one.start) or before in owners or before in self.others:
            return False
        return words[before] in _ABOUT or not words.tokens[before].is_stop

    def _is_subject(self, one: Candidate, owners: dict[int, Candidate]) -> bool:
        """Whether a noun for items is what items are about: "film director", "making a movie"."""
        words = self.words
        if self._is_before_noun(one, owners) and words[one.start] in BEFORE_NOUNS and one.end - one.start == 1:
            return True
        before = one.start - 1
        if words[before] not in _ARTICLES:
            return False
        return words[before - 1] in _MAKING

    def _describes(self, one: Candidate, owners: dict[int, Candidate], reach: int) -> bool:
        """Whether an adjective describes a noun for items, or stands by itself between marks."""
        words, place, others = self.words, one.end, 0
        is_national = one.reach > 1 and words[place] in NATIONAL_SUBJECTS
        while not words.breaks(place) and place not in self.others:
            following = owners.get(place)
            if following is not None:
                is_noun = following.role in ("genre", "compound") and self._is_before_noun(following, owners)
                if following.is_head and not is_noun:
                    return True
                if following.role == "explicit" and others == 0 and self._stands_alone(one, owners):
                    return True
                place = following.end
                continue
            if words[place] not in _SKIPPED:
                others += 1
                if others > reach or words[place] in NATIONAL_SUBJECTS or words.tokens[place].is_stop:
                    return self._stands_alone(one, owners)
            place += 1
        return others == 0 and not is_national and self._stands_alone(one, owners)

    def _follows_pronoun(self, one: Candidate, owners: dict[int, Candidate]) -> bool:
        """Whether an adjective stands behind what it describes: "something french with a dog"."""
        words, end = self.words, one.end
        if words[one.start - 1] not in _PRONOUNS or words.breaks(one.start):
            return False
        return words.breaks(end) or words.tokens[end].is_stop or end in owners or end in self.others

    def _stands_alone(self, one: Candidate, owners: dict[int, Candidate]) -> bool:
        """Whether nothing but candidates and requests stands between the marks around a candidate."""
        words, start, end = self.words, one.start, one.end
        while not words.breaks(start):
            start -= 1
        while not words.breaks(end):
            end += 1
        return all(place in owners or place in self.others or words[place] in FILLERS for place in range(start, end))
