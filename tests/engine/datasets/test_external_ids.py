"""External ids to internal ids: nothing is lost, nothing is mixed up."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.datasets import read
from engine.datasets.build.assemble import find_surplus
from engine.datasets.formats.ids import MISSING_IDS, match_spellings, to_ids
from engine.errors import DataError

from .conftest import Write, assert_accounted, outside

INTEGERS = st.integers(min_value=-(2**63), max_value=2**63 - 1).map(str)
WORDS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters='"'),
    min_size=1,
    max_size=8,
).filter(lambda word: word not in MISSING_IDS and not re.fullmatch(r"-?\d+(\.\d*)?(e\+\d\d)?", word))


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[str, str, int, int]]:
    """Rows of user, item, rating and time; ids all integers, or of any kind."""
    user = draw(st.sampled_from([INTEGERS, st.one_of(INTEGERS, WORDS)]))
    item = draw(st.sampled_from([INTEGERS, st.one_of(INTEGERS, WORDS)]))
    return draw(st.lists(st.tuples(user, item, st.integers(1, 5), st.integers(0, 9)), min_size=1, max_size=30))


def quoted(value: str) -> str:
    return f'"{value}"'


def is_plain(value: str) -> bool:
    try:
        return str(int(value)) == value and -(2**63) <= int(value) < 2**63
    except ValueError:
        return False


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=logs())
def test_round_trip(rows: list[tuple[str, str, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        lines = [f"{quoted(user)},{quoted(item)},{rating},{time}" for user, item, rating, time in rows]
        path.write_text("user,item,rating,time\n" + "\n".join(lines) + "\n", encoding="utf-8", newline="")
        dataset = read("x", "table", ratings=path)

    latest: dict[tuple[str, str], tuple[int, int]] = {}
    for position, (user, item, _, time) in enumerate(rows):
        previous = latest.get((user, item))
        if previous is None or time >= previous[0]:
            latest[user, item] = (time, position)
    kept = sorted(position for _, position in latest.values())
    assert [(str(user), str(item), rating, time) for user, item, rating, time in outside(dataset)] == [
        rows[position] for position in kept
    ]
    assert dataset.users.numeric == all(is_plain(user) for user, *_ in rows)
    assert dataset.items.id_map.numeric == all(is_plain(item) for _, item, *_ in rows)
    assert dataset.num_users == len({user for user, *_ in rows})
    assert dataset.num_items == dataset.num_rated_items == len({item for _, item, *_ in rows})
    assert dataset.skipped.get("duplicate pair", 0) == len(rows) - len(kept)
    assert_accounted(dataset)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 3)), max_size=40),
    st.booleans(),
    st.booleans(),
)
def test_surplus_is_what_a_dictionary_would_drop(
    rows: list[tuple[int, int, int]], has_times: bool, keep_repeats: bool
) -> None:
    users, items, times = (
        np.array(column, dtype=np.int64) for column in (zip(*rows, strict=True) if rows else [[]] * 3)
    )
    if not has_times:
        times = np.zeros(len(rows), dtype=np.int64)
    best: dict[tuple[int, ...], tuple[int, int]] = {}
    for position, (user, item) in enumerate(zip(users.tolist(), items.tolist(), strict=True)):
        time = int(times[position])
        key = (user, item, time) if keep_repeats else (user, item)
        best[key] = max(best.get(key, (time, position)), (time, position))
    expected = sorted(set(range(len(rows))) - {position for _, position in best.values()})
    found = find_surplus(users.astype(np.int32), items.astype(np.int32), times if has_times else None, keep_repeats)
    assert found.tolist() == expected


def test_leading_zeros_make_text_of_all_ids_of_a_column(write: Write) -> None:
    path = write("log.csv", "user,item,rating\n1,7,3\n007,7,4\n7,8,5\n")
    dataset = read("x", ratings=path)
    assert dataset.users.ids.tolist() == ["007", "1", "7"]
    assert dataset.items.id_map.ids.tolist() == [7, 8]


def test_a_late_text_id_turns_earlier_blocks_into_text(write: Write) -> None:
    lines = "".join(f"{n % 1000},{n % 97},3\n" for n in range(600_000))
    dataset = read("x", "table", ratings=write("log.csv", f"user,item,rating\n{lines}late,5,3\n"))
    assert not dataset.users.numeric
    assert dataset.num_users == 1001
    assert "999" in dataset.users
    assert dataset.items.id_map.numeric


def test_ids_of_both_files_share_one_vocabulary(write: Write) -> None:
    ratings = write("log.csv", "user,item,rating\n1,20,3\n1,30,4\n")
    items = write("items.csv", "id,title\n10,Ten\n20,Twenty\nx,Letter\n")
    dataset = read("x", "table", ratings=ratings, items=items)
    # Rated first: those of the catalogue in its order, then those it does not know, then the rest.
    assert dataset.items.id_map.ids.tolist() == ["20", "30", "10", "x"]
    assert dataset.items.titles() == ["Twenty", "30", "Ten", "Letter"]
    assert dataset.num_rated_items == 2
    assert any("1 items of the interactions are not in the catalogue" in note for note in dataset.source["notes"])


def test_space_around_ids_is_no_part_of_them(write: Write) -> None:
    dataset = read("x", ratings=write("log.csv", "user, item, rating\n1, 20, 3\n 1,21 ,4\n"))
    assert outside(dataset) == [(1, 20, 3.0, None), (1, 21, 4.0, None)]


@pytest.mark.parametrize("times", [True, False])
def test_a_log_without_ratings_keeps_repeats_at_different_times(write: Write, times: bool) -> None:
    rows = [("1", "a", "10"), ("1", "a", "20"), ("1", "a", "20"), ("2", "a", "20")]
    columns = 3 if times else 2
    lines = "\n".join(",".join(row[:columns]) for row in rows)
    dataset = read("x", ratings=write("log.csv", ",".join(["user", "item", "time"][:columns]) + "\n" + lines))
    assert dataset.interactions.ratings is None
    assert dataset.num_interactions == (3 if times else 2)
    assert dataset.skipped == {"duplicate pair": 1 if times else 2}
    assert_accounted(dataset)


def test_ids_of_every_type_a_parquet_file_can_have(tmp_path: Path) -> None:
    """None is lost, none turns into another: what does not fit 64 bits is kept as text."""
    columns = {
        "unsigned": (pa.array([1, 2**64 - 1], pa.uint64()), ["1", "18446744073709551615"]),
        "float": (pa.array([1.0, 7.0, None]), [1, 7]),
        "large float": (pa.array([1e30, 2e30]), ["1e+30", "2e+30"]),
        "bytes": (pa.array([b"a", b"\xff"]), ["\\xff", "a"]),
        "decimal": (pa.array([1, 2], pa.decimal128(5, 0)), [1, 2]),
    }
    for name, (users, ids) in columns.items():
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"user_id": users, "item_id": list(range(len(users)))}), path)
        assert read("it", "table", ratings=path).users.ids.tolist() == ids, name


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("log.json", '{"user": {"0": 1, "1": 2}, "item": {"0": "a", "1": "b"}}', "row 1, column user"),
        ("log.json", '{"user": [1, 2], "item": ["a", "b"]}', "row 1, column user: '[1, 2]' is a list"),
        ("log.jsonl", '{"user": 1, "item": "a"}\n{"user": {"$oid": "5f"}, "item": "b"}\n', "row 2, column user"),
        ("log.jsonl", '{"user": 1, "item": "a"}\n{"user": 2, "item": ["b", "c"]}\n', "is a list"),
        ("log.csv", "user,item\n1,a\n2,\"['b', 'c']\"\n", "row 3, column item"),
        ("log.csv", 'user,item\n1,"[100, 101]"\n', "row 2, column item"),
    ],
)
def test_an_id_that_is_a_list_or_an_object_is_refused(write: Write, name: str, text: str, told: str) -> None:
    with pytest.raises(DataError, match=re.escape(told)):
        read("it", "table", ratings=write(name, text))


def test_ids_of_nested_types_are_refused_in_each_file(tmp_path: Path) -> None:
    for values, what in (([["a", "b"], ["c"]], "a list"), ([{"a": 1}, {"a": 2}], "an object")):
        path = tmp_path / "table.parquet"
        pq.write_table(pa.table({"user": [1, 2], "item": values, "title": ["x", "y"]}), path)
        for files in ({"ratings": path, "mapping": {"title": ""}}, {"items": path, "mapping": {"id": "item"}}):
            with pytest.raises(DataError, match=f"row 1, column item: .* is {what} and no single value"):
                read("it", "table", **files)  # type: ignore[arg-type]


def test_titles_in_brackets_are_ids(write: Write) -> None:
    path = write("log.csv", 'user,item\n1,[REC]\n1,[2020]\n1,"{Proof}"\n1,"[Foo, Bar]"\n')
    assert read("it", "table", ratings=path).items.id_map.ids.tolist() == ["[2020]", "[Foo, Bar]", "[REC]", "{Proof}"]


def test_half_a_surrogate_pair_in_json_is_replaced(write: Write) -> None:
    path = write("log.jsonl", '{"user": 1, "item": "\\ud800x"}\n{"user": 1, "item": "b"}\n')
    assert read("it", "table", ratings=path).items.id_map.ids.tolist() == ["?x", "b"]


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        (["20", "20.0", " 20 ", "20."], [20, 20, 20, 20]),
        (["20", "1e+05", "2.5e+06"], [20, 100_000, 2_500_000]),
        (["-3.0", "0.0", None], [-3, 0, None]),
        (["1.0", "1.5"], ["1.0", "1.5"]),
        (["7", "007.0"], ["7", "007.0"]),
        (["9.78E+12", "4"], ["9.78E+12", "4"]),
        (['="0306406152"', '=""', '="12"'], ["0306406152", None, "12"]),
        (["NaN", "NULL", "\\N", "None", "<NA>", "NA", "#N/A", "4"], [None] * 7 + [4]),
        (["Null", "Nan", "anna"], ["Null", "Nan", "anna"]),
    ],
)
def test_an_id_has_one_spelling(written: list[str | None], ids: list[int | str | None]) -> None:
    assert to_ids(pa.array(written)).to_pylist() == ids


def test_whole_numbers_are_the_same_ids_in_every_block_and_file(write: Write) -> None:
    lines = "".join(f"{n % 300},{n % 90 + 10},3\n" for n in range(400_000))
    late = "".join(f"{n % 300}.0,{n % 90 + 10}.0,4\n" for n in range(200_000))
    items = write("items.jsonl", "".join(f'{{"item": {n}.0, "title": "T{n}"}}\n' for n in range(10, 100)))
    dataset = read("x", "table", ratings=write("log.csv", f"user,item,rating\n{lines}{late}"), items=items)
    assert dataset.users.ids.tolist() == list(range(300))
    assert dataset.items.id_map.ids.tolist() == list(range(10, 100))


def test_names_that_mean_no_value_are_left_out_and_counted(write: Write) -> None:
    dataset = read("x", "table", ratings=write("log.csv", "user,item,rating\nanna,5,3\nNone,5,4\nbo,NULL,2\nnan,6,2\n"))
    assert outside(dataset) == [("anna", 5, 3.0, None)]
    assert dataset.skipped == {"no user id": 2, "no item id": 1}
    assert "log.csv: 2 rows left out (no user id), the first at row 3, column user." in dataset.source["notes"]


@pytest.mark.parametrize(
    ("logged", "catalogue", "spelled"),
    [
        ([7, 12], ["007", "012"], ["007", "012"]),
        (["007", "12"], [7, 12], [7, 12]),
        (["7", "007"], ["007", "7"], ["7", "007"]),
        (["7", "007"], ["7", "8"], ["7", "007"]),
        (["07", "007"], [7, 8], ["07", "007"]),
        ([7, 8], ["007", "07", "8"], ["7", "8"]),
        (["7.0", "guest"], ["7", "x"], ["7", "guest"]),
    ],
)
def test_leading_zeros_are_tried_without_where_an_id_is_unknown(
    logged: list[int | str], catalogue: list[int | str], spelled: list[int | str]
) -> None:
    ids, changed = match_spellings(to_ids(pa.array(logged)), to_ids(pa.array(catalogue)))
    assert list(map(str, ids.to_pylist())) == list(map(str, spelled))
    assert changed.tolist() == [str(one) != str(two) for one, two in zip(logged, spelled, strict=True)]


def test_a_join_without_leading_zeros_is_noted(write: Write) -> None:
    ratings = write("log.csv", "user,item,rating\n1,0042,3\n1,0043,4\n")
    dataset = read("x", "table", ratings=ratings, items=write("items.csv", "item,title\n42,Guide\n43,Other\n"))
    assert dataset.items.id_map.ids.tolist() == [42, 43]
    assert dataset.items.titles() == ["Guide", "Other"]
    assert any("2 item ids meet the catalogue only as a number" in note for note in dataset.source["notes"])
