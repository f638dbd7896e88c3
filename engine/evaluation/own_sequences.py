"""Which user's own sequence a list of items is: what an evaluation knew of the user when it asked what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.evaluation.cases import WINDOW

if TYPE_CHECKING:
    from engine.data.user_index import UserIndex
    from engine.evaluation.head_to_head import CaseLists


def find_case(index: UserIndex, lists: CaseLists, protocol: str, items: Sequence[int]) -> int | None:
    """The case in which a user's known items are these.

    Parameters
    ----------
    index
        The interactions by user.
    lists
        The cases of an evaluation.
    protocol
        The protocol that made them.
    items
        The sequence, internal ids, oldest first.

    Returns
    -------
    int or None
        The position of the case; None if there is none, or if the known items of several users are these.
    """
    found = [case for user in _who_met(index, items) for case in _cases_of(index, lists, protocol, items, user)]
    return found[0] if len(found) == 1 else None


def _who_met(index: UserIndex, items: Sequence[int]) -> list[int]:
    """The users who met all of the items that an evaluation may have known."""
    users: set[int] | None = None
    for item in dict.fromkeys(items[1 - WINDOW :]):
        met = set(index.latest_of(item)[0].tolist())
        users = met if users is None else users & met
        if not users:
            return []
    return sorted(users or ())


def _cases_of(index: UserIndex, lists: CaseLists, protocol: str, items: Sequence[int], user: int) -> list[int]:
    history = [int(item) for item in index.items(user)]
    found = []
    for case in np.flatnonzero(lists.users == user).tolist():
        targets = {int(item) for item in lists.targets[lists.owners == case]}
        known = _known_window(history, targets) if protocol == "user" else _known_items(history, targets, len(items))
        # A window that is full has the latest items only, so what stands before it in the sequence changes nothing.
        given = list(items)[1 - WINDOW :] if protocol == "user" else list(items)
        if known == given:
            found.append(case)
    return found


def _known_window(history: list[int], targets: set[int]) -> list[int]:
    """The items of a window before its last one, which is the target."""
    for end in range(len(history), 1, -WINDOW):
        if history[end - 1] in targets:
            return history[max(0, end - WINDOW) : end - 1]
    return []


def _known_items(history: list[int], targets: set[int], count: int) -> list[int]:
    """What is left of a history without what was held out: its first ``count`` items where the end was held out."""
    first, rest = history[:count], set(history[count:])
    if targets <= rest <= targets | set(first):
        return first
    return [item for item in history if item not in targets]
