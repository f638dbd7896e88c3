"""Items for adults are left out, counted, and found where they are asked for."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.search import SearchIndex
from engine.search.hidden import is_adult_genre


def make_index(**columns: Any) -> SearchIndex:
    table = {
        "title": ["War", "Love", "Love and War", "Young Love", "Night"],
        "year": pa.array([1990] * 5, pa.int32()),
        "genres": [["Drama"], ["Romance", "Hentai"], ["Romance"], ["Young Adult"], ["Erotica"]],
        "text": ["war story", "love story", "love war story", "love story", "night story"],
        **columns,
    }
    return SearchIndex(ItemTable(IdMap(list("abcde"), first=1), pa.table(table)))


def found(index: SearchIndex, query: str, **options: Any) -> tuple[str, int]:
    answer = index.search(query, 10, "keyword", **options)
    return "".join(sorted(str(result.item.item_id) for result in answer.results)), answer.hidden


@pytest.mark.parametrize(
    ("query", "filters", "expected"),
    [
        ("story", None, ("acd", 2)),
        ("love", None, ("cd", 2)),
        ("", "genre:romance", ("c", 1)),
        ("love", "genre:romance", ("c", 1)),
        ("story", "genre:hentai", ("b", 0)),
        ("story", "genre:romance,hentai", ("bc", 0)),
        ("story", "-genre:hentai", ("acd", 1)),
        ("hentai story", None, ("abcde", 0)),
        ("erotic story", None, ("abcde", 0)),
        ("young adult story", None, ("acd", 2)),
    ],
)
def test_they_are_left_out_unless_a_word_or_a_filter_names_them(
    query: str, filters: str | None, expected: tuple[str, int]
) -> None:
    assert found(make_index(), query, filters=filters) == expected


def test_they_are_found_on_request() -> None:
    index = make_index()
    assert found(index, "story", adult=True) == ("abcde", 0)
    assert set(index.found("story")) == {0, 2, 3}
    assert set(index.found("story", adult=True)) == set(range(5))


@pytest.mark.parametrize(
    "column",
    [
        {"adult": [False, False, True, False, None]},
        {"isAdult": [0, 0, 1, 0, None]},
        {"adult": ["False", "False", "True", "False", "False"]},
    ],
    ids=["truth", "number", "text"],
)
def test_a_column_can_mark_them(column: dict[str, Any]) -> None:
    index = make_index(genres=[["Drama"]] * 5, **column)
    assert found(index, "story") == ("abde", 1)
    assert found(index, "story", filters=f"{next(iter(column))}:1")[1] == 0


def test_nothing_is_hidden_or_said_where_there_is_nothing_of_the_kind() -> None:
    assert found(make_index(genres=[["Drama"]] * 5), "story") == ("abcde", 0)


@pytest.mark.parametrize(
    ("genre", "adult"),
    [("Hentai", True), ("EROTICA", True), ("X-Rated", True), ("Adult Cast", False), ("Ecchi", False)],
)
def test_genres_are_compared_as_a_whole(genre: str, adult: bool) -> None:
    assert is_adult_genre(genre) is adult
