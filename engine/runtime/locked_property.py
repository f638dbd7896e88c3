"""A property that is computed once, by one thread, while others who want it wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class locked_property(Generic[Value]):  # noqa: N801 - used as a decorator, like functools.cached_property
    """As ``functools.cached_property``, which has no lock: two threads that ask at once would compute it twice.

    The values of an instance share one re-entrant lock, so that they may build upon each other.
    """

    def __init__(self, build: Callable[[Any], Value]) -> None:
        self._build = build
        self._name = build.__name__
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object | None, owner: type) -> Self | Value:
        if instance is None:
            return self
        values = vars(instance)
        with _locks:
            lock = values.setdefault("_once_lock", threading.RLock())
        with lock:
            # Found in the instance from now on, without coming here: this is no data descriptor.
            if self._name not in values:
                values[self._name] = self._build(instance)
            value: Value = values[self._name]
            return value


_locks = threading.Lock()
