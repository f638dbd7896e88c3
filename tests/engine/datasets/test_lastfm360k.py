"""Last.fm 360K: plays as weights, and artists by their id, or by their name where they have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.datasets import guess_kind, read
from engine.errors import DataError

from .conftest import Write, assert_accounted

ANN, BOB = "0" * 39 + "a", "0" * 39 + "b"
ARTIST = "3bd73256-3905-4f3a-97e2-8b341527f805"
PLAYS = (
    f"{ANN}\t{ARTIST}\tbetty blowtorch\t2137\n"
    f"{ANN}\t\tdie Ärzte\t1099\n"
    f'{BOB}\t{ARTIST}\tBetty "Blowtorch"\t5\n'
    f"{BOB}\t\tdie Ärzte\t0\n"
    f"{BOB}\t\t\t7\n"
)


def test_plays_are_weights(write: Write) -> None:
    dataset = read("x", ratings=write("plays.tsv", PLAYS))
    assert dataset.kind == "lastfm-360k"
    log = dataset.interactions
    assert (dataset.num_users, log.ratings, log.timestamps) == (2, None, None)
    assert log.weights is not None
    assert log.weights[0] > log.weights[1] > log.weights[2] > 0
    assert {dataset.items[row].title for row in (1, 2)} == {"betty blowtorch", "die Ärzte"}
    assert dataset.items.id_map.ids.tolist() == [ARTIST, "die Ärzte"]
    assert dataset.skipped == {"no item id": 1, "weight not above zero": 1}
    assert_accounted(dataset)
    assert any("3 rows have no id of the artist" in note for note in dataset.source["notes"])


def test_it_is_recognised(write: Write, tmp_path: Path) -> None:
    assert guess_kind(ratings=write("any", PLAYS)) == "lastfm-360k"
    folder = tmp_path / "lastfm-dataset-360K"
    write(f"{folder.name}/usersha1-artmbid-artname-plays.tsv", PLAYS)
    write(f"{folder.name}/usersha1-profile.tsv", f"{ANN}\tf\t22\tGermany\tFeb 1, 2007\n")
    dataset = read("x", source=folder)
    assert dataset.num_interactions == 3
    assert "Files that were not read: usersha1-profile.tsv." in dataset.source["notes"]


def test_a_bad_number_of_plays(write: Write) -> None:
    with pytest.raises(DataError, match="row 2, column plays: 'many' is not a number"):
        read("x", "lastfm-360k", ratings=write("plays.tsv", PLAYS.replace("1099", "many")))
