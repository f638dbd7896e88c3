"""An executor on a Ray cluster: each chunk is a task, and shared values are objects that a node receives once.

With a storage that all machines see, workers read the arrays of shared values from there instead, and each chunk goes
to the node that has read its own before. An array by itself is sent through Ray all the same: it is what the last step
has computed and all tasks of the next need, and of an object the processes of a node have one copy together.

Only Ray's core is used. A task whose node dies is run again elsewhere by Ray itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar

from engine.runtime.job import Job
from engine.runtime.ray_cluster import connect, reachable
from engine.runtime.ray_group import RayGroup
from engine.runtime.ray_worker import Outcome, SharedValue, call, portable, versions
from engine.runtime.storage import Storage

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


class _Running(NamedTuple):
    """A chunk that is worked on: its number, what it alone shares, which must live as long, and its node if chosen."""

    number: int
    own: Sequence[SharedValue]
    node: str | None


class RayExecutor:
    """Works on chunks in tasks of a Ray cluster, each of which has one core.

    Parameters
    ----------
    where
        ``"ray"``, ``"auto"`` or ``"ray://HOST:PORT"``; see :func:`engine.runtime.executor.make_executor`.
    storage
        Where large shared values are stored; None for the cluster itself.
    job
        The job that needs the cluster; when it is cancelled, it does not wait for the cluster any longer.

    Attributes
    ----------
    nodes
        The number of chunks that each node has finished, by the id of the node.

    Raises
    ------
    RecsysError
        If Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(self, where: str, storage: Storage | None = None, job: Job | None = None) -> None:
        self._where, self._storage = where, storage
        self._ray = connect(where, job)
        self._task = self._ray.remote(call)
        self.nodes: dict[str, int] = {}
        self._readers: dict[str, str] = {}

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
        """Put a value into the object store or the storage; see :meth:`engine.runtime.executor.Executor.share`."""
        ready = portable(value)
        stored = None
        if self._storage is not None and not hasattr(ready, "__array_interface__"):
            stored = self._storage.put(ready)
        with self._reachable():
            return self._ray.put(ready) if stored is None else SharedValue(stored[0], self._ray.put(stored[1]))

    def run(
        self, work: Callable[..., R], shared: Sequence[Any], chunks: Iterable[Sequence[Any]], job: Job
    ) -> Generator[tuple[int, R], None, None]:
        """Apply a function to each chunk; see :meth:`engine.runtime.executor.Executor.run`."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        ray, most = self._ray, self.slots * (1 + _AHEAD)
        remaining = enumerate(chunks)
        running: dict[Any, _Running] = {}
        try:
            with self._reachable():
                cores = self._cores()
                while True:
                    while len(running) < most and (following := next(remaining, None)) is not None:
                        number, chunk = following
                        arguments = [portable(one) for one in (*shared, *chunk)]
                        own = [one for one in chunk if isinstance(one, SharedValue)]
                        node = self._place(number, own, cores, running)
                        # A node that dies before its chunk loses it to another.
                        where = "SPREAD" if node is None else NodeAffinitySchedulingStrategy(node, soft=True)
                        task = self._task.options(num_cpus=1, max_retries=_RETRIES, scheduling_strategy=where)
                        running[task.remote(versions(), work, *arguments)] = _Running(number, own, node)
                    if not running:
                        return
                    job.checkpoint()
                    self._keep_alive()
                    done, _ = ray.wait(list(running), num_returns=1, timeout=_PATIENCE)
                    for one in done:
                        finished = running.pop(one)
                        yield finished.number, self._result(ray.get(one), finished.own)
        finally:
            for one in running:
                with suppress(Exception):  # the cluster may be gone
                    ray.cancel(one, force=True)

    def group(self, gpus: bool) -> RayGroup:
        """Plan a group of actors; see :meth:`engine.runtime.executor.FormsGroups.group`."""
        return RayGroup(self._ray, self._where, gpus, self._result, self._keep_alive)

    def _place(
        self, number: int, own: Sequence[SharedValue], cores: Sequence[str], running: Mapping[Any, _Running]
    ) -> str | None:
        """The node for a chunk; None leaves it to Ray, which would fill one node after the other at first."""
        for value in own:
            node = self._readers.get(value.stored.name)
            waiting = sum(one.node == node for one in running.values())
            if node is not None and waiting < cores.count(node) * (1 + _AHEAD):
                return node
        return cores[number] if number < len(cores) else None

    def _keep_alive(self) -> None:
        if self._storage is not None:
            self._storage.keep_alive()

    def _cores(self) -> list[str]:
        """The id of a node for each of its cores, in turn."""
        alive = {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in self._ray.nodes() if node["Alive"]}
        return [node for turn in range(max(alive.values(), default=0)) for node, cores in alive.items() if turn < cores]

    def _result(self, outcome: Outcome, own: Sequence[SharedValue] = ()) -> Any:
        self._readers.update({value.stored.name: outcome.node for value in own})
        self.nodes[outcome.node] = self.nodes.get(outcome.node, 0) + 1
        for level, text in outcome.messages:
            _log.log(level, "node %s: %s", outcome.node[:8], text)
        if (error := outcome.error) is not None:
            del outcome, own
            try:
                raise error
            finally:
                del error  # its traceback has this frame, and would keep what is shared until Python looks for cycles
        return outcome.value

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        with reachable(self._where):
            yield
