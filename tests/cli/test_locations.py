"""Data from a web server and from a database by the command line."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine.datasets.conftest import zipped
from tests.engine.datasets.servers import serving
from tui.commands.data import parse_join, parse_size

from .conftest import Run

LOG = "user,item,rating\n1,2,3\n2,2,4\n"


def test_what_was_downloaded_is_said_before_after_and_later(run: Run) -> None:
    with serving() as server:
        server.put("/log.csv", LOG)
        words = ("datasets", "add", "far", "--ratings", f"http://ann:secret@127.0.0.1:{server.port}/log.csv?key=secret")
        preview = run(*words, "--dry-run", "--json")
        added = run(*words)
    assert json.loads(preview.out)["source"]["addresses"][0]["bytes"] == 29
    assert f"Downloading {server.url}/log.csv?… (29 bytes)." in added.err
    info = run("datasets", "info", "far")
    for outcome in (preview, added, info):
        assert "sha256" in outcome.out
        assert "secret" not in outcome.out + outcome.err


def test_a_table_of_a_database(run: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript("CREATE TABLE log (user INT, item INT); INSERT INTO log VALUES (1, 2), (1, 3)")
    address = f"sqlite:///{tmp_path.as_posix()}/shop.db"
    assert run("datasets", "add", "shop", "--ratings", f"{address}?table=log").status == 0
    assert "2 rows of" in run("datasets", "info", "shop").out


def test_a_limit_and_its_switch(run: Run, tmp_path: Path) -> None:
    text = "user,item,rating\n" + "1,2,3\n" * 400_000
    path = zipped(tmp_path / "log.zip", {"log.csv": text})
    refused = run("datasets", "add", "x", "--ratings", path, "--max-size", "1MB", "--dry-run")
    assert refused.status == 1
    assert "unpack to 2.3 MB or more, and the limit is 1.0 MB" in refused.err
    assert "--max-size" in refused.err
    assert run("datasets", "add", "x", "--ratings", path, "--max-size", "3MB", "--dry-run").status == 0


def test_sizes() -> None:
    sizes = [parse_size(text) for text in ("10", "500MB", "1.5 GiB", "2t", "7kb")]
    assert sizes == [10, 500 << 20, 3 << 29, 2 << 40, 7 << 10]


@pytest.mark.parametrize("text", ["", "GB", "0", "-1GB", "1PB", "1,5GB", "nan"])
def test_what_is_no_size(run: Run, text: str) -> None:
    outcome = run("datasets", "add", "x", "--max-size", text)
    assert outcome.status == 2
    assert "--max-size" in outcome.err


def test_a_joined_file_can_be_an_address() -> None:
    assert parse_join("https://host:80/orders.csv:order_id") == ("https://host:80/orders.csv", "order_id")
    assert parse_join("C:/orders.csv:order_id") == (Path("C:/orders.csv"), "order_id")
    with pytest.raises(Exception, match="--join takes FILE:COLUMN"):
        parse_join("https://host/orders.csv")
