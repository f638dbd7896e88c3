"""Ratings as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.written_ratings import WrittenRating, parse_rating
from engine.errors import DataError
from engine.profiles.exports import read_export


@pytest.mark.parametrize(
    ("text", "value", "highest"),
    [
        ("4", 4.0, None),
        (" 7,5 ", 7.5, None),
        ("4/5", 4.0, 5.0),
        ("8.5 / 10", 8.5, 10.0),
        ("8 out of 10", 8.0, 10.0),
        ("85%", 85.0, 100.0),
        ("72.5 %", 72.5, 100.0),
        ("★★★½", 3.5, 5.0),
        ("★★★☆☆", 3.0, 5.0),
        ("★★½☆☆☆☆☆☆☆", 2.5, 10.0),
        ("⭐️⭐️⭐️⭐️", 4.0, 5.0),
        ("****", 4.0, 5.0),
        ("½", 0.5, 5.0),
        ("4 stars", 4.0, None),
        ("4★", 4.0, None),
    ],
)
def test_a_rating_and_its_scale(text: str, value: float, highest: float | None) -> None:
    assert parse_rating(text) == WrittenRating(value, highest)


@pytest.mark.parametrize("text", ["", " ", "-", "–"])
def test_no_rating(text: str) -> None:
    assert parse_rating(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "good",
        "4/5/6",
        "nan",
        "inf",
        "1_0",
        "/5",
        "4/",
        "4/0",
        "1e400",
        f"4/{'9' * 400}",
        "stars",
        "A+",
        "☆☆☆",
        "★" * 1000,
        "05-Apr",
    ],
)
def test_what_is_no_rating(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_rating(text)


def read(folder: Path, *ratings: str) -> tuple[list[tuple[float | None, float]], tuple[str, ...]]:
    path = folder / "mine.csv"
    path.write_text("title,rating\n" + "".join(f"Film {n},{one}\n" for n, one in enumerate(ratings)), encoding="utf-8")
    own = read_export(path)
    return [(one.rating, one.highest) for one in own.entries], own.notes


def test_plain_numbers_share_the_lowest_usual_scale_that_holds_them_which_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, "4", "3")[0] == [(4, 5), (3, 5)]
    assert read(tmp_path, "4", "8")[0] == [(4, 10), (8, 10)]
    found, notes = read(tmp_path, "85", "4", "")
    assert found == [(85, 100), (4, 100), (None, 100)]
    assert notes == (
        "mine.csv: the ratings were read as out of 100; a column out_of, or ratings such as 4/5, name another scale.",
    )


def test_a_scale_that_is_written_beside_the_rating_is_its_own(tmp_path: Path) -> None:
    assert read(tmp_path, "4/5", "80%", "★★★") == ([(4, 5), (80, 100), (3, 5)], ())


def test_what_is_no_rating_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^mine\.csv, row 3, column rating: 'good' is not a rating, such as 4, 4/5"):
        read(tmp_path, "4", "good")
    with pytest.raises(DataError, match=r"^mine\.csv, row 2: 6 is not a rating above 0 and up to 5"):
        read(tmp_path, "6/5")
    with pytest.raises(DataError, match=r"^mine\.csv, row 2: 0 is not a rating above 0 and up to 5"):
        read(tmp_path, "0", "4")
