"""An executor on a Ray cluster: each chunk is a task, and shared values are objects that a node receives once.

Only Ray's core is used. A task whose node dies is run again elsewhere by Ray itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from engine.runtime.job import Job
from engine.runtime.ray_cluster import connect, reachable
from engine.runtime.ray_group import RayGroup
from engine.runtime.ray_worker import Outcome, call, portable, versions

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
            return self._ray.put(portable(value))

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
                        arguments = [portable(one) for one in (*shared, *chunk)]
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

    def group(self, gpus: bool) -> RayGroup:
        """Plan a group of actors; see :meth:`engine.runtime.executor.FormsGroups.group`."""
        return RayGroup(self._ray, self._where, gpus, self._result)

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
        with reachable(self._where):
            yield
