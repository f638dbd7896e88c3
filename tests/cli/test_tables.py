"""A person's own tables by the command line: what is asked for is used, shown first, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text("who,what,how,stars\n1,2,seen,4\n1,3,bought,5\n2,3,bought,0\n")
    return path


def test_a_mapping_needs_no_kind(run: Run, log: Path) -> None:
    words = ("--map", "user=who,item=#2", "--map", "rating=stars,unrated=0", "--where", "how=Bought", "--json")
    outcome = run("datasets", "add", "shop", "--ratings", log, *words)
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert (found["kind"], found["num_users"], found["num_items"], found["num_interactions"]) == ("table", 2, 1, 2)
    assert found["skipped"] == {"how is not Bought": 1}


def test_a_dry_run_shows_and_stores_nothing(run: Run, log: Path) -> None:
    words = ("datasets", "add", "shop", "--ratings", log, "--map", "user=who,item=what,rating=stars", "--dry-run")
    outcome = run(*words)
    assert outcome.status == 0
    assert "shop (table) would have 2 items, 2 users and 3 interactions. Nothing was stored." in outcome.out
    assert "columns not used: how ('bought' or 'seen')" in outcome.out
    found = json.loads(run(*words, "--json").out)
    assert found["interactions"][1] == {"user": "1", "item": "3", "rating": "5"}
    assert found["types"]["title"] == "string"
    assert json.loads(run("datasets", "list", "--json").out) == []


def test_the_sentence_about_a_missing_column_ends_with_what_to_do(run: Run, log: Path) -> None:
    outcome = run("datasets", "add", "shop", "--ratings", log, "--kind", "table")
    assert outcome.status == 1
    assert "it has who, what, how, stars" in outcome.err
    assert "--map, such as user=who,item=what" in outcome.err


def test_what_a_file_does_not_say_itself(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes("user,фильм,02/03/2020\nann,брат,03/04/2020\n".encode("cp1251"))
    words = ("datasets", "add", "films", "--ratings", path, "--map", "user=#1,item=#2,time=#3", "--dry-run", "--json")
    outcome = run(*words, "--no-header", "--encoding", "cp1251")
    assert outcome.status == 1
    assert "--dates day-first or --dates month-first" in outcome.err
    found = json.loads(run(*words, "--no-header", "--encoding", "cp1251", "--dates", "day-first").out)
    assert [(one["item"], one["time"][:10]) for one in found["interactions"]] == [
        ("фильм", "2020-03-02"),
        ("брат", "2020-04-03"),
    ]
    assert "no encoding 'klingon'" in run(*words, "--encoding", "klingon").err


def test_parts_of_a_log_and_one_person(run: Run, tmp_path: Path) -> None:
    for name, line in (("a.csv", "7,4"), ("b.csv", "8,3")):
        (tmp_path / name).write_text(f"movie,rating\n{line}\n")
    files = ("--ratings", tmp_path / "a.csv", "--ratings", tmp_path / "b.csv")
    found = json.loads(run("datasets", "add", "mine", *files, "--user", "me", "--json").out)
    assert (found["num_users"], found["num_items"]) == (1, 2)


@pytest.mark.parametrize(
    "words",
    [
        ("--map", "user"),
        ("--map", "user=a,user=b"),
        ("--where", "how"),
        ("--where", "a=1", "--where", "a=2"),
        ("--join", "x"),
    ],
)
def test_wrong_usage(run: Run, log: Path, words: tuple[str, ...]) -> None:
    assert run("datasets", "add", "shop", "--ratings", log, *words).status == 2


def test_an_order_is_offered_with_the_flag_that_takes_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user,item,Cart Position\n1,a,2\n1,b,1\n2,a,1\n")
    outcome = run("datasets", "add", "shop", "--ratings", path, "--dry-run")
    assert "--map 'time=Cart Position' takes this order." in outcome.out
    outcome = run("datasets", "add", "shop", "--ratings", path, "--map", "time=Cart Position")
    assert "no dates" in outcome.out
    assert "takes this order" not in outcome.out
    info = run("datasets", "info", "shop")
    assert "1970" not in info.out
    assert "1970" not in run("datasets", "info", "shop", "--json").out
    path.write_text("user,item\n1,a\n1,b\n2,a\n")
    words = ("datasets", "add", "rows", "--ratings", path)
    assert "--map 'time=#row' takes the order of the rows in the file." in run(*words, "--dry-run").out
    assert run(*words).status == 0
    outcome = run("train", "markov", "-d", "rows")
    assert outcome.status == 1
    assert "has no times; add it again with --map time=COLUMN, or time=#row if" in outcome.err
    outcome = run(*words, "--map", "time=#row", "--dry-run", "--json")
    assert [row["time"] for row in json.loads(outcome.out)["interactions"]] == ["2", "3", "4"]


def test_dates_that_are_unclear_are_settled_by_a_flag(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("id,title,released\n1,A,03/04/2019\n2,B,05/06/2019\n")
    words = ("datasets", "add", "films", "--items", path, "--dry-run")
    outcome = run(*words)
    assert "the column released is kept as text" in outcome.out
    assert "--dates day-first or --dates month-first says how the dates of released are to be read." in outcome.out
    found = json.loads(run(*words, "--dates", "day-first", "--json").out)
    assert found["items"][0]["released"] == "2019-04-03"
    assert "hints" not in found["source"]


def test_an_update_takes_the_order_of_day_and_month_that_it_asks_for(run: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("user,item,rating,date\nu1,a,3,2023-12-25\n")
    new.write_text("user,item,rating,date\nu2,a,2,05.06.2025\n")
    assert run("datasets", "add", "shop", "--ratings", old).status == 0
    refused = run("datasets", "update", "shop", "--ratings", new)
    assert refused.status == 1
    assert "say it with --dates day-first or --dates month-first" in refused.err
    outcome = run("datasets", "update", "shop", "--ratings", new, "--dates", "day-first")
    assert outcome.status == 0
    assert "new.csv: the dates were read with the day first." in outcome.out


def test_a_rating_that_may_mean_none_is_offered_to_be_read_so(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("user,item,rating\n1,a,5\n1,b,-1\n2,a,4\n")
    said = run("datasets", "add", "mine", "--ratings", log, "--dry-run").out
    assert "--map unrated=-1 reads it as no rating." in said
    again = run("datasets", "add", "mine", "--ratings", log, "--map", "unrated=-1", "--dry-run").out
    assert "may be wrong" not in again


def test_a_folder_with_a_file_of_each_year_says_how_all_are_read(run: Run, tmp_path: Path) -> None:
    for year in (2020, 2021):
        (tmp_path / "log" / str(year)).mkdir(parents=True)
        (tmp_path / "log" / str(year) / "ratings.csv").write_text(f"user,item,rating\n{year},a,5\n1,b,4\n")
    refused = run("datasets", "add", "mine", "--from", tmp_path / "log", "--kind", "table")
    pattern = str(tmp_path / "log" / "*" / "ratings.csv")
    assert (refused.status, f"--ratings '{pattern}'" in refused.err) == (1, True)
    assert run("datasets", "add", "mine", "--ratings", pattern).status == 0
