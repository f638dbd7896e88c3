"""Tables as spreadsheets, R and old programs write them."""

from __future__ import annotations

import pytest

from engine.datasets import read
from engine.errors import DataError

from .conftest import Write, outside

EXPECTED = [(7, 31, 2.5, None), (7, 1029, 3.0, None), (8, 31, 4.0, None)]


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nuser;item;rating\n7;31;2.5\n7;1029;3\n8;31;4\n",
        '"sep=|"\r\nuser|item|rating\r\n7|31|2.5\r\n7|1029|3\r\n8|31|4\r\n',
        "sep=\t\nuser\titem\trating\n7\t31\t2.5\n7\t1029\t3\n8\t31\t4\n",
        "user,item,rating\n1,7,31,2.5\n2,7,1029,3\n3,8,31,4\n",
        '"user" "item" "rating"\n"1" 7 31 2.5\n"2" 7 1029 3\n"3" 8 31 4\n',
        "user,item,rating\n7,31,2.5,\n7,1029,3,\n8,31,4,\n",
        "user,item,rating,,\n7,31,2.5,,\n7,1029,3,,\n8,31,4,,\n",
        "user,item,rating,\n7,31,2.5\n7,1029,3\n8,31,4\n",
        "user;item;rating, in stars\n7;31;2.5\n7;1029;3\n8;31;4\n",
        'user, "item", "rating"\n"7", "31", "2.5"\n"7", "1029", "3"\n"8", "31", "4"\n',
    ],
    ids=["sep=;", "sep=|", "sep=tab", "row names", "R's spaces", "trailing", "trailing header", "header only", "comma",
         "space before mark"],
)  # fmt: skip
def test_dialects_of_one_table(write: Write, text: str) -> None:
    rating = "rating, in stars" if "stars" in text else "rating"
    dataset = read("x", "table", ratings=write("log.csv", text), mapping={"rating": rating})
    assert outside(dataset) == EXPECTED
    assert dataset.skipped == {}


def test_row_names_are_noted(write: Write) -> None:
    dataset = read("x", "table", ratings=write("log.csv", "user,item\na,1,2\nb,3,4\n"))
    assert any("first column was read as row names" in note for note in dataset.source["notes"])


def test_a_value_behind_trailing_delimiters_is_not_dropped_in_silence(write: Write) -> None:
    rows = "".join(f"{n},{n},3,\n" for n in range(200))
    dataset = read("x", "table", ratings=write("log.csv", f"user,item,rating\n{rows}5,6,4,x\n"))
    assert dataset.skipped == {"more fields than columns": 1}
    assert any("row 202" in note for note in dataset.source["notes"])


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_file_without_a_header_is_noticed(write: Write, delimiter: str) -> None:
    text = "u9,b1,5,1369699200\nu9,b2,3,1355443200\nu4,b1,4,1404691200\n".replace(",", delimiter)
    path = write("log.csv", text)
    mapping = {"user": "#1", "item": "#2", "rating": "#3", "time": "#4"}
    dataset = read("x", "table", ratings=path, mapping=mapping)
    assert ("u9", "b2", 3.0, 1_355_443_200) in outside(dataset)
    assert len(dataset.interactions) == 3
    assert any("its first row (u9, b1, 5, 1369699200) looks like data" in note for note in dataset.source["notes"])
    with pytest.raises(DataError, match="#1, #2, #3, #4") as caught:
        read("x", "table", ratings=path)
    assert "u9, b1, 5, 1369699200" in str(caught.value)


@pytest.mark.parametrize("header", ["user,item,2019", "who,what,stars", "user,item,rating", "userID,track,5"])
def test_a_header_is_not_taken_for_data(write: Write, header: str) -> None:
    user, item, _ = header.split(",")
    path = write("log.csv", f"{header}\n1,2,3\n2,3,4\n")
    assert len(read("x", "table", ratings=path, mapping={"user": user, "item": item}).interactions) == 2


def test_a_line_that_only_looks_like_a_separator_is_no_failure(write: Write) -> None:
    with pytest.raises(DataError):
        read("x", "table", ratings=write("r.csv", "sep=é\nuser,item\n1,2\n"), mapping={"user": "nobody"})


def test_a_number_of_a_thousand_digits_is_shown_in_short(write: Write) -> None:
    with pytest.raises(DataError, match=r"row 2, column rating: '9{60}…' is not a finite number") as caught:
        read("x", ratings=write("r.csv", f"user,item,rating\n1,2,{'9' * 1000}\n"))
    assert len(str(caught.value)) <= 400


@pytest.mark.parametrize(
    "above",
    [
        "My ratings\n",
        "Exported by Ann\nfrom shop, in May\n\n\n",
        '"The ""best"" films"\r\n',
        ",,\nRatings,,\n,,\n",
        "\n\nRatings 2024\n",
    ],
)
def test_lines_above_the_names_of_the_columns_are_left_out_and_told(write: Write, above: str) -> None:
    table = "user,item,rating\n7,31,2.5\n7,1029,3\n8,31,4\n"
    dataset = read("x", ratings=write("log.csv", above + table))
    assert outside(dataset) == EXPECTED
    assert any("above the names of its columns" in note for note in dataset.source["notes"])
    lines = above.count("\n") + 5
    with pytest.raises(DataError, match=rf"log\.csv, row {lines}, column rating: 'bad' is not a number"):
        read("x", ratings=write("log.csv", f"{above}{table}9,31,bad\n"))


def test_a_table_whose_first_line_names_one_column_is_read_from_there(write: Write) -> None:
    dataset = read("x", "table", items=write("films.csv", "title\nHeat\nuser\nRan\n"), mapping={"id": "title"})
    assert [item.title for item in map(dataset.items.__getitem__, (1, 2, 3))] == ["Heat", "user", "Ran"]
