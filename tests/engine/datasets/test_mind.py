"""MIND: the clicks of impressions and histories, and the news."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.datasets import guess_kind, read
from engine.errors import DataError

from .conftest import Write, assert_accounted, outside, zipped

CLICKS = (
    "1\tU1\t11/12/2019 12:00:01 AM\tN1 N2\tN3-1 N4-0 N5-1\n"
    "2\tU1\t11/11/2019 11:00:00 PM\tN1 N2\tN5-0 N6-1\n"
    "3\tU2\t11/11/2019 1:00:00 PM\t\tN3-0 N6-0\n"
    "4\t\t11/11/2019 1:00:00 PM\tN1\tN3-1 N6-0\n"
    "5\tU3\t\tN1 N2\tN3-1\n"
)
NEWS = (
    'N1\tsports\tgolf\tThe "Long" Drive\tA round.\thttps://x/1\t[{"Label": "Golf"}]\t[]\n'
    "N3\tsports\tsports\tA Draw\t\thttps://x/3\t[]\t[]\n"
    "N1\tsports\tgolf\tAgain\t\thttps://x/1\t[]\t[]\n"
)
ELEVEN_PM = 1573513200


def test_clicks_of_impressions_and_of_histories(write: Write) -> None:
    dataset = read("x", ratings=write("behaviors.tsv", CLICKS))
    assert outside(dataset) == [
        ("U1", "N3", None, ELEVEN_PM + 3601),
        ("U1", "N5", None, ELEVEN_PM + 3601),
        ("U1", "N6", None, ELEVEN_PM),
        ("U1", "N1", None, ELEVEN_PM - 2),
        ("U1", "N2", None, ELEVEN_PM - 1),
    ]
    assert dataset.skipped == {"shown and not clicked": 4, "no user id": 2, "no time": 3}
    assert_accounted(dataset)
    notes = " ".join(dataset.source["notes"])
    assert "the 2 clicks of the histories have no times" in notes
    assert "(no user id), the first at row 4" in notes


def test_news_are_the_catalogue(write: Write, tmp_path: Path) -> None:
    write("MIND/behaviors.tsv", CLICKS)
    write("MIND/news.tsv", NEWS)
    write("MIND/entity_embedding.vec", "Q1\t0.1\n")
    dataset = read("x", source=tmp_path / "MIND")
    first = dataset.items[1]
    assert (first.title, first.genres) == ('The "Long" Drive', ("sports", "golf"))
    assert dataset.items[2].genres == ("sports",)
    assert first.text == 'The "Long" Drive. A round.'
    assert dataset.skipped["duplicate article in the catalogue"] == 1
    assert "Files that were not read: entity_embedding.vec." in dataset.source["notes"]
    packed = zipped(tmp_path / "MIND.zip", {"behaviors.tsv": CLICKS, "news.tsv": NEWS})
    assert outside(read("x", source=packed)) == outside(dataset)


def test_it_is_recognised(write: Write) -> None:
    assert guess_kind(ratings=write("any.tsv", CLICKS)) == "mind"
    assert guess_kind(items=write("any_news.tsv", NEWS)) == "mind"
    assert guess_kind(ratings=write("b.tsv", CLICKS), items=write("n.tsv", NEWS)) == "mind"


def test_a_part_without_labels_has_its_histories(write: Write) -> None:
    unlabelled = write("behaviors.tsv", "1\tU1\t11/12/2019 12:00:01 AM\tN1 N2\tN3 N4\n")
    dataset = read("x", ratings=unlabelled)
    assert (dataset.num_interactions, dataset.skipped) == (2, {"no label of a click": 2})
    with pytest.raises(DataError, match="none of its 2 rows can be used"):
        read("x", ratings=write("b.tsv", "1\tU1\t11/12/2019 12:00:01 AM\t\tN3 N4\n"))


def test_a_bad_time(write: Write) -> None:
    bad = CLICKS.replace("11/11/2019 11:00:00 PM", "soon")
    with pytest.raises(DataError, match=r"behaviors.tsv, row 2, column 3 \(time\): 'soon' is not a time"):
        read("x", ratings=write("behaviors.tsv", bad))
