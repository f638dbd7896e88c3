"""Tables and queries of databases: SQLite as it is, PostgreSQL where a server can be started."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.datasets import read
from engine.datasets.locations.address import parse
from engine.datasets.locations.database import _require_select
from engine.datasets.locations.parquet_copy import ParquetCopy
from engine.errors import CancelledError, DataError, ErrorKind, OptionError, RecsysError
from engine.runtime.job import Job

from .conftest import outside

SHOP = """
    CREATE TABLE log (customer INT, sku TEXT, stars REAL, bought_at TEXT, gift BOOLEAN);
    INSERT INTO log VALUES (1, 'a', 3.5, '2024-01-01', 1), (1, 'b', 4, '2024-01-02', 0), (2, 'a', 1, '2024-01-03', 1);
    CREATE TABLE goods (id TEXT, name TEXT, price REAL, stock INT, live BOOLEAN, since DATE);
    INSERT INTO goods VALUES ('a', 'Lamp', 9.5, 3, 1, '2020-01-31'), ('b', 'Tea; hot', NULL, NULL, 0, '2021-02-28');
"""
MAPPING = {"user": "customer", "item": "sku", "rating": "stars", "time": "bought_at"}


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """The address of a database with a log and a catalogue."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript(SHOP)
    return f"sqlite:///{tmp_path.as_posix()}/shop.db"


def failing(address: str) -> str:
    with pytest.raises(RecsysError) as caught:
        read("x", ratings=address)
    sentence = str(caught.value)
    assert len(sentence) <= 400
    return sentence


def test_tables_with_their_types(shop: str) -> None:
    dataset = read("x", ratings=f"{shop}?table=log", items=f"{shop}?table=GOODS", mapping=MAPPING)
    assert outside(dataset) == [(1, "a", 3.5, 1704067200), (1, "b", 4, 1704153600), (2, "a", 1, 1704240000)]
    types = {field.name: field.type for field in dataset.items.table.schema}
    assert (types["price"], types["stock"], types["live"]) == (pa.float64(), pa.int64(), pa.bool_())
    assert pa.types.is_date(types["since"])
    assert dataset.items.table["since"].to_pylist() == [date(2020, 1, 31), date(2021, 2, 28)]
    assert f"log: 3 rows of {shop}?table=log." in dataset.source["notes"]
    assert dataset.source["addresses"][0] == {"name": "log", "address": f"{shop}?table=log", "rows": 3}


def test_a_query(shop: str) -> None:
    dataset = read("x", ratings=f"{shop}?query=SELECT customer AS user, sku AS item FROM log WHERE sku LIKE '%a'")
    assert (dataset.num_users, dataset.num_interactions) == (2, 2)
    assert dataset.source["files"][0]["name"] == "query"


def test_the_only_table_needs_no_name(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "one.db")) as connection:
        connection.executescript('CREATE TABLE "my ""log" (user INT, item INT); INSERT INTO "my ""log" VALUES (1, 2)')
    assert read("x", ratings=f"sqlite:///{tmp_path.as_posix()}/one.db").num_interactions == 1


def test_sentences(shop: str, tmp_path: Path) -> None:
    assert "the tables are log, goods; end the address with ?table=log or ?query=SELECT" in failing(shop)
    assert "there is no table 'logs'; the tables are log, goods" in failing(f"{shop}?table=logs")
    assert "no such column: colour" in failing(f"{shop}?query=SELECT colour FROM log")
    assert "has no rows" in failing(f"{shop}?query=SELECT 1 AS user, 2 AS item WHERE false")
    assert "gone.db does not exist" in failing(f"sqlite:///{tmp_path.as_posix()}/gone.db?table=log")
    assert "names no file" in failing("sqlite:///?table=log")
    (tmp_path / "no.db").write_text("no database")
    assert "file is not a database" in failing(f"sqlite:///{tmp_path.as_posix()}/no.db?table=log")
    assert "name a table of it as sqlite:///FILE?table=NAME" in failing(str(tmp_path / "shop.db"))
    with pytest.raises(DataError, match="and the limit is 10 bytes"):
        read("x", ratings=f"{shop}?table=log", max_size=10)


def test_a_database_is_only_read(shop: str, tmp_path: Path) -> None:
    before = (tmp_path / "shop.db").read_bytes()
    assert "must be a SELECT" in failing(f"{shop}?query=DELETE FROM log")
    assert "more than one statement" in failing(f"{shop}?query=SELECT 1; DELETE FROM log")
    assert "readonly" in failing(f"{shop}?query=WITH a AS (SELECT 1) DELETE FROM log")
    assert (tmp_path / "shop.db").read_bytes() == before


@pytest.mark.parametrize(
    "query", ["SELECT ';' ;", "/* a; */ (SELECT 1)", "-- ;\nWITH a AS (SELECT 1) SELECT *", 'VALUES ("a;b")', "TABLE a"]
)
def test_one_select_in_any_form(query: str) -> None:
    address = parse(f"sqlite:///a.db?query={query} ")
    assert address is not None
    _require_select(address)


@pytest.mark.parametrize("query", ["", "UPDATE a SET b = 1", "SELECTED x", "SELECT ''; DROP TABLE a"])
def test_anything_else(query: str) -> None:
    address = parse(f"sqlite:///a.db?query={query} ")
    assert address is not None
    with pytest.raises(OptionError, match=r"must be a SELECT|more than one"):
        _require_select(address)


def test_a_long_query_can_be_cancelled(shop: str) -> None:
    job = Job()
    job.cancel()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS user FROM n"
    with pytest.raises(CancelledError):
        read("x", ratings=f"{shop}?query={endless}", job=job)


def test_types_grow_with_the_values(tmp_path: Path) -> None:
    copy = ParquetCopy(tmp_path / "copy", ["number", "mixed", "late", "never", "id"])
    copy.add([(1, 1, None, None, 2**60)])
    copy.add([(2.5, "b", date(2024, 1, 2), None, 7)])
    copy.add([(None, 3.0, None, None, None)])
    copy.close()
    table = pq.read_table(tmp_path / "copy")
    assert table.to_pydict() == {
        "number": [1.0, 2.5, None],
        "mixed": ["1", "b", "3"],
        "late": [None, date(2024, 1, 2), None],
        "never": [None, None, None],
        "id": [2**60, 7, None],
    }
    assert table["never"].type == pa.string()


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(DataError) as caught:
        read("x", ratings="postgresql://ann:secret@db/shop?table=log")
    assert (caught.value.kind, caught.value.name) == (ErrorKind.MISSING_PACKAGE, "sqlalchemy")
    assert "secret" not in str(caught.value)


def test_a_database_of_no_known_kind() -> None:
    pytest.importorskip("sqlalchemy")
    assert "no database of this kind is known" in failing("shopbase://db/shop?table=log")
