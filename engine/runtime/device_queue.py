"""A queue for the device: one computation runs at a time, and a long one lets others run between two batches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from engine.runtime.job import ForwardingJob, Job


class DeviceQueue:
    """A lock that threads get in the order of their requests.

    ``threading.Lock`` does not guarantee this order: a training loop that releases the lock and takes it again at once
    could keep it from a query until the training ends.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._taken = False

    @property
    def taken(self) -> bool:
        """Whether somebody holds the device at this moment."""
        return self._taken

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the device, and hold it during the block."""
        self._acquire()
        try:
            yield
        finally:
            self._release()

    @contextmanager
    def background(self, job: Job) -> Iterator[Job]:
        """Hold the device for a long computation that lets waiting threads go first at each of its checkpoints.

        Yields
        ------
        Job
            The job to give to the computation in place of ``job``.
        """
        with self.turn():
            yield _YieldingJob(job, self)

    def yield_(self) -> None:
        """Let all waiting threads go first. Only the thread that holds the device may call this."""
        with self._guard:
            if not self._queue:
                return
        self._release()
        self._acquire()

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Give the device to others during the block. Only the thread that holds it may do so."""
        self._release()
        try:
            yield
        finally:
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
                # The lock is handed over without becoming free, so no other thread can take it first.
                self._queue.popleft().set()
            else:
                self._taken = False


class _YieldingJob(ForwardingJob):
    """A job whose checkpoints let waiting threads use the device."""

    def __init__(self, job: Job, queue: DeviceQueue) -> None:
        super().__init__(job)
        self._queue = queue

    def checkpoint(self) -> None:
        if self._job.paused:
            with self._queue.given_up():
                self._job.checkpoint()
        else:
            self._job.checkpoint()
            self._queue.yield_()
