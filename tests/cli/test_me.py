"""One's own ratings on the command line: typed, imported, matched by hand, recommended from, and taken away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

LETTERBOXD = """Date,Name,Year,Letterboxd URI,Rating
2024-01-02,Alien,1979,https://boxd.it/a,4.5
2024-01-03,Solaris,1972,https://boxd.it/b,2
2024-01-04,Heatt,1995,https://boxd.it/c,3
2024-01-05,Somewhere else entirely,2001,https://boxd.it/d,5
"""


@pytest.fixture
def trained(run: Run, films: str) -> str:
    for model in ("knn", "ease", "markov"):
        assert run("train", model, "-d", films).status == 0
    return films


@pytest.fixture
def letterboxd(tmp_path: Path) -> Path:
    path = tmp_path / "letterboxd.csv"
    path.write_text(LETTERBOXD)
    return path


def read(run: Run, *words: object) -> Any:
    outcome = run(*words, "--json")
    assert outcome.status == 0, outcome.err
    return json.loads(outcome.out)


def test_a_film_is_rated_listed_and_removed(run: Run, films: str) -> None:
    rated = read(run, "me", "rate", "alien", "4.5", "-d", films)
    assert (rated["title"], rated["rating"], rated["out_of"], rated["item_id"]) == ("Alien", 4.5, 5.0, "alien")
    read(run, "me", "rate", "Heat", "9/10")
    listed = read(run, "me", "list", "-d", films)
    assert [(one["title"], one["rating_here"]) for one in listed] == [("Heat", 4.5), ("Alien", 4.5)]
    assert run("me", "remove", "Alien", "-d", films).status == 0
    assert [one["title"] for one in read(run, "me", "list", "-d", films)] == ["Heat"]


@pytest.mark.parametrize(
    ("value", "rating", "out_of"), [("★★★½", 3.5, 5.0), ("8 out of 10", 8.0, 10.0), ("85%", 85.0, 100.0)]
)
def test_a_rating_may_be_written_as_in_a_table(run: Run, films: str, value: str, rating: float, out_of: float) -> None:
    rated = read(run, "me", "rate", "Alien", value, "-d", films)
    assert (rated["rating"], rated["out_of"]) == (rating, out_of)


@pytest.fixture(params=[(-10.0, 10.0), (0.0, 100.0)], ids=["below-0", "from-0"])
def from_zero(request: pytest.FixtureRequest, run: Run, tmp_path: Path) -> tuple[str, float, float]:
    """A data set whose ratings reach to 0 or below, with a model."""
    low, high = request.param
    rows = [
        (user, joke, high if (user + joke) % 3 else low if joke % 2 else (low + high) / 2)
        for user in range(12)
        for joke in range(6)
        if (user * joke) % 5
    ]
    ratings, items = tmp_path / "jokes.csv", tmp_path / "titles.csv"
    ratings.write_text("user,item,rating\n" + "".join(f"{one[0]},{one[1]},{one[2]:g}\n" for one in rows))
    items.write_text("id,title\n" + "".join(f"{number},Joke {number}\n" for number in range(6)))
    added = run("datasets", "add", "jokes", "--ratings", ratings, "--items", items)
    assert added.status == 0, added.err
    assert run("train", "knn", "-d", "jokes").status == 0
    return "jokes", low, high


def test_ratings_of_a_scale_from_0_or_below_are_kept_on_it(
    run: Run, from_zero: tuple[str, float, float], tmp_path: Path
) -> None:
    name, low, high = from_zero
    for title, value in (("Joke 1", low), ("Joke 2", 0), ("Joke 3", high)):
        rated = read(run, "me", "rate", title, f"{value:g}", "-d", name)
        assert (rated["rating"], rated["rating_here"], rated["lowest"], rated["out_of"]) == (value, value, low, high)
    assert read(run, "me", "rate", "Joke 4", "5/5", "-d", name)["rating_here"] == high
    read(run, "me", "remove", "Joke 4", "-d", name)
    assert f"{low:g} ({low:g} to {high:g})" in run("me", "list", "-d", name).out
    for value in (high + 1, low - 1):
        refused = run("me", "rate", "Joke 4", f"{value:g}", "-d", name)
        assert refused.status == 2
        assert f"from {low:g} to {high:g}" in refused.err
    for ending in ("csv", "json"):
        out = tmp_path / f"own.{ending}"
        assert run("me", "export", "--out", out, "-d", name).status == 0
        again = read(run, "me", "import", out, "-d", name, "--profile", ending)
        assert (again["added"], again["matched"]) == (3, 3)
        copied = read(run, "me", "list", "--profile", ending, "-d", name)
        assert {one["title"]: one["rating_here"] for one in copied} == {"Joke 1": low, "Joke 2": 0, "Joke 3": high}
    assert read(run, "recommend", "me", "-d", name, "-m", "knn")


def test_ratings_below_0_in_a_table_say_how_to_name_their_scale(run: Run, films: str, tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    table.write_text("title,rating,out_of\nAlien,-5,10\n")
    refused = run("me", "import", table, "-d", films)
    assert refused.status == 1
    assert "a column lowest names the lowest rating" in refused.err
    table.write_text("title,rating,out_of,lowest\nAlien,-5,10,-10\nHeat,5,10,-10\n")
    assert run("me", "import", table, "-d", films).status == 0
    listed = read(run, "me", "list", "-d", films)
    here = {one["title"]: one["rating_here"] for one in listed}
    assert here == {"Heat": 3.75, "Alien": 2.0}, "as far up the scale, and no lower than the lowest rating here"


@pytest.mark.parametrize("value", ["6", "0", "-1", "nan", "x", "11/10", "", "4/0", "1e400", "★★★★★★", "9" * 400])
def test_a_value_off_the_scale_is_one_sentence(run: Run, films: str, value: str) -> None:
    outcome = run("me", "rate", "Alien", value, "-d", films)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert "9/10" in outcome.err
    assert read(run, "me", "list", "-d", films) == []


def test_an_export_is_imported_once_and_updated_later(run: Run, films: str, letterboxd: Path) -> None:
    report = read(run, "me", "import", letterboxd, "-d", films)
    assert {"rows": 4, "matched": 2, "added": 4, "updated": 0}.items() <= report.items()
    assert [(one["row"], one["title"]) for one in report["unmatched"]] == [(4, "Heatt"), (5, "Somewhere else entirely")]
    assert report["unmatched"][0]["nearest"] == ["Heat (1995)"]

    again = read(run, "me", "import", letterboxd, "-d", films)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 4)

    letterboxd.write_text(LETTERBOXD.replace("a,4.5", "a,1").replace(LETTERBOXD.splitlines()[2] + "\n", ""))
    later = read(run, "me", "import", letterboxd, "-d", films)
    assert (later["added"], later["updated"], later["unchanged"], later["kept"]) == (0, 1, 2, 1)
    said = {one["title"]: one["rating"] for one in read(run, "me", "list", "-d", films)}
    assert said["Alien"] == 1
    assert said["Solaris"] == 2


def test_a_table_of_ones_own_needs_titles_and_ratings_only(run: Run, films: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("Name;My rating\nAlien;4,5\nHeat;3\n")
    report = read(run, "me", "import", tmp_path / "mine.csv", "-d", films)
    assert (report["kind"], report["matched"]) == ("table", 2)
    (tmp_path / "mine.jsonl").write_text('{"title": "Solaris", "rating": 4}\n{"title": "Heat", "rating": 2.5}\n')
    (tmp_path / "mine.json").write_text('[{"title": "Stalker", "score": 9, "year": 1979}]')
    for name, added in (("mine.jsonl", 1), ("mine.json", 1)):
        again = read(run, "me", "import", tmp_path / name, "-d", films)
        assert (again["kind"], again["added"]) == ("table", added)
    (tmp_path / "seen.csv").write_text("film,when\nAlien,2024\n")
    refused = run("me", "import", tmp_path / "seen.csv", "-d", films)
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "seen.csv" in refused.err
    assert "it has the columns film, when" in refused.err
    assert "title and rating" in refused.err


def test_a_match_by_hand_counts_for_later_imports_and_lists(run: Run, films: str, letterboxd: Path) -> None:
    read(run, "me", "import", letterboxd, "-d", films)
    matched = read(run, "me", "match", "Heatt", "heat", "-d", films)
    assert (matched["title"], matched["item_id"]) == ("Heatt", "heat")
    report = read(run, "me", "import", letterboxd, "-d", films)
    assert (report["matched"], [one["title"] for one in report["unmatched"]]) == (3, ["Somewhere else entirely"])
    back = read(run, "me", "unmatch", "Heatt", "-d", films)
    assert (back["title"], back["item_id"]) == ("Heatt", None)
    report = read(run, "me", "import", letterboxd, "-d", films)
    assert sorted(one["title"] for one in report["unmatched"]) == ["Heatt", "Somewhere else entirely"]
    wrong = run("me", "match", "Heattt", "heat", "-d", films)
    assert (wrong.status, "Heatt" in wrong.err) == (1, True), "the nearest entry is named"


def test_what_was_rated_never_comes_back(run: Run, trained: str) -> None:
    for title in ("Alien", "Solaris"):
        read(run, "me", "rate", title, "5", "-d", trained)
    read(run, "me", "rate", "Heat", "not-interested", "-d", trained)
    for model in ("knn", "ease"):
        listed = read(run, "recommend", "me", "-d", trained, "-m", model)
        assert [one["item_id"] for one in listed] == ["stalker"]
        assert listed[0]["rank"] == 1
    assert {one["item_id"] for one in read(run, "next", "--me", "-d", trained)} == {"stalker"}


def test_a_list_says_because_you_liked(run: Run, trained: str) -> None:
    read(run, "me", "rate", "Solaris", "5", "-d", trained)
    assert any(
        one["reason"] == "because you liked Solaris"
        for one in read(run, "recommend", "me", "-d", trained, "-m", "ease")
    )


def test_a_model_that_cannot_answer_names_one_that_can(run: Run, trained: str) -> None:
    read(run, "me", "rate", "Solaris", "seen", "-d", trained)
    refused = run("recommend", "me", "-d", trained, "-m", "knn")
    assert refused.status == 1
    assert "ease" in refused.err
    assert read(run, "recommend", "me", "-d", trained), "without -m, one that learns from what was seen answers"


def test_without_ratings_the_sentence_says_how_to_rate(run: Run, trained: str) -> None:
    for words in (("recommend", "me"), ("next", "--me")):
        outcome = run(*words, "-d", trained)
        assert (outcome.status, outcome.out) == (1, "")
        assert "recsys-tui me rate" in outcome.err


def test_profiles_are_apart(run: Run, films: str) -> None:
    read(run, "me", "rate", "Alien", "5", "-d", films, "--profile", "ann")
    assert read(run, "me", "list", "-d", films) == []
    assert [one["title"] for one in read(run, "me", "list", "-d", films, "--profile", "ann")] == ["Alien"]
    assert read(run, "me", "profiles") == ["me", "ann"]


def test_ratings_outlive_their_data_set_and_serve_another(run: Run, films: str, files: tuple[Path, Path]) -> None:
    read(run, "me", "rate", "Alien", "4", "-d", films)
    assert run("datasets", "remove", films).status == 0
    ratings, items = files
    items.write_text(items.read_text().replace("alien", "heat2").replace("heat,", "alien,").replace("heat2", "heat"))
    ratings.write_text(ratings.read_text().replace("alien", "x").replace("heat", "alien").replace("x", "heat"))
    assert run("datasets", "add", films, "--kind", "table", "--ratings", ratings, "--items", items).status == 0
    listed = read(run, "me", "list", "-d", films)
    assert (listed[0]["item_title"], listed[0]["item_id"]) == ("Alien", "heat"), "not the item with its old id"


@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_what_is_exported_is_imported_again(
    run: Run, films: str, letterboxd: Path, tmp_path: Path, ending: str
) -> None:
    read(run, "me", "import", letterboxd, "-d", films)
    read(run, "me", "rate", "Stalker", "watchlist", "-d", films)
    (tmp_path / "odd.csv").write_text("title,rating\n=1+1,3\n'tis,4\n")
    read(run, "me", "import", tmp_path / "odd.csv", "--kind", "table", "-d", films)
    out = tmp_path / f"mine{ending}"
    assert run("me", "export", "--out", out, "-d", films).status == 0
    report = read(run, "me", "import", out, "-d", films, "--profile", "copy")
    assert report["added"] == 7

    def said(profile: str) -> list[tuple[Any, ...]]:
        names = ("title", "year", "status", "rating", "out_of", "date", "source")
        return sorted(tuple(str(one[name]) for name in names) for one in read(run, "me", "list", "--profile", profile))

    assert said("copy") == said("me")
    again = read(run, "me", "import", out, "-d", films)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 7)
    refused = run("me", "export", "--out", out, "-d", films)
    assert (refused.status, "--replace" in refused.err) == (1, True)


def test_what_if_says_what_moved(run: Run, trained: str) -> None:
    plain = read(run, "recommend", "ann", "-d", trained, "-m", "ease")
    assert [one["item_id"] for one in plain] == ["stalker"]
    listed = read(run, "recommend", "ann", "-d", trained, "-m", "ease", "--without", "Heat", "--with", "stalker=2")
    assert [one["item_id"] for one in listed] == ["heat"]
    assert listed[0]["rank_before"] is None
    assert {"score_before", "score_difference"} <= set(listed[0])
    assert read(run, "recommend", "ann", "-d", trained, "-m", "ease") == plain, "nothing is stored"
    read(run, "me", "rate", "Solaris", "5", "-d", trained)
    assert read(run, "recommend", "me", "-d", trained, "--with", "Alien=5")


def test_what_if_says_where_its_figures_are_not_those_of_the_plain_list(run: Run, films: str) -> None:
    assert run("train", "explicit", "-d", films, "--set", "n_iter=1").status == 0
    assert run("train", "ease", "-d", films).status == 0
    told = "figures differ from the user's own list"
    assert told in run("recommend", "ann", "-d", films, "-m", "explicit", "--with", "stalker=2").err
    assert told not in run("recommend", "ann", "-d", films, "-m", "ease", "--with", "stalker=2").err
    run("me", "rate", "Solaris", "5", "-d", films)
    assert told not in run("recommend", "me", "-d", films, "-m", "explicit", "--with", "stalker=2").err


def test_what_if_for_what_comes_next_says_what_moved(run: Run, trained: str) -> None:
    plain = read(run, "next", "--user", "ann", "-d", trained)
    listed = read(run, "next", "--user", "ann", "-d", trained, "--without", "Heat")
    assert plain
    assert "heat" not in [one["item_id"] for one in plain]
    assert "heat" in [one["item_id"] for one in listed], "what was taken out may come next"
    assert {"rank_before", "score_before", "score_difference", "probability"} <= set(listed[0])
    assert read(run, "next", "--user", "ann", "-d", trained) == plain, "nothing is stored"
    read(run, "me", "rate", "Solaris", "5", "-d", trained)
    early = read(run, "next", "--me", "-d", trained, "--with", "Alien@1990-01-01")
    late = read(run, "next", "--me", "-d", trained, "--with", "Alien")
    assert early != late, "the date says where the item stands"
    for date in ("1 January 1990", "31/12/1989", "19900101", "1990-01-01T18:00:00+02:00"):
        assert read(run, "next", "--me", "-d", trained, "--with", f"Alien@{date}") == early, date
    outcome = run("next", "Heat", "-d", trained, "--with", "Alien=4")
    assert "The rating in 'Alien=4' changes nothing" in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("next", "Heat", "--with", "Alien@2020-01-01"), "cannot be given a date"),
        (("next", "--user", "ann", "--with", "Alien@2020-13-01"), "is no day"),
        (("next", "--user", "ann", "--with", "Alien@01/02/2020"), "write the year first"),
        (("next", "Heat", "--without", "Heat"), "Nothing is left"),
        (("next", "--user", "nobody"), "no user"),
        (("next", "Heat", "--me"), "only one of these"),
        (("recommend", "ann", "--with", "Alien=4@2020-01-01"), "would change nothing"),
    ],
)
def test_a_date_that_cannot_count_is_refused(run: Run, trained: str, words: tuple[str, ...], said: str) -> None:
    outcome = run(*words, "-d", trained)
    assert outcome.status in (1, 2)
    assert said in outcome.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--with", "Alien=5", "--without", "Alien"), 2, "changed twice"),
        (("--without", "Stalker"), 1, "not in the history of user ann"),
        (("--with", "Alien=9"), 2, "between 2 and 5"),
        (("--with", "Primer=4"), 1, "Nobody has rated 'Primer'"),
        (("--with", "Sollaris Two=4"), 1, "Solaris"),
        (("--with", "Alien=nan"), 2, "between 2 and 5"),
        (("--with", "Alien=good"), 2, "'Alien=good' is no ITEM=VALUE"),
        (("--with", "Alien="), 2, "is no ITEM=VALUE"),
        (("--with", "=4"), 2, "is no ITEM=VALUE"),
    ],
)
def test_an_impossible_change_is_one_sentence(
    run: Run, trained: str, words: tuple[str, ...], status: int, said: str
) -> None:
    outcome = run("recommend", "ann", "-d", trained, *words)
    assert (outcome.status, outcome.out) == (status, "")
    assert said in outcome.err


def test_a_user_of_the_data_set_who_is_called_me_is_meant(run: Run, letterboxd: Path, tmp_path: Path) -> None:
    assert run("datasets", "add", "mine", "--kind", "letterboxd", "--ratings", letterboxd).status == 0
    assert run("train", "popular", "-d", "mine").status == 0
    outcome = run("recommend", "me", "-d", "mine", "--include-seen", "--json")
    assert len(json.loads(outcome.out)) == 4
    assert "--profile" in outcome.err


def test_wrong_usage(run: Run, films: str) -> None:
    assert run("next", "-d", films).status == 2
    assert run("next", "Alien", "--me", "-d", films).status == 2
    assert run("recommend", "ann", "--profile", "x", "-d", films).status == 2


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "user,item,rating\n1,2,3\n4,2,3\n", "title,rating\nHeat,x\n"])
def test_a_file_that_is_no_export_is_one_sentence(run: Run, films: str, tmp_path: Path, content: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(content)
    for words in ((), ("--kind", "table")):
        outcome = run("me", "import", path, "-d", films, *words)
        assert (outcome.status, outcome.out) == (1, "")
        assert len(outcome.err.strip().splitlines()[-1]) <= 450
    assert run("me", "import", tmp_path / "nothing.csv", "-d", films).status == 1


def test_titles_that_are_objects_are_refused(run: Run, films: str, tmp_path: Path) -> None:
    nested = tmp_path / "nested.json"
    nested.write_text('[{"rating": 8, "movie": {"title": "Heat", "year": 1995}}]')
    outcome = run("me", "import", nested, "-d", films)
    assert outcome.status == 1
    assert 'nested.json, row 1, column movie: \'{"title": "Heat"' in outcome.err
    assert run("me", "list", "--json", "-d", films).out.strip() == "[]"


def test_a_table_without_rows_is_refused(run: Run, films: str, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("title,rating\n")
    outcome = run("me", "import", tmp_path / "none.csv", "-d", films)
    assert (outcome.status, "none.csv: has no rows of data" in outcome.err) == (1, True)


def test_how_a_table_was_read_is_said_with_its_name(run: Run, films: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes("title,rating\nHeat,4/5\n".encode("utf-16"))
    assert "mine.csv: was read as UTF-16 text." in run("me", "import", tmp_path / "mine.csv", "-d", films).err


def test_the_watchlist_and_the_profiles_are_listed_and_changed(run: Run, films: str) -> None:
    read(run, "me", "rate", "Heat", "watchlist", "-d", films)
    read(run, "me", "rate", "Alien", "4", "-d", films)
    assert [one["title"] for one in read(run, "me", "watchlist", "-d", films)] == ["Heat"]
    assert read(run, "me", "profiles", "--make", "ann", "-d", films) == ["me", "ann"]
    assert read(run, "me", "profiles", "--rename", "me", "bea", "-d", films) == ["me", "ann", "bea"]
    assert [one["title"] for one in read(run, "me", "watchlist", "--profile", "bea", "-d", films)] == ["Heat"]
    assert read(run, "me", "profiles", "--remove", "bea", "-d", films) == ["me", "ann"]
    assert read(run, "me", "profiles", "--restore", "bea", "-d", films) == ["me", "ann", "bea"]
    refused = run("me", "profiles", "--remove", "nobody", "-d", films)
    assert (refused.status, refused.out) == (1, "")
    assert "There is no profile 'nobody'" in refused.err


def test_a_data_set_that_is_damaged_does_not_hide_ratings(run: Run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path / "home"))
    (tmp_path / "ratings.csv").write_text("user,item,rating\nann,heat,5\nbob,heat,4\n")
    assert run("datasets", "add", "films", "--ratings", tmp_path / "ratings.csv").status == 0
    assert run("me", "rate", "Heat", "5", "-d", "demo").status == 0
    assert run("search", "heat", "-d", "films", "--mode", "keyword").status == 0
    (tmp_path / "home/data/current.json").write_text('{"name": "films"}')
    (tmp_path / "home/data/datasets/films/manifest.json").write_text("{")
    outcome = run("me", "list")
    assert outcome.status == 0
    assert "Heat" in outcome.out
    assert "films" in outcome.err


@pytest.mark.parametrize("words", [("me", "list"), ("me", "rate", "Heat", "4"), ("me", "profiles")])
def test_a_home_that_cannot_be_written_is_said_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path / "file" / "home"))
    refused = run(*words)
    assert refused.status == 1
    assert refused.err.count("cannot be written") == 1
    assert len(refused.err.splitlines()) == 1
