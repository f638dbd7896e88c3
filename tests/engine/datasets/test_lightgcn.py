"""Files of LightGCN: a user and then the items of this user on each line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.datasets import guess_kind, read
from engine.errors import DataError

from .conftest import Write, assert_accounted, outside


def test_lines_become_pairs(write: Write) -> None:
    path = write("gowalla.txt", "0 5 9 7\n1 9\n2 5 5\n3\n\n12 7 5 \n")
    assert guess_kind(ratings=path) == guess_kind(source=path) == "lightgcn"
    dataset = read("x", ratings=path)
    assert [row[:2] for row in outside(dataset)] == [(0, 5), (0, 9), (0, 7), (1, 9), (2, 5), (12, 7), (12, 5)]
    assert dataset.interactions.ratings is None
    assert dataset.interactions.timestamps is None
    assert dataset.skipped == {"duplicate pair": 1, "user without items": 1, "blank line": 1}
    assert_accounted(dataset)


def test_the_parts_of_a_folder_are_one_data_set(write: Write, tmp_path: Path) -> None:
    write("g/train.txt", "0 5 9\n1 9\n")
    write("g/test.txt", "0 7\n1 5\n")
    write("g/item_list.txt", "org_id remap_id\nx 5\n")
    dataset = read("x", source=tmp_path / "g")
    assert (dataset.kind, dataset.num_users, dataset.num_items, dataset.num_interactions) == ("lightgcn", 2, 3, 5)
    assert any("train.txt, test.txt" in note for note in dataset.source["notes"])
    assert any("item_list.txt" in note for note in dataset.source["notes"])


@pytest.mark.parametrize(
    "content", ["1 2 5\n1 3 4\n2 2 1\n", "196\t242\t3\t881250949\n1\t2\t3\t4\n", "user 1\nitem 2 3\n"]
)
def test_a_table_is_none(write: Write, content: str) -> None:
    try:
        kind = guess_kind(ratings=write("x.txt", content))
    except DataError:
        kind = ""
    assert kind != "lightgcn"


def test_no_line_at_all_is_refused(write: Write) -> None:
    # The bytes are those of a damaged archive; the kind is what a person insists on.
    with pytest.raises(DataError, match="no rows of data"):
        read("x", "lightgcn", ratings=write("train.txt", b"p\xcb\x02\x04\x8cPK\x014"))


@pytest.mark.parametrize("bad", ["x7", "1.5", "-3", "99999999999999999999"])
def test_what_is_no_number_is_named_with_its_line(write: Write, bad: str) -> None:
    with pytest.raises(DataError, match=f"line 2: '{bad}' is not a whole number") as caught:
        read("x", "lightgcn", ratings=write("train.txt", f"0 5 9\n1 9 {bad} 4\n"))
    assert caught.value.row == 2


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.integers(0, 10**6), st.sets(st.integers(0, 10**6), min_size=1), min_size=1))
def test_any_sets_of_items_are_read_as_they_are(write: Write, sets: dict[int, set[int]]) -> None:
    lines = [" ".join(map(str, [user, *sorted(items)])) for user, items in sets.items()]
    dataset = read("x", "lightgcn", ratings=write("train.txt", "\n".join(lines) + "\n"))
    assert {row[:2] for row in outside(dataset)} == {(user, item) for user, items in sets.items() for item in items}
