"""Weights of interactions: how much each one counts in what a model learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import models
from engine.errors import LearningError
from engine.interactions import Interactions

#: Options with which each model is fitted within milliseconds.
_OPTIONS: dict[str, dict[str, Any]] = {
    "als": {"embedding_dim": 4, "n_iter": 3},
    "baseline": {},
    "ease": {"l2": 2.0},
    "explicit": {"embedding_dim": 4, "n_iter": 3},
    "implicit": {"embedding_dim": 4, "n_iter": 3},
    "knn": {"shrinkage": 3.0},
    "popular": {},
    "svd": {"embedding_dim": 4, "n_iter": 3},
}


def _log(weights: Any = None, seed: int = 0) -> Interactions:
    """Ratings of 25 users for 14 items, with repeated pairs."""
    random = np.random.default_rng(seed)
    users, items = np.repeat(np.arange(25), 8), random.integers(1, 15, 200)
    ratings = np.clip(np.round(3 + (items % 3 == users % 3) + random.normal(0, 0.7, 200)), 1, 5)
    return Interactions(users, items, ratings.astype(np.float32), weights=weights, num_users=25, num_items=15)


def _random_weights(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.2, 3.0, 200).astype(np.float32)


def _fitted(name: str, log: Interactions, **options: Any) -> Any:
    model = models.create(name, random_state=2, **{**_OPTIONS[name], **options})
    model.fit(log)
    return model


def _dense(log: Interactions, values: Any) -> np.ndarray:
    """The mean of the values of each pair, ``(users, items)``; 0 where there is none."""
    sums, counts = np.zeros((2, log.num_users, log.num_items))
    np.add.at(sums, (log.user_ids, log.item_ids), values)
    np.add.at(counts, (log.user_ids, log.item_ids), 1.0)
    return sums / np.maximum(counts, 1.0)


@pytest.mark.parametrize("name", _OPTIONS)
def test_weights_of_1_are_no_weights(name: str) -> None:
    plain, ones = _fitted(name, _log()), _fitted(name, _log(np.ones(200, np.float32)))
    np.testing.assert_array_equal(ones.predict(np.arange(25)), plain.predict(np.arange(25)))


@pytest.mark.parametrize("name", ["ease", "knn", "baseline", "popular"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_an_interaction_of_weight_0_is_absent(name: str, seed: int) -> None:
    weights = _random_weights(seed)
    weights[np.random.default_rng(seed).random(200) < 0.3] = 0.0
    weighted = _log(weights, seed)
    rest = weighted.select(weights > 0)
    np.testing.assert_allclose(
        _fitted(name, weighted).predict(np.arange(25)), _fitted(name, rest).predict(np.arange(25)), atol=2e-5
    )


def test_an_item_of_weight_0_alone_is_not_ranked_by_ease() -> None:
    log = Interactions([0, 0, 1, 1], [1, 2, 1, 3], weights=[1.0, 1.0, 1.0, 0.0])
    assert _fitted("ease", log).ranked.tolist() == [False, True, True, False]


# -- ease -------------------------------------------------------------------------------------------------------
def test_ease_solves_its_problem_with_the_roots_of_the_weights() -> None:
    log = _log(_random_weights())
    values = np.sqrt(_dense(log, log.weights))
    inverse = np.linalg.inv(values[:, 1:].T @ values[:, 1:] + 2.0 * np.eye(14))
    solution = np.eye(14) - inverse / np.diag(inverse)
    np.testing.assert_allclose(_fitted("ease", log).predict(np.arange(25))[:, 1:], values[:, 1:] @ solution, atol=1e-5)


def test_a_user_of_weight_2_counts_twice_in_ease() -> None:
    log = _log()
    log.weights = np.where(log.user_ids == 3, 2.0, 1.0)
    again = log.select(log.user_ids == 3)
    twice = Interactions(
        np.append(log.user_ids, np.full(len(again), 25)), np.append(log.item_ids, again.item_ids), num_items=15
    )
    for item in range(1, 15):
        np.testing.assert_allclose(
            _fitted("ease", log).similarities(item), _fitted("ease", twice).similarities(item), atol=1e-6
        )


@given(factor=st.floats(0.01, 100.0))
@settings(max_examples=10, deadline=None)
def test_a_factor_of_all_weights_divides_the_l2_of_ease(factor: float) -> None:
    weights = _random_weights()
    scaled = _fitted("ease", _log((weights * factor).astype(np.float32)), l2=2.0 * factor)
    one = _fitted("ease", _log(weights), l2=2.0)
    np.testing.assert_allclose(scaled.predict(4) / factor**0.5, one.predict(4), rtol=1e-3, atol=1e-4)


def test_what_was_chosen_more_strongly_leads_the_list_of_ease() -> None:
    """Users of item 1 also chose item 2 and, as often but more weakly, item 3."""
    log = Interactions([0, 0, 0, 1, 1, 1, 2, 2], [1, 2, 3, 1, 2, 3, 1, 4], weights=[2, 2, 1, 2, 2, 1, 1, 1])
    similar = _fitted("ease", log).similarities(1)
    assert similar[2] > similar[3] > 0


# -- knn --------------------------------------------------------------------------------------------------------
def _by_hand(log: Interactions, mean: float, users: np.ndarray, items: np.ndarray) -> np.ndarray:
    """The predictions of knn from dense matrices, for distinct pairs."""
    w, ratings = _dense(log, log.weights), _dense(log, log.ratings)
    root = np.sqrt(w)
    residuals = np.where(w > 0, ratings - mean - users[:, None] - items, 0.0)
    common = root.T @ root
    squares = (root * residuals**2).T @ root
    correlation = (root * residuals).T @ (root * residuals) / np.sqrt(np.maximum(squares * squares.T, 1e-20))
    similarity = correlation * common / np.maximum(common + 3.0, 1e-20)
    np.fill_diagonal(similarity, 0.0)
    weight = np.where(similarity >= (0.01 * 0.01) ** 0.5, similarity**2, 0.0)
    found = np.zeros_like(ratings)
    for user in range(len(ratings)):
        excess = np.where(w[user] > 0, ratings[user] - mean - items, 0.0)
        offset = (w[user] * excess).sum() / (w[user].sum() + 5.0)
        parts = w[user] * np.where(w[user] > 0, excess - offset, 0.0)
        found[user] = mean + offset + items + (parts @ weight) / (w[user] @ weight + 0.01)
    return found


def test_knn_weighs_offsets_correlations_and_means() -> None:
    log = _log(_random_weights())
    _, first = np.unique(log.user_ids * 15 + log.item_ids, return_index=True)
    log = log.select(first)
    baseline = models.create("baseline", l2_user=5.0, l2_item=2.0)
    baseline.fit(log)
    users, items = baseline._users.numpy(), baseline._items.numpy()
    expected = _by_hand(log, baseline._mean, users, items)
    model = _fitted("knn", log)
    np.testing.assert_allclose(model.predict(np.arange(25))[:, 1:], expected[:, 1:], atol=1e-3)


@given(factor=st.floats(0.01, 100.0))
@settings(max_examples=10, deadline=None)
def test_without_regularisation_a_factor_of_all_weights_changes_no_neighbour_of_knn(factor: float) -> None:
    options = {"shrinkage": 0.0, "l2_user": 0.0, "l2_item": 0.0}
    weights = _random_weights()
    one = _fitted("knn", _log(weights), **options)
    scaled = _fitted("knn", _log((weights * factor).astype(np.float32)), **options)
    for item in range(1, 15):
        np.testing.assert_allclose(scaled.similarities(item), one.similarities(item), atol=1e-3)


@pytest.mark.parametrize("name", ["knn", "svd", "baseline", "explicit"])
def test_the_heavier_rating_moves_the_prediction_towards_it(name: str) -> None:
    """Half of the users rate item 1 with 1, half with 5."""
    users = np.arange(40)
    log = Interactions(
        np.tile(users, 2), np.repeat([1, 2], 40), np.append(np.where(users % 2 == 0, 1.0, 5.0), np.full(40, 3.0))
    )
    low, high = (np.append(np.where(users % 2 == 0, *one), np.ones(40)) for one in ((4.0, 1.0), (1.0, 4.0)))
    options = {"n_iter": 30, "batch_size": 16} if name == "explicit" else {}
    found = []
    for weights in (low, high):
        log.weights = weights
        found.append(_fitted(name, log, **options).predict(users, np.ones(40, int)).mean())
    assert found[0] < found[1] - 0.5


# -- models that rank -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["als", "ease", "implicit", "popular"])
def test_the_heavier_of_two_equal_choices_scores_higher_for_those_who_chose_it(name: str) -> None:
    """All users chose item 1. Half of them chose item 2 and half item 3, and one of these weighs four times as much."""
    users = np.arange(60)
    options = {"loss": "pointwise", "n_iter": 30, "batch_size": 16} if name == "implicit" else {}
    for heavy, light in ((2, 3), (3, 2)):
        chosen = 2 + users % 2
        log = Interactions(
            np.tile(users, 2),
            np.append(np.ones(60, int), chosen),
            weights=np.append(np.ones(60), np.where(chosen == heavy, 4.0, 1.0)),
        )
        scores = _fitted(name, log, **options).predict(users)
        assert scores[chosen == heavy, heavy].mean() > scores[chosen == light, light].mean()


@pytest.mark.parametrize("name", _OPTIONS)
@pytest.mark.parametrize(("wrong", "what"), [(-1.0, "negative"), (np.nan, "not finite"), (np.inf, "not finite")])
def test_weights_that_mean_nothing_are_refused(name: str, wrong: float, what: str) -> None:
    weights = _random_weights()
    weights[17] = wrong
    with pytest.raises(LearningError, match=what):
        _fitted(name, _log(weights))


@pytest.mark.parametrize("name", ["ease", "knn", "als", "popular"])
def test_weights_that_are_all_0_are_refused(name: str) -> None:
    with pytest.raises(LearningError, match="nothing to learn"):
        _fitted(name, _log(np.zeros(200)))


@pytest.mark.parametrize("name", ["ease", "knn"])
def test_a_stored_model_keeps_its_weights(name: str, tmp_path: Any) -> None:
    model = _fitted(name, _log(_random_weights()))
    model.save(tmp_path / name)
    np.testing.assert_array_equal(models.load(tmp_path / name).predict(np.arange(25)), model.predict(np.arange(25)))
