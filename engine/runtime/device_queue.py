"""Turns on the device: one computation at a time, and a long one lets a short one in between two batches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from engine.runtime.job import Job, Progress


class DeviceQueue:
    """A lock that is granted in the order of asking.

    ``threading.Lock`` makes no such promise: a training loop that releases and takes it again at once would keep
    it from a query for as long as the run lasts.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._taken = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the device, and hold it for the length of the block."""
        self._acquire()
        try:
            yield
        finally:
            self._release()

    @contextmanager
    def background(self, job: Job) -> Iterator[Job]:
        """Hold the device for a long computation, which gives way at each of its checkpoints.

        Yields
        ------
        Job
            To hand to the computation in place of ``job``.
        """
        with self.turn():
            yield _YieldingJob(job, self)

    def yield_(self) -> None:
        """Let everybody who is waiting go first. Only for whoever holds the device."""
        with self._guard:
            if not self._queue:
                return
        self._release()
        self._acquire()

    def _acquire(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            granted = threading.Event()
            self._queue.append(granted)
        granted.wait()

    def _release(self) -> None:
        with self._guard:
            if self._queue:
                # Handed over without being free in between, so nobody can overtake.
                self._queue.popleft().set()
            else:
                self._taken = False


class _YieldingJob(Job):
    """A job whose checkpoints let waiting work through."""

    def __init__(self, job: Job, turns: DeviceQueue) -> None:
        super().__init__()
        self._job = job
        self._turns = turns

    def report(self, progress: Progress) -> None:
        self._job.report(progress)

    def cancel(self) -> None:
        self._job.cancel()

    @property
    def cancelled(self) -> bool:
        return self._job.cancelled

    def checkpoint(self) -> None:
        self._job.checkpoint()
        self._turns.yield_()
