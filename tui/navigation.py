"""Where one was: the places of a session, gone through backwards and forwards as in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

#: So many places are kept.
_KEPT = 200


class Place(NamedTuple):
    """What a tab showed at one time.

    Attributes
    ----------
    tab
        The name of the tab.
    title
        What was there, in a few words, for the breadcrumbs.
    view
        What the pane needs to show it again; the pane alone reads it.
    key
        Two places with the same tab and key are the same place, wherever the cursor was.
    """

    tab: str
    title: str
    view: Any = None
    key: object = None

    def is_same(self, other: Place) -> bool:
        """Whether both are the same place."""
        return (self.tab, self.key) == (other.tab, other.key)


class Navigation:
    """The places behind and before the present one."""

    def __init__(self) -> None:
        self._back: list[Place] = []
        self._forward: list[Place] = []

    def leave(self, place: Place) -> None:
        """Note a place that is left for a new one; what was before it can no longer be gone to."""
        self._add(place)
        self._forward.clear()

    def back(self, here: Place) -> Place | None:
        """The place to go back to; None if there is none."""
        while self._back and self._back[-1].is_same(here):
            self._back.pop()
        if not self._back:
            return None
        self._forward.append(here)
        return self._back.pop()

    def forward(self, here: Place) -> Place | None:
        """The place to go forward to; None if there is none."""
        while self._forward and self._forward[-1].is_same(here):
            self._forward.pop()
        if not self._forward:
            return None
        place = self._forward.pop()
        self._add(here)
        return place

    def clear(self) -> None:
        """Forget all places: another data set is open."""
        self._back.clear()
        self._forward.clear()

    def trail(self, here: Place | None) -> tuple[str, ...]:
        """The titles of the places behind and of the present one, the oldest first."""
        places = self._back[:-1] if here is not None and self._back and self._back[-1].is_same(here) else self._back
        return tuple(place.title for place in (*places, *([] if here is None else [here])))

    def _add(self, place: Place) -> None:
        if self._back and self._back[-1].is_same(place):
            self._back.pop()  # the later one knows where the cursor was
        self._back.append(place)
        del self._back[:-_KEPT]


class _Change(NamedTuple):
    what: str
    undo: Callable[[], None]
    redo: Callable[[], None]
    profile: str | None = None


class Changes:
    """What has been changed, so that it can be undone and redone, wherever it was changed."""

    def __init__(self) -> None:
        self._done: list[_Change] = []
        self._undone: list[_Change] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._undone)

    def record(self, what: str, undo: Callable[[], None], redo: Callable[[], None], profile: str | None = None) -> None:
        """Note a change that has been made.

        Parameters
        ----------
        what
            What was changed, as it is told after an undo: "added Heat".
        undo, redo
            Take it back, and make it again.
        profile
            The profile of one's own ratings that was changed; None if it was something else.
        """
        self._done.append(_Change(what, undo, redo, profile))
        del self._done[:-_KEPT]
        self._undone.clear()

    def forget(self, profile: str) -> None:
        """Drop the changes of a profile that was removed or has another name now."""
        self._done = [one for one in self._done if one.profile != profile]
        self._undone = [one for one in self._undone if one.profile != profile]

    def undo(self) -> str:
        """Take the last change back; what it was, or an empty text if there is none."""
        if not self._done:
            return ""
        change = self._done.pop()
        change.undo()
        self._undone.append(change)
        return change.what

    def redo(self) -> str:
        """Make the change again that was undone last; what it was, or an empty text if there is none."""
        if not self._undone:
            return ""
        change = self._undone.pop()
        change.redo()
        self._done.append(change)
        return change.what
