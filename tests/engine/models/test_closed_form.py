"""Tests of all closed-form models of users: shapes, storage, fold-in and unusual data."""

from __future__ import annotations

import numpy as np
import pytest

from engine import models
from engine.errors import CancelledError, LearningError, NotTrainedError, OptionError
from engine.interactions import Interactions
from engine.ranking import MASKED_SCORE
from engine.runtime.job import Job

NAMES = ["svd", "knn", "als", "ease", "baseline", "popular"]
RATES = {"svd", "knn", "baseline"}
#: Fewer sweeps do where nothing is asked of the accuracy.
QUICK = {"svd": {"n_iter": 5, "embedding_dim": 4}, "als": {"n_iter": 3, "embedding_dim": 8}}


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    """Ratings of 40 users with two tastes for 30 items. User 7 has one item; user 39 and item 29 have none."""
    state = np.random.RandomState(3)
    users = np.repeat(np.arange(39), 12)
    items = 1 + (state.randint(0, 14, len(users)) * 2 + users % 2) % 28
    alone = (users != 7) | (np.arange(len(users)) % 12 == 0)
    ratings = np.clip(np.round(3 + (items % 4 == users % 4) + state.normal(0, 0.7, len(users))), 1, 5)
    users, items, ratings = users[alone], items[alone], ratings[alone].astype(np.float32)
    return Interactions(users, items, ratings, np.arange(len(users)), num_users=40, num_items=30)


def fitted(name: str, interactions: Interactions, **options: object):
    model = models.create(name, **{"device": "cpu", "random_state": 1, **QUICK.get(name, {}), **options})
    model.fit(interactions)
    return model


@pytest.fixture(scope="module", params=NAMES)
def model(request, interactions):
    return fitted(request.param, interactions)


def test_all_ways_to_ask_agree(model):
    everything = model.predict(5)
    assert everything.shape == (30,)
    assert everything.dtype == np.float32
    np.testing.assert_allclose(model.predict([5, 6])[0], everything, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(5, [3, 9]), everything[[3, 9]], rtol=1e-5, atol=1e-6)
    pairs = model.predict([6, 5, 6], [3, 9, 11])
    np.testing.assert_allclose(pairs, [model.predict(6)[3], everything[9], model.predict(6)[11]], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.scores([5])[0, 1:29].numpy(), everything[1:29], rtol=1e-5, atol=1e-6)
    assert np.isfinite(model.predict(np.arange(40))).all()


def test_what_scores_gives_is_the_callers(model):
    before = model.predict(5)
    model.scores([5, 5]).fill_(0.0)
    np.testing.assert_array_equal(model.predict(5), before)


def test_stored_and_loaded_it_scores_exactly_the_same(model, tmp_path):
    model.save(tmp_path / "model")
    loaded = models.load(tmp_path / "model")
    users = np.arange(40)
    np.testing.assert_array_equal(loaded.predict(users), model.predict(users))
    np.testing.assert_array_equal(loaded.fold_in([1, 3], [5, 2]), model.fold_in([1, 3], [5, 2]))
    assert loaded.options() == model.options()


def test_the_same_seed_gives_the_same_model(model, interactions):
    np.testing.assert_array_equal(fitted(model.name, interactions).predict(5), model.predict(5))


@pytest.mark.parametrize("user", [5, 7])
def test_a_known_history_scores_as_its_user(model, interactions, user):
    items, position = np.unique(interactions.item_ids[interactions.user_ids == user], return_inverse=True)
    ratings = interactions.ratings[interactions.user_ids == user]
    means = np.bincount(position, ratings) / np.bincount(position)
    # The baseline counts a repeated pair twice, so its history must contain the pair twice, too.
    if model.name == "baseline":
        items, means = interactions.item_ids[interactions.user_ids == user], ratings
    np.testing.assert_allclose(model.fold_in(items, means), model.predict(user), rtol=1e-3, atol=2e-5)


def test_somebody_without_a_history_gets_what_suits_all(model):
    scores = model.fold_in([], [])
    assert scores.shape == (30,)
    assert np.isfinite(scores).all()
    assert model.contributions([], [], 4).shape == (0,)


def test_contributions_are_of_the_history_for_the_target(model):
    parts = model.contributions([2, 4, 7], [5, 1, 3], 10)
    several = model.contributions([2, 4, 7], [5, 1, 3], [10, 12])
    assert parts.shape == (3,)
    assert several.shape == (2, 3)
    np.testing.assert_allclose(several[0], parts, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["als", "ease"])
def test_contributions_add_up_to_the_score(name, interactions):
    model = fitted(name, interactions)
    parts = model.contributions([2, 4, 7], None, np.arange(1, 28))
    np.testing.assert_allclose(parts.sum(1), model.fold_in([2, 4, 7])[1:28], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["svd", "knn"])
def test_contributions_add_up_to_what_tells_items_apart(name, interactions):
    # The remaining difference is the user's bias, which is the same for all items.
    model = fitted(name, interactions)
    alike = model.fold_in([2, 4, 7], [5, 1, 3]) - model.fold_in([], [])
    alike[1:28] -= model.contributions([2, 4, 7], [5, 1, 3], np.arange(1, 28)).sum(1)
    np.testing.assert_allclose(alike[1:28], alike[1], atol=1e-4)


@pytest.mark.parametrize("name", sorted(RATES))
def test_ratings_are_asked_for(name, interactions):
    model = fitted(name, interactions)
    with pytest.raises(OptionError, match="needs the ratings"):
        model.fold_in([1, 2])
    with pytest.raises(OptionError, match="2 items and 1 ratings"):
        model.fold_in([1, 2], [3])
    with pytest.raises(OptionError, match="not a number"):
        model.fold_in([1, 2], [3, np.nan])
    bare = Interactions(interactions.user_ids, interactions.item_ids)
    with pytest.raises(LearningError, match="learns from ratings"):
        fitted(name, bare)


def test_wrong_ids_are_named(model):
    for ask in (lambda: model.predict(40), lambda: model.predict(0, [30]), lambda: model.fold_in([30], [1])):
        with pytest.raises(OptionError, match=r"(user|item) id (40|30) is not between"):
            ask()


@pytest.mark.parametrize("name", NAMES)
def test_before_a_fit_it_says_so(name):
    model = models.create(name, device="cpu")
    for ask in (lambda: model.predict(0), lambda: model.fold_in([1], [1]), lambda: model.contributions([1], [1], 1)):
        with pytest.raises(NotTrainedError, match=name):
            ask()
    with pytest.raises(LearningError, match="no interactions"):
        model.fit(Interactions([], [], ratings=[]))


@pytest.mark.parametrize("name", ["als", "ease", "svd", "knn", "baseline"])
def test_a_fit_can_be_stopped(name, interactions):
    job = Job()
    job.cancel()
    model = models.create(name, device="cpu")
    with pytest.raises(CancelledError):
        model.fit(interactions, job=job)
    with pytest.raises(NotTrainedError):
        model.predict(0)


ODD = {
    "one rating": Interactions([0], [1], [4.0]),
    "one user": Interactions([0, 0, 0], [1, 2, 3], [4.0, 2.0, 5.0]),
    "one item": Interactions([0, 1, 2], [1, 1, 1], [4.0, 2.0, 5.0]),
    "all ratings equal": Interactions([0, 0, 1, 1, 2], [1, 2, 2, 3, 1], [3.0] * 5),
    "a pair many times": Interactions([0, 0, 0, 1], [1, 1, 1, 2], [1.0, 2.0, 3.0, 5.0]),
    "far ids": Interactions([0, 500], [1, 900], [3.0, 4.0], num_users=600, num_items=1000),
    "an item that is the padding": Interactions([0, 1], [0, 1], [3.0, 4.0]),
    "weights": Interactions([0, 1, 1], [1, 1, 2], [3.0, 4.0, 5.0], weights=[1.0, 0.0, 2.0]),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", NAMES)
def test_odd_data_gives_sane_scores(name, odd):
    data = ODD[odd]
    model = fitted(name, data)
    scores = model.predict(np.arange(data.num_users)).reshape(data.num_users, -1)
    assert scores.shape == (data.num_users, data.num_items)
    assert np.isfinite(scores).all()
    if name in RATES:
        assert scores.min() > 0
        assert scores.max() < 6
        if odd == "all ratings equal":
            np.testing.assert_allclose(scores, 3.0, atol=0.02)
    else:
        assert (scores[:, np.bincount(data.item_ids, minlength=data.num_items) == 0] <= scores.max()).all()


@pytest.mark.parametrize("name", ["als", "ease"])
def test_items_that_nobody_chose_come_last(name, interactions):
    model = fitted(name, interactions)
    assert (model.scores([5])[0, [0, 29]] == MASKED_SCORE).all()
    for scores in (model.predict(5), model.predict([5, 6])[0], model.fold_in([3, 5])):
        assert scores[29] == scores[0] < scores[1:29].min()
    assert model.ranked.tolist() == [False, *[True] * 28, False]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("als", {"alpha": -1}, "alpha"), ("als", {"l2": 0}, "l2"), ("als", {"n_iter": 0}, "n_iter"),
        ("ease", {"l2": 0}, "l2"), ("knn", {"neighbors": 0}, "neighbors"), ("knn", {"power": 0}, "power"),
        ("svd", {"learning_rate": -1}, "learning_rate"), ("baseline", {"l2_user": -1}, "l2_user"),
        ("popular", {"half_life": -1}, "half_life"),
    ],
)  # fmt: skip
def test_impossible_options_are_named(name, options, words):
    with pytest.raises(OptionError, match=words):
        models.create(name, device="cpu", **options)
