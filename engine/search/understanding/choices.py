"""Conditions that a list joins: ``action, comedy or horror``, ``comedies and dramas``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from engine.search.understanding.candidate import Candidate
from engine.search.understanding.words import Conjunction, Words


def united(
    conditions: Sequence[Candidate], words: Words, are_together: Callable[[Candidate, Candidate], bool]
) -> list[Candidate]:
    """The conditions, of which those on one column that a list joins are one if any of them is enough.

    "or" asks for any of them, and so do plurals: "comedies, dramas and westerns". Other words that "and" or a comma
    joins ask for all of them, unless no item has two of them: "french and italian films".

    Parameters
    ----------
    conditions
        The conditions in their order.
    words
        The words of the query.
    are_together
        Whether an item fits two conditions.
    """
    found: list[Candidate] = []
    place = 0
    while place < len(conditions):
        listed, conjunction = _list(conditions[place:], words)
        place += len(listed)
        if conjunction == "or" or (len(listed) > 1 and (_are_plurals(listed, words) or not _fit(listed, are_together))):
            one = listed[0]
            for other in listed[1:]:
                one = one.joined(other)
            listed = [one]
        found += listed
    return found


def without_halves(conditions: Sequence[Candidate], words: Words) -> list[Candidate]:
    """The conditions without those on who made an item or where that "or" joins with what is not in the same filter.

    All filters must hold, so the half of a choice would leave out what the other half asks for: ``directed by hitchcock
    or about birds``.
    """
    starts, ends = {one.start: one for one in conditions}, {one.end: one for one in conditions}
    halves: set[int] = set()
    for one in conditions:
        if not one.is_origin:
            continue
        if (behind := words.after_or(one.end)) is not None:
            halves |= {one.start} | ({behind} & starts.keys())
        if words.after_or(one.start - 1) is not None:
            halves |= {one.start} | ({ends[one.start - 1].start} if one.start - 1 in ends else set())
    return [one for one in conditions if one.start not in halves]


def _list(conditions: Sequence[Candidate], words: Words) -> tuple[list[Candidate], Conjunction | None]:
    """The list that the first of some conditions begins, and what joins it: "or" or "and" if one of these does."""
    listed, joints = [conditions[0]], set[Conjunction]()
    for one in conditions[1:]:
        joint = words.joint(listed[-1].end)
        if joint is None or joint.end != one.start or not _are_alike(listed[0], one):
            break
        listed.append(one)
        joints.add(joint.word)
    for conjunction in ("or", "and", ","):
        if conjunction in joints:
            return listed, conjunction
    return listed, None


def _are_alike(one: Candidate, other: Candidate) -> bool:
    """Whether two conditions are on the same single column, and none excludes."""
    return len(one.parts) == len(other.parts) == 1 and (
        one.parts[0].field == other.parts[0].field and not (one.negated or other.negated)
    )


def _are_plurals(listed: Sequence[Candidate], words: Words) -> bool:
    return all(words[one.end - 1].endswith("s") for one in listed)


def _fit(listed: Sequence[Candidate], are_together: Callable[[Candidate, Candidate], bool]) -> bool:
    """Whether items fit each two neighbours of a list."""
    return all(are_together(one, other) for one, other in pairwise(listed))
