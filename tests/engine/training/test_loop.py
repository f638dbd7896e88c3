from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from engine.datasets import synthetic
from engine.errors import CancelledError, OptionError
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.runtime import device
from engine.runtime.job import Job
from engine.sequence.implicit import ImplicitSequenceModel
from engine.training.loop import RunState, train


class Recorder:
    """Records the examples of each step, and runs out of memory for batches larger than ``room``."""

    small_steps = True

    def __init__(self, num_examples: int, room: int = 10**9) -> None:
        self.num_examples, self.room = num_examples, room
        self.device = torch.device("cpu")
        self.steps: list[list[int]] = []

    def batches(self, examples, generator, batch_size):
        noise = torch.rand(len(examples), generator=generator)
        return list(zip(examples.split(batch_size), noise.split(batch_size), strict=True))

    def step(self, batch):
        examples, noise = batch
        if len(examples) > self.room:
            raise torch.cuda.OutOfMemoryError("pretended")
        self.steps.append(examples.tolist() + noise.tolist())
        return noise.mean()

    def move(self, new_device):
        self.room, self.device = 10**9, new_device


def _run(learner, epochs=2, batch_size=7, seed=3, **options) -> RunState:
    state = RunState(seed)
    state.begin(epochs, batch_size, data=0)
    train(learner, state, **options)
    return state


def test_every_epoch_takes_every_example_once_in_an_order_of_its_own(monkeypatch):
    monkeypatch.setattr("engine.training.loop.BLOCK", 20)
    learner = Recorder(100)
    state = _run(learner)
    epochs = [learner.steps[:15], learner.steps[15:]]
    orders = [[int(one) for step in epoch for one in step[: len(step) // 2]] for epoch in epochs]
    assert all(sorted(order) == list(range(100)) for order in orders)
    assert orders[0] != orders[1]
    assert len(state.losses) == state.epoch == 2


@pytest.mark.parametrize("stop_after", range(0, 30, 3))
def test_a_run_stopped_anywhere_goes_on_the_same(monkeypatch, stop_after):
    monkeypatch.setattr("engine.training.loop.BLOCK", 20)
    whole = Recorder(100)
    expected = _run(whole)

    learner, state = Recorder(100), RunState(3)
    state.begin(2, 7, data=0)

    class Stops(Job):
        def checkpoint(self):
            if len(learner.steps) == stop_after:
                raise CancelledError

    with pytest.raises(CancelledError):
        train(learner, state, job=Stops())
    stored = RunState(**state.to_dict())
    assert stored.interrupted
    train(learner, stored)
    assert learner.steps == whole.steps
    assert stored.losses == pytest.approx(expected.losses)


def test_other_data_starts_a_new_call():
    state = RunState(1, epoch=3, until=5, batch=4, data=11)
    state.begin(2, 7, data=12)
    assert (state.epoch, state.until, state.batch) == (3, 5, 0)
    state = RunState(1, epoch=3, until=5, batch=4, batch_size=7, data=11)
    state.begin(2, 7, data=11)
    assert (state.until, state.batch) == (5, 4)


class OnGraphicsCard(Recorder):
    """Pretends to be on a device other than that of its tensors."""

    def __init__(self, num_examples, room):
        super().__init__(num_examples, room)
        self._where = torch.device("meta")

    @property
    def device(self):
        return self._where

    @device.setter
    def device(self, value):
        self._where = value


def test_lack_of_memory_halves_the_batch_and_at_last_moves_to_the_cpu(monkeypatch):
    real = torch.Generator
    monkeypatch.setattr(torch, "Generator", lambda device=None: real())
    monkeypatch.setattr(torch, "randperm", lambda n, generator, device: torch.arange(n))
    monkeypatch.setattr(torch, "zeros", lambda *shape, device=None: torch.tensor(0.0))
    reports = []
    learner = OnGraphicsCard(100, room=30)
    with pytest.warns(RuntimeWarning, match="halved to 25"):
        state = _run(learner, epochs=1, batch_size=50, job=Job(reports.append))
    assert state.batch_size == 25
    assert 0 < state.losses[0] < 1
    assert [len(step) // 2 for step in learner.steps] == [25] * 4
    assert any("halved" in report.stage for report in reports)

    learner = OnGraphicsCard(100, room=3)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        state = _run(learner, epochs=1, batch_size=50)
    assert "on the CPU" in str(said[-1].message)
    assert learner.device.type == "cpu"
    assert len(state.losses) == 1


def test_a_machine_without_memory_is_not_asked_for_ever():
    with pytest.raises(torch.OutOfMemoryError):
        _run(Recorder(100, room=3), epochs=1, batch_size=50)


MODELS = [
    lambda: ExplicitFactorizationModel(n_iter=2, random_state=1),
    lambda: ImplicitFactorizationModel(loss="adaptive_hinge", n_iter=2, random_state=1),
    lambda: ImplicitSequenceModel(loss="bpr", representation="lstm", n_iter=2, random_state=1),
    lambda: ImplicitSequenceModel(loss="bpr", representation="cnn", sparse=True, n_iter=2, random_state=1),
    lambda: ImplicitSequenceModel(
        n_iter=2, random_state=1, optimizer_func=lambda them: torch.optim.SGD(them, lr=0.1, momentum=0.9)
    ),
]


@pytest.fixture(scope="module")
def interactions():
    return synthetic.generate_sequential(30, 40, 1500, random_state=np.random.RandomState(0))


@pytest.mark.parametrize("make", MODELS)
def test_a_model_that_does_not_fit_a_device_is_trained_on_the_cpu(make, interactions, monkeypatch):
    """A model that was trained before keeps what it has learnt."""

    def to(module, where):
        if where.type == "meta":
            raise torch.OutOfMemoryError("pretended")
        return real(module, where)

    real = torch.nn.Module.to
    here, elsewhere = make(), make()
    sequences = isinstance(here, ImplicitSequenceModel)
    data, query = (interactions.to_sequence(), [3, 1]) if sequences else (interactions, 3)
    here.fit(data)
    elsewhere.fit(data)
    here.fit(data)
    monkeypatch.setattr(torch.nn.Module, "to", to)
    elsewhere.device = torch.device("meta")
    reports = []
    with pytest.warns(RuntimeWarning, match="meta has no room.*on the CPU"):
        elsewhere.fit(data, job=Job(reports.append))
    assert "on the CPU" in reports[0].stage
    assert elsewhere.device.type == "cpu"
    np.testing.assert_array_equal(elsewhere.predict(query), here.predict(query))


@pytest.mark.parametrize("make", MODELS)
def test_learners_move_with_all_they_know(make, interactions, monkeypatch):
    """A run that is moved to another device (here from the CPU to the CPU) gives the same model as any other run."""
    whole, moved = make(), make()
    sequences = isinstance(whole, ImplicitSequenceModel)
    data, query = (interactions.to_sequence(), [3, 1]) if sequences else (interactions, 3)
    whole.fit(data)
    make_learner, learners = moved._learner, []

    def noting(*arguments):
        learners.append(make_learner(*arguments))
        return learners[0]

    class Moves(Job):
        asked = 0

        def checkpoint(self):
            self.asked += 1
            if self.asked == 3:
                learners[0].move(torch.device("cpu"))

    monkeypatch.setattr(moved, "_learner", noting)
    moved.fit(data, job=Moves())
    np.testing.assert_array_equal(moved.predict(query), whole.predict(query))


@pytest.mark.parametrize(
    ("loss", "advice"), [(float("nan"), "learning_rate"), (float("inf"), "learning_rate"), (0.0, "0")]
)
def test_a_degenerate_loss_is_a_value_error_with_advice(loss, advice):
    learner = Recorder(10)
    learner.step = lambda batch: torch.tensor(float(loss))
    with pytest.raises(ValueError, match=advice):
        _run(learner)


def test_verbose_writes_each_epochs_loss(capsys):
    _run(Recorder(10), verbose=True)
    assert capsys.readouterr().out.count("loss") == 2
    _run(Recorder(10))
    assert capsys.readouterr().out == ""


def test_devices_that_are_not_there_are_refused_in_words():
    assert device.resolve("cpu").type == "cpu"
    assert device.resolve().type in ("cpu", "cuda", "mps")
    with pytest.raises(OptionError, match="abacus"):
        device.resolve("abacus")
    with pytest.raises(OptionError, match="meta"):
        device.resolve("meta")
    if not torch.cuda.is_available():
        with pytest.raises(OptionError, match="CUDA"):
            device.resolve("cuda")
    if not torch.backends.mps.is_available():
        with pytest.raises(OptionError, match="MPS"):
            device.resolve("mps")
