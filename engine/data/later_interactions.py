"""Interactions that are read when one of their columns is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

from engine.interactions import Interactions

#: In the order in which :class:`Interactions` takes them.
_COLUMNS = ("user_ids", "item_ids", "ratings", "timestamps", "weights")


class LaterInteractions(Interactions):
    """Interactions whose columns are read at the first use of one; what is known without them is answered without.

    Parameters
    ----------
    read
        Reads them all.
    count, num_users, num_items
        Their sizes.
    columns
        The names of the columns that there are, among them ``"ratings"``, ``"timestamps"`` and ``"weights"``.
    """

    def __init__(
        self,
        read: Callable[[], Interactions],
        count: int,
        num_users: int,
        num_items: int,
        columns: Collection[str],
    ) -> None:
        self.num_users, self.num_items = num_users, num_items
        self._read, self._count, self._present = read, count, frozenset(columns)
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def has(self, column: str) -> bool:
        """Whether there are ``"ratings"``, ``"timestamps"`` or ``"weights"``; reads nothing."""
        return column in self._present

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has no files to read them from later.
        return Interactions, (*(getattr(self, column) for column in _COLUMNS), self.num_users, self.num_items)

    def __getattr__(self, name: str) -> Any:
        # Python asks here only for what the instance does not have yet.
        if name not in _COLUMNS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        with self._reading:
            if name not in self.__dict__:
                found = self._read()
                self.__dict__.update({column: getattr(found, column) for column in _COLUMNS})
        return self.__dict__[name]
