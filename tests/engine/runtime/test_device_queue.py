from __future__ import annotations

import threading

import pytest

from engine.errors import CancelledError
from engine.runtime.device_queue import DeviceQueue
from engine.runtime.job import Job


def test_a_long_turn_lets_a_waiting_one_in_at_its_next_checkpoint() -> None:
    turns = DeviceQueue()
    events: list[str] = []
    queued = threading.Event()

    def query() -> None:
        queued.set()
        with turns.turn():
            events.append("query")

    with turns.background(Job()) as job:
        events.append("batch 1")
        thread = threading.Thread(target=query)
        thread.start()
        queued.wait()
        while "query" not in events:  # the thread may not have reached the queue yet
            job.checkpoint()
        events.append("batch 2")
    thread.join()
    assert events == ["batch 1", "query", "batch 2"]


def test_turns_are_given_in_the_order_of_asking() -> None:
    turns = DeviceQueue()
    order: list[int] = []

    def work(number: int) -> None:
        with turns.turn():
            order.append(number)

    threads = []
    with turns.turn():
        for number in range(5):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            threads.append(thread)
            while len(turns._queue) <= number:
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_only_one_computes_at_a_time_and_an_error_frees_the_device() -> None:
    turns = DeviceQueue()
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with turns.turn():
                inside += 1
                most = max(most, inside)
                inside -= 1

    with pytest.raises(ValueError, match="broken"), turns.turn():
        raise ValueError("broken")
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_cancelling_reaches_through_a_long_turn() -> None:
    job = Job()
    job.cancel()
    with DeviceQueue().background(job) as inner:
        assert inner.cancelled
        with pytest.raises(CancelledError):
            inner.checkpoint()
