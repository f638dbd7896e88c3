from __future__ import annotations

import pyarrow as pa
import pytest

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.search.filters.fields import Fields
from engine.search.request import understand


@pytest.fixture
def fields() -> Fields:
    table = pa.table(
        {
            "title": ["Sad Song", "Funny Games", "Dark City"],
            "year": pa.array([1999, 1997, 1998], pa.int32()),
            "genres": pa.array([["Drama"], ["Thriller"], ["Science Fiction"]], pa.list_(pa.string())),
            "text": ["Sad Song", "Funny Games", "Dark City"],
        }
    )
    return Fields(ItemTable(IdMap(["a", "b", "c"], first=1, name="item"), table))


@pytest.mark.parametrize(
    ("query", "wording"),
    [("sad film about a sadist", "about a sadist"), ("dark movie about darkness", "about darkness")],
)
def test_a_mood_is_taken_from_whole_words_only(fields: Fields, query: str, wording: str) -> None:
    request = understand(query, fields)
    assert request.moods.phrases
    assert request.words.endswith(wording.split()[-1])
    assert wording.split()[-1] in request.words.split()


def test_a_word_that_titles_have_is_a_mood_unless_it_is_a_whole_title(fields: Fields) -> None:
    is_known = {"funny", "dark"}.__contains__
    assert understand("funny", fields, is_known=is_known).moods.genres
    assert not understand(
        "funny games", fields, is_known=is_known, is_title=lambda text: text == "funny games"
    ).moods.genres


def test_words_that_are_literal_are_neither_moods_nor_translated(fields: Fields) -> None:
    query = "película de vampiros"
    assert understand(query, fields).translation.language == "es"
    request = understand(query, fields, literal={query})
    assert (request.translation.language, request.words) == (None, query)


@pytest.mark.parametrize("query", ["the movie called dark city", "film titled Dark City", 'a film named "dark city"'])
def test_what_is_called_so_is_a_title(fields: Fields, query: str) -> None:
    request = understand(query, fields, is_title=lambda text: text.lower() == "dark city")
    assert request.text.lower() == request.words.lower() == "dark city"
    assert not request.moods.genres
    assert understand(query, fields).text == query


@pytest.mark.parametrize("title", ["8½", "8 1/2"])
def test_a_half_in_words_is_one_of_a_title(fields: Fields, title: str) -> None:
    for query in ("eight and a half", "8 and a half"):
        assert understand(query, fields, is_title=lambda text: text == title).text == title
        assert understand(query, fields).text == query


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("thriller w/o ghosts", "thriller without ghosts"),
        ("thriller w/out ghosts", "thriller without ghosts"),
        ("games w/ ghosts", "games with ghosts"),
        ("thriller 1998+", "thriller since 1998"),
    ],
)
def test_abbreviations_are_read_as_what_they_stand_for(fields: Fields, query: str, meant: str) -> None:
    assert understand(query, fields) == understand(meant, fields)


def test_a_film_of_another_language_keeps_the_noun_that_its_country_describes(fields: Fields) -> None:
    assert understand("film brasileiro sobre favela", fields).words == "brazilian films slum"
    assert understand("tschechischer märchenfilm", fields).words == "czech fairy tale film"
    assert understand("film über einen hai", fields).words == "shark"
    assert understand("anime ohne musik", fields).understood[0].condition == "anime without music"
