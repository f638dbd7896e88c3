"""What runs in the workers of a Ray cluster, and what travels between them and this process."""

from __future__ import annotations

import logging
import platform
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

from engine.errors import RecsysError
from engine.runtime.group import Member
from engine.runtime.job import Job
from engine.runtime.storage import Stored
from engine.version import __version__

#: The most messages that a chunk brings back.
_MOST_MESSAGES = 20
#: The packages of which a worker needs the same version as this process.
_PACKAGES = ("numpy", "torch")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a chunk brings back from a worker.

    Attributes
    ----------
    value
        The result; None after an error.
    error
        The error that the work raised for a person, if any.
    messages
        What was logged meanwhile: levels and texts.
    node
        The id of the node.
    """

    value: Any
    error: RecsysError | None
    messages: tuple[tuple[int, str], ...]
    node: str


@dataclass(frozen=True)
class SharedValue:
    """What stands for a value whose arrays lie in a place that all machines see.

    Attributes
    ----------
    stored
        The arrays.
    rest
        The object of the object store that has what else the value is made of.
    """

    stored: Stored
    rest: Any

    def load(self, beside: Collection[str]) -> Any:
        """Read the value; this runs in a worker. Arguments as of :meth:`engine.runtime.executor.Stored.load`."""
        import ray

        return self.stored.load(lambda: ray.get(self.rest), beside)


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """The versions that this process and its workers must have in common, by what they are of."""
    python = ".".join(platform.python_version_tuple()[:2])
    packages = ((name, metadata.version(name)) for name in _PACKAGES)
    return ("Python", python), ("recsys-tui", __version__), *packages


def call(
    expected: tuple[tuple[str, str], ...], work: Callable[..., Any], *arguments: Any, member: Member | None = None
) -> Outcome:
    """Work on a chunk, or as a member of a group; this runs in a worker.

    Parameters
    ----------
    expected
        The :func:`versions` of the process that wants the result.
    work, arguments
        The function and its arguments but the first, which is a job.
    member
        The member of a group, which is then the second argument.
    """
    import ray

    node = ray.get_runtime_context().get_node_id()
    first = () if member is None else (member,)
    for (name, wanted), (_, found) in zip(expected, versions(), strict=True):
        if wanted != found:
            error = RecsysError(f"A machine of the cluster has {name} {found}, and {wanted} is needed.", name=name)
            return Outcome(None, error, (), node)
    with _collected_log() as messages, warnings.catch_warnings():
        # Arrays of the object store cannot be written to, and the work does not try.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        try:
            return Outcome(portable(work(Job(), *first, *_loaded(arguments))), None, tuple(messages), node)
        except RecsysError as error:
            return Outcome(None, error, tuple(messages), node)


def _loaded(arguments: Sequence[Any]) -> list[Any]:
    names = {one.stored.name for one in arguments if isinstance(one, SharedValue)}
    return [one.load(names) if isinstance(one, SharedValue) else one for one in arguments]


@contextmanager
def _collected_log() -> Iterator[list[tuple[int, str]]]:
    """The warnings that the engine logs meanwhile."""
    messages: list[tuple[int, str]] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if len(messages) < _MOST_MESSAGES:
                messages.append((record.levelno, record.getMessage()))

    collector, log = Collector(logging.WARNING), logging.getLogger("engine")
    log.addHandler(collector)
    try:
        yield messages
    finally:
        log.removeHandler(collector)


def portable(value: Any) -> Any:
    """A value with arrays in place of its tensors: Ray sends arrays without copying or pickling them."""
    if isinstance(value, dict):
        return {name: portable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [portable(one) for one in value]
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(portable(one) for one in value)
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value
