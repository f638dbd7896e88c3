"""What an executor needs of a place in which machines share large values."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol


class Stored(Protocol):
    """A value in a place that all machines see."""

    @property
    def name(self) -> str:
        """The name of its file."""
        ...

    def load(self, rest: Callable[[], Any], beside: Collection[str] = ()) -> Any:
        """Read it; see :meth:`engine.storage.stored_value.StoredValue.load`."""
        ...


class Storage(Protocol):
    """A place for large values that all machines see; see :class:`engine.storage.shared_storage.SharedStorage`."""

    def put(self, value: Any) -> tuple[Stored, Any] | None:
        """Store a value, and give what stands for it and what does not lie there; None for a small value."""
        ...

    def keep_alive(self) -> None:
        """Say that the values are in use."""
        ...
