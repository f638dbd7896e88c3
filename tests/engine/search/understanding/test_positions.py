"""Adjectives behind pronouns, centuries, stories, and languages by where they are spoken."""

from __future__ import annotations

import pytest

from engine.search.filters.fields import Fields
from engine.search.understanding import read
from tests.engine.search.understanding.catalogues import FILMS, SERIES_AND_FILMS, make_fields

TITLES = make_fields(
    {
        "title": [
            *("Without a Clue", "No Country for Old Men", "Before Sunrise", "Not Another Teen Movie", "Sin City"),
            *("20th Century Women", "A Ghost Story", "No Strings Attached", "Something French", "I Hate Luv Storys"),
            *("Love Story", "Zombie-Free Zone"),
        ],
        "genres": [["Comedy"], ["Crime"], ["Romance"], ["Comedy"], ["Action"], ["Drama"], *[["Romance"]] * 6],
        "original_language": ["en"] * 11 + ["fr"],
    }
)


@pytest.mark.parametrize(
    ("query", "fields", "text", "conditions"),
    [
        ("something french", FILMS, "", "language:fr"),
        ("something korean with a monster", FILMS, "monster", "language:ko"),
        ("anything japanese about ghosts", FILMS, "ghosts", "language:ja"),
        ("something french and funny", FILMS, "funny", "language:fr"),
        ("something french kiss", FILMS, "something french kiss", ""),
        ("french love story", FILMS, "love story", "language:fr"),
        ("love stories from italy", FILMS, "love stories", "language:it"),
        ("italian black and white films", FILMS, "black and white", "language:it"),
        ("horror of the 21st century", FILMS, "", "genre:Horror year:>=2001"),
        ("comedies from this century", FILMS, "", "genre:Comedy year:>=2001"),
        ("20th century science fiction", FILMS, "", "year:1901..2000 genre:Science Fiction"),
        ("horror set in the 20th century", FILMS, "set in the 20th century", "genre:Horror"),
        ("20th century fox", FILMS, "20th century fox", ""),
        ("a knight from the 12th century", FILMS, "a knight from the 12th century", ""),
        ("korean language films", SERIES_AND_FILMS, "", "country:South Korea type:film,anime film"),
    ],
)
def test_conditions_are_read_where_they_stand(query: str, fields: Fields, text: str, conditions: str) -> None:
    reading = read(query, fields)
    told = " ".join(one.condition for one in reading.understood).replace('"', "")
    assert (reading.text, told) == (text, conditions)


def test_titles_of_such_words_are_searched_for() -> None:
    for title in TITLES.titles():
        assert title is not None
        for typed in (title, title.lower(), title.upper(), f"{title}!"):
            reading = read(typed, TITLES)
            assert (reading.text, reading.understood) == (typed, ())
