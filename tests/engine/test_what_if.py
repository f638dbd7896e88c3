"""What a changed history does to a list: every rank and difference is that of the two lists themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine import models
from engine.data.dataset import Dataset
from engine.data.history import History, Timeline
from engine.evaluation.runner import train
from engine.recommender import Recommender
from engine.what_if import Edit, compare, compare_next, edited, edited_timeline
from tests.engine.conftest import make_dataset


def recommender(name: str = "ease") -> Recommender:
    dataset = make_dataset()
    model: Any = models.create(name, device="cpu")
    model.fit(dataset.interactions)
    rates = model.capabilities.predicts_ratings
    return Recommender(dataset, model, rating_range=(1.0, 5.0) if rates else None)


def history(*pairs: tuple[int, float]) -> History:
    return History(np.array([item for item, _ in pairs]), np.array([rating for _, rating in pairs], np.float32))


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([None, 1.0, 4.5]), st.booleans()), max_size=6))
def test_edits_leave_each_item_once_with_the_last_thing_said(changes: list[tuple[int, float | None, bool]]) -> None:
    after = edited(history((1, 5.0), (3, 2.0)), [Edit(*change) for change in changes])
    expected: dict[int, float | None] = {1: 5.0, 3: 2.0}
    for item, rating, removed in changes:
        if removed:
            expected.pop(item, None)
        else:
            expected[item] = rating
    assert after.ratings is not None
    found = {
        item: None if np.isnan(rating) else rating
        for item, rating in zip(after.items.tolist(), after.ratings.tolist(), strict=True)
    }
    assert found == expected


@pytest.mark.parametrize("name", ["ease", "knn", "als", "baseline"])
def test_ranks_and_differences_are_those_of_the_two_lists(name: str) -> None:
    ranked = recommender(name)
    before, after = history((1, 4.0)), history((1, 1.0), (2, 5.0))
    found = compare(ranked, before, after, k=10)
    old = {one.item.item_id: one for one in ranked.recommend_to(before, 10)}
    new = {one.item.item_id: one for one in ranked.recommend_to(after, 10)}
    assert [one.item.item_id for one in found.results] == list(new)
    for change in (*found.changes, *found.gone):
        was, now = old.get(change.item.item_id), new.get(change.item.item_id)
        assert change.rank_before == (None if was is None else was.rank)
        assert change.rank_after == (None if now is None else now.rank)
        if was is not None and now is not None:
            assert change.difference == pytest.approx(now.score - was.score)
    assert {one.item.item_id for one in found.gone} == set(old) - set(new) == {"heat"}


def test_without_a_change_nothing_moves() -> None:
    found = compare(recommender(), history((1, 4.0)), history((1, 4.0)), k=2)
    assert not found.gone
    assert all(one.rank_before == one.rank_after and one.difference == 0 for one in found.changes)


def test_a_rank_before_may_lie_beyond_the_list() -> None:
    found = compare(recommender(), history((1, 4.0)), history((1, 4.0), (2, 5.0)), k=1)
    everything = compare(recommender(), history((1, 4.0)), history((1, 4.0), (2, 5.0)), k=10)
    assert found.changes[0] == everything.changes[0]


def test_reasons_for_a_person_name_what_the_person_liked(dataset: Dataset) -> None:
    class Explained:
        capabilities = models.Capabilities("user", folds_in=True, explains=True)
        name, ranked, device = "explained", None, torch.device("cpu")

        def fit(self, interactions: Any, verbose: bool = False) -> None: ...

        def predict(self, ids: Any, item_ids: Any = None) -> Any:
            return self.fold_in(ids)

        def require(self, capability: str) -> None: ...

        def fold_in(self, items: Any, ratings: Any = None) -> Any:
            return np.array([0, 1, 2, 3, 4], np.float32)

        def contributions(self, items: Any, ratings: Any, targets: Any) -> Any:
            return np.tile([3.0, 2.0, -1.0][: len(items)], (len(targets), 1))

    ranked = Recommender(dataset, Explained())
    seen = history((1, 1.0), (2, 5.0))
    assert {one.reason for one in ranked.recommend_to(seen)} == {"because of Alien and Heat"}
    assert {one.reason for one in ranked.recommend_to(seen, liked_from=3.0)} == {"because you liked Heat"}


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([None, 5, 15, 40]), st.booleans()), max_size=6))
def test_a_timeline_stays_in_the_order_of_its_times(changes: list[tuple[int, int | None, bool]]) -> None:
    timeline = Timeline((3, 1, 2, 1), (None, 10, 20, 30))
    for item, time, removed in changes:
        timeline = edited_timeline(timeline, [Edit(item, removed=removed, time=time)])
        dated = [one for one in timeline.times if one is not None]
        assert dated == sorted(dated)
        assert (item in timeline.items) != removed
        if not removed and time is None:
            assert timeline.items[-1] == item


def test_what_comes_next_is_compared_by_its_probabilities() -> None:
    dataset = make_dataset()
    model, _ = train(dataset, "markov", seed=0, device="cpu")
    ranked = Recommender(dataset, model)
    found = compare_next(ranked, [1, 2], [1], k=10)
    old = {one.item.item_id: one for one in ranked.next_items([1, 2], 10)}
    assert [one.item.item_id for one in found.results] == [one.item.item_id for one in ranked.next_items([1], 10)]
    for result, change in zip(found.results, found.changes, strict=True):
        was = old.get(result.item.item_id)
        assert change.score_after == pytest.approx(result.probability)
        assert change.rank_before == (None if was is None else was.rank)
        assert change.score_before == (None if was is None else pytest.approx(was.probability))
