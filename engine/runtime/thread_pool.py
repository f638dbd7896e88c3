"""A thread pool that splits NumPy work over a range into parts."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise


def in_parts(size: int, least: int, work: Callable[[int, int], object]) -> None:
    """Split the range from 0 to ``size`` into parts, run ``work(begin, end)`` for each in a thread, and wait for all.

    Parameters
    ----------
    size
        The length of the range.
    least
        The minimum length of a part. Work on a short range therefore runs in the calling thread.
    work
        A function that does one part. Threads help only if it spends its time in NumPy calls that release the global
        interpreter lock.
    """
    parts = max(1, min(_workers(), size // least))
    bounds = [size * part // parts for part in range(parts + 1)]
    others = [_pool().submit(work, begin, end) for begin, end in pairwise(bounds[1:])]
    try:
        work(bounds[0], bounds[1])
    finally:
        for other in others:
            other.result()


def usable_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _workers() -> int:
    return min(8, usable_cores())


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_workers(), thread_name_prefix="search")


if hasattr(os, "register_at_fork"):  # threads do not survive a fork
    os.register_at_fork(after_in_child=_pool.cache_clear)
