"""Logs without times: columns that tell an order, rows in the order of events, and times in several columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.datasets.ingest import preview
from engine.errors import DataError

from .conftest import Write

ORDERED = "user,item,{name}\n1,a,3\n1,b,1\n1,c,2\n2,a,1\n2,c,2\n"
PRODUCTS = "order_id,product_id,add_to_cart_order\n2,33,1\n2,28,2\n9,28,2\n9,44,10\n9,33,1\n"
ORDERS = "order_id,user_id,order_number\n2,202,3\n9,202,1\n"


def _history(dataset: Dataset, user: int | str = 1) -> list[str]:
    """The titles of a user's items, oldest first."""
    log = dataset.interactions
    assert log.timestamps is not None
    rows = np.flatnonzero(log.user_ids == dataset.users.encode_one(user))
    rows = rows[np.argsort(log.timestamps[rows], kind="stable")]
    return [item.title for item in dataset.items.take(log.item_ids[rows])]


def _notes(dataset: Dataset) -> str:
    return " ".join(dataset.source["notes"])


@pytest.mark.parametrize(
    "name", ["position", "add_to_cart_order", "Order Number", "seq", "rank", "step", "orderInSession"]
)
def test_a_column_that_tells_an_order_is_offered_and_not_used(write: Write, name: str) -> None:
    path = write("log.csv", ORDERED.format(name=name))
    dataset = read("x", "table", ratings=path)
    assert dataset.interactions.timestamps is None
    assert f"no column holds times; '{name}' looks like the order of a person's rows, and was not used." in _notes(
        dataset
    )
    assert dataset.source["hints"] == [{"hint": "order", "file": "log.csv", "column": name}]
    taken = read("x", "table", ratings=path, mapping={"time": name})
    assert _history(taken) == ["b", "c", "a"]
    assert "hints" not in taken.source


@pytest.mark.parametrize(
    "rows", ["1,a,x\n1,b,y\n", "1,a,1\n1,b,1\n", "1,a,1\n2,b,2\n", "1,a,1.5\n1,b,2.5\n", "1,a,\n1,b,2\n"]
)
def test_what_tells_no_order_is_not_offered(write: Write, rows: str) -> None:
    dataset = read("x", "table", ratings=write("log.csv", "user,item,position\n" + rows))
    assert [hint["column"] for hint in dataset.source["hints"]] == ["#row"]


def test_nothing_is_offered_where_there_are_times_or_none_are_wanted(write: Write) -> None:
    path = write("log.csv", "user,item,position,timestamp\n1,a,1,1577836800\n1,b,2,1577836801\n")
    assert "hints" not in read("x", "table", ratings=path).source
    assert "hints" not in read("x", "table", ratings=path, mapping={"time": ""}).source


def test_the_order_of_the_rows_is_offered_and_taken(write: Write) -> None:
    path = write("log.csv", "user,item\n1,b\n2,a\n1,c\n1,a\n")
    dataset = read("x", "table", ratings=path)
    assert "if the rows are in the order in which things happened, their numbers can be the time" in _notes(dataset)
    assert dataset.source["hints"] == [{"hint": "order", "file": "log.csv", "column": "#row"}]
    assert _history(read("x", "table", ratings=path, mapping={"time": "#row"})) == ["b", "c", "a"]


def test_the_rows_of_a_second_file_come_after_those_of_the_first(write: Write) -> None:
    parts = [write("a.csv", "user,item\n1,b\n2,b\n1,a\n"), write("b.csv", "user,item\n1,d\n1,c\n")]
    dataset = read("x", "table", ratings=parts, mapping={"time": "#row"})
    assert _history(dataset) == ["b", "a", "d", "c"]
    assert dataset.interactions.timestamps is not None
    assert dataset.interactions.timestamps.max() < 10


def test_an_order_is_shown_as_numbers_and_never_as_dates(write: Write) -> None:
    path = write("log.csv", ORDERED.format(name="position"))
    dataset = read("x", "table", ratings=path, mapping={"time": "position"})
    assert not dataset.has_dates
    assert dataset.source["times"] == "order"
    assert "only tell the order of the rows, and are no dates" in _notes(dataset)
    assert dataset.to_pandas()[0]["time"].tolist() == [3, 1, 2, 1, 2]
    shown = preview("x", kind="table", ratings=path, mapping={"time": "position"})
    assert [row["time"] for row in shown.interactions] == ["3", "1", "2", "1", "2"]


def test_dates_stay_dates(write: Write) -> None:
    path = write("log.csv", "user,item,time\n1,a,1577836800\n1,b,1577836801\n")
    dataset = read("x", "table", ratings=path)
    assert dataset.has_dates
    assert "times" not in dataset.source
    assert str(dataset.to_pandas()[0]["time"][0]) == "2020-01-01 00:00:00+00:00"
    early = read("x", "table", ratings=write("early.csv", "user,item,time\n1,a,1971-01-02\n1,b,1972-05-06\n"))
    assert early.has_dates


@pytest.mark.parametrize("numbers", [(1990, 1991, 1992), (30000, 30001, 30002), (20200101, 20200102, 20200103)])
def test_numbers_of_a_column_that_is_named_for_an_order_are_no_dates(write: Write, numbers: tuple[int, ...]) -> None:
    rows = "".join(f"1,{item},{number}\n" for item, number in zip("cab", numbers, strict=True))
    dataset = read("x", "table", ratings=write("log.csv", "user,item,position\n" + rows), mapping={"time": "position"})
    assert not dataset.has_dates
    assert dataset.interactions.timestamps is not None
    assert dataset.interactions.timestamps.tolist() == list(numbers)
    assert _history(dataset) == ["c", "a", "b"]


def test_an_order_that_pandas_wrote_as_floats_is_one(write: Write) -> None:
    path = write("log.csv", "user,item,position\n1,a,1992.0\n1,b,1990.0\n1,c,1991.0\n")
    dataset = read("x", "table", ratings=path, mapping={"time": "position"})
    assert _history(dataset) == ["b", "c", "a"]
    assert not dataset.has_dates


# -- times in several columns ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("named", ["order_number+add_to_cart_order", ["order_number", "add_to_cart_order"]])
def test_instacart_orders_by_the_order_and_then_by_the_place_in_it(write: Write, named: str | list[str]) -> None:
    log, orders = write("order_products.csv", PRODUCTS), write("orders.csv", ORDERS)
    offered = read("x", "table", ratings=log, join=(orders, "order_id"))
    assert "'order_number' and then 'add_to_cart_order' look like the order" in _notes(offered)
    assert offered.source["hints"][0]["column"] == "order_number+add_to_cart_order"
    dataset = read("x", "table", ratings=log, join=(orders, "order_id"), mapping={"time": named})
    assert _history(dataset, 202) == ["33", "28", "44", "33", "28"]
    assert not dataset.has_dates
    unused = next(note for note in dataset.source["notes"] if "columns not used" in note)
    assert "add_to_cart_order" not in unused
    assert "order_number" not in unused


@pytest.mark.parametrize(
    ("columns", "rows", "first"),
    [
        ("date,clock", ["2020-01-01,09:30", "2020-01-01,10:00", "2020-01-02,08:00"], "2020-01-01 09:30:00"),
        ("date,clock", ["31/12/2019,9:30 PM", "01/01/2020,9:00 AM", "01/01/2020,9:30 AM"], "2019-12-31 21:30:00"),
        ("date,place", ["2020-01-01,1", "2020-01-01,2", "2020-01-01,10"], "2020-01-01 00:00:00"),
        ("stamp,place", ["1577836800,1", "1577836800,2", "1577836800,10"], "2020-01-01 00:00:00"),
        ("day,place", ["20200101,1", "20200101,2", "20200101,10"], "2020-01-01 00:00:00"),
    ],
)
def test_a_date_and_what_refines_it_are_one_time(write: Write, columns: str, rows: list[str], first: str) -> None:
    written = [f"1,{item},{row}\n" for item, row in zip("cab", rows, strict=True)]
    path = write("log.csv", f"user,item,{columns}\n" + "".join(written[::-1]))
    dataset = read("x", "table", ratings=path, mapping={"time": columns.replace(",", "+")})
    assert _history(dataset) == ["c", "a", "b"]
    assert dataset.has_dates
    assert str(dataset.to_pandas()[0]["time"].min())[:19] == first


def test_a_column_whose_name_has_a_plus_is_one_column(write: Write) -> None:
    path = write("log.csv", "user,item,a+b\n1,x,2\n1,y,1\n")
    assert _history(read("x", "table", ratings=path, mapping={"time": "a+b"})) == ["y", "x"]


def test_wrong_parts_of_a_time_are_one_sentence(write: Write) -> None:
    path = write("log.csv", "user,item,visit,place\n1,x,1,1\n1,y,soon,2\n")
    with pytest.raises(DataError, match=r"row 3, column visit\+place: 'soon"):
        read("x", "table", ratings=path, mapping={"time": "visit+place"})
    with pytest.raises(DataError, match="has no column 'plaice'"):
        read("x", "table", ratings=path, mapping={"time": "visit+plaice"})
    huge = write("huge.csv", f"user,item,visit,place\n1,x,1,1\n1,y,2,{2**40}\n")
    with pytest.raises(DataError, match=r"row 3, column visit\+place: 1099511627776 is too large"):
        read("x", "table", ratings=huge, mapping={"time": "visit+place"})


def test_a_row_without_a_part_of_its_time_is_left_out(write: Write) -> None:
    path = write("log.csv", "user,item,visit,place\n1,x,1,1\n1,y,,2\n1,z,1,\n")
    dataset = read("x", "table", ratings=path, mapping={"time": "visit+place"})
    assert dataset.skipped == {"no time": 2}


def test_files_of_one_log_that_disagree_about_their_times_have_none(write: Write) -> None:
    parts = [write("a.csv", "user,item,time\n1,b,1577836800\n"), write("b.csv", "user,item,time\n1,d,1\n1,c,2\n")]
    dataset = read("x", "table", ratings=parts)
    assert dataset.interactions.timestamps is None
    assert "b.csv: its times were not used, as they only tell an order" in _notes(dataset)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=40, unique=True))
def test_two_columns_order_as_pairs_do(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]]) -> None:
    path: Path = tmp_path_factory.mktemp("log") / "log.csv"
    rows = [f"1,i{number},{one},{two}\n" for number, (one, two) in enumerate(pairs)]
    path.write_text("user,item,visit,place\n" + "".join(rows))
    found = _history(read("x", "table", ratings=path, mapping={"time": "visit+place"}))
    assert found == [f"i{pairs.index(pair)}" for pair in sorted(pairs)]


def test_a_column_of_dates_is_named_where_no_column_is_known_to_hold_times(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,rating,fed\n1,2,3,2024-01-02\n2,3,4,2024-02-03\n")
    dataset = read("cats", "table", ratings=tmp_path / "log.csv")
    assert "no column is known to hold times; 'fed' holds dates, and was not used." in _notes(dataset)
    assert dataset.source["hints"] == [{"hint": "times", "file": "log.csv", "column": "fed"}]


@pytest.mark.parametrize("name", ["last_played", "Date watched", "finished_at"])
def test_when_something_was_last_done_is_its_time(tmp_path: Path, name: str) -> None:
    (tmp_path / "log.csv").write_text(f"user,item,rating,{name}\n1,2,3,2024-01-02\n2,3,4,2024-02-03\n")
    dataset = read("cats", "table", ratings=tmp_path / "log.csv")
    assert dataset.has_dates


@pytest.mark.parametrize(
    ("header", "rows", "hint"),
    [
        ("date", ("2020-01-02", "2020-02-31", "0000-00-00"), {"hint": "order", "column": "#row"}),
        ("date,created", ("2020-02-31,2020-01-02", "2020-01-01,2020-01-03"), {"hint": "times", "column": "created"}),
        ("date", ("05/10/19", "06/11/19"), {"hint": "dates", "column": "date"}),
    ],
)
def test_a_column_that_was_refused_for_its_values_is_not_offered(
    write: Write, header: str, rows: Sequence[str], hint: Mapping[str, str]
) -> None:
    body = "".join(f"u{number},a,4,{row}\n" for number, row in enumerate(rows))
    source = read("x", "table", ratings=write("log.csv", f"user,item,rating,{header}\n{body}")).source
    assert any("the column date looks like times by its name, and was left out" in note for note in source["notes"])
    assert source["hints"] == [{**hint, "file": "log.csv"}]
    assert not any("'date' holds dates" in note for note in source["notes"])


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("user,item,date,time", ["1,a,2024-05-31,18:00", "1,b,2024-05-31,9:30"]),
        ("user;item;Datum;Uhrzeit", ["1;a;31.05.2024;18:00:00", "1;b;31.05.2024;09:30:00"]),
        ("user,item,time,date", ["1,a,6:00 PM,2024-05-31", "1,b,9:30 AM,2024-05-31"]),
    ],
)
def test_a_date_and_a_time_of_day_are_the_time_together(write: Write, header: str, rows: list[str]) -> None:
    dataset = read("x", ratings=write("log.csv", "\n".join([header, *rows, ""])))
    assert dataset.interactions.timestamps is not None
    assert sorted(dataset.interactions.timestamps.tolist()) == [1717147800, 1717178400]
    assert any("the times were taken from the columns" in note for note in dataset.source["notes"])


def test_one_of_both_that_is_no_date_and_no_time_of_day_is_not_joined(write: Write) -> None:
    dataset = read("x", ratings=write("log.csv", "user,item,date,time\n1,a,2024-05-31,18:00\n1,b,2024-06-01,late\n"))
    assert not any("were taken from the columns" in note for note in dataset.source["notes"])
