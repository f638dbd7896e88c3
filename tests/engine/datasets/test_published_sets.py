"""Published sets in their original files: Steam-200k, the Netflix Prize, Jester, HetRec's Last.fm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.datasets import guess_kind, read
from engine.errors import DataError

from .conftest import Write, assert_accounted, outside, zipped

STEAM = """5250,"Fez, the game",purchase,1.0,0
5250,"Fez, the game",play,12.5,0
5250,Braid,purchase,1.0,0
76767,2048,play,0.1,0
76767,,play,0.1,0
76767,Braid,refund,0.1,0
"""


def test_steam_buys_and_plays_of_a_game_are_one_interaction(write: Write) -> None:
    path = write("steam-200k.csv", STEAM)
    assert guess_kind(ratings=path) == guess_kind(source=path) == "steam"
    dataset = read("x", ratings=path)
    assert sorted(row[:2] for row in outside(dataset)) == [(5250, "Braid"), (5250, "Fez, the game"), (76767, "2048")]
    assert dataset.skipped == {"duplicate pair": 1, "no user or no game": 1, "neither a purchase nor a play": 1}
    assert_accounted(dataset)


def _hours(write: Write, text: str) -> dict[str, float]:
    """Title -> the weight of its interaction, in a log of one user."""
    dataset = read("x", kind="steam", ratings=write("steam-200k.csv", text))
    log = dataset.interactions
    assert log.weights is not None
    titles = [item.title for item in dataset.items.take(log.item_ids)]
    return dict(zip(titles, log.weights.tolist(), strict=True))


def test_steam_hours_are_weights_by_their_logarithm(write: Write) -> None:
    text = "1,Fez,purchase,1.0,0\n1,Fez,play,8.0,0\n1,Braid,play,2.0,0\n1,Braid,purchase,1.0,0\n1,Limbo,purchase,1,0\n"
    found = _hours(write, text)
    strengths = np.log1p(np.array([8.0, 2.0, 0.1]) / 2.0)
    np.testing.assert_allclose([found["Fez"], found["Braid"], found["Limbo"]], strengths / strengths.mean(), rtol=1e-5)
    notes = " ".join(read("x", ratings=write("steam-200k.csv", text)).source["notes"])
    assert "2 rows are plays, whose hours are the weights" in notes
    assert "not played" in notes
    assert "0.1 hours" in notes
    assert "from 0.1 to 8" in notes


def test_steam_plays_of_a_game_add_up_wherever_they_stand(write: Write) -> None:
    parts = ["1,Fez,play,3.0,0\n", "1,Fez,purchase,1.0,0\n", "1,Fez,play,5.0,0\n", "1,Braid,play,2.0,0\n"]
    found = [_hours(write, "".join(order)) for order in (parts, parts[::-1])]
    assert found[0] == pytest.approx(found[1])
    assert found[0]["Fez"] / found[0]["Braid"] == pytest.approx(np.log1p(8 / 5) / np.log1p(2 / 5), rel=1e-5)


def test_steam_without_plays_has_no_weights(write: Write) -> None:
    dataset = read("x", ratings=write("steam-200k.csv", "1,Fez,purchase,1.0,0\n2,Fez,purchase,1.0,0\n"))
    assert dataset.interactions.weights is None
    assert not any("weight" in note for note in dataset.source["notes"])


def test_steam_hours_that_are_missing_are_few_and_those_below_zero_are_left_out(write: Write) -> None:
    text = "1,Fez,play,2.0,0\n1,Braid,play,,0\n1,Limbo,play,0,0\n1,Owned,purchase,1,0\n2,Fez,play,-3,0\n"
    dataset = read("x", kind="steam", ratings=write("steam-200k.csv", text))
    assert dataset.skipped == {"hours below zero": 1}
    assert_accounted(dataset)
    found = _hours(write, text)
    assert found["Fez"] > found["Braid"] == found["Limbo"] == found["Owned"]


def test_steam_names_hours_that_are_no_number(write: Write) -> None:
    with pytest.raises(DataError, match=r"row 4, column 4 \(hours\): 'much' is not a number"):
        read("x", ratings=write("s.csv", STEAM.replace("2048,play,0.1", "2048,play,much")))


PRIZE = "1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n2:\n\n1488844,4,2005-09-07\n"
TITLES = "1,2003,Dinosaur Planet\n2,NULL,Caf\xe9, with a comma\n3,1997,Never Rated\nnonsense\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_netflix_prize_with_its_titles(tmp_path: Path, end: str) -> None:
    members = {
        "combined_data_1.txt": PRIZE.replace("\n", end),
        "combined_data_2.txt": "3:\n822109,1,2005-09-06",
        "movie_titles.csv": TITLES.encode("latin-1"),
        "probe.txt": "1:\n822109\n",
    }
    dataset = read("x", source=zipped(tmp_path / "archive.zip", members))
    assert dataset.kind == "netflix-prize"
    assert outside(dataset) == [
        (1488844, 1, 3.0, 1_125_964_800),
        (822109, 1, 5.0, 1_115_942_400),
        (1488844, 2, 4.0, 1_126_051_200),
        (822109, 3, 1.0, 1_125_964_800),
    ]
    first, second = dataset.items.take([1, 2])
    assert (first.title, first.year) == ("Dinosaur Planet", 2003)
    assert (second.title, second.year) == ("Café, with a comma", None)
    assert dataset.skipped == {"no id, year and title": 1}
    assert sum(file["kept"] for file in dataset.source["files"] if file["role"] == "ratings") == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PRIZE + "1,2\n", "line 7: '1,2' is neither"),
        (PRIZE + "x:\n", "line 7: 'x:' is neither"),
        ("5,5,2005-09-06\n" + PRIZE, "line 1: '5,5,2005-09-06' is neither"),
    ],
)
def test_netflix_prize_names_a_line_that_is_neither(write: Write, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read("x", "netflix-prize", ratings=write("mv_0000001.txt", content))


def matrix(rows: int, jokes: int = 100) -> np.ndarray:  # type: ignore[type-arg]
    random = np.random.RandomState(7)
    values = np.round(random.uniform(-10, 10, (rows, jokes)), 2)
    values[random.uniform(size=values.shape) < 0.6] = 99
    return np.column_stack([(values != 99).sum(axis=1), values])


@pytest.mark.parametrize("jokes", [100, 150])
def test_jester_is_a_rating_for_each_value_that_is_not_99(write: Write, jokes: int) -> None:
    values = matrix(20, jokes)
    path = write("jester-data-1.csv", "\n".join(",".join(f"{value:g}" for value in row) for row in values) + "\n")
    assert guess_kind(ratings=path) == guess_kind(source=path) == "jester"
    dataset = read("x", ratings=path)
    found = {(user, item): rating for user, item, rating, _ in outside(dataset)}
    expected = {(u + 1, i): values[u, i] for u, i in np.argwhere(values != 99).tolist() if i > 0}
    assert found.keys() == expected.keys()
    assert all(abs(found[pair] - rating) < 1e-5 for pair, rating in expected.items() if found[pair] is not None)
    assert_accounted(dataset)


def test_jester_numbers_the_people_of_several_files_on(write: Write, tmp_path: Path) -> None:
    for number in (1, 2):
        write(f"j/jester-data-{number}.csv", "\n".join(",".join(f"{v:g}" for v in row) for row in matrix(3)) + "\n")
    assert read("x", source=tmp_path / "j").users.ids.tolist() == [1, 2, 3, 4, 5, 6]


def test_jester_names_a_value_out_of_range(write: Write) -> None:
    rows = [["2", "5", "-11", *["99"] * 98]]
    with pytest.raises(DataError, match="row 1, column 3: -11 is neither a rating from -10 to 10 nor 99"):
        read("x", "jester", ratings=write("j.csv", ",".join(rows[0]) + "\n"))


def test_a_wide_table_of_numbers_is_no_jester(write: Write) -> None:
    path = write("w.csv", "\n".join(",".join(str(r * c) for c in range(120)) for r in range(3)) + "\n")
    with pytest.raises(DataError, match="unclear"):
        guess_kind(ratings=path)


def test_hetrec_has_the_names_of_its_artists(tmp_path: Path) -> None:
    members = {
        "user_artists.dat": "userID\tartistID\tweight\r\n2\t51\t13883\r\n2\t52\t11690\r\n3\t51\t5\r\n",
        "artists.dat": 'id\tname\turl\tpictureURL\r\n51\tMötley "Crüe"\thttp://x/51\t\r\n52\tCan\thttp://x/52\thttp://y\r\n',
        "tags.dat": b"tagID\ttagValue\r\n1\tm\xe9tal\r\n",
    }
    dataset = read("x", source=zipped(tmp_path / "hetrec2011-lastfm-2k.zip", members))
    assert (dataset.kind, dataset.num_users, dataset.num_interactions) == ("hetrec", 2, 3)
    first = dataset.items[1]
    assert (first.title, first.metadata["url"]) == ('Mötley "Crüe"', "http://x/51")
    assert any("tags.dat" in note for note in dataset.source["notes"])
    assert_accounted(dataset)


def test_movietweetings_is_read_as_the_release_that_it_imitates(tmp_path: Path) -> None:
    members = {
        "latest/ratings.dat": "1::0114508::8::1381006850\n2::1234567::9::1381006850\n",
        "latest/movies.dat": "0114508::Species (1995)::Action|Horror|Sci-Fi\n1234567::Café (2010)::\n",
        "latest/users.dat": "1::139564917\n2::22\n",
    }
    dataset = read("x", source=zipped(tmp_path / "MovieTweetings.zip", members))
    assert [row[1:3] for row in outside(dataset)] == [("0114508", 8.0), ("1234567", 9.0)]
    assert dataset.items[1].genres == ("Action", "Horror", "Sci-Fi")
    assert dataset.title == "MovieTweetings"


def test_a_date_of_the_netflix_prize_that_does_not_exist(write: Write) -> None:
    path = write("combined_data_1.txt", "1:\n7,3,2005-09-06\n\n8,4,2005-02-30\n")
    with pytest.raises(DataError, match="line 4: '8,4,2005-02-30' is neither"):
        read("x", "netflix-prize", ratings=path)
