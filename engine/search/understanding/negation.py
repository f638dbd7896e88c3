"""Negation in words: ``no romance``, ``without zombies``, ``not too scary``, ``non-english``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.search.understanding.candidate import Candidate
from engine.search.understanding.tokens import word_set
from engine.search.understanding.words import Words

_WITHOUT = ("without any", "without too much", "without so much", "without much", "without the", "without a", "without")
_NO = ("with no", "with not too much", "but no", "and no", "no")
_NOT = (
    *("that is not", "that are not", "thats not", "which is not", "which are not", "that isnt", "that arent"),
    *("but not", "and not", "but nothing", "but isnt", "isnt", "is not", "are not", "arent", "not", "nothing"),
    *("other than", "except for", "except", "excluding", "anything but"),
)
_DEGREES = (
    *("too much of a", "too much", "too", "so", "very", "overly", "really", "that", "particularly", "a", "an", "any"),
    *("in", "from"),
)
#: What follows "no" or "not" where nothing is excluded.
_NOT_EXCLUDING = word_set(
    """
    one way time longer more matter where only just all always alone sure yet even enough long old new good
    bad what like as much many because knowing be less fewer later under over
    """
)
#: People and things that lack something in a plot: "a man without a past".
_LACKING = word_set(
    """
    man men woman women boy boys girl girls person people someone somebody child children kid kids family
    world town city village life detective hero teacher soldier soldiers guy wife husband king queen survivor
    survivors left live lives survive survives raised born dies die wakes island land country place house
    """
)
#: Subjects of a sentence whose verb is negated: "who is not human", "he does not know".
_CLAUSES = word_set(
    """
    who he she they it we i you does do did can could will would has have had must should
    """
)
#: Words before a bare "not" or "no" that do not begin a request.
_VERBS = frozenset(("is", "are", "was", "were", "with", "there", "theres"))
_LONGEST_SUBJECT = 3

#: A function that finds the candidate that begins at a place.
Phrase = Callable[[int], Candidate | None]


@dataclass(frozen=True, slots=True)
class Negated:
    """What a negation excludes: candidates that are negated, or else a subject.

    Attributes
    ----------
    start, end
        The places of the first word and behind the last one.
    candidates
        The negated candidates.
    subject
        The places of the first word of the subject and behind its last one.
    """

    start: int
    end: int
    candidates: tuple[Candidate, ...] = ()
    subject: tuple[int, int] | None = None


def match_negation(words: Words, start: int, phrase: Phrase, origin: Phrase) -> list[Negated]:
    """What is excluded by the negation that begins at this word; empty if none does.

    Parameters
    ----------
    words, start
        The words, and the place of the first one of the negation.
    phrase
        Finds what may be a condition.
    origin
        Finds who made items, or where: "by hitchcock", "from france".
    """
    if words[start] == "non":
        found = phrase(start + 1)
        return [] if found is None or not found.parts else [Negated(start, found.end, (_negated(found, start),))]
    for phrases in (_WITHOUT, _NO, _NOT):
        behind = words.after(start, phrases)
        if behind is None:
            continue
        is_without = phrases is _WITHOUT
        degree = None if is_without else words.after(behind, _DEGREES)
        if words[behind] in _NOT_EXCLUDING or _is_in_plot(words, start):
            return []
        place = degree or behind
        found = origin(behind) if phrases is _NOT and _excludes(words, start, True, True) else None
        found = found or phrase(place)
        if found is not None and found.role == "compound":
            return [Negated(start, found.end, subject=(place, found.end))]
        if found is not None and found.parts and not _goes_on(words, found, phrase):
            if phrases is _NO and words[start] == "with" and not words.is_head(start - 1):
                return []
            return _listed(words, start, found, phrase)
        if not _excludes(words, start, phrases is _NOT, degree is not None):
            return []
        return _subjects(words, start, place, phrase)
    return []


def _is_in_plot(words: Words, start: int) -> bool:
    """Whether a negation belongs to a person in a plot: "she is not french", "a world without crime"."""
    before = words[start - 1]
    if words[start] in ("without", "with"):
        return before in _LACKING
    return before in _CLAUSES or (words[start] in ("not", "no") and before in _VERBS)


def _negated(found: Candidate, start: int) -> Candidate:
    return replace(found.at(start, found.end), role="explicit", negated=not found.negated)


def _goes_on(words: Words, found: Candidate, phrase: Phrase) -> bool:
    """Whether a noun follows, so that the words are a part of a subject: "no action heroes"."""
    if found.role in ("explicit", "kind", "noun") or words.breaks(found.end) or phrase(found.end) is not None:
        return False
    return not words.tokens[found.end].is_stop and words[found.end] not in ("please", "at", "nor", "scenes", "elements")


def _listed(words: Words, start: int, found: Candidate, phrase: Phrase) -> list[Negated]:
    """The candidates that a negation lists: ``no romance or comedy``; "and" goes on too where it adds a genre."""
    excluded = [Negated(start, found.end, (_negated(found, start),))]
    while (behind := words.after(excluded[-1].end, ("or", "nor", "and no", "or any"))) is not None:
        further = phrase(behind)
        if further is None or not further.parts or _goes_on(words, further, phrase):
            break
        place = excluded[-1].end
        excluded.append(Negated(place, further.end, (_negated(further, place),)))
    if found.is_origin and behind is not None:  # a name that no column has
        excluded += _subjects(words, excluded[-1].end, behind, phrase)
    return excluded


def _excludes(words: Words, start: int, is_not: bool, has_degree: bool) -> bool:
    """Whether a negation of a subject concerns the items and not something in a plot."""
    before = words[start - 1]
    if words.breaks(start) or words.is_head(start - 1) or "but" in (before, words[start]):
        return True
    if is_not:
        if words[start] == "not" and before not in _CLAUSES | _LACKING and not words.tokens[start - 1].is_stop:
            return has_degree or words.breaks(start + 2)  # "kurosawa not samurai"
        return (has_degree and before not in ("is", "are", "was", "were")) or words[start] in ("that", "which")
    if words[start] != "without":
        return False
    return before != "" and before not in _LACKING and not before.endswith("ing") and before not in _CLAUSES


def _subjects(words: Words, start: int, place: int, phrase: Phrase) -> list[Negated]:
    """The subjects that a negation lists: ``without zombies or vampires``."""
    excluded: list[Negated] = []
    while True:
        end = place
        while end < len(words) and end - place < _LONGEST_SUBJECT and words[end] != "":
            if end > place and (words.breaks(end) or words.tokens[end].is_stop or phrase(end) is not None):
                break
            end += 1
        if end == place or words.tokens[place].is_stop:
            return excluded
        excluded.append(Negated(start, end, subject=(place, end)))
        behind = words.after(end, ("or", "nor"))
        if behind is None:
            return excluded
        start, place = end, behind
