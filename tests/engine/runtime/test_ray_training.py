"""Tests that two ranks on a Ray cluster train the model that one process trains, also if one is killed meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets import synthetic
from engine.errors import CancelledError
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.interactions import SequenceInteractions
from engine.models.estimator import Estimator
from engine.runtime.group import Group, Member
from engine.runtime.job import Job, Progress
from engine.runtime.ray_executor import RayExecutor
from engine.runtime.ray_group import plan
from engine.sequence.attention import AttentionModel
from engine.sequence.implicit import ImplicitSequenceModel
from engine.training.ranks import DividedLearner

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `cluster` is not installed"),
    pytest.mark.filterwarnings("ignore:.*slower than training in one process"),
]

#: What rounding does to predictions: Adam makes a step of its own of a gradient that is zero but for rounding.
ROUNDING = 0.02
#: With a batch size of 31 no batch can be halved, and the last one of an epoch is short.
COMMON = {"n_iter": 2, "batch_size": 31, "random_state": 1}
MODELS: dict[str, tuple[type[Estimator], dict[str, Any]]] = {
    "explicit": (ExplicitFactorizationModel, {}),
    "implicit": (ImplicitFactorizationModel, {"loss": "adaptive_hinge"}),
    "pooling": (ImplicitSequenceModel, {"representation": "pooling", "loss": "adaptive_hinge"}),
    "cnn, whose tables are large": (ImplicitSequenceModel, {"representation": "cnn", "loss": "bpr", "l2": 1e-4}),
    "mixture": (ImplicitSequenceModel, {"representation": "mixture", "loss": "pointwise"}),
    "attention": (AttentionModel, {}),
    "attention, whose negatives a batch shares": (AttentionModel, {"num_negatives": 40, "num_layers": 2}),
    "attention with texts": (AttentionModel, {"texts": True}),
    "batches of one row": (ImplicitSequenceModel, {"batch_size": 1, "n_iter": 1, "loss": "hinge"}),
}


def data_for(model: Estimator) -> Any:
    log = synthetic.generate_sequential(40, 60, 800, random_state=np.random.RandomState(0))
    if not isinstance(model, ImplicitSequenceModel):
        return log
    sequences = log.to_sequence(8)
    if model.representation == "cnn":  # the gradient of a large table is exchanged by rows
        return SequenceInteractions(100 * sequences.sequences, num_items=6000)
    return sequences


def make(name: str) -> Estimator:
    kind, options = MODELS[name]
    return kind(**{**COMMON, **options})


def fit(model: Estimator, **extra: Any) -> None:
    vectors = np.random.RandomState(0).randn(60, 5).astype(np.float32)
    model.fit(data_for(model), **extra, **({"item_vectors": vectors} if getattr(model, "texts", False) else {}))


def prediction(model: Estimator) -> Any:
    return (
        model.predict(np.array([100, 100, 200]) if model.representation == "cnn" else np.array([3, 4, 5]))
        if isinstance(model, ImplicitSequenceModel)
        else model.predict(3)
    )


class WatchedExecutor(RayExecutor):
    """Shows the group that works."""

    latest: Group

    def group(self, gpus: bool) -> Any:
        self.latest = super().group(gpus)
        return self.latest


@pytest.fixture
def watched(second: object) -> WatchedExecutor:
    return WatchedExecutor("auto")


def train_each(job: Job, member: Member) -> list[tuple[tuple[float, ...], Any]]:
    """Train all models with divided batches; work for a group. It is what ranks do, but for where it begins."""
    from engine.training.connect import connect

    collective = connect(member)

    class Dividing:
        def _learner(self, *arguments: Any) -> DividedLearner:
            return super()._learner(*arguments).divide(collective)  # type: ignore[misc]

    results = []
    for kind, options in MODELS.values():
        model = type("Divided", (Dividing, kind), {})(**{**COMMON, **options})
        fit(model)
        results.append((model.losses_by_epoch, prediction(model)))
    return results


def test_divided_batches_train_the_same_models(watched: WatchedExecutor) -> None:
    from tests.engine.runtime.test_ray import LOOPBACK  # the ranks import this module, too, and need less

    with watched.group(gpus=False) as group:
        group.start(Job())
        by_rank = group.run(train_each, (), Job())
        listening = group.run(listens_to, (), Job()) if Path("/proc/net/tcp").exists() else []
    assert len(by_rank) == len(watched.nodes) == 2
    assert set().union(*listening) <= LOOPBACK
    for number, name in enumerate(MODELS):
        here = make(name)
        fit(here)
        for results in by_rank:
            losses, predicted = results[number]
            assert losses == pytest.approx(here.losses_by_epoch, rel=1e-4), name
            np.testing.assert_allclose(predicted, prediction(here), atol=ROUNDING, err_msg=name)
        np.testing.assert_array_equal(by_rank[0][number][1], by_rank[1][number][1], err_msg=name)
        if name in ("explicit", "implicit"):
            np.testing.assert_array_equal(predicted, prediction(here))


def process_id(job: Job, member: Member) -> int:
    return os.getpid()


def listens_to(job: Job, member: Member) -> set[str]:
    """The addresses that a rank listens on, as Linux writes them."""
    sockets = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            sockets.add(os.readlink(link))
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


def test_a_killed_rank_and_node_cost_at_most_an_epoch_and_a_cancel_nothing(
    watched: WatchedExecutor, second: Callable[[], None]
) -> None:
    here, there = (AttentionModel(n_iter=4, batch_size=8, random_state=1) for _ in range(2))
    fit(here)
    killed: list[int] = []
    said: list[str] = []

    def watch(progress: Progress) -> None:
        said.append(progress.warning)
        epoch, within = progress.values.get("epoch"), bool(progress.total and "pace" in progress.values)
        if epoch == 3 and within and not killed:
            killed.append(watched.latest.run(process_id, (), Job())[1])
            os.kill(killed[0], signal.SIGKILL)
            second()
        if epoch == 4 and within:
            job.cancel()

    job = Job(watch)
    with pytest.raises(CancelledError):
        fit(there, executor=watched, job=job)
    assert killed
    assert any("goes on from the end of epoch 2" in one for one in said)
    assert watched.latest.size == 1
    assert there._run is not None
    assert (there._run.epoch, bool(there._run.batch)) == (3, True)
    fit(there)
    assert there.losses_by_epoch == pytest.approx(here.losses_by_epoch, rel=1e-4)
    np.testing.assert_allclose(prediction(there), prediction(here), atol=ROUNDING)


def node(cores: int, gpus: int = 0, alive: bool = True, host: str = "one") -> dict[str, Any]:
    resources = {"CPU": cores, **({"GPU": gpus} if gpus else {})}
    return {"NodeID": f"{host}{cores}{gpus}", "Alive": alive, "Resources": resources, "NodeManagerHostname": host}


@pytest.mark.parametrize(
    ("nodes", "gpus", "expected"),
    [
        ([node(1)], True, (1, 1, 1, False)),
        ([node(8)], True, (2, 1, 4, False)),
        ([node(8), node(4, host="two"), node(0, host="head")], True, (2, 2, 4, False)),
        ([node(8), node(4, host="two", alive=False)], True, (2, 1, 4, False)),
        ([node(8, 2), node(16, 4, host="two"), node(4, host="three")], True, (6, 2, 4, True)),
        ([node(8, 2), node(16, 4, host="two")], False, (2, 2, 8, False)),
    ],
)
def test_there_is_a_rank_for_each_gpu_or_machine(nodes: Any, gpus: bool, expected: tuple[int, int, int, bool]) -> None:
    planned = plan(nodes, gpus)
    assert (planned.size, planned.machines, planned.cores, planned.gpus) == expected
