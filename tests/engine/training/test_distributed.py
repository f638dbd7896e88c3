"""Tests of the process that directs a distributed training, with a single rank in the same process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import models
from engine.datasets import synthetic
from engine.errors import CancelledError, LearningError, UnsupportedError
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.representations import BilinearNet
from engine.runtime.executor import LocalExecutor
from engine.runtime.group import Member, MembersLostError
from engine.runtime.job import Job, Progress
from engine.runtime.ray_worker import portable
from engine.sequence.implicit import ImplicitSequenceModel

LOG = synthetic.generate_sequential(30, 40, 600, random_state=np.random.RandomState(0))
SEQUENCES = LOG.to_sequence(8)


class GroupOfOne:
    """A group of this process alone. It is lost at the calls whose numbers are given."""

    size, machines, gpus = 1, 1, False

    def __init__(self, executor: OfOne) -> None:
        self._executor = executor
        self._member = Member(0, 1, 1, False, "127.0.0.1", rendezvous=None)  # type: ignore[arg-type]

    def __enter__(self) -> GroupOfOne:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def start(self, job: Job) -> None:
        self._executor.starts += 1

    def run(self, work, arguments, job, patience=None) -> list[Any]:
        self._executor.calls += 1
        if self._executor.calls in self._executor.lost_at:
            raise self._executor.error
        result = portable(work(Job(), self._member, *portable(arguments)))
        job.checkpoint()  # a member finishes its work
        return [result]


class OfOne(LocalExecutor):
    """An executor that forms groups of one."""

    def __init__(self, lost_at=(), error: Exception | None = None) -> None:
        self.lost_at, self.calls, self.starts = lost_at, 0, 0
        self.error = error or MembersLostError("A member died.")

    def group(self, gpus: bool) -> GroupOfOne:
        return GroupOfOne(self)


def explicit(**options) -> ExplicitFactorizationModel:
    return ExplicitFactorizationModel(**{"n_iter": 4, "batch_size": 50, "random_state": 1, **options})


def sequence(**options) -> ImplicitSequenceModel:
    return ImplicitSequenceModel(**{"n_iter": 4, "batch_size": 8, "random_state": 1, **options})


#: Each model with its data, and the ids to predict for.
BOTH = [(explicit, LOG, 3), (sequence, SEQUENCES, np.array([2, 3]))]
quiet = pytest.mark.filterwarnings("ignore:.*slower than training in one process")


@quiet
@pytest.mark.parametrize(("make", "data", "ids"), BOTH)
def test_a_rank_gives_the_same_to_the_last_bit(make, data, ids):
    here, there = make(), make()
    here.fit(data)
    there.fit(data, executor=OfOne())
    np.testing.assert_array_equal(there.predict(ids), here.predict(ids))
    assert there.losses_by_epoch == here.losses_by_epoch
    here.fit(data)  # the state of the optimiser has come back, too
    there.fit(data)
    np.testing.assert_array_equal(there.predict(ids), here.predict(ids))


@quiet
@pytest.mark.parametrize(("make", "data", "ids"), BOTH)
@pytest.mark.parametrize("lost_at", [{1}, {3}, {9, 12}, {5, 6, 7}])
def test_a_lost_group_is_replaced_and_changes_nothing(make, data, ids, lost_at):
    here, there, executor, said = make(), make(), OfOne(lost_at), []
    here.fit(data)
    there.fit(data, executor=executor, job=Job(lambda progress: said.append(progress.warning)))
    np.testing.assert_array_equal(there.predict(ids), here.predict(ids))
    assert there.losses_by_epoch == here.losses_by_epoch
    assert executor.starts == 1 + len(lost_at)
    assert sum("the training goes on" in one or "the training begins again" in one for one in said) == len(lost_at)


@quiet
@pytest.mark.parametrize(("make", "data", "ids"), BOTH)
def test_another_failure_leaves_the_model_of_the_last_epoch_to_go_on_from(make, data, ids):
    whole, failed = make(), make()
    whole.fit(data)
    with pytest.raises(MemoryError):
        failed.fit(data, executor=OfOne({9}, MemoryError("no room")))
    failed.fit(data)
    np.testing.assert_array_equal(failed.predict(ids), whole.predict(ids))
    assert failed.losses_by_epoch == whole.losses_by_epoch


@quiet
def test_groups_that_are_lost_again_and_again_are_given_up():
    executor = OfOne(range(1000))
    with pytest.raises(MembersLostError):
        explicit().fit(LOG, executor=executor)
    assert executor.starts == 6


@quiet
@pytest.mark.parametrize(("make", "data", "ids"), BOTH)
@pytest.mark.parametrize("stop_at", [1, 3, 7])
def test_a_cancelled_training_goes_on_here_or_there(make, data, ids, stop_at):
    whole, stopped = make(), make()
    whole.fit(data)

    def watch(progress: Progress) -> None:
        if executor.calls > stop_at:
            job.cancel()

    job, executor = Job(watch), OfOne()
    with pytest.raises(CancelledError):
        stopped.fit(data, executor=executor, job=job)
    assert stopped.unfinished is not None
    stopped.fit(data, executor=None if stop_at == 3 else OfOne())
    np.testing.assert_array_equal(stopped.predict(ids), whole.predict(ids))
    assert stopped.losses_by_epoch == pytest.approx(whole.losses_by_epoch)


@quiet
def test_the_curves_and_checkpoints_are_those_of_one_process(tmp_path: Path):
    class Watching(Job):
        watches_epochs = True

        def __init__(self) -> None:
            super().__init__(reports.append)
            self.scores = []

        def epoch_ended(self, epoch: int, model: Any) -> None:
            self.scores.append(model.predict(3))

    reports: list[Progress] = []
    here, there = Watching(), Watching()
    explicit().fit(LOG, job=here)
    seen = [(one.done, one.total, one.values["epoch"]) for one in reports if one.done == one.total]
    reports.clear()
    explicit().fit(LOG, job=there, executor=OfOne(), checkpoint=tmp_path / "model")
    assert [
        (one.done, one.total, one.values["epoch"]) for one in reports if one.done == one.total and one.total
    ] == seen
    np.testing.assert_array_equal(there.scores, here.scores)
    again = models.load(tmp_path / "model")
    again.fit(LOG)
    longer = explicit(n_iter=8)
    longer.fit(LOG)
    np.testing.assert_array_equal(again.predict(3), longer.predict(3))


def test_one_machine_is_said_to_be_slower_before_the_training_begins():
    with pytest.warns(RuntimeWarning, match="slower than training in one process"):
        explicit().fit(LOG, executor=OfOne())
    said: list[str] = []
    explicit().fit(LOG, executor=OfOne(), job=Job(lambda progress: said.append(progress.warning)))
    assert said[0].startswith("The batches are divided")
    assert sum(map(bool, said)) == 1


@quiet
def test_a_training_that_diverges_says_so_as_here():
    with pytest.raises(LearningError, match="loss became"):
        explicit(learning_rate=1e30).fit(LOG, executor=OfOne())


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"optimizer_func": lambda parameters: torch.optim.SGD(parameters, lr=0.1)}, "optimizer_func"),
        ({"representation": BilinearNet(30, 41)}, "representation"),
        ({"device": "cuda"}, "no CUDA device"),
    ],
)
def test_what_other_machines_cannot_do_is_refused(options, what, monkeypatch):
    monkeypatch.setattr("engine.models.base.resolve", lambda name: torch.device("cpu"))
    with pytest.raises(UnsupportedError, match=what):
        explicit(**options).fit(LOG, executor=OfOne())
