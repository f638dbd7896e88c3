"""A simulation of one phase of work on many machines: tasks of equal work, slow machines, and machines that fail.

It is what Ray does with the chunks of :class:`engine.runtime.ray_executor.RayExecutor`: each core takes the next task
when it has finished one, a task whose machine dies is done again, and the phase ends with its last task. A sweep of als
has two phases, of which the second needs all results of the first.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines and what is wrong with them.

    Attributes
    ----------
    nodes, cores
        The number of machines, and of cores of each.
    slow, slowness
        The share of machines that are slow, and how many times as long they take.
    spread
        The standard deviation of the logarithm of a task's time.
    hours_between_failures
        The mean hours until a machine dies. It does not come back.
    noticed
        The seconds until a death is noticed.
    overhead
        The seconds that sending a task and its result takes.
    """

    nodes: int = 100
    cores: int = 32
    slow: float = 0.05
    slowness: float = 2.0
    spread: float = 0.2
    hours_between_failures: float = 1000.0
    noticed: float = 15.0
    overhead: float = 0.001


def simulate(cluster: Cluster, work: float, tasks_per_core: int, seed: int = 0) -> tuple[float, int]:
    """Simulate one phase.

    Parameters
    ----------
    cluster
        The machines.
    work
        The seconds that one core of a usual machine would take for the whole phase.
    tasks_per_core
        Into how many tasks for each core the work is divided.
    seed
        Of the draws.

    Returns
    -------
    seconds, repeated
        How long the phase takes, and how many tasks were done again.
    """
    random = np.random.default_rng(seed)
    count = cluster.nodes * cluster.cores * tasks_per_core
    pace = np.where(random.random(cluster.nodes) < cluster.slow, cluster.slowness, 1.0)
    deaths = random.exponential(cluster.hours_between_failures * 3600, cluster.nodes)
    # The mean of a logarithmic normal distribution is 1 with this shift.
    lengths = work / count * random.lognormal(-(cluster.spread**2) / 2, cluster.spread, count)
    waiting = list(range(count - 1, -1, -1))
    #: When each core is free, and its machine.
    free = [(0.0, node) for node in range(cluster.nodes) for _ in range(cluster.cores)]
    #: Tasks of dead machines: when that is noticed.
    lost: list[tuple[float, int]] = []
    end, repeated = 0.0, 0
    while waiting or lost:
        if not free:
            raise RuntimeError("All machines died.")
        now, node = heapq.heappop(free)
        while lost and (lost[0][0] <= now or not waiting):
            noticed, task = heapq.heappop(lost)
            now = max(now, noticed)
            waiting.append(task)
            repeated += 1
        if now >= deaths[node]:
            continue
        task = waiting.pop()
        finished = now + lengths[task] * pace[node] + cluster.overhead
        if finished > deaths[node]:
            heapq.heappush(lost, (deaths[node] + cluster.noticed, task))
            continue
        end = max(end, finished)
        heapq.heappush(free, (finished, node))
    return end, repeated
