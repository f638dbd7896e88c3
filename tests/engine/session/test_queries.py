"""SQL over a data set: right answers, and no way out of its tables."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.errors import CancelledError, DataError, ErrorKind, RecsysError
from engine.session import Job, Session
from engine.workspace.dataset_store import Workspace
from tests.engine.conftest import make_dataset


@pytest.fixture
def session(tmp_path: Path) -> Session:
    workspace = Workspace(tmp_path)
    workspace.add(make_dataset())
    return Session(workspace, "tiny")


def test_the_three_tables_hold_the_data_set_in_its_own_ids(session):
    pytest.importorskip("duckdb", reason="the extra [sql] is not installed")
    dataset = session.data.dataset
    (number,) = session.queries.query("SELECT count(*) FROM interactions").rows
    assert number == (dataset.num_interactions,)
    users = [one for (one,) in session.queries.query("FROM users").rows]
    assert users == dataset.users.ids.tolist()
    items = session.queries.query("SELECT item_id, title FROM items").rows
    assert [one for one, _ in items] == dataset.items.id_map.ids.tolist()
    assert [one for _, one in items] == dataset.items.titles()
    log = dataset.interactions
    expected = {
        (dataset.users.decode_one(user), dataset.items.id_map.decode_one(item), float(rating))
        for user, item, rating in zip(log.user_ids, log.item_ids, log.ratings, strict=True)
    }
    found = session.queries.query("SELECT user_id, item_id, rating FROM interactions").rows
    assert {(user, item, float(rating)) for user, item, rating in found} == expected


@pytest.mark.parametrize(
    ("selected", "value"),
    [
        ("4.8::FLOAT", 4.8),
        ("NULL::FLOAT", None),
        ("[4.8::FLOAT, NULL]", [4.8, None]),
        ("array_value(0.1::FLOAT, 3.5::FLOAT)", (0.1, 3.5)),
        ("{'a': 4.8::FLOAT, 'b': 2}", {"a": 4.8, "b": 2}),
        ("map {'k': [4.8::FLOAT]}", {"k": [4.8]}),
        ("4.800000190734863::DOUBLE", 4.800000190734863),
        ("max(rating) FROM interactions", 5.0),
    ],
)
def test_a_number_of_single_precision_has_as_few_digits_as_it_was_given_with(session, selected, value):
    pytest.importorskip("duckdb", reason="the extra [sql] is not installed")
    assert session.queries.query(f"SELECT {selected}").rows == ((value,),)


def test_a_limit_is_said(session):
    pytest.importorskip("duckdb", reason="the extra [sql] is not installed")
    whole = session.queries.query("FROM users")
    part = session.queries.query("FROM users", 1)
    assert not whole.more
    assert (len(part.rows), part.more) == (1, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELEC 1",
        "SELECT 1; SELECT 2",
        "SELECT * FROM nothing",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM secret",
        "COPY users TO '{secret}'",
        "ATTACH '{secret}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "PRAGMA enable_external_access = true",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW users",
        "INSERT INTO users VALUES (1)",
        "EXPLAIN ANALYZE COPY users TO '{secret}'",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
        "SELECT " + "x" * 5000,
    ],
)
def test_nothing_but_the_tables_is_reached(session, text, tmp_path):
    pytest.importorskip("duckdb", reason="the extra [sql] is not installed")
    file = tmp_path / "secret.csv"
    file.write_text("a\nkept\n")
    secret = [("kept",)]
    assert secret
    with pytest.raises(DataError) as caught:
        session.queries.query(text.format(secret=file))
    assert len(str(caught.value)) <= 400
    assert "\n" not in str(caught.value)
    assert file.read_text() == "a\nkept\n"


def test_a_long_query_is_cancelled(session):
    pytest.importorskip("duckdb", reason="the extra [sql] is not installed")
    job = Job()
    session.queries.query("SELECT 1")  # what is imported once is imported
    timer = threading.Timer(0.2, job.cancel)
    timer.start()
    with pytest.raises(CancelledError):
        session.queries.query("SELECT count(*) FROM range(1000000000000) a, range(1000000) b", 10, job)
    timer.join()
    with pytest.raises(CancelledError):
        session.queries.query("SELECT 1", 10, job)


def test_without_the_package_it_is_one_sentence(session, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(RecsysError) as caught:
        session.queries.query("SELECT 1")
    assert (caught.value.kind, caught.value.name) == (ErrorKind.MISSING_PACKAGE, "duckdb")
