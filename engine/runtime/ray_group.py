"""A group of actors of a Ray cluster, one on each GPU or, without GPUs, one on each machine.

Ray starts all of them or none, and kills them when the group ends or one of them is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Self

from engine.runtime.group import Member, MembersLostError
from engine.runtime.job import Job
from engine.runtime.ray_cluster import reachable
from engine.runtime.ray_worker import Outcome, call, portable, versions

#: The seconds after which a wait looks at the job again.
_PATIENCE = 0.1
#: The seconds after which a group that cannot be placed is planned anew, since a machine may be gone.
_PLAN_AGAIN = 2.0
#: The number of members on a single machine without GPUs, if it has as many cores.
_ON_ONE_MACHINE = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The members of a group before they are started.

    Attributes
    ----------
    size
        The number of members.
    machines
        The number of machines with members.
    cores
        The number of cores of each member.
    gpus
        Whether each has a GPU.
    """

    size: int
    machines: int
    cores: int
    gpus: bool


def plan(nodes: Sequence[dict[str, Any]], gpus: bool) -> Plan:
    """Plan a group for the nodes of a cluster.

    Parameters
    ----------
    nodes
        The nodes, as Ray describes them.
    gpus
        Whether to use GPUs, if there are any.
    """
    alive = [node for node in nodes if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    cards = {node["NodeID"]: int(node["Resources"].get("GPU", 0)) for node in alive} if gpus else {}
    if any(cards.values()):
        used = [node for node in alive if cards[node["NodeID"]]]
        cores = min(int(node["Resources"]["CPU"]) // cards[node["NodeID"]] for node in used)
        return Plan(sum(cards.values()), _machines(used), max(1, cores), True)
    cores = min((int(node["Resources"]["CPU"]) for node in alive), default=1)
    if len(alive) > 1:
        return Plan(len(alive), _machines(alive), cores, False)
    size = min(_ON_ONE_MACHINE, cores)
    return Plan(size, 1, cores // size, False)


def _machines(nodes: Sequence[dict[str, Any]]) -> int:
    return len({node["NodeManagerHostname"] for node in nodes})


class RayGroup:
    """A group of actors; see :class:`engine.runtime.group.Group`.

    Parameters
    ----------
    ray
        The module, which is connected to a cluster.
    where
        The name of the cluster.
    gpus
        See :meth:`engine.runtime.executor.FormsGroups.group`.
    receive
        What takes the outcome of each member, and gives its result or raises its error.
    keep_alive
        Called from time to time while members work.
    """

    def __init__(
        self,
        ray: Any,
        where: str,
        gpus: bool,
        receive: Callable[[Outcome], Any],
        keep_alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._ray, self._where, self._wants_gpus = ray, where, gpus
        self._receive, self._keep_alive = receive, keep_alive
        self._placement: Any = None
        self._actors: list[Any] = []
        with reachable(where):
            self._plan = plan(ray.nodes(), gpus)

    @property
    def size(self) -> int:
        """The number of members."""
        return self._plan.size

    @property
    def machines(self) -> int:
        """The number of machines that they are on."""
        return self._plan.machines

    @property
    def gpus(self) -> bool:
        """Whether each member has a GPU of its own."""
        return self._plan.gpus

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def start(self, job: Job) -> None:
        """Start the actors; see :meth:`engine.runtime.group.Group.start`."""
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        ray = self._ray
        with reachable(self._where):
            self._place(job)
            store = ray.remote(_Store).options(num_cpus=0).remote()
            self._actors.append(store)
            share = {"num_cpus": self._plan.cores, "num_gpus": int(self._plan.gpus)}
            for rank in range(self.size):
                strategy = PlacementGroupSchedulingStrategy(self._placement, placement_group_bundle_index=rank)
                actor = ray.remote(_Actor).options(**share, scheduling_strategy=strategy)
                self._actors.append(actor.remote(rank, self.size, self._plan.cores, self._plan.gpus, store))

    def run(
        self, work: Callable[..., Any], arguments: Sequence[Any], job: Job, patience: float | None = None
    ) -> list[Any]:
        """Have each actor do the same work; see :meth:`engine.runtime.group.Group.run`."""
        from ray.exceptions import RayActorError

        ray, results = self._ray, [None] * self.size
        deadline = None if patience is None else monotonic() + patience
        with reachable(self._where):
            try:
                ready = [portable(one) for one in arguments]
                _, *members = self._actors
                running = {actor.work.remote(versions(), work, *ready): rank for rank, actor in enumerate(members)}
                while running:
                    job.checkpoint()
                    self._keep_alive()
                    if deadline is not None and monotonic() > deadline:
                        raise self._lost("its members do not answer")
                    done, _ = ray.wait(list(running), num_returns=1, timeout=_PATIENCE)
                    for one in done:
                        rank, outcome = running.pop(one), ray.get(one)
                        if rank and outcome.error is None:  # all members log the same
                            outcome = replace(outcome, messages=())
                        try:
                            results[rank] = self._receive(outcome)
                        finally:
                            del outcome  # an error of it has this frame in its traceback
            except RayActorError as error:
                raise self._lost("a member died") from error
        return results

    def _place(self, job: Job) -> None:
        """Reserve cores and GPUs for all members; if machines are gone meanwhile, for fewer."""
        from ray.util.placement_group import placement_group

        while True:
            bundle = {"CPU": self._plan.cores, **({"GPU": 1} if self._plan.gpus else {})}
            self._placement = placement_group([bundle] * self.size, strategy="SPREAD")
            ready, until = self._placement.ready(), monotonic() + _PLAN_AGAIN
            while True:
                job.checkpoint()
                if self._ray.wait([ready], timeout=_PATIENCE)[0]:
                    return
                if monotonic() > until:
                    until, now = monotonic() + _PLAN_AGAIN, plan(self._ray.nodes(), self._wants_gpus)
                    if now != self._plan:
                        break
            self._end()
            self._plan = now

    def _end(self) -> None:
        from ray.util.placement_group import remove_placement_group

        actors, self._actors = self._actors, []
        placement, self._placement = self._placement, None
        for one in actors:
            with suppress(Exception):  # the cluster may be gone
                self._ray.kill(one)
        if placement is not None:
            with suppress(Exception):
                remove_placement_group(placement)

    def _lost(self, why: str) -> MembersLostError:
        return MembersLostError(f"The Ray cluster {self._where!r} lost a group of processes ({why}).", name=self._where)


class _Store:
    """The store by which the members of a group find each other; this runs in an actor."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def set(self, key: str, value: bytes) -> None:
        self._values[key] = value

    def get(self, key: str) -> bytes | None:
        return self._values.get(key)

    def add(self, key: str, number: int) -> int:
        total = int(self._values.get(key, b"0")) + number
        self._values[key] = str(total).encode()
        return total


class _Rendezvous:
    """The store of a group, seen from a member."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def set(self, key: str, value: bytes) -> None:
        self._ask(self._store.set.remote(key, value))

    def get(self, key: str) -> bytes | None:
        found: bytes | None = self._ask(self._store.get.remote(key))
        return found

    def add(self, key: str, number: int) -> int:
        return int(self._ask(self._store.add.remote(key, number)))

    @staticmethod
    def _ask(answer: Any) -> Any:
        import ray

        return ray.get(answer)


class _Actor:
    """A member of a group; this runs in an actor."""

    def __init__(self, rank: int, size: int, threads: int, gpu: bool, store: Any) -> None:
        import ray

        address = ray.util.get_node_ip_address()
        self._member = Member(rank, size, threads, gpu, address, _Rendezvous(store))

    def work(self, expected: tuple[tuple[str, str], ...], work: Callable[..., Any], *arguments: Any) -> Outcome:
        return call(expected, work, *arguments, member=self._member)
