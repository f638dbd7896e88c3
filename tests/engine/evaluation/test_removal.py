"""Explanations are true: without what they name, the score falls, and by as much as they say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.datasets import read
from engine.evaluation.removal import removal_of_history, removal_of_sequence
from engine.evaluation.runner import train
from engine.recommender import Recommender

OF_USERS = {
    "explicit": {"n_iter": 4},
    "svd": {"n_iter": 4},
    "bayesian": {"n_iter": 3, "burn_in": 1},
    "als": {"n_iter": 2},
    "ease": {},
    "knn": {},
    "implicit": {"n_iter": 2},
}
OF_SEQUENCES = {"markov": {}, "attention": {"n_iter": 1}, "sequence": {"n_iter": 1}}


@pytest.fixture(scope="module")
def demo():
    return read("demo")


def recommender_of(demo, name: str, options: dict[str, int]) -> Recommender:
    model, _ = train(demo, name, options=options, seed=0, device="cpu")
    return Recommender(demo, model, rating_range=(0.5, 5.0) if model.capabilities.predicts_ratings else None)


@pytest.mark.parametrize("name", OF_USERS)
def test_without_the_named_cause_a_recommendation_is_weaker(demo, name):
    recommender = recommender_of(demo, name, OF_USERS[name])
    found = removal_of_history(recommender, range(200))
    assert len(found.named) > 30
    assert found.share_lowered >= 0.9
    assert found.share_larger >= 0.9


@pytest.mark.parametrize("name", ["explicit", "svd", "als", "bayesian"])
def test_the_effects_are_those_of_folding_in_without_each_item(demo, name):
    recommender = recommender_of(demo, name, OF_USERS[name])
    model = recommender.model
    history = recommender.user_index.history(3)
    items, ratings = history.items, history.ratings
    targets = np.array([items[0] % 600 + 1, 17, 200])

    def scores(kept: np.ndarray) -> np.ndarray:
        return model.fold_in(items[kept], ratings[kept])[targets]

    whole = scores(np.ones(len(items), bool))
    expected = np.stack([whole - scores(np.arange(len(items)) != place) for place in range(len(items))], 1)
    found = model.removal_effects(items, ratings, targets)
    np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_allclose(model.removal_effects(items, ratings, targets[0]), found[0], atol=1e-6)
    assert model.removal_effects([], [], 4).shape == (0,)


@pytest.mark.parametrize("name", OF_SEQUENCES)
def test_what_comes_next_is_less_likely_without_the_named_item(demo, name):
    recommender = recommender_of(demo, name, OF_SEQUENCES[name])
    sequences = [recommender.user_index.items(user)[-10:].astype(np.int64) for user in range(20)]
    found = removal_of_sequence(recommender, sequences)
    assert len(found.named) > 12
    assert found.share_lowered == 1
    # A model of the last item alone, such as markov, gives all others no effect.
    assert found.share_larger >= 0.9


def test_a_sequence_of_one_item_is_explained_by_it(demo):
    recommender = recommender_of(demo, "markov", {})
    (best,) = recommender.next_items([5], 1)
    (reason,) = recommender.explain_next([5], best.item.item_id)
    assert (reason.item.internal_id, reason.score) == (5, 0)
