"""Lists of names: ``from france, japan or italy``, ``directed by allen, brooks and wilder``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.search.understanding.candidate import Candidate
from engine.search.understanding.words import Conjunction, Words

#: A part of a list that is no name of the catalogue has at most so many words.
_LONGEST_UNKNOWN = 3
#: A function that finds the name at a place; the second argument is whether it must be spelt correctly and whole.
Name = Callable[[int, bool], Candidate | None]


@dataclass(frozen=True, slots=True)
class NameList:
    """The names of a list.

    Attributes
    ----------
    names
        The names in their order, at least one.
    conjunction
        What joins them: "or" or "and" if one of these does, else a comma.
    is_whole
        Whether no other word stands between names: "narnia" is none in "from france, narnia or italy".
    """

    names: tuple[Candidate, ...]
    conjunction: Conjunction
    is_whole: bool

    @property
    def end(self) -> int:
        """The place behind the last name."""
        return self.names[-1].end

    def either(self, words: Words, start: int) -> Candidate:
        """One candidate from ``start`` on, which fits what any of the names fits; they are of one field."""
        found = self.names[0]
        for name in self.names[1:]:
            found = found.joined(name)
        return replace(found.at(start, self.end), commas=words.commas(start, self.end))

    def each(self, words: Words, start: int) -> Candidate:
        """One candidate from ``start`` on with the parts of all names."""
        parts = tuple(dict.fromkeys(part for name in self.names for part in name.parts))
        return replace(
            self.names[0].at(start, self.end), parts=parts, commas=words.commas(start, self.end), is_origin=True
        )


def read_list(words: Words, first: Candidate, name: Name) -> NameList:
    """The list that begins with a name.

    Commas alone make a list only of names behind which nothing else follows directly: of "from france, japanese war"
    the second one is none.

    Parameters
    ----------
    words, first
        The words of the query, and the first name.
    name
        Finds a further name.
    """
    names, joints = [first], list[Conjunction]()
    is_whole = True
    while (joint := words.joint(names[-1].end)) is not None:
        further = name(joint.end, joint.word == ",")
        if further is None:
            is_whole = joint.word != "," or not _goes_on_with_unknown(words, joint.end, name)
            break
        is_last = words.joint(further.end) is None
        if joint.word == "," and is_last and not (words.breaks(further.end) or words.tokens[further.end].is_stop):
            break
        names.append(further)
        joints.append(joint.word)
    conjunction: Conjunction = "or" if "or" in joints else "and" if "and" in joints else ","
    return NameList(tuple(names), conjunction, is_whole)


def _goes_on_with_unknown(words: Words, start: int, name: Name) -> bool:
    """Whether words behind a comma that are no name are a part of the list: "from france, narnia or italy"."""
    for end in range(start + 1, min(start + _LONGEST_UNKNOWN, len(words)) + 1):
        if words.tokens[end - 1].is_stop:
            return False
        joint = words.joint(end)
        if joint is not None:
            return joint.word != "," and name(joint.end, True) is not None
        if words.breaks(end):
            return False
    return False
