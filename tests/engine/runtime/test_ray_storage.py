"""Tests of a cluster whose machines read shared data from a folder or a bucket: the results are those without one."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets.locations.shared_place import open_place
from engine.errors import CancelledError, DataError, LearningError
from engine.factorization.als import AlternatingLeastSquaresModel
from engine.models.list_ranker import rank_block
from engine.recommender import Recommender
from engine.runtime.executor import LocalExecutor, in_order, make_executor
from engine.runtime.job import Job, Progress
from engine.storage import shared_storage, taken_apart
from tests.engine.datasets.servers import serving
from tests.engine.evaluation.test_runner import make
from tests.engine.runtime.test_ray import some_interactions

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="the extra `cluster` is not installed")


class Place:
    """A place, and how to see what is in it."""

    def __init__(self, text: str, names: Callable[[], list[str]]) -> None:
        self.text, self.names = text, names


@pytest.fixture(scope="module")
def moto() -> Iterator[tuple[str, Any]]:
    """The options of addresses of moto's server of S3, and a client of it."""
    if find_spec("moto") is None or find_spec("flask") is None:
        pytest.skip("the package moto[server] is not installed")
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **keys)
    client.create_bucket(Bucket="shared")
    yield f"?region=us-east-1&scheme=http&endpoint_override={host}:{port}", client
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    return Place(str(tmp_path), lambda: [str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")])


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A bucket of moto's server, or of our own where that is not installed."""
    if find_spec("moto") is None or find_spec("flask") is None:
        with serving() as ours:
            names = ours.files
            yield Place(f"s3://key:secret@shared/data{ours.options}", lambda: [one for one in names if names[one]])
        return
    options, client = request.getfixturevalue("moto")

    def listed() -> list[str]:
        return [one["Key"] for one in client.list_objects_v2(Bucket="shared").get("Contents", []) if one["Size"]]

    yield Place(f"s3://key:secret@shared/data{options}", listed)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    found: Place = request.getfixturevalue(request.param)
    monkeypatch.setattr(shared_storage, "_LEAST_BYTES", 1)
    monkeypatch.setattr(taken_apart, "_LEAST_BYTES", 64)
    return found


@pytest.fixture
def executor(second: object, place: Place) -> Any:
    return make_executor("auto", lambda: open_place(place.text))


def values(place: Place) -> list[str]:
    return [name for name in place.names() if name.endswith(".arrow")]


def fitted(executor: Any, job: Job | None = None) -> Any:
    model = AlternatingLeastSquaresModel(16, 3, random_state=3)
    model.fit(some_interactions(), job=job, executor=executor)
    return model.factors()


def check_als(executor: Any, place: Place, kill: Callable[[], None] = lambda: None) -> None:
    """Check that als is the same to the last bit, and that its parts lie in the place meanwhile and no longer."""
    seen: set[str] = set()

    def watch(progress: Progress) -> None:
        seen.update(values(place))
        if len(executor.nodes) == 2:
            kill()

    here, there = fitted(LocalExecutor()), fitted(executor, Job(watch))
    np.testing.assert_array_equal(here.users, there.users)
    np.testing.assert_array_equal(here.items, there.items)
    assert len(executor.nodes) == 2
    assert len(seen) == 16  # two nodes of one core, with four parts each of the users and of the items
    assert place.names() == []


@pytest.mark.parametrize("place", ["bucket"], indirect=True)
def test_als_is_the_same_to_the_last_bit(executor: Any, place: Place) -> None:
    check_als(executor, place)


def test_lists_are_the_same(executor: Any, place: Place) -> None:
    dataset, model = make(), AlternatingLeastSquaresModel(8, 2, random_state=0)
    model.fit(dataset.interactions)
    ranker = Recommender(dataset, model).list_ranker("recommend", 5)
    blocks = [(users,) for users in np.array_split(np.arange(dataset.num_users), 12)]
    shared = executor.share(ranker), 4
    assert len(values(place)) == 1
    there = in_order(executor.run(rank_block, shared, blocks, Job()))
    for (block,), other in zip(blocks, there, strict=True):
        one = ranker.rank(block)
        np.testing.assert_array_equal(one.items, other.items)
        np.testing.assert_array_equal(one.scores, other.scores)
    del shared, there
    assert place.names() == []


def fail(job: Job, data: Any, number: int) -> int:
    if number == 1:
        raise LearningError("no")
    return len(data)


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_nothing_stays_after_an_error_or_a_cancel(executor: Any, place: Place) -> None:
    def work(job: Job) -> None:
        shared = (executor.share([np.arange(100)]),)
        assert len(values(place)) == 1
        list(executor.run(fail, shared, [(0,), (1,)], job))

    with pytest.raises(LearningError):
        work(Job())
    assert place.names() == []
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        work(job)
    assert place.names() == []


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_machine_that_does_not_see_the_folder_is_named(executor: Any, place: Place, tmp_path: Path) -> None:
    shared = (executor.share([np.arange(100)]),)
    (run,) = tmp_path.iterdir()
    os.rename(run, tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"The machine \S+ cannot read what was put into .* needs that folder"):
        list(executor.run(fail, shared, [(0,)], Job()))


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_als_is_the_same_though_a_node_dies(executor: Any, place: Place, second: Callable[[], None]) -> None:
    check_als(executor, place, second)


def refused(address: str) -> str:
    with pytest.raises(DataError, match="cannot be written there") as caught:
        open_place(address)
    assert "secret" not in str(caught.value)
    return str(caught.value)


def test_a_bucket_that_does_not_exist_and_keys_that_are_not_known_are_refused(moto: tuple[str, Any]) -> None:
    options, client = moto
    assert "s3://nowhere/data" in refused(f"s3://key:secret@nowhere/data{options}")
    assert "there is no such bucket" in refused(f"s3://key:secret@nowhere/data{options}")
    count = f"{client.meta.endpoint_url}/moto-api/reset-auth"
    urllib.request.urlopen(urllib.request.Request(count, b"0", {"Content-Type": "text/plain"}))
    try:
        assert "the access key is not known there" in refused(f"s3://key:secret@shared/data{options}")
    finally:
        urllib.request.urlopen(urllib.request.Request(count, b"inf", {"Content-Type": "text/plain"}))
