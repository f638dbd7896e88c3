"""What is said of data that could be read, and may still be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.datasets.ingest import add, update
from engine.errors import DataError, ErrorKind
from engine.workspace.dataset_store import Workspace

from .conftest import Write, zipped


def _said(dataset: Dataset, words: str) -> list[str]:
    return [note for note in dataset.source["notes"] if words in note]


@pytest.mark.parametrize(
    ("one", "other"),
    [("7", "007"), ("Anna", "anna"), ("Anna Bell", "Anna  Bell"), ("Anna Bell", "Anna\u00a0Bell"), ("é", "e\u0301")],
)
@pytest.mark.parametrize("row", ["{},x,5\n", "x,{},5\n"])
def test_ids_that_look_alike_are_told(write: Write, one: str, other: str, row: str) -> None:
    path = write("log.csv", "user,item,rating\n" + "".join(row.format(each) for each in (one, other, "Zoe", "8")))
    dataset = read("it", "table", ratings=path)
    name = "item" if row.startswith("x") else "user"
    assert len(dataset.users if name == "user" else dataset.items) == 4
    (note,) = _said(dataset, "differs from another one only")
    assert note.startswith(f"1 {name} id differs")
    first, second = note.split("such as ")[1].split(";")[0].split(" and ")
    assert first != second


def test_items_that_look_like_those_of_the_catalogue_are_told(write: Write) -> None:
    items = write("items.csv", "item,title\nA1,One\nA2,Two\n")
    ratings = write("log.csv", "user,item,rating\n1,A1,5\n2,a2,4\n")
    assert _said(read("it", "table", ratings=ratings, items=items), "such as 'a2' and 'A2'")


def test_nothing_is_said_of_ids_that_differ(write: Write) -> None:
    path = write("log.csv", "user,item,rating\nu1,007,5\nu2,008,4\nu3,009,3\n")
    assert not _said(read("it", "table", ratings=path), "differ")


def test_ids_that_a_spreadsheet_has_shortened_are_told(write: Write) -> None:
    path = write("log.csv", "user,isbn,rating\n1,9.78E+12,5\n2,9.79E+12,4\n2,9.78E+12,3\n")
    assert _said(read("it", "table", ratings=path), "WARNING: 2 item ids such as 9.78E+12 are shortened")


@pytest.mark.parametrize("error", ["#REF!", "#VALUE!", "#NAME?", "#DIV/0!"])
def test_errors_of_a_spreadsheet_are_no_ids(write: Write, error: str) -> None:
    dataset = read("it", "table", ratings=write("log.csv", f"user,item,rating\n{error},a,5\n2,b,4\n"))
    assert dataset.users.ids.tolist() == [2]
    assert dataset.skipped == {"no user id": 1}


@pytest.mark.parametrize(
    ("ratings", "doubted"),
    [
        ("0 0 6 8 10", "0"),
        ("-1 2 3 8 10", "-1"),
        ("1 2 99 5 4", "99"),
        ("0 1 2 3 4", None),  # a scale from 0
        ("-1 1 1 -1 1", None),  # likes and dislikes
        ("-10 -5 0 5 10", None),
        ("20 40 60 80 100", None),
        ("0.5 1 3.5 4 5", None),
    ],
)
def test_a_rating_far_from_the_others_is_told(write: Write, ratings: str, doubted: str | None) -> None:
    rows = "".join(f"{user},{user % 2},{one}\n" for user, one in enumerate(ratings.split()))
    dataset = read("it", "table", ratings=write("log.csv", "user,item,rating\n" + rows))
    values = [hint["value"] for hint in dataset.source.get("hints", ()) if hint["hint"] == "unrated"]
    assert values == ([] if doubted is None else [doubted])
    assert len(_said(dataset, "is far from the others")) == len(values)
    if doubted is not None:
        again = read(
            "it", "table", ratings=write("again.csv", "user,item,rating\n" + rows), mapping={"unrated": doubted}
        )
        assert not _said(again, "is far from the others")


@pytest.mark.parametrize(
    ("times", "told"),
    [("0 1600000000 1600000001", True), ("-1 1600000000 1600000001", True), ("0 1 2", False), ("5 6 7", False)],
)
def test_times_that_are_zero_are_told(write: Write, times: str, told: bool) -> None:
    rows = "".join(f"{user},a,{time}\n" for user, time in enumerate(times.split()))
    dataset = read("it", "table", ratings=write("log.csv", "user,item,timestamp\n" + rows))
    assert bool(_said(dataset, "WARNING: 1 time is of the beginning of 1970")) == told


def test_an_update_tells_ids_that_look_alike_and_another_scale(write: Write, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    add(workspace, "shop", ratings=write("log.csv", "user,item,rating\n001,A,1\n002,B,5\n"))
    done, _ = update(workspace, "shop", ratings=write("new.csv", "user,item,rating\n1,a,20\n002,B,100\n"))
    assert done.new_users == done.new_items == 1
    notes = " ".join(done.notes)
    assert "1 user id differs from another one only" in notes
    assert "such as '1' and '001'" in notes
    assert "such as 'a' and 'A'" in notes
    assert "the ratings of the update go from 20 to 100, and those of the data set from 1 to 5" in notes


def test_an_update_on_the_same_scale_is_not_doubted(write: Write, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    add(workspace, "shop", ratings=write("log.csv", "user,item,rating\n1,A,1.5\n2,B,4.5\n"))
    done, _ = update(workspace, "shop", ratings=write("new.csv", "user,item,rating\n1,B,5\n2,A,0.5\n"))
    assert not [note for note in done.notes if "scale" in note or "differ" in note]


LOG = "user,item,rating\n1,a,5\n2,b,4\n"


def test_one_of_several_files_of_one_name_is_not_read_in_silence(write: Write, tmp_path: Path) -> None:
    folder = write("all/2020/ratings.csv", LOG).parent.parent
    write("all/2021/ratings.csv", LOG)
    archive = zipped(tmp_path / "all.zip", {"2020/ratings.csv": LOG, "2021/ratings.csv": LOG})
    for source in (folder, archive):
        with pytest.raises(DataError, match=r"2020/ratings.csv, 2021/ratings.csv") as caught:
            read("it", "table", source=source)
        assert (caught.value.kind, caught.value.name) == (ErrorKind.SEVERAL_FILES, "ratings")


def test_a_copy_in_a_folder_below_is_said_not_to_be_read(write: Write) -> None:
    folder = write("all/ratings.csv", LOG).parent
    write("all/old/ratings.csv", LOG)
    assert _said(read("it", "table", source=folder), "not read: old/ratings.csv")


def test_files_of_recbole_that_are_not_read_are_named(write: Write) -> None:
    folder = write("net/x.inter", "user_id:token\titem_id:token\n1\ta\n2\tb\n").parent
    write("net/x.user", "user_id:token\tage:float\n1\t30\n")
    assert "Files that were not read: x.user." in read("it", source=folder).source["notes"]
