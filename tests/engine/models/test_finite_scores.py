"""What ``predict`` gives for items that a model cannot rank, for every model that the registry has."""

from __future__ import annotations

import numpy as np
import pytest

from engine import models
from engine.interactions import Interactions
from engine.ranking import MASKED_SCORE, finite_scores

NEVER_MET = [0, 9, 21]


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    """Sixty users, items up to 20 without item 9, and room for an item 21."""
    state = np.random.RandomState(5)
    users = np.repeat(np.arange(60), 8)
    items = state.choice(np.setdiff1d(np.arange(1, 21), NEVER_MET), len(users))
    ratings = state.randint(1, 6, len(users)).astype(np.float32)
    return Interactions(users, items, ratings, np.arange(len(users)), num_items=22)


@pytest.fixture(scope="module", params=models.available())
def model(request, interactions):
    spec = models.get(request.param)
    quick = {"n_iter": 8, "burn_in": 2, "device": "cpu", "random_state": 1}
    made = models.create(request.param, **{name: value for name, value in quick.items() if name in spec.options})
    made.fit(interactions if spec.task == "user" else interactions.to_sequence(8))
    made.asked = (3, [3, 4]) if spec.task == "user" else ([1, 2, 3], [[1, 2, 3], [0, 4, 5]])
    return made


def test_predictions_are_finite_and_of_one_size(model):
    one, several = (model.predict(asked) for asked in model.asked)
    for scores in (one, *several):
        met = np.delete(scores, NEVER_MET)
        assert np.isfinite(scores).all()
        assert np.ptp(scores) <= 10 * max(np.ptp(met), np.abs(met).max()), "nothing that a plot could not show"


def test_items_that_cannot_be_ranked_come_last_all_alike(model):
    if getattr(model, "ranked", None) is None:
        pytest.skip("this model has a score for every item")
    assert np.flatnonzero(~model.ranked.numpy()).tolist() == NEVER_MET
    one, several = (model.predict(asked) for asked in model.asked)
    for scores in (one, *several):
        assert len(set(scores[NEVER_MET].tolist())) == 1
        assert scores[NEVER_MET].max() < np.delete(scores, NEVER_MET).min()


def test_a_choice_of_items_gets_the_scores_that_they_have_among_all(model):
    one, _ = model.asked
    chosen = [9, 4, 0, 17]
    np.testing.assert_allclose(model.predict(one, chosen), model.predict(one)[chosen], rtol=1e-5, atol=1e-6)


def test_pairs_of_users_and_items_agree_with_each_users_row(model):
    if models.get(model.name).task != "user":
        pytest.skip("sequences make no pairs")
    pairs = model.predict([3, 5, 3, 5], [9, 9, 4, 0])
    rows = [model.predict(3)[9], model.predict(5)[9], model.predict(3)[4], model.predict(5)[0]]
    np.testing.assert_allclose(pairs, rows, rtol=1e-5, atol=1e-6)


def test_the_order_stays_and_a_row_without_scores_is_zero():
    rows = np.array([[MASKED_SCORE, 5.0, -2.0, MASKED_SCORE], [MASKED_SCORE] * 4, [1, 2, 3, 4]], dtype=np.float32)
    before = np.argsort(rows, axis=1, kind="stable")
    given = finite_scores(rows)
    assert given is rows
    np.testing.assert_array_equal(np.argsort(rows, axis=1, kind="stable"), before)
    assert rows[0, 0] == rows[0, 3] == pytest.approx(-2.0, abs=1e-3)
    assert rows[0, 0] < -2.0
    assert rows[1].tolist() == [0.0] * 4
    assert rows[2].tolist() == [1, 2, 3, 4]
