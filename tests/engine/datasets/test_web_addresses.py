"""Files of a web server, by a server on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.datasets import read
from engine.errors import CancelledError, DataError, ErrorKind
from engine.runtime.job import Job

from .conftest import zipped
from .servers import Server, serving

LOG = "user,item,rating\n1,2,3\n2,2,4\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as ours:
        yield ours


def failing(address: str, **options: object) -> DataError:
    with pytest.raises(DataError) as caught:
        read("x", ratings=address, **options)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert len(sentence) <= 400
    assert "secret" not in sentence
    assert "recsys-tui-" not in sentence  # the name of a temporary folder means nothing to a person
    return caught.value


def test_size_before_and_checksum_after(server: Server) -> None:
    server.put("/my log.csv", LOG)
    said: list[str] = []
    dataset = read("x", ratings=f"{server.url}/my%20log.csv?token=secret", log=said.append)
    sha256 = hashlib.sha256(LOG.encode()).hexdigest()
    address = f"{server.url}/my%20log.csv?…"
    assert said == [f"Downloading {address} (29 bytes)."]
    assert f"my log.csv: 29 bytes of {address}, sha256 {sha256}." in dataset.source["notes"]
    assert dataset.source["addresses"] == [{"name": "my log.csv", "address": address, "bytes": 29, "sha256": sha256}]
    assert dataset.num_interactions == 2
    assert [path for _, path, _ in server.asked] == ["/my%20log.csv?token=secret"]


def test_items_ratings_archives_and_joined_files(server: Server, tmp_path: Path) -> None:
    server.put("/ml.zip", zipped(tmp_path / "ml.zip", {
        "ml/ratings.csv": "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n",
        "ml/movies.csv": "movieId,title,genres\n31,Dawn (1995),Drama\n",
    }))  # fmt: skip
    assert read("x", source=f"{server.url}/ml.zip").kind == "movielens"
    server.put("/log.csv", "order,item\n1,2\n")
    server.put("/orders.csv", "order,user\n1,7\n")
    server.put("/items.csv", "id,title\n2,Two\n")
    dataset = read("x", ratings=f"{server.url}/log.csv", items=f"{server.url}/items.csv",
                   join=(f"{server.url}/orders.csv", "order"))  # fmt: skip
    assert (dataset.num_users, dataset.items[1].title) == (1, "Two")
    assert [one["name"] for one in dataset.source["addresses"]] == ["log.csv", "items.csv", "orders.csv"]


def test_the_server_states_the_name_of_the_file(server: Server, tmp_path: Path) -> None:
    server.put("/download/7", zipped(tmp_path / "a.zip", {"log.csv": LOG}))
    server.headers["/download/7"] = {"Content-Disposition": 'attachment; filename="../../log.zip"'}
    dataset = read("x", ratings=f"{server.url}/download/7")
    assert dataset.source["addresses"][0]["name"] == "log.zip"


def test_a_broken_transfer_goes_on_where_it_broke(server: Server) -> None:
    content = "user,item\n" + "".join(f"{n},{n % 7}\n" for n in range(200_000))
    server.put("/log.csv", content)
    server.breaks, server.breaks_after = 2, 500_000
    dataset = read("x", ratings=f"{server.url}/log.csv")
    assert dataset.source["addresses"][0]["sha256"] == hashlib.sha256(content.encode()).hexdigest()
    assert [headers.get("Range") for _, _, headers in server.asked] == [None, "bytes=500000-", "bytes=1000000-"]


def test_a_transfer_that_keeps_breaking(server: Server) -> None:
    server.put("/log.csv", LOG * 1000)
    server.breaks, server.breaks_after = 9, 100
    assert "the download broke off after 400 bytes of 28 KB" in str(failing(f"{server.url}/log.csv"))
    server.headers["/log.csv"] = {"ETag": 'W/"1"'}  # such a mark does not promise the same bytes
    server.breaks = 9
    assert "the download broke off after 100 bytes" in str(failing(f"{server.url}/log.csv"))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "asks for a password"), (403, "not allowed"), (404, "no such file"), (500, "answered 500")],
)
def test_a_refusal(server: Server, status: int, sentence: str) -> None:
    server.answers["/log.csv"] = (status, {})
    assert sentence in str(failing(f"http://ann:secret@127.0.0.1:{server.port}/log.csv?key=secret"))


def test_a_login_page_is_no_data(server: Server) -> None:
    server.put("/login", "\n<!DOCTYPE html><html><body>Log in</body></html>")
    server.answers["/log.csv"] = (302, {"Location": "/login"})
    assert "the server answered with a web page" in str(failing(f"{server.url}/log.csv"))


def test_redirects_are_followed_but_not_to_other_kinds_of_addresses(server: Server) -> None:
    server.put("/there.csv", LOG)
    server.answers["/log.csv"] = (302, {"Location": "/there.csv"})
    assert read("x", ratings=f"{server.url}/log.csv").num_interactions == 2
    server.answers["/log.csv"] = (302, {"Location": "ftp://127.0.0.1/there.csv"})
    assert "redirects to an address without encryption" in str(failing(f"{server.url}/log.csv"))


def test_a_password_goes_to_the_named_server_alone(server: Server) -> None:
    server.put("/there.csv", LOG)
    server.answers["/log.csv"] = (302, {"Location": "/there.csv"})
    dataset = read("x", ratings=f"http://ann:se%20cret@127.0.0.1:{server.port}/log.csv")
    assert [headers.get("Authorization") for _, _, headers in server.asked] == ["Basic YW5uOnNlIGNyZXQ=", None]
    assert "cret" not in str(dataset.source)


def test_nobody_answers(server: Server) -> None:
    assert "cannot be read (connection refused)" in str(failing("http://127.0.0.1:1/log.csv")).lower()
    assert "cannot be read" in str(failing("http://nobody.invalid/log.csv"))
    assert "cannot be read" in str(failing("http://ann:secret/log.csv"))


def test_more_than_the_limit_is_not_downloaded(server: Server) -> None:
    server.put("/log.csv", LOG)
    error = failing(f"{server.url}/log.csv", max_size=10)
    assert error.kind is ErrorKind.TOO_LARGE
    assert "has 29 bytes or more, and the limit is 10 bytes" in str(error)
    assert read("x", ratings=f"{server.url}/log.csv", max_size=29).num_interactions == 2


def test_what_cannot_be(server: Server) -> None:
    server.put("/empty.csv", "")
    assert "is empty" in str(failing(f"{server.url}/empty.csv"))
    assert "a web server lists no files" in str(failing(f"{server.url}/part-*.csv"))


def test_a_download_can_be_cancelled(server: Server) -> None:
    server.put("/log.csv", LOG)
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        read("x", ratings=f"{server.url}/log.csv", job=job)
