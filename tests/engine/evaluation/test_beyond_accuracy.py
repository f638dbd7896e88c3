from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.evaluation.beyond_accuracy import (
    coverage,
    diversity,
    gini,
    novelty,
    popular_items,
    popularities,
    popularity_lift,
)
from engine.evaluation.cases import Ragged
from engine.interactions import Interactions

# Item 1 is known to all four users, item 2 to two, item 3 to one, item 4 to nobody.
TRAIN = Interactions(np.array([0, 1, 2, 3, 0, 1, 2, 2]), np.array([1, 1, 1, 1, 2, 2, 3, 3]), num_items=5)


def catalogue(genres: list[list[str]]) -> ItemTable:
    table = pa.table(
        {
            "title": [str(row) for row in range(len(genres))],
            "year": pa.array([None] * len(genres), pa.int32()),
            "genres": pa.array(genres, pa.list_(pa.string())),
            "text": [""] * len(genres),
        }
    )
    return ItemTable(IdMap(list(range(len(genres))), first=1, name="item"), table)


def test_popularity_is_the_share_of_users_and_repeats_count_once() -> None:
    assert popularities(TRAIN).tolist() == [0.25, 1.0, 0.5, 0.25, 0.25]


def test_novelty_is_in_bits() -> None:
    lists = np.array([[1, 2, 3], [1, 0, 0], [0, 0, 0]])
    bits = novelty(lists, popularities(TRAIN))
    assert bits[:2] == pytest.approx([(0 + 1 + 2) / 3, 0])
    assert np.isnan(bits[2])


def test_popularity_lift_compares_with_what_the_reader_knows() -> None:
    known = Ragged(np.array([2, 3, 3]), np.array([1, 3, 3]))
    lift = popularity_lift(np.array([[1, 0], [1, 2], [1, 2]]), popularities(TRAIN), known)
    assert lift[:2] == pytest.approx([1.0 / 0.5 - 1, 0.75 / 0.25 - 1])
    assert np.isnan(lift[2]), "nothing is known of the third reader"


def test_diversity_is_of_genres_where_they_are_known() -> None:
    items = catalogue([["a", "b"], ["b"], ["c"], []])
    lists = np.array([[1, 2, 3], [1, 4, 2], [4, 0, 0]])
    values, basis = diversity(lists, TRAIN, items)
    assert basis == "genres"
    assert values[:2] == pytest.approx([(0.5 + 1 + 1) / 3, 0.5]), "pairs with an item of no known genre do not count"
    assert np.isnan(values[2])


def test_diversity_is_of_audiences_where_there_are_no_genres() -> None:
    values, basis = diversity(np.array([[1, 2], [2, 3], [3, 4]]), TRAIN, catalogue([[], [], [], []]))
    assert basis == "co-occurrence"
    assert values == pytest.approx([1 - 2 / np.sqrt(4 * 2), 1, 1])


def test_coverage_and_gini_by_hand() -> None:
    assert coverage(np.array([[1, 2], [1, 0]]), 5) == 0.5
    assert gini(np.array([[1, 2], [3, 4]]), 5) == pytest.approx(0)
    assert gini(np.array([[1], [1]]), 5) == pytest.approx(0.75), "one of four items has everything"


@given(arrays(np.int64, (6, 5), elements=st.integers(1, 9)))
def test_gini_is_the_mean_difference_over_twice_the_mean(lists: np.ndarray) -> None:
    shown = np.bincount(lists.ravel(), minlength=10)[1:]
    differences = np.abs(shown[:, None] - shown[None, :]).mean()
    assert gini(lists, 10) == pytest.approx(differences / (2 * shown.mean()))


def test_popular_items_have_half_of_the_interactions() -> None:
    assert np.flatnonzero(popular_items(TRAIN)).tolist() == [1]
