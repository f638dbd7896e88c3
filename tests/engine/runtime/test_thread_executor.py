"""Tests that chunks are computed by several threads as they are by one, and that the caller alone is asked to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from engine.errors import CancelledError
from engine.factorization.als import AlternatingLeastSquaresModel
from engine.interactions import Interactions
from engine.runtime.executor import LocalExecutor
from engine.runtime.job import Job
from engine.runtime.thread_executor import ThreadExecutor


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def add(job: Job, shared: int, own: int) -> tuple[int, int]:
    job.checkpoint()
    return shared + own, torch.get_num_threads()


def fail(job: Job, own: int) -> int:
    if own == 4:
        raise ValueError("four")
    return own


def go_on(job: Job, begun: threading.Event) -> None:
    begun.set()
    while True:
        job.checkpoint()
        time.sleep(0.001)


class CountingJob(Job):
    """Cancels itself at a checkpoint, and keeps the threads that called one."""

    def __init__(self, cancel_at: int) -> None:
        super().__init__()
        self.threads: list[int] = []
        self._cancel_at = cancel_at

    def checkpoint(self) -> None:
        self.threads.append(threading.get_ident())
        if len(self.threads) == self._cancel_at:
            self.cancel()
        super().checkpoint()


def test_results_come_in_the_order_of_the_chunks_and_each_is_computed_with_one_core() -> None:
    found = list(ThreadExecutor().run(add, (100,), ((number,) for number in range(20)), Job()))
    assert found == [(number, (100 + number, 1)) for number in range(20)]
    assert torch.get_num_threads() == 3
    seen: list[int] = []
    later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert seen == [3]


def test_an_error_of_a_chunk_is_raised_after_the_results_before_it() -> None:
    results = ThreadExecutor().run(fail, (), ((number,) for number in range(9)), Job())
    assert [next(results) for _ in range(4)] == [(number, number) for number in range(4)]
    with pytest.raises(ValueError, match="four"):
        next(results)


def test_the_job_is_asked_in_the_calling_thread_and_can_stop_the_work() -> None:
    job = CountingJob(cancel_at=8)
    with pytest.raises(CancelledError):
        list(ThreadExecutor().run(add, (0,), ((number,) for number in range(1000)), job))
    assert set(job.threads) == {threading.get_ident()}
    assert len(job.threads) == 8


def test_a_stop_reaches_the_chunks_that_are_worked_on() -> None:
    job, begun = Job(), threading.Event()
    threading.Thread(target=lambda: begun.wait(30) and job.cancel()).start()
    with pytest.raises(CancelledError):
        list(ThreadExecutor().run(go_on, (begun,), ((),), job))


def test_als_is_the_same_to_the_last_bit_by_one_thread_and_by_several() -> None:
    random = np.random.RandomState(0)
    pairs = np.unique(random.randint(0, 300, 9_000) * 200 + (random.zipf(1.4, 9_000) - 1) % 200)
    log = Interactions((pairs // 200).astype(np.int32), (pairs % 200).astype(np.int32), num_users=300, num_items=200)
    models = [AlternatingLeastSquaresModel(16, 3, random_state=1) for _ in range(2)]
    for model, executor in zip(models, (None, LocalExecutor()), strict=True):
        model.fit(log, executor=executor)
    assert torch.equal(models[0]._users, models[1]._users)
    assert torch.equal(models[0]._items, models[1]._items)
