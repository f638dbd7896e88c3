"""An executor in threads of this process, each of which computes a chunk alone."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

from engine.runtime.executor import MOST_THREADS, LocalExecutor
from engine.runtime.job import Job

R = TypeVar("R")

#: Seconds between two questions to the job while a chunk is waited for.
_ASKED_EVERY = 0.1


class ThreadExecutor(LocalExecutor):
    """Works on as many chunks at the same time as torch uses threads, in threads that compute with one core each.

    This suits work of many short operations on sparse data. Torch divides each operation among its own threads, badly
    where rows differ in length, and a thread without work spins until the next operation, which costs as much processor
    time as computing does.
    """

    @property
    def slots(self) -> int:
        """The number of threads that torch uses in the calling thread, up to a bound."""
        return min(MOST_THREADS, torch.get_num_threads())

    def run(
        self, work: Callable[..., R], shared: Sequence[Any], chunks: Iterable[Sequence[Any]], job: Job
    ) -> Generator[tuple[int, R], None, None]:
        """Apply a function to each chunk; see :meth:`engine.runtime.executor.Executor.run`.

        Results come in the order of the chunks. The job is asked by the calling thread alone, before each chunk and
        while it waits for one: it may hold a device for this thread, which other threads must not give away. What the
        threads are given is a job that is cancelled if this one is.
        """
        threads = self.slots
        if threads == 1:
            yield from super().run(work, shared, chunks, job)
            return
        remaining = enumerate(chunks)
        running: deque[tuple[int, Future[R]]] = deque()
        of_threads = Job()
        with _single_threads(threads) as pool:
            try:
                while True:
                    # One more than there are threads, so that none of them waits while a result is put away.
                    while len(running) <= threads and (following := next(remaining, None)) is not None:
                        job.checkpoint()
                        number, chunk = following
                        running.append((number, pool.submit(work, of_threads, *shared, *chunk)))
                    if not running:
                        return
                    number, first = running.popleft()
                    while not wait((first,), _ASKED_EVERY).done:
                        job.checkpoint()
                    yield number, first.result()
            finally:
                of_threads.cancel()
                for _, one in running:
                    one.cancel()


@contextmanager
def _single_threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """Threads in which torch computes with one core. The number of threads of the calling thread stays as it is."""
    before = torch.get_num_threads()
    started = threading.Barrier(number + 1)
    with ThreadPoolExecutor(number, "blocks", initializer=use_one_core) as pool:
        try:
            for _ in range(number):
                pool.submit(started.wait)
            started.wait()
        except BaseException:  # an interrupt: the threads would wait for ever, and the end of the pool for them
            started.abort()
            raise
        # Each thread has its own number, and the last one that was set is that of threads which begin later.
        torch.set_num_threads(before)
        yield pool


def use_one_core() -> None:
    """Let torch compute with one core in this thread."""
    torch.get_num_threads()  # sets this thread's number from that of all, which would otherwise happen afterwards
    torch.set_num_threads(1)
