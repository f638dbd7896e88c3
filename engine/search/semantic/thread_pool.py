"""Doing the parts of a large piece of NumPy work in several threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise


def in_parts(size: int, least: int, work: Callable[[int, int], object]) -> None:
    """Do ``work(begin, end)`` for ranges that make up ``0`` to ``size``, each in a thread; returns when all are done.

    Parameters
    ----------
    size
        How much there is to do.
    least
        A part has at least so much: what is soon done is done in this thread.
    work
        Does one part, for the most part in NumPy's calls: these let other threads run.
    """
    parts = max(1, min(_workers(), size // least))
    bounds = [size * part // parts for part in range(parts + 1)]
    others = [_pool().submit(work, begin, end) for begin, end in pairwise(bounds[1:])]
    try:
        work(bounds[0], bounds[1])
    finally:
        for other in others:
            other.result()


def _workers() -> int:
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_workers(), thread_name_prefix="search")


if hasattr(os, "register_at_fork"):  # a copy of this process has none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)
