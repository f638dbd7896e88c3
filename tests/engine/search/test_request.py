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
