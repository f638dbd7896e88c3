"""A property that one thread computes once, while other threads that read it wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class locked_property(Generic[Value]):  # noqa: N801 - used as a decorator, like functools.cached_property
    """A ``functools.cached_property`` with a lock; without one, two threads could compute the value twice.

    The properties of an instance share one re-entrant lock, so that one may be computed from another.
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
            # From now on Python finds the value in the instance first, since this is not a data descriptor.
            if self._name not in values:
                values[self._name] = self._build(instance)
            value: Value = values[self._name]
            return value


_locks = threading.Lock()
