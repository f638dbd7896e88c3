from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.data.column_types import Column, as_prose, typed
from engine.data.text_columns import clean, find_separator, list_parts


def column(values: list[Any], kind: Any = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def type_of(name: str, values: list[Any], kind: Any = None) -> Column:
    found = typed(name, column(values, kind))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "kind", "read"),
    [
        (["12", " 7 ", "-3", "", "N/A", "\\N", "None", "<NA>", "-"], pa.int64(), [12, 7, -3, *[None] * 6]),
        (["2.50", "3", ".5", "1e3"], pa.float64(), [2.5, 3.0, 0.5, 1000.0]),
        (["4.0", "11.0", ""], pa.int64(), [4, 11, None]),
        (["2021-03-04", "1987-11-30", "NULL"], pa.date32(), [date(2021, 3, 4), date(1987, 11, 30), None]),
        (["2021-03-04", "0000-00-00"], pa.date32(), [date(2021, 3, 4), None]),
        (["2021-03-04T05:06:07Z"], pa.timestamp("s"), [datetime(2021, 3, 4, 5, 6, 7)]),
        (["2021-03-04 05:06"], pa.timestamp("s"), [datetime(2021, 3, 4, 5, 6)]),
        (["2021-03-04T00:00:00"], pa.date32(), [date(2021, 3, 4)]),
        (["25/12/2019", "03/04/2019"], pa.date32(), [date(2019, 12, 25), date(2019, 4, 3)]),
        (["12/25/2019", "03/04/2019"], pa.date32(), [date(2019, 12, 25), date(2019, 3, 4)]),
        (["25.12.2019", "3.4.2019"], pa.date32(), [date(2019, 12, 25), date(2019, 4, 3)]),
        (["July 4, 2012", "May 17, 2013"], pa.date32(), [date(2012, 7, 4), date(2013, 5, 17)]),
        (["04-Jul-2012"], pa.date32(), [date(2012, 7, 4)]),
        (["TRUE", "False", "nan"], pa.bool_(), [True, False, None]),
        (["no", "Yes"], pa.bool_(), [False, True]),
        (['["x","y"]', "[]", '["z", null]'], pa.list_(pa.string()), [["x", "y"], None, ["z"]]),
        (["['x', 'y']", "['z' 'w']"], pa.list_(pa.string()), [["x", "y"], ["z", "w"]]),
        (['c("x", "y")', 'c("z")'], pa.list_(pa.string()), [["x", "y"], ["z"]]),
        (["[{'id': 3, 'name': 'X'}]"], pa.list_(pa.string()), [["X"]]),
    ],
)
def test_texts_have_the_type_that_all_of_them_have(values: list[str], kind: Any, read: list[Any]) -> None:
    found = type_of("value", values).values
    assert found.type == kind
    assert found.to_pylist() == read


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("region", ["02134", "90210"]),  # a leading zero belongs to the value
        ("phone_number", ["+4315550", "+4315551"]),
        ("zip code", ["12345", "54321"]),
        ("isbn13", ["9780140328721"]),
        ("tmdbId", ["12", "13"]),
        ("votes", ["1,200", "35"]),
        ("day", ["03/04/2019", "05/06/2019"]),  # day and month cannot be told apart
        ("day", ["2021-02-30"]),
        ("language", ["no", "no"]),
        ("serial", ["123456789012345678901234567890"]),  # no number holds it exactly
        ("mark", ["7", "seven"]),
        ("note", ["[sic]", "[1"]),
        ("rating", ["inf", "1"]),
    ],
)
def test_what_is_no_plain_value_stays_as_it_is_written(name: str, values: list[str]) -> None:
    found = type_of(name, values).values
    assert found.type == pa.string()
    assert found.to_pylist() == values


def test_columns_of_a_file_with_types_keep_them() -> None:
    assert type_of("n", [3, None], pa.int16()).values.to_pylist() == [3, None]
    whole = type_of("n", [3.0, None, float("nan")]).values  # as pandas stores integers with missing values
    assert (whole.type, whole.to_pylist()) == (pa.int64(), [3, None, None])
    assert type_of("n", [Decimal("1.25")]).values.to_pylist() == [1.25]
    assert type_of("n", [2**64 - 1], pa.uint64()).values.to_pylist() == [str(2**64 - 1)]
    assert type_of("n", [True, None]).values.to_pylist() == [True, None]
    assert type_of("n", ["5", "6"], pa.dictionary(pa.int8(), pa.string())).values.to_pylist() == [5, 6]
    moment = datetime(2020, 5, 1, 12, tzinfo=UTC)
    assert type_of("n", [moment], pa.timestamp("ns", "UTC")).values.to_pylist() == [datetime(2020, 5, 1, 12)]
    assert type_of("n", [datetime(2020, 5, 1)], pa.timestamp("us")).values.to_pylist() == [date(2020, 5, 1)]
    assert type_of("n", [["a", None, " b "], [], None]).values.to_pylist() == [["a", "b"], None, None]
    assert type_of("tmdb_id", [862.0, None]).values.to_pylist() == ["862", None]
    assert typed("embedding", column([[0.5, 1.0]], pa.list_(pa.float32(), 2))) is None


def test_a_few_odd_values_among_numbers_are_pointed_at() -> None:
    found = type_of("price", [*map(str, range(40)), "", "ask", *map(str, range(40))])
    assert found.values.type == pa.string()
    assert (found.almost, found.exception, found.num_exceptions) == ("numbers", 41, 1)
    assert type_of("price", ["1", "two", "three"]).almost == ""


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))))
@example([2**53])
@example([2**53 + 1, 1])
def test_integers_are_read_as_they_are(values: list[int | None]) -> None:
    texts = [None if value is None else str(value) for value in values]
    found = type_of("value", texts, pa.string()).values
    if any(value is not None for value in values):
        assert (found.type, found.to_pylist()) == (pa.int64(), values)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_no_text_breaks_the_reading(values: list[str]) -> None:
    found = type_of("value", values, pa.string()).values
    assert len(found) == len(as_prose(found)) == len(values)


def test_the_separator_is_the_one_that_splits_most_values() -> None:
    assert find_separator(column(["Crime, Noir", "Noir, Art|House", "Art"])) == ", "
    assert find_separator(column(["Crime,Noir", "Noir, Art"])) == ","
    assert find_separator(column(["1,001 Tales, Travel", "Travel, Sea"])) == ", "
    assert find_separator(column(["Crime/Noir", "Art"])) == "/"
    assert find_separator(column(["Crime;Noir", "Crime;Art/House"])) == ";"
    assert find_separator(column(["Eco, Umberto; Lem, Stanisław", "Woolf, Virginia"]), people=True) == ";"


def test_entities_are_decoded_and_missing_values_are_null() -> None:
    texts = ["Salt &amp; Sea", "?a=1&copy=2", "NaN", " \\N ", "None", "none", "&#39;t"]
    assert clean(column(texts)).to_pylist() == ["Salt & Sea", "?a=1&copy=2", None, None, None, "none", "'t"]


def test_lists_are_read_and_never_run() -> None:
    assert list_parts('["a", 2, null, "NaN", "a"]') == ["a", "2"]
    for text in ("[open('x')]", "[" * 9000, "[[1]]", "(1, 2)", "['a'", "c(1, 2)"):
        assert list_parts(text) is None


def test_lists_of_every_kind_become_prose() -> None:
    assert as_prose(column([["a", None, "b"], [], None])).to_pylist() == ["a, b", None, None]
    assert as_prose(column([[{"name": "a"}, {"name": "b"}], None])).to_pylist() == ["a, b", None]
    assert as_prose(column([["a", "b"]], pa.list_(pa.string(), 2)), " ").to_pylist() == ["a b"]
    assert as_prose(column([[1, 2]])).to_pylist() == ["1, 2"]
    assert as_prose(column([[0.5]])).to_pylist() == ["0.5"]
    assert as_prose(column(['["a", "b"]', "[1st of two]", "plain"])).to_pylist() == ["a, b", "[1st of two]", "plain"]
