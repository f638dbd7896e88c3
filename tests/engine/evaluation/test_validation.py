"""Validation figures while a model is trained: they change nothing, and take a bounded share of the time."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.cases import make_cases
from engine.evaluation.config import EvaluationConfig
from engine.evaluation.runner import measure, train
from engine.evaluation.splitters import Split
from engine.evaluation.validation import MOST_CASES, Validation, hold_out
from engine.runtime.job import Job, Progress, validation_of
from tests.engine.evaluation.test_runner import make

ITERATIVE = ("explicit", "implicit", "sequence", "attention", "als", "svd")


def figures_of(name: str) -> tuple[list[tuple[str, int]], np.ndarray]:
    """The reported metrics and epochs, and the lists of an evaluation."""
    seen: list[tuple[str, int]] = []

    def note(progress: Progress) -> None:
        if (found := validation_of(progress)) is not None:
            assert np.isfinite(found[1])
            seen.append((found[0], int(progress.values["epoch"])))

    config = EvaluationConfig(protocol="leave-one-out", device="cpu", options={"n_iter": 3})
    return seen, measure(make(), name, config, job=Job(note), validate=True).lists


@pytest.mark.parametrize("name", ITERATIVE)
def test_each_epoch_is_measured_and_the_model_is_the_same_as_without(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.evaluation.validation.TIME_SHARE", 1e9)
    seen, lists = figures_of(name)
    assert [epoch for _, epoch in seen] == [1, 2, 3]
    assert {metric for metric, _ in seen} == {"rmse" if name in ("explicit", "svd") else "ndcg@10"}
    config = EvaluationConfig(protocol="leave-one-out", device="cpu", options={"n_iter": 3})
    assert np.array_equal(lists, measure(make(), name, config).lists)


def test_measuring_keeps_to_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    cases = make_cases(hold_out_of_all(), "leave-one-out", "user", 1)
    validation = Validation(cases, None, time_share=0.1, clock=lambda: now[0])

    def slow(model: object, job: object) -> float:
        now[0] += 1.0
        return 0.5

    monkeypatch.setattr(validation, "_measure", slow)
    measured = []
    validation.begin()
    for epoch in range(60):
        now[0] += 1.0
        if validation.measure(None, Job()) is not None:  # type: ignore[arg-type]
            measured.append(epoch)
    assert measured[0] == 0
    assert len(measured) == 6, "of sixty seconds of training, one tenth"
    assert validation.seconds == 6.0


def hold_out_of_all() -> Split:
    found = hold_out(make().interactions, 1)
    assert found is not None
    return found


def test_little_is_held_out_and_of_each_user_the_latest() -> None:
    log = make().interactions
    parts = hold_out_of_all()
    assert len(parts.train) + len(parts.test) == len(log)
    assert 1 <= len(parts.test) <= min(MOST_CASES, 0.01 * len(log))
    assert len(np.unique(parts.test.user_ids)) == len(parts.test)
    for user, time in zip(parts.test.user_ids, parts.test.timestamps, strict=True):
        assert time >= log.timestamps[log.user_ids == user].max()
    assert hold_out(log.select(slice(0, 20)), 1) is None


def test_a_training_with_validation_reports_it_and_one_without_does_not() -> None:
    for validate in (True, False):
        seen: list[Progress] = []
        train(make(), "explicit", options={"n_iter": 2}, device="cpu", job=Job(seen.append), validate=validate)
        assert any(validation_of(progress) for progress in seen) == validate
