"""Tables and queries of PostgreSQL, by a server that the tests start, where one is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.datasets import read
from engine.errors import RecsysError

psycopg = pytest.importorskip("psycopg", reason="the extra 'database' is not installed")
pytest.importorskip("sqlalchemy", reason="the extra 'database' is not installed")

# A colon, slashes and an at sign, which people do not encode.
PASSWORD = "hush/a@b:c"
TABLES = """
    CREATE TABLE log (customer uuid, sku bigint, stars numeric(2, 1), bought_at timestamptz, gift boolean);
    INSERT INTO log SELECT ('00000000-0000-0000-0000-' || lpad((i % 100)::text, 12, '0'))::uuid, i / 100,
        (i % 9) / 2.0 + 0.5, timestamptz '2024-01-01 12:30:00+02' + i * interval '1 minute', i % 2 = 0
        FROM generate_series(0, 49999) i;
    CREATE SEQUENCE number;
    CREATE SCHEMA shop;
    CREATE TABLE shop.goods (id bigint, name text, price numeric, tags text[], since date, live boolean);
    INSERT INTO shop.goods SELECT i, 'Lamp ' || i, i * 1.5, '{small,red}', '2020-01-31', i % 3 = 0
        FROM generate_series(0, 499) i;
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The address of a database with a log and a catalogue, and the password in it."""
    programs = [shutil.which(name) for name in ("initdb", "pg_ctl")]
    if None in programs or os.name != "posix":
        pytest.skip("no PostgreSQL is installed")
    initdb, pg_ctl = programs
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, socket.socket() as probe:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        if user is not None:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()

        def run(*command: Any) -> None:
            subprocess.run(
                [str(one) for one in command], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120
            )

        data = folder / "data"
        run(initdb, "-D", data, "-A", "scram-sha-256", "-U", "ann", "--pwfile", folder / "password", "--no-sync")
        run(pg_ctl, "-D", data, "-o", f"-p {port} -k {folder} -h 127.0.0.1 -F", "-l", folder / "log", "-w", "start")
        try:
            where: dict[str, Any] = {"host": "127.0.0.1", "port": port, "user": "ann", "password": PASSWORD}
            with psycopg.connect(dbname="postgres", **where) as connection:
                connection.execute(TABLES)
            yield f"postgresql://ann:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            run(pg_ctl, "-D", data, "-m", "immediate", "stop")


def failing(address: str) -> str:
    with pytest.raises(RecsysError) as caught:
        read("x", ratings=address)
    assert "hush" not in "".join(traceback.format_exception(caught.value))
    assert len(str(caught.value)) <= 400
    return str(caught.value)


def test_tables_with_their_types(shop: str) -> None:
    dataset = read(
        "x",
        ratings=f"{shop}?table=log",
        items=f"{shop}?table=shop.goods",
        mapping={"user": "customer", "item": "sku", "rating": "stars", "time": "bought_at"},
    )
    log = dataset.interactions
    assert (dataset.num_users, dataset.num_rated_items, len(log)) == (100, 500, 50_000)
    assert log.ratings is not None
    assert log.timestamps is not None
    assert (log.ratings[0], log.timestamps[0]) == (0.5, 1704105000)
    types = {field.name: str(field.type) for field in dataset.items.table.schema}
    assert (types["price"], types["since"], types["live"]) == ("double", "date32[day]", "bool")
    assert dataset.items[1].genres == ("small", "red")
    assert "hush" not in str(dataset.source)


def test_a_query_as_people_write_it(shop: str) -> None:
    query = "SELECT customer AS user, sku AS item FROM log -- all\nWHERE customer::text LIKE '%1' AND '12:30' <> ':a'"
    assert read("x", ratings=f"{shop}?query={query}").num_users == 10


def test_a_database_is_only_read(shop: str) -> None:
    failing(f"{shop}?query=WITH gone AS (DELETE FROM log RETURNING *) SELECT * FROM gone")
    assert "in a read-only transaction" in failing(f"{shop}?query=SELECT setval('number', 7)")
    assert read("x", ratings=f"{shop}?query=SELECT customer AS user, sku AS item FROM log").num_interactions == 50_000


def test_sentences(shop: str) -> None:
    assert 'column "colour" does not exist' in failing(f"{shop}?query=SELECT colour FROM log")
    assert "the tables are log" in failing(f"{shop}?table=nothing")
    assert "the tables are log" in failing(f"{shop}?table=shop.nothing")
    assert "password authentication failed" in failing(shop.replace(PASSWORD, f"{PASSWORD}x") + "?table=log")
    assert "refused" in failing("postgresql://ann:hush@127.0.0.1:1/postgres?table=log")
    assert "an address is DATABASE://USER" in failing("postgresql://ann:hush@127.0.0.1:port/postgres?table=log")
