"""Parts of a job: their own name, their own count, one cancellation."""

from __future__ import annotations

import pytest

from engine.errors import CancelledError
from engine.runtime.job import Job, Progress


def test_a_part_counts_from_its_own_beginning() -> None:
    seen: list[Progress] = []
    part = Job(seen.append).named("training on all users")
    for done in (409, 480, 510):
        part.report(Progress("training attention", done, 510, "batches"))
    assert [(one.stage, one.done, one.total) for one in seen] == [
        ("training on all users", 1, 102),
        ("training on all users", 72, 102),
        ("training on all users", 102, 102),
    ]


def test_a_part_is_cancelled_with_the_job() -> None:
    job = Job()
    part = job.named("a part")
    part.checkpoint()
    job.cancel()
    assert part.cancelled
    with pytest.raises(CancelledError):
        part.checkpoint()


def test_whoever_holds_a_part_stops_and_pauses_the_whole() -> None:
    job, interrupted = Job(), []
    part = job.named("a part")
    part.pause()
    assert job.paused
    part.resume()
    assert not job.paused
    with part.interrupting(lambda: interrupted.append(True)):
        job.cancel()
    assert interrupted == [True]
    assert part.cancelled
