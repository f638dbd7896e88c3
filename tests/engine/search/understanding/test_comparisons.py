"""Comparisons with an item, by its length, its year, its rating and how many know it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engine.search.filters.fields import Fields
from engine.search.understanding import read
from tests.engine.search.understanding.catalogues import ANIME, BOOKS, FILMS, make_fields

TWO_OF_A_NAME = make_fields(
    {
        "title": ["Heat", "Heat", "Short Fuse"],
        "release_date": pa.array(["1986-11-13", "1995-12-15", "2016-01-01"]).cast(pa.date32()),
        "runtime": pa.array([101, 170, 90]),
        "vote_count": pa.array([14, 1886, 2]),
    }
)


def told(query: str, fields: Fields) -> tuple[str, str]:
    reading = read(query, fields)
    return reading.text, " ".join(one.condition for one in reading.understood)


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("something like alien but shorter", FILMS, "", "runtime:1..116"),  # a runtime of 0 is unknown
        ("like alien but shorter and funnier", FILMS, "funnier", "runtime:1..116"),
        ("movies like alien but not as long", FILMS, "", "runtime:1..116"),
        ("a longer movie similar to toy story", FILMS, "", "runtime:>81"),
        ("like alien but much newer", FILMS, "", "year:>1979"),
        ("like alien, only older", FILMS, "", "year:<1979"),
        ("like toy story but better", FILMS, "", "rating:>7.9"),
        ("like alien but more popular", FILMS, "", "votes:>13000"),
        ("like death note but less popular", ANIME, "", "members:<1013917"),
        ("like one piece but shorter", ANIME, "", "episodes:<900"),
        ("like dune but shorter", BOOKS, "", "num_pages:<612"),
        ("like dune but less famous", BOOKS, "", "ratings_count:<900000"),
        ("like heat but shorter", TWO_OF_A_NAME, "", "runtime:<170"),
        ("like heat but newer", TWO_OF_A_NAME, "", "date:>1995"),
    ],
)
def test_comparatives_beside_an_item_compare_with_it(query: str, fields: Fields, text: str, conditions: str) -> None:
    reading = read(query, fields)
    assert reading.moved is not None
    assert reading.moved.words == text
    assert told(query, fields) == (text, conditions)


@pytest.mark.parametrize(
    ("query", "conditions"),
    [
        ("horror older than alien", "genre:Horror year:<1979"),
        ("newer than amélie", "year:>2001"),
        ("longer than the italian job", "runtime:>99"),
        ("like alien but older than toy story", "year:<1995"),
        ("not older than alien", "-year:<1979"),
        ("films made before alien", "year:<1979"),
        ("horror before toy story", "genre:Horror year:<1995"),
        ("sci-fi after toy story", 'genre:"Science Fiction" year:>1995'),
    ],
)
def test_an_item_is_compared_with_by_its_title(query: str, conditions: str) -> None:
    assert told(query, FILMS) == ("", conditions)


@pytest.mark.parametrize(
    "query",
    [
        "a longer movie",  # than which?
        "older than the hills",
        "films before alien",  # may be about what was there before
        "before sunrise",
        "shorter days",
        "the older brother",
    ],
)
def test_without_an_item_nothing_is_compared(query: str) -> None:
    assert told(query, FILMS)[1] == ""


def test_a_comparative_of_somebody_in_the_plot_compares_nothing() -> None:
    assert told("like alien but with older people", FILMS) == ("older people", "")


def test_what_is_more_than_every_item_has_stays_text() -> None:
    assert told("like alien but better", FILMS) == ("better", "")  # no film is rated higher
