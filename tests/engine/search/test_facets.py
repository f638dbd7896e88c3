"""Facets: counts of the values of genres, kinds, decades and ratings among what was found."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.data.results import Facet
from engine.search import SearchIndex
from engine.search.facets import facets
from engine.search.filters.fields import Fields
from engine.search.filters.parser import parse

GENRES = ["Crime", "Drama", "Science Fiction", "Slice of Life", "News, Weather"]
TYPES = ["TV", "Movie", "OVA", None]


def make_items(num: int = 60, **columns: Any) -> ItemTable:
    table = {
        "title": [f"Film {number}" for number in range(num)],
        "year": pa.array([None if number % 11 == 0 else 1950 + number for number in range(num)], pa.int32()),
        "genres": [
            [GENRES[number % 5], GENRES[number % 3]] if number % 5 != number % 3 else [] for number in range(num)
        ],
        "text": ["war and peace" if number % 2 else "peace" for number in range(num)],
        "type": [TYPES[number % 4] for number in range(num)],
        "vote_average": [None if number % 7 == 0 else 4 + number % 7 for number in range(num)],
        **columns,
    }
    return ItemTable(IdMap(list(range(num)), first=1), pa.table(table))


ITEMS = make_items()
FIELDS = Fields(ITEMS)


def counts(facet: Facet) -> dict[str, int]:
    return {value.label: value.count for value in facet.values}


def by_name(found: tuple[Facet, ...]) -> dict[str, Facet]:
    return {facet.field: facet for facet in found}


@given(st.sets(st.integers(0, 59)))
def test_each_count_is_what_its_condition_would_leave(chosen: set[int]) -> None:
    rows = np.array(sorted(chosen), dtype=np.int64)
    for facet in facets(FIELDS, rows):
        for value in facet.values:
            parsed = parse(value.condition, FIELDS)
            assert not parsed.problems
            assert not parsed.text
            (condition,) = parsed.filters
            assert value.count == FIELDS.any_of(condition.field, condition.terms)[rows].sum() > 0


def test_values_of_lists_count_for_each_item_that_has_them_the_most_frequent_first() -> None:
    found = by_name(facets(FIELDS, np.arange(60)))["genre"]
    expected = Counter(genre for item in ITEMS.take(range(1, 61)) for genre in item.genres)
    assert counts(found) == expected
    assert [value.count for value in found.values] == sorted(expected.values(), reverse=True)
    assert not found.exclusive


def test_years_count_by_decade_the_latest_first_and_ratings_by_lower_bounds() -> None:
    found = by_name(facets(FIELDS, np.arange(60)))
    assert list(counts(found["year"]))[:2] == ["2000s", "1990s"]
    assert list(counts(found["rating"])) == ["≥ 9", "≥ 8", "≥ 7", "≥ 6"]
    assert found["rating"].values[0].condition == "rating:>=9"
    assert found["rating"].exclusive


def test_what_all_items_share_divides_nothing_unless_it_is_filtered_by() -> None:
    rows = np.flatnonzero(FIELDS.mask_of("type", "TV"))
    assert "type" not in by_name(facets(FIELDS, rows))
    assert counts(by_name(facets(FIELDS, rows, filtered={"type"}))["type"]) == {"TV": len(rows)}


def test_nothing_found_has_no_facets() -> None:
    assert facets(FIELDS, np.zeros(0, dtype=np.int64), filtered={"genre"}) == ()


def test_a_column_of_names_is_no_facet() -> None:
    fields = Fields(make_items(brand=[f"Brand {number}" for number in range(60)]))
    assert "brand" not in by_name(facets(fields, np.arange(60)))
    few = Fields(make_items(brand=["Acme" if number % 3 else "Bolt" for number in range(60)]))
    assert counts(by_name(facets(few, np.arange(60)))["brand"]) == {"Acme": 40, "Bolt": 20}


def test_languages_have_names() -> None:
    fields = Fields(make_items(language=["en" if number % 3 else "xx" for number in range(60)]))
    found = by_name(facets(fields, np.arange(60)))["language"]
    assert [(value.label, value.condition) for value in found.values] == [
        ("English", "language:en"),
        ("xx", "language:xx"),
    ]


@pytest.mark.parametrize(
    ("highest", "bounds"), [(5.0, ["≥ 4.5", "≥ 4", "≥ 3.5", "≥ 3"]), (100.0, ["≥ 90", "≥ 80", "≥ 70", "≥ 60"])]
)
def test_the_bounds_follow_the_scale_of_the_ratings(highest: float, bounds: list[str]) -> None:
    fields = Fields(make_items(vote_average=[highest * number / 59 for number in range(60)]))
    assert list(counts(by_name(facets(fields, np.arange(60)))["rating"])) == bounds


def test_a_search_counts_all_that_has_its_words_and_meets_its_conditions() -> None:
    index = SearchIndex(ITEMS)
    assert len(index.found("war")) == 30
    assert len(index.found("")) == 60
    conditions = parse("type:tv", index.fields).filters
    assert set(index.found("war", filters=conditions)) == set(index.found("", filters=conditions)) & set(
        index.found("war")
    )
    assert len(index.found("zzzzzz")) == 0
