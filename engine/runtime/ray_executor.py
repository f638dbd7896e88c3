"""An executor on a Ray cluster: each chunk is a task, and shared values are objects that a node receives once.

Only Ray's core is used. A task whose node dies is run again elsewhere by Ray itself.
"""

from __future__ import annotations

import logging
import platform
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any, TypeVar

from engine.errors import ErrorKind, RecsysError
from engine.runtime.job import Job
from engine.runtime.ray_cluster import connect
from engine.version import __version__

R = TypeVar("R")

_log = logging.getLogger(__name__)

#: The number of times that a chunk is worked on again after its worker or its node died.
_RETRIES = 5
#: The number of chunks for each core: the more, the better the cores are used, and the more messages are sent.
_PARTS = 4
#: The number of chunks that wait for each slot, so that no slot waits for the next chunk.
_AHEAD = 2
#: The seconds after which a wait for results looks at the job again.
_PATIENCE = 0.1
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


class RayExecutor:
    """Works on chunks in tasks of a Ray cluster, each of which has one core.

    Parameters
    ----------
    where
        ``"ray"``, ``"auto"`` or ``"ray://HOST:PORT"``; see :func:`engine.runtime.executor.make_executor`.

    Attributes
    ----------
    nodes
        The number of chunks that each node has finished, by the id of the node.

    Raises
    ------
    RecsysError
        If Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._ray = connect(where)
        self._task = self._ray.remote(call)
        self.nodes: dict[str, int] = {}

    @property
    def slots(self) -> int:
        """The number of cores of the cluster."""
        with self._reachable():
            return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def portions(self, pieces: int) -> Iterator[range]:
        """Make a few chunks for each core; see :meth:`engine.runtime.executor.Executor.portions`."""
        parts = max(1, min(pieces, self.slots * _PARTS))
        return (range(pieces * part // parts, pieces * (part + 1) // parts) for part in range(parts))

    def share(self, value: Any) -> Any:
        """Put a value into the object store; see :meth:`engine.runtime.executor.Executor.share`."""
        with self._reachable():
            return self._ray.put(_portable(value))

    def run(
        self, work: Callable[..., R], shared: Sequence[Any], chunks: Iterable[Sequence[Any]], job: Job
    ) -> Generator[tuple[int, R], None, None]:
        """Apply a function to each chunk; see :meth:`engine.runtime.executor.Executor.run`."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        ray, most = self._ray, self.slots * (1 + _AHEAD)
        remaining = enumerate(chunks)
        running: dict[Any, int] = {}
        try:
            with self._reachable():
                # Ray would fill one node after the other. A node that dies before its first chunk loses it to another.
                first = [NodeAffinitySchedulingStrategy(node, soft=True) for node in self._cores()]
                while True:
                    while len(running) < most and (following := next(remaining, None)) is not None:
                        number, chunk = following
                        arguments = [_portable(one) for one in (*shared, *chunk)]
                        where = first[number] if number < len(first) else "SPREAD"
                        task = self._task.options(num_cpus=1, max_retries=_RETRIES, scheduling_strategy=where)
                        running[task.remote(versions(), work, *arguments)] = number
                    if not running:
                        return
                    job.checkpoint()
                    done, _ = ray.wait(list(running), num_returns=1, timeout=_PATIENCE)
                    for one in done:
                        number = running.pop(one)
                        yield number, self._result(ray.get(one))
        finally:
            for one in running:
                with suppress(Exception):  # the cluster may be gone
                    ray.cancel(one, force=True)

    def _cores(self) -> list[str]:
        """The id of a node for each of its cores, in turn."""
        alive = {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in self._ray.nodes() if node["Alive"]}
        return [node for turn in range(max(alive.values(), default=0)) for node, cores in alive.items() if turn < cores]

    def _result(self, outcome: Outcome) -> Any:
        self.nodes[outcome.node] = self.nodes.get(outcome.node, 0) + 1
        for level, text in outcome.messages:
            _log.log(level, "node %s: %s", outcome.node[:8], text)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        """Turn the errors of Ray into sentences; those of the work itself are raised as they are."""
        from ray.exceptions import RayError, RayTaskError

        try:
            yield
        except RayTaskError as error:
            cause = error.cause if isinstance(error.cause, Exception) else error
            if isinstance(cause, ModuleNotFoundError):
                raise self._failed(f"a machine lacks the package {cause.name}") from error
            raise cause from error
        except (RayError, ConnectionError) as error:
            raise self._failed(" ".join(str(error).split()) or type(error).__name__) from error

    def _failed(self, why: str) -> RecsysError:
        return RecsysError(
            f"The Ray cluster {self._where!r} cannot do the work ({why}).",
            kind=ErrorKind.CLUSTER_FAILED,
            name=self._where,
        )


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """The versions that this process and its workers must have in common, by what they are of."""
    python = ".".join(platform.python_version_tuple()[:2])
    packages = ((name, metadata.version(name)) for name in _PACKAGES)
    return ("Python", python), ("recsys-tui", __version__), *packages


def call(expected: tuple[tuple[str, str], ...], work: Callable[..., Any], *arguments: Any) -> Outcome:
    """Work on a chunk; this runs in a worker.

    Parameters
    ----------
    expected
        The :func:`versions` of the process that wants the result.
    work, arguments
        The function and its arguments but the first, which is a job.
    """
    import ray

    node = ray.get_runtime_context().get_node_id()
    for (name, wanted), (_, found) in zip(expected, versions(), strict=True):
        if wanted != found:
            error = RecsysError(f"A machine of the cluster has {name} {found}, and {wanted} is needed.", name=name)
            return Outcome(None, error, (), node)
    with _collected_log() as messages, warnings.catch_warnings():
        # Arrays of the object store cannot be written to, and the work does not try.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        try:
            return Outcome(_portable(work(Job(), *arguments)), None, tuple(messages), node)
        except RecsysError as error:
            return Outcome(None, error, tuple(messages), node)


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


def _portable(value: Any) -> Any:
    """A value with arrays in place of its tensors: Ray sends arrays without copying or pickling them."""
    if isinstance(value, list):
        return [_portable(one) for one in value]
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_portable(one) for one in value)
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value
