"""Matrices of ratings: recognised by their shape, read either way round, and empty where nobody rated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.dataset import Dataset
from engine.datasets import guess_kind, read
from engine.datasets.matrix import READER
from engine.datasets.reader import Certainty, Evidence, Files
from engine.errors import DataError

from .conftest import Write

BY_USERS = "user,Alien (1979),Heat (1995),Ran\nann,5,,3\nbob,,4,\ncyd,1,,2\n"
BY_ITEMS = "movie;ann;bob;cyd\nAlien (1979);5;;1\nHeat (1995);;4,0;\nRan;3;;2\n"


def triples(dataset: Dataset) -> set[tuple[object, str, float]]:
    """The ratings by the ids of users, and the titles of items."""
    log = dataset.interactions
    assert log.ratings is not None
    users, titles = dataset.users.decode(log.user_ids), [dataset.items[int(one)].title for one in log.item_ids]
    return set(zip(users, titles, map(float, log.ratings), strict=True))


EXPECTED = {
    ("ann", "Alien", 5.0),
    ("ann", "Ran", 3.0),
    ("bob", "Heat", 4.0),
    ("cyd", "Alien", 1.0),
    ("cyd", "Ran", 2.0),
}


@pytest.mark.parametrize(
    "text", [BY_USERS, BY_ITEMS, BY_USERS.replace("user,", ",")], ids=["users", "items", "no name"]
)
def test_each_cell_with_a_number_is_a_rating(write: Write, text: str) -> None:
    path = write("pivot.csv", text)
    assert guess_kind(ratings=path) == "matrix"
    dataset = read("x", ratings=path)
    assert triples(dataset) == EXPECTED
    assert [item.year for item in map(dataset.items.__getitem__, range(1, 4))] == [1979, 1995, None]
    assert any("read as a matrix, with a row for each" in note for note in dataset.source["notes"])


def test_many_zeros_are_not_rated_and_it_is_said(write: Write) -> None:
    dataset = read("x", "matrix", ratings=write("m.csv", "user,A,B,C\nann,5,0,0\nbob,0,4,0\n"))
    assert triples(dataset) == {("ann", "A", 5.0), ("bob", "B", 4.0)}
    assert "m.csv: most numbers are 0, which was read as not rated." in dataset.source["notes"]


def test_zeros_are_ratings_where_there_are_lower_ones(write: Write) -> None:
    dataset = read("x", "matrix", ratings=write("m.csv", "user,A,B,C\nann,-1,0,0\nbob,0,1,0\n"))
    assert len(dataset.interactions) == 6


@pytest.mark.parametrize(
    "text",
    [
        "user,age,height\nann,31,170\nbob,45,181\n",  # few columns
        "user,age,height,weight,income\nann,31,170,60,1000\nbob,45,181,,2000\ncyd,32,171,61,1001\n",  # many numbers
        "user,A,B,C\nann,5,,yes\nbob,,4,\n",  # texts
        "user,item,A,B\nann,5,,3\nbob,6,4,\n",  # a log
        "user,A,B,timestamp\nann,5,,1\nbob,,4,2\n",
        "movie,Action,Comedy,Drama\nHeat,1,0,0\nRan,0,0,1\n",  # a catalogue
        "country,A,B,C\nFrance,5,,1\nJapan,,4,2\n",
    ],
)
def test_another_table_is_no_matrix(write: Write, text: str) -> None:
    assert READER.recognises(Evidence.of(Files(ratings=write("t.csv", text)))) is Certainty.NO


def test_a_cell_that_is_no_number_is_told(write: Write) -> None:
    with pytest.raises(DataError, match=r"^m\.csv, row 3, column Heat: 'good' is not a number"):
        read("x", "matrix", ratings=write("m.csv", "user,Alien,Heat\nann,5,\nbob,,good\n"))


def test_ratings_of_nobody_are_counted(write: Write) -> None:
    dataset = read("x", "matrix", ratings=write("m.csv", "user,A,B,C\nann,5,,1\n,4,3,\n"))
    assert any("2 rows left out (no user), the first at row 3" in note for note in dataset.source["notes"])


@given(st.integers(1, 6), st.integers(1, 6), st.randoms(use_true_random=False))
def test_a_matrix_and_its_transpose_hold_the_same(
    tmp_path_factory: pytest.TempPathFactory, num_users: int, num_items: int, random: object
) -> None:
    draw = np.random.default_rng(getattr(random, "getrandbits")(32))  # noqa: B009
    cells = [[str(value) if value else "" for value in row] for row in draw.integers(0, 6, (num_users, num_items))]
    cells[0][0] = "5"
    users, items = [f"u{number}" for number in range(num_users)], [f"i{number}" for number in range(num_items)]
    folder = tmp_path_factory.mktemp("m")
    rows = [["user", *items], *([user, *row] for user, row in zip(users, cells, strict=True))]
    columns = [["movie", *users], *([item, *row] for item, row in zip(items, zip(*cells, strict=True), strict=True))]
    found = []
    for name, lines in (("rows.csv", rows), ("columns.csv", columns)):
        (folder / name).write_text("".join(",".join(line) + "\n" for line in lines))
        found.append(triples(read("x", "matrix", ratings=folder / name)))
    assert found[0] == found[1]
    assert len(found[0]) == sum(cell != "" for row in cells for cell in row)
