"""What every reader must bring, and how readers are found and recognise their files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import engine.datasets
from engine.datasets import guess_kind, read, registry
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind

from .conftest import Write

PACKAGE = Path(__file__).parents[2] / "packages" / "recsys_tui_plays"

#: The smallest files of each kind; a new reader adds its own.
FIXTURES = {
    "anime": {"rating.csv": "user_id,anime_id,rating\n1,5,9\n"},
    "demo": {
        "items.csv": "id,title,year,kind,genres,country,director,about\nheat,Heat,1995,film,Crime,US,Mann,A thief.\n",
        "ratings.csv.gz": "user,item,rating,timestamp\nann,heat,4.5,1600000000\n",
    },
    "goodreads": {
        "goodreads_library_export.csv": "Book Id,Title,Author,My Rating,Date Added,Exclusive Shelf\n"
        "7,Emma,Jane Austen,4,2024/03/01,read\n"
    },
    "hetrec": {"user_artists.dat": "userID\tartistID\tweight\n2\t51\t13883\n", "artists.dat": "id\tname\n51\tCan\n"},
    "imdb": {"ratings.csv": "Const,Your Rating,Date Rated,Title,Year\ntt0000007,8,2024-03-01,Heat,1995\n"},
    "jester": {"jester.csv": ",".join(["1", "-7.5", *["99"] * 99]) + "\n"},
    "lastfm-360k": {"usersha1-artmbid-artname-plays.tsv": f"{'0' * 40}\t{'a' * 8}-aaaa-aaaa-aaaa-{'a' * 12}\tCan\t3\n"},
    "matrix": {"pivot.csv": "user,Heat,Ran,M\nann,5,,\n"},
    "mind": {"behaviors.tsv": "1\tU1\t11/11/2019 9:05:58 AM\t\tN1-1\n"},
    "lastfm": {"scrobbles.csv": "Can,Tago Mago,Halleluhwah,01 Mar 2024 12:34\n"},
    "letterboxd": {
        "watched.csv": "Date,Name,Year,Letterboxd URI\n2024-03-01,Heat,1995,https://boxd.it/aa\n",
        "profile.csv": "Date Joined,Username\n2020-01-01,ann\n",
    },
    "lightgcn": {"train.txt": "0 7\n"},
    "movielens": {"u.data": "1\t2\t3\t4\n", "u.item": "2|Heat (1995)|01-Jan-1995|||" + "|".join("0" * 19) + "\n"},
    "movies": {
        "movies_metadata.csv": "imdb_id,original_title,title,genres\ntt0000001,A,A,[]\n",
        "links.csv": "movieId,imdbId,tmdbId\n7,0000001,5\n",
        "ratings.csv": "userId,movieId,rating,timestamp\n1,7,4,10\n",
    },
    "myanimelist": {
        "animelist.xml": "<?xml version='1.0'?><myanimelist><anime><series_animedb_id>7</series_animedb_id>"
        "<my_score>8</my_score><my_status>Completed</my_status></anime></myanimelist>"
    },
    "netflix": {"NetflixViewingHistory.csv": "Title,Date\nHeat,3/1/24\n"},
    "netflix-prize": {"combined_data_1.txt": "1:\n1488844,3,2005-09-06\n"},
    "recbole": {"x.inter": "user_id:token\titem_id:token\n1\t2\n", "x.item": "item_id:token\n2\n"},
    "spotify": {
        "StreamingHistory0.json": '[{"endTime": "2024-03-01 12:34", "artistName": "Can", "trackName": "Halleluhwah", '
        '"msPlayed": 900000}]'
    },
    "steam": {"steam-200k.csv": "151603712,The Witness,play,2.5,0\n"},
    "table": {"log.csv": "user,item\n1,2\n"},
}


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """The entry points of other packages, which a test may add to."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: found if group == "recsys_tui.readers" else [])
    monkeypatch.syspath_prepend(str(PACKAGE))
    registry.readers.cache_clear()
    yield found
    registry.readers.cache_clear()
    for name in ("recsys_tui_plays", "recsys_tui_plays_broken"):
        sys.modules.pop(name, None)


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, registry.ENTRY_POINTS)


def test_every_reader_has_files_to_be_tested_with(points: list[EntryPoint]) -> None:
    assert set(registry.readers()) == set(FIXTURES)


@pytest.mark.parametrize("kind", FIXTURES)
def test_a_reader_declares_itself_and_recognises_and_reads_its_own_files(
    write: Write, tmp_path: Path, kind: str, points: list[EntryPoint]
) -> None:
    reader = registry.get(kind)
    assert reader.kind == kind
    assert reader.title
    assert "\n" not in reader.title
    for name, content in FIXTURES[kind].items():
        write(f"{kind}/{name}", content)
    folder = tmp_path / kind
    assert guess_kind(source=folder) == kind
    dataset = read("x", source=folder)
    assert (dataset.kind, dataset.num_interactions) == (kind, 1)
    assert read("x", kind, source=folder).num_items == dataset.num_items
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        read("x", kind, source=tmp_path / "empty")


def test_kinds_are_listed_with_their_titles(points: list[EntryPoint]) -> None:
    assert engine.datasets.KINDS["movies"].startswith("The Movies Dataset")
    assert set(engine.datasets.KINDS) == set(FIXTURES)


def test_a_reader_of_another_package_is_one_like_all_others(write: Write, points: list[EntryPoint]) -> None:
    points.append(point("plays", "recsys_tui_plays:READER"))
    path = write("plays.csv", "listener,song\nann,blue\nbob,blue\n")
    assert engine.datasets.KINDS["plays"] == "songs that people listened to: plays.csv"
    assert guess_kind(ratings=path) == "plays"
    assert read("x", ratings=path).num_interactions == 2
    with pytest.raises(DataError, match="kind 'plays', which has a file of ratings") as caught:
        read("x", "plays")
    assert caught.value.choices == ("ratings",)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("broken", "recsys_tui_plays_broken:READER", "the package librarian is not installed"),
        ("nowhere", "no_such_module_anywhere:READER", "No module named"),
        ("function", "recsys_tui_plays:read", "is not a Reader"),
        ("other", "recsys_tui_plays:READER", "is of the kind 'plays'"),
    ],
)
def test_a_broken_package_says_so_in_one_sentence_and_leaves_the_others(
    write: Write, points: list[EntryPoint], name: str, value: str, why: str
) -> None:
    points.append(point(name, value))
    path = write("log.csv", "user,item\n1,2\n")
    assert guess_kind(ratings=path) == "table"
    assert engine.datasets.KINDS[name].startswith("cannot be used: ")
    with pytest.raises(DataError, match=why) as caught:
        read("x", name, ratings=path)
    assert "\n" not in str(caught.value)
    assert (caught.value.kind, caught.value.name) == (ErrorKind.BROKEN_READER, name)


def test_a_package_cannot_replace_a_reader_of_ours(points: list[EntryPoint]) -> None:
    ours = registry.get("table")
    registry.readers.cache_clear()
    points.append(point("table", "recsys_tui_plays:READER"))
    assert registry.get("table") is ours


def test_a_reader_that_fails_to_look_at_files_is_named_only_where_nobody_knows_them(
    write: Write, points: list[EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    def recognises(evidence: Evidence) -> Certainty:
        raise KeyError("oh")

    failing = Reader("failing", "fails", registry.get("table").read, recognises)
    monkeypatch.setattr(registry, "_load", lambda _: failing)
    registry.readers.cache_clear()
    points.append(point("failing", "anything:at_all"))
    assert guess_kind(ratings=write("log.csv", "user,item\n1,2\n")) == "table"
    with pytest.raises(DataError, match="the reader 'failing' failed on them"):
        guess_kind(ratings=write("odd.csv", "a,b\n1,2\n"))
