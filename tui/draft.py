"""The sequence that a person builds: a list with an undo, shared by every pane that can add to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.session import Item


class SequenceDraft:
    """Items in the order they were watched, oldest first.

    Every change can be undone; an item may occur more than once, as it may in real logs.
    """

    def __init__(self) -> None:
        self._items: tuple[Item, ...] = ()
        self._past: list[tuple[Item, ...]] = []

    @property
    def items(self) -> tuple[Item, ...]:
        """The items, oldest first."""
        return self._items

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._past)

    def __len__(self) -> int:
        return len(self._items)

    def append(self, item: Item) -> None:
        """Put an item at the end."""
        self._change((*self._items, item))

    def remove(self, position: int) -> None:
        """Remove the item at this position."""
        self._change(self._items[:position] + self._items[position + 1 :])

    def move(self, position: int, by: int) -> int:
        """Move an item up (negative) or down; its new position, which is the old one at either end."""
        target = min(max(position + by, 0), len(self._items) - 1)
        if target != position:
            items = list(self._items)
            items.insert(target, items.pop(position))
            self._change(tuple(items))
        return target

    def replace(self, items: Iterable[Item]) -> None:
        """Put other items in the place of all."""
        self._change(tuple(items))

    def clear(self) -> None:
        """Remove all items."""
        if self._items:
            self._change(())

    def undo(self) -> bool:
        """Undo the last change; False if there is none."""
        if not self._past:
            return False
        self._items = self._past.pop()
        return True

    def _change(self, items: tuple[Item, ...]) -> None:
        self._past.append(self._items)
        self._items = items
