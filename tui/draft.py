"""The sequence that a person builds: a list whose changes can be undone, shared by every pane that can add to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tui.navigation import Changes

if TYPE_CHECKING:
    from engine.session import Item


class SequenceDraft:
    """Items in the order they were watched, oldest first.

    Every change can be undone; an item may occur more than once, as it may in real logs.

    Parameters
    ----------
    changes
        Where changes are noted; by default, there are none but those of the sequence.
    """

    def __init__(self, changes: Changes | None = None) -> None:
        self._items: tuple[Item, ...] = ()
        self._changes = Changes() if changes is None else changes

    @property
    def items(self) -> tuple[Item, ...]:
        """The items, oldest first."""
        return self._items

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return self._changes.can_undo

    def __len__(self) -> int:
        return len(self._items)

    def append(self, item: Item) -> None:
        """Put an item at the end."""
        self._change((*self._items, item), f"“{item.title}” added to the sequence")

    def extend(self, items: Sequence[Item]) -> None:
        """Put several items at the end, as one change."""
        if len(items) == 1:
            self.append(items[0])
            return
        self._change((*self._items, *items), f"{len(items):,} titles added to the sequence")

    def remove(self, position: int) -> None:
        """Remove the item at this position."""
        title = self._items[position].title
        items = self._items[:position] + self._items[position + 1 :]
        self._change(items, f"“{title}” removed from the sequence")

    def move(self, position: int, by: int) -> int:
        """Move an item up (negative) or down; its new position, which is the old one at either end."""
        target = min(max(position + by, 0), len(self._items) - 1)
        if target != position:
            items = list(self._items)
            items.insert(target, items.pop(position))
            self._change(tuple(items), f"“{items[target].title}” moved in the sequence")
        return target

    def start_with(self, items: Iterable[Item]) -> None:
        """Begin with these items, which is no change that could be undone."""
        self._items = tuple(items)

    def replace(self, items: Iterable[Item]) -> None:
        """Put other items in the place of all."""
        self._change(tuple(items), "sequence replaced")

    def clear(self) -> None:
        """Remove all items."""
        if self._items:
            self._change((), "sequence emptied")

    def undo(self) -> bool:
        """Undo the last change; False if there is none."""
        return bool(self._changes.undo())

    def _change(self, items: tuple[Item, ...], what: str) -> None:
        before = self._items
        self._set(items)
        self._changes.record(what, lambda: self._set(before), lambda: self._set(items))

    def _set(self, items: tuple[Item, ...]) -> None:
        self._items = items
