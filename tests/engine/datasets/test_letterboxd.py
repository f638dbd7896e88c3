"""Exports of Letterboxd: the archive, its folder, and each table by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.datasets import guess_kind, read
from engine.errors import DataError, ErrorKind

from .conftest import Write, assert_accounted, outside, zipped

DAY = 86_400
MAY_1 = 1_714_521_600  # 2024-05-01
RATINGS = """Date,Name,Year,Letterboxd URI,Rating
2024-05-01,Heat,1995,https://boxd.it/heat,4.5
2024-05-02,"Good, the Bad and the Ugly, The",1966,https://boxd.it/good,0.5
"""
WATCHED = """Date,Name,Year,Letterboxd URI
2024-05-01,Heat,1995,https://boxd.it/heat
2024-05-01,Stalker,1979,https://boxd.it/stal
"""
DIARY = """Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date
2024-05-04,Heat,1995,https://boxd.it/entry1,4,Yes,"at home, with ann",2024-05-03
2024-05-06,Ran,1985,https://boxd.it/entry2,5,,,2024-05-05
"""
LIKES = "Date,Name,Year,Letterboxd URI\n2024-05-07,Solaris,1972,https://boxd.it/sola\n"
WATCHLIST = "Date,Name,Year,Letterboxd URI\n2024-05-01,Persona,1966,https://boxd.it/pers\n"
LIST = """Letterboxd list export v7
Date,Name,Tags,URL,Description
2024-05-01,My best,,https://boxd.it/list1,"All of them,
in order"

Position,Name,Year,URL,Description
1,Persona,1966,https://boxd.it/pers,
2,Ran,1985,https://boxd.it/rann,"so ""red"" and old"
"""
EXPORT = {
    "profile.csv": "Date Joined,Username\n2020-01-01,ann\n",
    "ratings.csv": RATINGS,
    "watched.csv": WATCHED,
    "diary.csv": DIARY,
    "watchlist.csv": WATCHLIST,
    "likes/films.csv": LIKES,
    "lists/my-best.csv": LIST,
    "deleted/diary.csv": DIARY.replace("Ran", "Gone"),
}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("folder", ["", "letterboxd-ann-2024-05-08/"])
def test_a_whole_export_is_one_interaction_for_each_film(
    write: Write, tmp_path: Path, packed: bool, folder: str
) -> None:
    if packed:
        source = zipped(tmp_path / "export.zip", {folder + name: text for name, text in EXPORT.items()})
    else:
        source = tmp_path / "export"
        for name, text in EXPORT.items():
            write(f"export/{name}", text)
    assert guess_kind(source=source) == "letterboxd"
    dataset = read("x", source=source)
    assert sorted(outside(dataset), key=str) == sorted(
        [
            ("me", "https://boxd.it/heat", 4.5, MAY_1 + 2 * DAY),  # rated now, last watched by the diary
            ("me", "https://boxd.it/good", 0.5, MAY_1 + DAY),
            ("me", "https://boxd.it/stal", None, MAY_1),
            ("me", "https://boxd.it/sola", None, MAY_1 + 6 * DAY),
            ("me", "Ran (1985)", 5.0, MAY_1 + 4 * DAY),  # the diary alone has no address of the film
        ],
        key=str,
    )
    assert {item.title for item in dataset.items.take(range(1, dataset.num_items + 1))} == {
        "Heat", "Stalker", "Solaris", "Ran", "Good, the Bad and the Ugly, The",
    }  # fmt: skip
    assert dataset.skipped == {"another row about the same film": 2}
    notes = " ".join(dataset.source["notes"])
    assert "watchlist.csv" in notes
    assert "my-best.csv" in notes
    assert "1 entries are rewatches" in notes
    assert sum(file["kept"] for file in dataset.source["files"]) == dataset.num_interactions


@pytest.mark.parametrize(
    ("name", "content", "count"),
    [
        ("ratings.csv", RATINGS, 2),
        ("watched.csv", WATCHED, 2),
        ("diary.csv", DIARY, 2),
        ("films.csv", LIKES, 1),
        ("my-best.csv", LIST, 2),
        ("my-best.csv", LIST.replace("\n", "\r\n"), 2),
        ("any name at all.csv", RATINGS, 2),
        ("ratings.csv", "\ufeff" + RATINGS, 2),
        ("ratings.csv", RATINGS.replace(",", ";").replace("Good; the Bad and the Ugly; The", "The Good"), 2),
        ("ratings.csv", RATINGS.replace("2024-05-0", "5/0").replace(",Heat", "/2024,Heat"), None),
    ],
)
def test_each_table_is_an_export_by_itself(write: Write, name: str, content: str, count: int | None) -> None:
    path = write(name, content)
    assert guess_kind(ratings=path) == guess_kind(source=path) == "letterboxd"
    if count is None:
        with pytest.raises(DataError, match=r"row 3, column Date: '5/02' is not a time") as caught:
            read("x", ratings=path)
        assert (caught.value.row, caught.value.column) == (3, "Date")
        return
    dataset = read("x", ratings=path)
    assert (dataset.kind, dataset.num_interactions, dataset.users.ids.tolist()) == ("letterboxd", count, ["me"])
    assert_accounted(dataset)


def test_two_diary_entries_of_a_film_are_one_interaction_with_the_later_rating(write: Write) -> None:
    entry = "2024-05-0{0},Heat,1995,https://boxd.it/{0},{1},{2},,2024-05-0{0}\n"
    header = DIARY.splitlines(keepends=True)[0]
    path = write("diary.csv", header + entry.format(1, 3, "") + entry.format(3, 5, "Yes") + entry.format(4, "", "Yes"))
    dataset = read("x", ratings=path)
    assert outside(dataset) == [("me", "Heat (1995)", 5.0, MAY_1 + 3 * DAY)]
    assert dataset.skipped == {"another row about the same film": 2}
    assert_accounted(dataset)


def test_films_of_one_name_differ_by_their_years(write: Write) -> None:
    dataset = read("x", ratings=write("diary.csv", DIARY + DIARY.splitlines()[2].replace("1985", "2001") + "\n"))
    assert {row[1] for row in outside(dataset)} == {"Heat (1995)", "Ran (1985)", "Ran (2001)"}


def test_a_watchlist_alone_says_why_it_is_no_log(write: Write) -> None:
    with pytest.raises(DataError, match="1 × on the watchlist, so not seen yet"):
        read("x", ratings=write("watchlist.csv", WATCHLIST))


@pytest.mark.parametrize("value", ["7", "-1", "four", "nan", "1e999"])
def test_a_rating_out_of_range_is_named_with_its_row(write: Write, value: str) -> None:
    with pytest.raises(DataError, match="row 2, column Rating") as caught:
        read("x", ratings=write("ratings.csv", RATINGS.replace("4.5", value)))
    assert (caught.value.kind, caught.value.row) == (ErrorKind.BAD_VALUE, 2)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 400


def test_a_list_cut_off_before_its_films_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="without the row 'Position,Name,Year,URL'"):
        read("x", ratings=write("l.csv", "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n"))
