"""What a person watched on Netflix, and heard on Spotify and Last.fm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.datasets import guess_kind, read
from engine.errors import DataError

from .conftest import Write, assert_accounted, outside, zipped

MARCH_4 = 1_709_510_400  # 2024-03-04
NETFLIX = """Title,Date
"The Wire: Season 1: The Target","3/15/24"
"The Wire: Season 1: The Detail","3/15/24"
"The Wire: Series Finale Special","3/4/24"
"Mission: Impossible - Fallout","3/4/24"
"Dune: Part Two","3/4/24"
"Dark: Staffel 2: Anfänge und Enden","3/4/24"
"Maid: Limited Series: Dollar Store","3/4/24"
"""


def test_netflix_groups_episodes_into_their_series(write: Write) -> None:
    path = write("NetflixViewingHistory.csv", NETFLIX)
    assert guess_kind(ratings=path) == guess_kind(source=path) == "netflix"
    dataset = read("x", ratings=path)
    assert outside(dataset) == [
        ("me", "The Wire", None, MARCH_4 + 11 * 86_400),
        ("me", "The Wire", None, MARCH_4),
        ("me", "Mission: Impossible - Fallout", None, MARCH_4),
        ("me", "Dune: Part Two", None, MARCH_4),
        ("me", "Dark", None, MARCH_4),
        ("me", "Maid", None, MARCH_4),
    ]
    types = {item.title: item.metadata["type"] for item in dataset.items.take(range(1, dataset.num_items + 1))}
    assert types["The Wire"] == types["Dark"] == "series"
    assert types["Dune: Part Two"] == "film"
    assert dataset.skipped == {"another row about the same title at the same time": 1}
    assert_accounted(dataset)


@pytest.mark.parametrize(
    "dates", [("15/03/2024", "04/03/2024"), ("2024-03-15", "2024-03-04"), ("15.03.24", "04.03.24")]
)
def test_netflix_in_the_dates_of_other_countries(write: Write, dates: tuple[str, str]) -> None:
    content = NETFLIX.replace("3/15/24", dates[0]).replace("3/4/24", dates[1])
    assert {row[3] for row in outside(read("x", ratings=write("n.csv", content)))} == {MARCH_4, MARCH_4 + 11 * 86_400}


def test_netflix_is_newest_first_which_tells_days_from_months(write: Write) -> None:
    content = "Title,Date\nA,01/04/2024\nB,02/03/2024\nC,03/02/2024\n"
    times = [row[3] for row in outside(read("x", ratings=write("n.csv", content)))]
    assert times[0] == 1_711_929_600  # the first of April


def test_netflix_full_table(write: Write) -> None:
    header = "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Country\n"
    rows = "ann,2024-03-04 20:00:00,00:20:00,,{},{},TV,DE\n"
    path = write("ViewingActivity.csv", header + rows.format("Heat", "") + rows.format("Heat_hook", "TRAILER"))
    dataset = read("x", ratings=path)
    assert outside(dataset) == [("me", "Heat", None, MARCH_4 + 20 * 3600)]
    assert dataset.skipped == {"a trailer or another extra": 1}
    assert_accounted(dataset)


OLD = [
    {"endTime": "2024-03-04 12:00", "artistName": "Can", "trackName": "Halleluhwah", "msPlayed": 900_000},
    {"endTime": "2024-03-04 13:00", "artistName": "Can", "trackName": "Halleluhwah", "msPlayed": 900_000},
    {"endTime": "2024-03-04 13:01", "artistName": "Can", "trackName": "Mushroom", "msPlayed": 900},
]
NEW = [
    {
        "ts": "2024-03-04T12:00:00Z",
        "ms_played": 900_000,
        "master_metadata_track_name": "Halleluhwah",
        "master_metadata_album_artist_name": "Can",
        "master_metadata_album_album_name": "Tago Mago",
        "spotify_track_uri": "spotify:track:aa",
    },
    {
        "ts": "2024-03-04T13:00:00Z",
        "ms_played": 900_000,
        "master_metadata_track_name": None,
        "spotify_track_uri": None,
        "episode_name": "A podcast",
    },
]


@pytest.mark.parametrize("indent", [None, 2])
def test_spotify_account_data(write: Write, indent: int | None) -> None:
    path = write("StreamingHistory_music_0.json", json.dumps(OLD, indent=indent))
    assert guess_kind(ratings=path) == guess_kind(source=path) == "spotify"
    dataset = read("x", ratings=path)
    assert outside(dataset) == [
        ("me", "Can – Halleluhwah", None, MARCH_4 + 12 * 3600),
        ("me", "Can – Halleluhwah", None, MARCH_4 + 13 * 3600),
    ]
    assert dataset.items[1].metadata["artist"] == "Can"
    assert "Can" in dataset.items[1].text
    assert dataset.skipped == {"played for less than 30 seconds": 1}
    assert_accounted(dataset)


def test_spotify_extended_history_in_several_files(tmp_path: Path) -> None:
    members = {
        "MyData/Streaming_History_Audio_2023_0.json": json.dumps(NEW),
        "MyData/Streaming_History_Audio_2024_1.json": json.dumps(NEW[:1]),
        "MyData/ReadMe.pdf": b"%PDF\0",
    }
    dataset = read("x", source=zipped(tmp_path / "my_spotify_data.zip", members))
    assert dataset.kind == "spotify"
    assert outside(dataset) == [("me", "spotify:track:aa", None, MARCH_4 + 12 * 3600)]
    assert dataset.items[1].metadata["album"] == "Tago Mago"
    assert dataset.skipped == {
        "no track, but a podcast, an audiobook or a video": 1,
        "another row about the same track at the same time": 1,
    }


@pytest.mark.parametrize("content", ['{"a": 1}', "[1]", "[{", '[{"ts": "never", "master_metadata_track_name": "x"}]'])
def test_spotify_bad_files_are_named_in_one_sentence(write: Write, content: str) -> None:
    with pytest.raises(DataError, match=r"s\.json") as caught:
        read("x", "spotify", ratings=write("s.json", content))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        'Can,Tago Mago,Halleluhwah,04 Mar 2024 12:00\nCan,Tago Mago,Mushroom,"04 Mar 2024, 12:10"\n',
        "artist,album,track,date\nCan,Tago Mago,Halleluhwah,04 Mar 2024 12:00\nCan,,Mushroom,04 Mar 2024 12:10\n",
        "Artist;Album;AlbumId;Track;Date#ann\nCan;Tago Mago;;Halleluhwah;1709553600000\nCan;;;Mushroom;1709554200000\n",
        "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
        '"1709553600","04 Mar 2024, 12:00","Can","","Tago Mago","","Halleluhwah",""\n'
        '"1709554200","04 Mar 2024, 12:10","Can","","","","Mushroom",""\n',
    ],
)
def test_lastfm_of_each_exporter(write: Write, content: str) -> None:
    path = write("ann.csv", content)
    assert guess_kind(ratings=path) == guess_kind(source=path) == "lastfm"
    dataset = read("x", ratings=path)
    assert outside(dataset) == [
        ("me", "Can – Halleluhwah", None, MARCH_4 + 12 * 3600),
        ("me", "Can – Mushroom", None, MARCH_4 + 12 * 3600 + 600),
    ]
    assert dataset.items[1].metadata["album"] == "Tago Mago"
    assert_accounted(dataset)


def test_a_log_of_several_listeners_is_no_export_of_a_person(write: Write) -> None:
    assert (
        guess_kind(ratings=write("l.csv", "user_id,artist,album,track_id,track,date\na,Can,x,1,y,2024-01-01\n"))
        == "table"
    )
