"""Files of S3 and of Google Cloud Storage, by a server on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.datasets import read
from engine.errors import DataError

from .servers import Server, serving


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A store with a log in two parts, as Spark leaves it, and a catalogue."""
    monkeypatch.setenv("HOME", str(tmp_path))  # credentials of the person who runs the tests are not used
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    with serving() as ours:
        for part in (0, 1):
            path = tmp_path / f"part-{part}.parquet"
            pq.write_table(pa.table({"user": [1, 2], "item": [part, 5], "rating": [3.5, 4.0]}), path)
            ours.put(f"/bucket/log/{path.name}", path)
        ours.put("/bucket/log/_SUCCESS", "")
        ours.put("/bucket/log/part-2.crc", "x")
        ours.put("/bucket/my items.csv", "id,title\n5,Five\n")
        ours.put("/bucket/set/ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n")
        ours.put("/bucket/set/movies.csv", "movieId,title,genres\n31,Dawn (1995),Drama\n")
        yield ours


def failing(address: str) -> str:
    with pytest.raises(DataError) as caught:
        read("x", ratings=address)
    sentence = str(caught.value)
    assert len(sentence) <= 400
    assert "secret" not in sentence
    return sentence


@pytest.mark.parametrize("scheme", ["s3://key:secret@", "s3://", "gs://"])
def test_parts_and_a_catalogue(store: Server, scheme: str) -> None:
    said: list[str] = []
    dataset = read(
        "x",
        ratings=f"{scheme}bucket/log/part-*.parquet{store.options}",
        items=f"{scheme}bucket/my items.csv{store.options}",
        log=said.append,
    )
    shown = scheme.replace("key:secret@", "")
    assert (dataset.num_users, dataset.num_interactions, dataset.items[1].title) == (2, 3, "Five")
    assert said[0].startswith(f"Downloading 2 files of {shown}bucket/log/part-*.parquet (")
    of_part = dataset.source["addresses"][1]
    assert of_part["address"] == f"{shown}bucket/log/part-1.parquet"
    assert of_part["sha256"] == hashlib.sha256(store.files["/bucket/log/part-1.parquet"]).hexdigest()
    assert "secret" not in str(dataset.source)


def test_a_folder_with_a_data_set(store: Server) -> None:
    dataset = read("x", source=f"s3://key:secret@bucket/set{store.options}")
    assert (dataset.kind, dataset.items[1].title) == ("movielens", "Dawn")


def test_what_cannot_be_read(store: Server) -> None:
    there = f"s3://key:secret@bucket/{{}}{store.options}"
    assert "s3://bucket/nothing.csv: does not exist" in failing(there.format("nothing.csv"))
    assert "no file fits the pattern, among 3 in bucket/log" in failing(there.format("log/*.csv"))
    assert "is a folder" in failing(there.format("log"))
    assert "name them by a pattern such as s3://bucket/log/*.parquet" in failing(there.format("log/"))
    assert "does not exist" in failing(f"gs://bucket/nothing.csv{store.options}")
    store.answers["/bucket/log/part-0.parquet"] = (403, {})
    assert "access is not allowed; check the credentials" in failing(there.format("log/part-0.parquet"))
    gone = "?region=us-east-1&scheme=http&endpoint_override=127.0.0.1:1"
    assert "the server cannot be reached" in failing(f"s3://key:secret@bucket/log.csv{gone}")


@pytest.mark.parametrize("address", ["s3://", "gs://", "s3:///log.csv", "gs:///part-*.parquet"])
def test_an_address_without_a_bucket(address: str) -> None:
    assert "names no bucket" in failing(address)


def test_more_than_the_limit_is_not_downloaded(store: Server) -> None:
    with pytest.raises(DataError, match="and the limit is 10 bytes"):
        read("x", ratings=f"s3://key:secret@bucket/log/*.parquet{store.options}", max_size=10)
    assert not any(path.endswith(".parquet") and method == "GET" for method, path, _ in store.asked)
