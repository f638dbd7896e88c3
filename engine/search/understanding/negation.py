"""Negation in words: ``no romance``, ``without zombies``, ``not too scary``, ``non-english``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from engine.search.sequels import names_sequels
from engine.search.understanding.candidate import Candidate
from engine.search.understanding.moods import is_mood
from engine.search.understanding.tokens import word_set
from engine.search.understanding.vocabulary import NOUNS
from engine.search.understanding.words import Joint, Words

_WITHOUT = (
    *("without any", "without too much", "without so much", "without much", "without the", "without a", "without"),
    "sans",
)
_BARE_WITHOUT = ("without", "sans")
#: What excludes in another language and is an English word as well, so that it needs a genre behind it.
_FOREIGN_WITHOUT = ("sin",)
_NO = ("with no", "with not too much", "but no more", "but no", "and no", "no more", "no")
_NOT = (
    *("not suitable", "not appropriate", "not meant", "unsuitable", "inappropriate"),
    *("that is not", "that are not", "thats not", "which is not", "which are not", "that isnt", "that arent"),
    *("but not", "and not", "but nothing", "but isnt", "isnt", "is not", "are not", "arent", "not", "nothing"),
    *("that is neither", "that are neither", "but neither", "neither"),
)
_EXCEPT = (
    *("everything but", "everything except for", "everything except", "everything other than"),
    *("anything but", "anything except for", "anything except", "anything other than"),
    *("all except for", "all except", "other than", "apart from", "aside from", "except for", "except", "excluding"),
    *("minus", "avoiding", "avoid", "i dont want", "i do not want", "dont want", "do not want"),
    *("i dont like", "i do not like", "dont like", "do not like"),
    *("everything that is not", "everything that isnt", "anything that is not", "anything that isnt", "anything not"),
    *("i hate", "i cant stand", "i dislike", "im tired of", "i am tired of", "im sick of", "i am sick of", "free of"),
)
#: The words with which a negation begins; few words of a query do.
_BEGINNINGS = {
    *("non", *_FOREIGN_WITHOUT),
    *(phrase.split(" ")[0] for phrases in (_WITHOUT, _NO, _NOT, _EXCEPT) for phrase in phrases),
}
_DEGREES = (
    *("too much of a", "too much", "too", "so", "very", "overly", "really", "that", "particularly", "a", "an", "any"),
    *("in", "from"),
)
#: The first words of negations that concern items wherever they stand.
_SURE = word_set("except excluding other apart aside anything everything all")
#: What may stand between a negation of items and what is said of them: "except those by hitchcock", "not about war".
_THOSE = ("those", "the ones", "ones", "anything", "any")
_ABOUT = (
    *("about", "with", "starring", "featuring", "involving", "containing"),
    *("set in", "set on", "set at", "set during", "taking place in", "located in"),
)
_ARE = ("that are", "which are", "that were", "which were")
#: Words behind "non-" that are one word with it.
_NON_WORDS = word_set("stop fiction linear verbal profit human fungible sequitur entity conformist descript events")
#: What follows "no" or "not" where nothing is excluded.
_NOT_EXCLUDING = word_set(
    """
    one way time longer more matter where only just all always alone sure yet even enough long old new good
    bad what like as much many because knowing be less fewer later under over another
    """
)
#: What most items have and texts mention only where it is missing, so that the whole phrase is searched for.
_MOSTLY_PRESENT = word_set("dialogue dialogues dialog dialogs speech")
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
_LONGEST_NAME = 3
#: Words that are one with "-free".
_FREE_WORDS = word_set("care duty scot tax toll hands sugar alcohol drug fancy foot rent ad wire")
#: What may stand behind the name of a genre and says no more: "no supernatural stuff".
_STUFF = word_set("stuff things content elements themes scenes bits parts vibes tropes")
#: Words for moods that are no adjectives.
_MOOD_NOUNS = word_set(
    """
    violence gore splatter explosions nightmares tears twists paranoia nostalgia loneliness escapism heartbreak
    slapstick claustrophobia rage worldbuilding
    """
)
#: Two words that name one subject with an "and" between them.
_PAIRS = frozenset((("black", "white"), ("sword", "sandal"), ("sword", "sorcery"), ("cat", "mouse"), ("rock", "roll")))

#: A negation that is repeated in a list, and what may stand before a further part of one.
_AGAIN = ("with no", "without any", "without", "no", "not")
_PARTICLES = ("anything", "any", "a", "an", "the", "too", "in", "from", "by", "with", "about")


class Finders(Protocol):
    """Finds the candidate that begins at a place."""

    def phrase(self, start: int) -> Candidate | None:
        """What may be a condition."""

    def excluded(self, start: int) -> Candidate | None:
        """The same behind a negation."""

    def origin(self, start: int) -> Candidate | None:
        """Who made items, or where: "by hitchcock", "from france"."""

    def name(self, start: int) -> Candidate | None:
        """The name of a person or a maker: "hitchcock"."""


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
    names_items
        Whether a noun for items is among the words: "no disney films".
    before_noun
        The place of such a noun at the end; None if there is none.
    kind
        The noun, wherever it stands, if it names only some of the items: "no horror series", "no series from japan".
    """

    start: int
    end: int
    candidates: tuple[Candidate, ...] = ()
    subject: tuple[int, int] | None = None
    names_items: bool = False
    before_noun: int | None = None
    kind: Candidate | None = None

    def alternative_to(self, kind: Candidate) -> Candidate | None:
        """The kind that is all that is excluded, if it is on the column of another one; else None."""
        if len(self.candidates) != 1 or [part.field for part in self.candidates[0].parts] != [kind.parts[0].field]:
            return None
        return self.candidates[0]

    def without_kind(self) -> Negated:
        """The same exclusion without the noun for a kind at its end."""
        end = self.before_noun
        if self.kind is None or end is None:
            return self
        candidates = tuple(one.at(one.start, end) for one in self.candidates)
        return replace(self, end=end, candidates=candidates, names_items=False, before_noun=None, kind=None)


def match_negation(words: Words, start: int, find: Finders, *, is_of_items: bool = False) -> list[Negated]:
    """What is excluded by the negation that begins at this word; empty if none does.

    Parameters
    ----------
    words, start
        The words, and the place of the first one of the negation.
    find
        Finds what a negation may exclude.
    is_of_items
        Whether the words before it are a condition or an exclusion, so that they name nobody in a plot.
    """
    if words[start + 1] == "free" and words.gap(start + 1) == "-" and words[start] not in ("", *_FREE_WORDS):
        return _free_of(words, start, find)
    if words[start] not in _BEGINNINGS:
        return []
    if words[start] == "non":
        return _non(words, start, find)
    if words[start] in _FOREIGN_WITHOUT:
        return _foreign(words, start, find)
    for phrases in (_WITHOUT, _NO, _EXCEPT, _NOT):
        behind = words.after(start, phrases)
        if behind is None:
            continue
        is_excluding = words[behind] not in _NOT_EXCLUDING or _is_compared(words, behind, find)
        if not is_excluding or words[behind] in _MOSTLY_PRESENT or (not is_of_items and _is_in_plot(words, start)):
            return []
        is_adjectival = phrases is _NOT and start == 0
        return _excluded(words, start, behind, phrases, find, is_adjectival=is_adjectival, is_of_items=is_of_items)
    return []


def _free_of(words: Words, start: int, find: Finders) -> list[Negated]:
    """What "zombie-free" excludes."""
    found = find.excluded(start)
    if found is not None and found.parts and found.end == start + 1:
        return [Negated(start, start + 2, (_negated(found.at(start, start + 2), start),))]
    return [Negated(start, start + 2, subject=(start, start + 1))]


def _foreign(words: Words, start: int, find: Finders) -> list[Negated]:
    """What "sin" excludes in an English query of words that Spanish has as well: "anime sin harem"."""
    found = find.phrase(start + 1)
    is_genre = found is not None and found.role in ("genre", "subject") and bool(found.parts)
    if found is None or not is_genre or not (start and words.is_head(start - 1)) or _goes_on(words, found, find):
        return []
    return _continued(words, [Negated(start, found.end, (_negated(found, start),))], find)


def _is_behind_name(words: Words, start: int, find: Finders) -> bool:
    """Whether the words before a negation are the name of a person or a maker: "tarantino no kill bill"."""
    for first in range(max(0, start - _LONGEST_NAME), start):
        found = find.name(first)
        if found is not None and found.end == start:
            return True
    return False


def _is_compared(words: Words, behind: int, find: Finders) -> bool:
    """Whether "nothing" is followed by a comparison: "nothing longer than two hours"."""
    found = find.phrase(behind) if words[behind - 1] == "nothing" else None
    return found is not None and found.role == "explicit" and bool(found.parts)


def _excluded(
    words: Words,
    start: int,
    behind: int,
    phrases: tuple[str, ...],
    find: Finders,
    *,
    is_adjectival: bool,
    is_of_items: bool,
) -> list[Negated]:
    """What a negation excludes whose words end before ``behind``."""
    is_not = phrases in (_NOT, _EXCEPT)
    if phrases is _EXCEPT:
        behind = words.after(behind, _THOSE) or behind
    degree = None if phrases is _WITHOUT else words.after(behind, _DEGREES)
    if degree is None and is_not:
        degree = words.after(behind, _ABOUT if start == 0 else (*_ABOUT, "by"))
        if degree is not None and words[degree - 1] != "by":  # "not by the sea" says where something is
            degree = words.after(degree, ("the", "a", "an")) or degree
    place = degree or behind
    found = find.origin(behind) if is_not and _excludes(words, start, True, True) else None
    found = found or find.excluded(place)
    if found is not None and words[place - 1] == "in" and found.role == "attribute":
        return []  # "not in english", in a catalogue that has no languages but a country of this name
    if found is not None and found.role == "compound":
        return _continued(words, [_noun(words, Negated(start, found.end, subject=(place, found.end)), find)], find)
    if not is_adjectival and (qualified := _qualified(words, start, place, find)):
        return qualified
    if found is not None and found.parts and not _goes_on(words, found, find):
        if phrases is _NO and words[start] == "with" and not words.is_head(start - 1):
            return []
        end = found.end + (words[found.end] in _STUFF and not words.breaks(found.end))
        excluded = Negated(start, end, (_negated(found.at(found.start, end), start),))
        if not is_adjectival:
            excluded = _noun(words, excluded, find)
        return _continued(words, [excluded], find, is_not=phrases is _NOT)
    is_excluding = _excludes(words, start, is_not, degree is not None)
    is_bare = words[start] in ("no", "minus")
    is_of_sequels = start > 0 and names_sequels(words[place])  # "rocky no sequels", "rocky without sequels"
    is_bare_name = is_bare and (is_of_items or _is_behind_name(words, start, find))
    if not is_excluding and not is_of_sequels and not is_bare_name:
        return []
    return _subjects(words, start, place, find, is_not=phrases is _NOT, is_adjectival=is_adjectival)


def _non(words: Words, start: int, find: Finders) -> list[Negated]:
    """What "non" excludes: "non-english", "non-hitchcock thrillers", "non-zombie horror"."""
    found = find.excluded(start + 1)
    if found is None or not found.parts:
        found = find.name(start + 1)
    if found is not None:
        return [Negated(start, found.end, (_negated(found, start),))]
    is_before_noun = not words.breaks(start + 2) and words.is_head(start + 2) and words.gap(start + 1) in ("-", " ")
    if not is_before_noun or words[start + 1] in _NON_WORDS or not words[start + 1]:
        return []
    return [Negated(start, start + 2, subject=(start + 1, start + 2))]


def _noun(words: Words, one: Negated, find: Finders) -> Negated:
    """The same exclusion with the noun for items behind it: "no american films" asks for no films."""
    end = _noun_end(words, one.end, find)
    if end is None or words.breaks(one.end):
        return one
    candidates = tuple(each.at(each.start, end) for each in one.candidates)
    kind = _kind(one.end, find)
    return replace(one, end=end, candidates=candidates, names_items=True, before_noun=one.end, kind=kind)


def _kind(place: int, find: Finders) -> Candidate | None:
    """The noun at a place that names only some of the items; None if there is none."""
    found = find.phrase(place)
    return found if found is not None and found.role == "kind" else None


def _noun_end(words: Words, place: int, find: Finders) -> int | None:
    """The place behind a noun for items; None if there is none at a place."""
    found = find.phrase(place)
    if found is not None:
        return found.end if found.role in ("noun", "kind") else None
    return place + 1 if words[place] in NOUNS else None


def _qualified(words: Words, start: int, place: int, find: Finders) -> list[Negated]:
    """What is said of the items that a negation excludes: "no films by hitchcock", "no movies about war"."""
    end = _noun_end(words, place, find)
    if end is None or words.breaks(end):
        return []
    behind, kind = words.after(end, _ARE) or end, _kind(place, find)
    found = find.origin(behind) or find.phrase(behind)
    if found is not None and found.parts and (found.role == "explicit" or behind > end):
        return _continued(words, [Negated(start, found.end, (_negated(found, start),), kind=kind)], find)
    subject = words.after(end, (*_ABOUT, "by"))
    excluded = [] if subject is None else _subjects(words, start, subject, find)
    return [replace(one, names_items=True, kind=kind if one is excluded[0] else one.kind) for one in excluded]


def _is_in_plot(words: Words, start: int) -> bool:
    """Whether a negation belongs to a person in a plot: "she is not french", "a world without crime"."""
    before = words[start - 1]
    if words[start] in (*_BARE_WITHOUT, "with"):
        return before in _LACKING
    return before in _CLAUSES or (words[start] in ("not", "no") and before in _VERBS)


def _negated(found: Candidate, start: int) -> Candidate:
    return replace(found.at(start, found.end), role="explicit", negated=not found.negated)


def _goes_on(words: Words, found: Candidate, find: Finders) -> bool:
    """Whether a noun follows, so that the words are a part of a subject: "no action heroes"."""
    end = found.end
    if found.role in ("explicit", "kind", "noun") or words.breaks(end) or find.phrase(end) is not None:
        return False
    return not words.tokens[end].is_stop and words[end] not in (*NOUNS, "please", "at", "nor", *_STUFF)


def _continued(words: Words, excluded: list[Negated], find: Finders, *, is_not: bool = False) -> list[Negated]:
    """What a list excludes that begins with what is excluded already: ``no romance, comedy or zombies``.

    What commas alone join is a list only where "or" or "and" ends it: of "no zombies, french" the second one is asked
    for.
    """
    behind_commas: list[Negated] = []
    while (joint := words.joint((behind_commas or excluded)[-1].end)) is not None:
        listed = [*excluded, *behind_commas]
        further = _part(words, joint, listed, find, is_not=is_not)
        if further is None:
            break
        behind_commas.append(_noun(words, further, find))
        if joint.word != "," or words.after(joint.end, _AGAIN) is not None:
            excluded, behind_commas = [*excluded, *behind_commas], []
    return excluded


def _part(words: Words, joint: Joint, listed: Sequence[Negated], find: Finders, *, is_not: bool) -> Negated | None:
    """A further part of a list of what is excluded; None if something else follows.

    "or" goes on with anything. A comma and "and" go on with a genre, and with what is on the same column or is a
    subject as well: of "without zombies and in french" the second part is asked for.
    """
    start = listed[-1].end
    again = words.after(joint.end, _AGAIN)
    first = joint.end if again is None else again
    place = words.after(first, _PARTICLES) or first
    is_sure = joint.word == "or" or again is not None
    if words[place] in _NOT_EXCLUDING:
        return None
    found = find.phrase(first) or find.phrase(place)
    if found is not None and found.parts and found.role != "compound" and not _goes_on(words, found, find):
        fields = {part.field for one in listed for each in one.candidates for part in each.parts}
        is_alike = found.role in ("genre", "subject") or any(part.field in fields for part in found.parts)
        return Negated(start, found.end, (_negated(found, start),)) if is_sure or is_alike else None
    end = _subject_end(words, place, find)
    if end is None or (found is not None and found.role == "noun"):
        return None
    if not is_sure:
        is_last = words.breaks(end) or words.tokens[end].is_stop or words.joint(end) is not None
        if not is_last or (joint.word == "and" and is_not):
            return None
        subject = listed[0].subject
        if _describes(words[place]) and (subject is None or not _describes(words[subject[0]])):
            return None
    return Negated(start, end, subject=(place, end))


def _describes(word: str) -> bool:
    """Whether a word is an adjective of a mood: of "without zombies and funny" the second part is asked for."""
    return word not in _MOOD_NOUNS and is_mood([word])


def _excludes(words: Words, start: int, is_not: bool, has_degree: bool) -> bool:
    """Whether a negation of a subject concerns the items and not something in a plot."""
    before = words[start - 1]
    if words.breaks(start) or words.is_head(start - 1) or "but" in (before, words[start]):
        return True
    if words[start] in _SURE:
        return True
    if is_not:
        if words[start] == "not" and before not in _CLAUSES | _LACKING and not words.tokens[start - 1].is_stop:
            end = _title_end(words, start + 1) or start + 2
            return has_degree or words.breaks(end)  # "kurosawa not samurai", "tarantino not kill bill"
        return (has_degree and before not in ("is", "are", "was", "were")) or words[start] in ("that", "which")
    if words[start] not in _BARE_WITHOUT:
        return False
    return before != "" and before not in _LACKING and not before.endswith("ing") and before not in _CLAUSES


def _subjects(
    words: Words, start: int, place: int, find: Finders, *, is_not: bool = False, is_adjectival: bool = False
) -> list[Negated]:
    """The subjects that a negation lists: ``without zombies or vampires``."""
    end = _subject_end(words, place, find)
    if end is None:
        return []
    excluded = Negated(start, end, subject=(place, end))
    return _continued(words, [excluded if is_adjectival else _noun(words, excluded, find)], find, is_not=is_not)


def _subject_end(words: Words, place: int, find: Finders) -> int | None:
    """The place behind the subject that begins at a place; None if no subject does."""
    end = place
    if (title_end := _title_end(words, place)) is not None:
        return title_end
    if words[place + 1] == "and" and (words[place], words[place + 2]) in _PAIRS:
        end = place + 3
    while end < len(words) and end - place < _LONGEST_SUBJECT and words[end] != "":
        is_other = words.breaks(end) or words.tokens[end].is_stop or words[end].isdigit()
        if end > place and (is_other or _is_condition(find.phrase(end))):
            break
        end += 1
    return None if end == place or words.tokens[place].is_stop else end


def _title_end(words: Words, place: int) -> int | None:
    """The place behind the words of a title or a quotation that begins at a place; None if there is none."""
    end = place
    while end < len(words) and words.is_sealed[end] and not (end > place and words.breaks(end)):
        end += 1
    return end if end > place else None


def _is_condition(found: Candidate | None) -> bool:
    """Whether words are more than a further word of a subject: "high school" is a subject where "school" is a genre."""
    return found is not None and found.role != "subject"
