"""Tests that a Ray cluster gives what this machine gives, also if a node dies meanwhile.

The cluster is two nodes on this machine, with a core each. They listen on the loopback interface only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import CancelledError, LearningError
from engine.evaluation.config import EvaluationConfig
from engine.evaluation.runner import measure
from engine.evaluation.tuning import tune
from engine.factorization.als import AlternatingLeastSquaresModel
from engine.factorization.bayesian import BayesianFactorizationModel
from engine.interactions import Interactions
from engine.models.list_ranker import rank_block
from engine.recommender import Recommender
from engine.runtime.executor import Executor, LocalExecutor, in_order
from engine.runtime.job import Job, Progress
from engine.search.encoder.encoder import Encoder
from engine.search.semantic import vector_store
from engine.search.semantic.vector_store import VectorStore, hash_texts
from tests.engine.evaluation.test_runner import make

# Ray must not be imported before the environment of the cluster is set.
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="the extra `cluster` is not installed")


def killing(kill: Callable[[], None], executor: Any) -> Job:
    """A job that kills the second node as soon as both have worked."""

    def watch(progress: Progress) -> None:
        if len(executor.nodes) == 2:
            kill()

    return Job(watch)


def some_interactions() -> Interactions:
    rng = np.random.RandomState(0)
    return Interactions(rng.randint(0, 400, 20_000), 1 + rng.zipf(1.4, 20_000) % 300, num_users=400, num_items=301)


def fitted(executor: Executor, job: Job | None = None) -> AlternatingLeastSquaresModel:
    model = AlternatingLeastSquaresModel(16, 4, random_state=3)
    model.fit(some_interactions(), job=job, executor=executor)
    return model


def test_als_is_the_same_to_the_last_bit_though_a_node_dies(executor: Any, second: Callable[[], None]) -> None:
    here = fitted(LocalExecutor()).factors()
    there = fitted(executor, killing(second, executor)).factors()
    np.testing.assert_array_equal(here.users, there.users)
    np.testing.assert_array_equal(here.items, there.items)
    assert len(executor.nodes) == 2


def test_bayesian_is_the_same_to_the_last_bit_though_a_node_dies(executor: Any, second: Callable[[], None]) -> None:
    known, random = some_interactions(), np.random.RandomState(1)
    rated = Interactions(
        known.user_ids,
        known.item_ids,
        ratings=random.randint(1, 6, len(known)).astype(np.float32),
        timestamps=random.randint(0, 50, len(known)) * 86_400,
        num_users=known.num_users,
        num_items=known.num_items,
    )
    predicted = []
    for one, job in (LocalExecutor(), None), (executor, killing(second, executor)):
        model = BayesianFactorizationModel(4, 3, 1, random_state=3, device="cpu")
        model.fit(rated, job=job, executor=one)
        predicted.append(model.predict(np.arange(300), np.arange(300)))
    np.testing.assert_array_equal(*predicted)
    assert len(executor.nodes) == 2


@pytest.mark.parametrize("dies", [False, True])
def test_lists_are_the_same(executor: Any, second: Callable[[], None], dies: bool) -> None:
    dataset, model = make(), AlternatingLeastSquaresModel(8, 2, random_state=0)
    model.fit(dataset.interactions)
    ranker = Recommender(dataset, model).list_ranker("recommend", 5)
    blocks = [(users,) for users in np.array_split(np.arange(dataset.num_users), 12)]
    here = [ranker.rank(block) for (block,) in blocks]
    there = []
    for lists in in_order(executor.run(rank_block, (executor.share(ranker), 4), blocks, Job())):
        there.append(lists)
        if dies and len(executor.nodes) == 2:
            second()
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one.items, other.items)
        np.testing.assert_array_equal(one.scores, other.scores)
    assert len(executor.nodes) == 2


@pytest.mark.parametrize("dies", [False, True])
def test_a_catalogue_is_embedded_as_here(
    executor: Any, second: Callable[[], None], dies: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_store, "_CHUNK", 8)
    encoder = Encoder()
    texts = [f"A film about {what} in the year {year}" for what in ("love", "war", "a heist") for year in range(17)]
    here, there = (VectorStore(tmp_path / name, encoder.identity) for name in ("here", "there"))
    here.embed(texts, encoder)
    job = killing(second, executor) if dies else Job()
    assert there.embed(texts, encoder, job, executor=executor).complete
    hashes = hash_texts(texts)
    found = [np.asarray(store.vectors())[store.rows(hashes)] for store in (here, there)]
    np.testing.assert_allclose(*found, atol=1e-5)
    assert len(executor.nodes) == 2


@pytest.mark.parametrize("dies", [False, True])
def test_a_search_for_options_finds_the_same(
    executor: Any, second: Callable[[], None], dies: bool, tmp_path: Path
) -> None:
    data, config = make(), EvaluationConfig(device="cpu", options={"n_iter": 2, "embedding_dim": 4})
    here = tune(data, "als", 3, tmp_path / "here", config)
    job = killing(second, executor) if dies else None
    there = tune(data, "als", 3, tmp_path / "there", config, job=job, executor=executor)
    assert replace(here, path="", study=there.study) == replace(there, path="")
    assert [(one.value, one.options) for one in here.study.trials] == [
        (one.value, one.options) for one in there.study.trials
    ]
    assert len(executor.nodes) == 2


def test_an_evaluation_over_several_seeds_measures_the_same(executor: Any) -> None:
    data, config = make(), EvaluationConfig(device="cpu", seeds=2)
    here, there = measure(data, "popular", config).report, measure(data, "popular", config, executor=executor).report
    assert here.metrics == there.metrics
    assert here.intervals == there.intervals


def refuse(job: Job, number: int) -> int:
    raise LearningError(f"number {number}")


def test_an_error_of_the_work_is_raised_as_it_is(executor: Any) -> None:
    with pytest.raises(LearningError, match="number 3"):
        list(executor.run(refuse, (), [(3,)], Job()))


def test_a_cancelled_job_stops_at_once(executor: Any) -> None:
    job = Job()
    results = executor.run(refuse, (), iter(lambda: (1,), None), job)
    job.cancel()
    with pytest.raises(CancelledError):
        next(results)


#: Starts a cluster, and prints the addresses that its processes listen on, and the files in the home folder.
STARTED_HERE = """
import json, os
from pathlib import Path
from engine.runtime.executor import make_executor
from engine.runtime.job import Job
from tests.engine.runtime.test_ray import squared
executor = make_executor("ray")
results = sorted(result for _, result in executor.run(squared, (), [(n,) for n in range(5)], Job()))
parents = {}
for status in Path("/proc").glob("[0-9]*/stat"):
    try:
        parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    except OSError:
        pass
mine = {os.getpid()}
while further := {child for child, parent in parents.items() if parent in mine} - mine:
    mine |= further
sockets = set()
for pid in mine:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(os.readlink(link))
        except OSError:
            pass
listening = set()
for table in ("tcp", "tcp6"):
    for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
        _, local, _, state, *_, inode = line.split()[:10]
        if state == "0A" and f"socket:[{inode}]" in sockets:
            listening.add(local.split(":")[0])
home = [str(path) for path in Path.home().rglob("*") if path.is_file()]
print(json.dumps([results, sorted(listening), home, os.environ["RAY_AUTH_MODE"], len(os.environ["RAY_AUTH_TOKEN"])]))
"""
#: 127.0.0.1 and ::1, as the kernel writes them.
LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}


def squared(job: Job, number: int) -> int:
    return number * number


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads what listens from Linux' /proc")
def test_a_cluster_that_is_started_here_listens_to_this_machine_alone_and_has_a_token(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", STARTED_HERE],
        env={**environment, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    results, listening, home, mode, token = json.loads(done.stdout.splitlines()[-1])
    assert results == [0, 1, 4, 9, 16]
    assert listening
    assert set(listening) <= LOOPBACK
    assert (home, mode, token) == ([], "token", 64)
