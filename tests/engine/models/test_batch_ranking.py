"""Ranked lists of many users at a time: those that each user gets alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from engine import models
from engine.data.dataset import Dataset
from engine.data.user_index import UserIndex
from engine.errors import LearningError, UnsupportedError
from engine.evaluation.runner import fit
from engine.models.ranked_lists import RankedLists, batch_size
from engine.recommender import Recommender
from tests.engine.evaluation.test_runner import USERS, make
from tests.engine.models.test_conformance import options_for

K = 5
ALL_USERS = np.arange(USERS)


class Scored:
    """A model of another package that has a method for one user only."""

    def __init__(self, scores: npt.ArrayLike) -> None:
        self.table = np.asarray(scores, dtype=np.float32)

    def fit(self, interactions: Any, verbose: bool = False) -> None:
        """Learn nothing."""

    def predict(self, ids: Any, item_ids: Any = None) -> npt.NDArray[np.float32]:
        return self.table if item_ids is None else self.table[item_ids]


def recommender_of(name: str, dataset: Dataset) -> Recommender:
    model = models.create(name, **options_for(name))
    fit(model, dataset.interactions, dataset, item_vectors=np.ones((dataset.num_items + 1, 4), np.float32))
    rates = models.get(name).capabilities.predicts_ratings
    return Recommender(dataset, model, rating_range=(1.0, 5.0) if rates else None)


def assert_same(lists: RankedLists, row: int, results: list[Any], value: str) -> None:
    items = lists.items[row][lists.items[row] > 0]
    assert items.tolist() == [result.item.internal_id for result in results]
    expected = [result.score for result in results]
    np.testing.assert_allclose(lists.scores[row][: len(items)], expected, rtol=1e-4, atol=1e-5)
    values = [getattr(result, value) for result in results]
    if lists.values is None:
        assert values == [None] * len(values)
    else:
        np.testing.assert_allclose(lists.values[row][: len(items)], values, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in models.available() if models.get(name).task == "user"])
def test_a_user_gets_the_same_list_among_others_as_alone(name: str) -> None:
    dataset = make()
    recommender = recommender_of(name, dataset)
    for filter_seen in (True, False):
        lists = recommender.recommend_many(ALL_USERS, K, filter_seen)
        for user in ALL_USERS[::7]:
            assert_same(lists, user, recommender.recommend(int(user), K, filter_seen), "predicted_rating")


@pytest.mark.parametrize("name", [name for name in models.available() if models.get(name).task == "sequence"])
def test_a_user_gets_the_next_items_of_the_own_history(name: str) -> None:
    dataset = make()
    recommender = recommender_of(name, dataset)
    length = recommender.model.capabilities.sequence_length
    lists = recommender.next_many(ALL_USERS, K, filter_seen=False)
    for user in ALL_USERS[::7]:
        tail = [int(item) for item in recommender.user_index.items(user)[-length:]]
        assert_same(lists, user, recommender.next_items(tail, K, filter_seen=False), "probability")
    fresh = recommender.next_many(ALL_USERS, K)
    for user in ALL_USERS:
        assert not set(fresh.items[user]) & set(recommender.user_index.items(user).tolist())


@pytest.mark.parametrize("name", [name for name in models.available() if models.get(name).capabilities.similar])
def test_an_item_gets_the_same_neighbours_among_others_as_alone(name: str) -> None:
    dataset = make()
    recommender = recommender_of(name, dataset)
    items = np.arange(1, dataset.num_rated_items + 1)
    lists = recommender.similar_many(items, K)
    for item in items[::9]:
        external = dataset.items.id_map.decode_one(int(item))
        assert_same(lists, int(item) - 1, recommender.similar_items(external, K), "predicted_rating")


def test_a_list_is_as_long_as_there_are_items_left(dataset: Dataset) -> None:
    lists = Recommender(dataset, Scored([9, 1, 2, 3, 4])).recommend_many(np.array([0, 1]), 50)
    assert lists.items.shape == (2, 50)
    assert [row[row > 0].tolist() for row in lists.items] == [[2], [4, 3]]
    assert np.isnan(lists.scores[0][1:]).all()


def test_what_is_not_a_number_is_never_ranked(dataset: Dataset) -> None:
    lists = Recommender(dataset, Scored([9, np.nan, 2, 3, 4])).recommend_many(np.array([2]), 5, False)
    assert lists.items.tolist() == [[4, 3, 2, 0, 0]]
    lists = Recommender(dataset, Scored([9, np.inf, 2, -np.inf, 4])).recommend_many(np.array([0, 2]), 2, False)
    assert lists.items.tolist() == [[4, 2], [4, 2]]


def test_a_model_that_diverged_is_named(dataset: Dataset) -> None:
    with pytest.raises(LearningError, match="Scored gives no numbers"):
        Recommender(dataset, Scored([np.nan] * 5)).recommend_many(np.array([0]), 5)


def test_what_the_model_cannot_rank_is_left_out(dataset: Dataset) -> None:
    model = Scored([0, 1, 9, 3, 4])
    model.ranked = torch.tensor([False, True, False, True, True])  # type: ignore[attr-defined]
    assert Recommender(dataset, model).recommend_many(np.array([1]), 5, False).items.tolist() == [[4, 3, 1, 0, 0]]


def test_a_model_that_compares_nothing_is_refused(dataset: Dataset) -> None:
    with pytest.raises(UnsupportedError, match="does not compare items"):
        Recommender(dataset, Scored([0, 1, 2, 3, 4])).similar_many(np.array([1]), 5)


@pytest.mark.parametrize(("num_items", "k"), [(0, 1), (10, 10_000), (50_000_000, 10)])
def test_there_is_always_room_for_one_list(num_items: int, k: int) -> None:
    assert batch_size(num_items, k) >= 1


def test_the_histories_of_several_users_are_those_of_each(dataset: Dataset) -> None:
    index, users = UserIndex(dataset.interactions), np.array([2, 0, 1, 0])
    rows, items = index.pairs(users)
    for row, user in enumerate(users):
        assert items[rows == row].tolist() == index.items(user).tolist()
    assert index.tails(users, 2).tolist() == [[0, 3], [4, 3], [2, 1], [4, 3]]
    assert index.tails(users, 4).tolist() == [[0, 0, 0, 3], [0, 1, 4, 3], [0, 0, 2, 1], [0, 1, 4, 3]]
    assert index.pairs(users[:0])[1].tolist() == []
