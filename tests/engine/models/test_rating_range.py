"""Predicted ratings are shown and measured within the ratings of the training data; ranks use the raw scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import models
from engine.datasets.frames import from_arrow
from engine.evaluation import rmse_score
from engine.evaluation.cases import make_cases
from engine.evaluation.predict import batch_score
from engine.evaluation.splitters import Split
from engine.interactions import Interactions
from engine.recommender import Recommender

_OPTIONS: dict[str, dict[str, Any]] = {
    "baseline": {"l2_user": 0.0, "l2_item": 0.0},
    "knn": {"l2_user": 0.0, "l2_item": 0.0},
    "svd": {"embedding_dim": 2, "n_iter": 3, "l2_user": 0.01, "l2_item": 0.01},
    "explicit": {"embedding_dim": 4, "n_iter": 30, "batch_size": 32},
    "bayesian": {"embedding_dim": 2, "n_iter": 8, "burn_in": 2},
}


def _stars() -> Interactions:
    """Ratings of generous and of strict users for good and for bad items, many of them at the ends of the scale."""
    random = np.random.default_rng(3)
    users, items = np.divmod(random.permutation(40 * 30)[:600], 30)
    liking = 3 + 2.0 * np.sign(users % 4 - 1.5) + 1.5 * np.sign(items % 3 - 1)
    stars = np.clip(np.round(liking + random.normal(0, 0.3, 600)), 1, 5).astype(np.float32)
    return Interactions(users, items + 1, stars, num_users=40, num_items=31)


def _fitted(name: str, data: Interactions | None = None, **options: Any) -> Any:
    model = models.create(name, random_state=1, **{**_OPTIONS[name], **options})
    model.fit(_stars() if data is None else data)
    return model


@pytest.mark.parametrize("name", _OPTIONS)
def test_a_model_of_ratings_knows_their_range(name: str, tmp_path: Path) -> None:
    model = _fitted(name)
    assert model.rating_range == (1.0, 5.0)
    model.save(tmp_path / name)
    assert models.load(tmp_path / name).rating_range == (1.0, 5.0)


def test_the_range_of_an_explicit_model_grows_with_further_fits() -> None:
    model = _fitted("explicit")
    more = _stars()
    assert more.ratings is not None
    more.ratings = more.ratings * 2 - 2
    model.fit(more)
    assert model.rating_range == (0.0, 8.0)
    assert _fitted("explicit", loss="poisson").rating_range == (1.0, 5.0)
    signs = _stars()
    assert signs.ratings is not None
    signs.ratings = np.where(signs.ratings > 3, 1.0, -1.0)
    assert _fitted("explicit", signs, loss="logistic").rating_range is None  # it predicts probabilities


@pytest.mark.parametrize("name", ["als", "ease", "popular"])
def test_a_model_that_only_ranks_has_no_range(name: str) -> None:
    model = models.create(name)
    model.fit(_stars())
    assert model.rating_range is None


@pytest.mark.parametrize("name", _OPTIONS)
def test_predictions_rank_items_beyond_the_scale_and_are_clipped_where_they_are_measured(name: str) -> None:
    data = _stars()
    model = _fitted(name, data)
    raw = model.predict(data.user_ids, data.item_ids)
    assert raw.max() > 5.0
    cases = make_cases(Split(data, data), "random", "user", 0, rates=True)
    measured = batch_score(model, cases, k=10, filter_seen=False, rating_range=model.rating_range).predicted
    assert measured is not None
    rated = cases.rated
    raw = model.predict(rated.user_ids, rated.item_ids)
    np.testing.assert_allclose(measured, np.clip(raw, 1.0, 5.0), rtol=1e-5)
    error, clipped = (np.sqrt(np.mean((one - rated.ratings) ** 2)) for one in (raw, measured))
    assert clipped < error
    assert rmse_score(model, rated) == pytest.approx(error, rel=1e-5)  # as Spotlight's


@pytest.mark.parametrize("name", _OPTIONS)
def test_what_is_predicted_above_the_scale_is_shown_within_it_and_ranked_beyond_it(name: str) -> None:
    import pyarrow as pa

    stars = _stars()
    assert stars.ratings is not None
    table = pa.table({"user": stars.user_ids, "item": stars.item_ids, "rating": stars.ratings})
    dataset = from_arrow(table, name="stars")
    model = _fitted(name, dataset.interactions)
    recommender = Recommender(dataset, model, rating_range=(1.0, 5.0))
    beyond = 0
    lists = [recommender.recommend(user, 30, filter_seen=False) for user in range(40)]
    if model.capabilities.folds_in:
        lists.append(recommender.fold_in(dict.fromkeys(range(1, 12), 5.0), 30))
    for results in lists:
        shown = [result.predicted_rating for result in results]
        assert all(rating is not None and 1.0 <= rating <= 5.0 for rating in shown)
        at_the_top = [result.score for result in results if result.predicted_rating == 5.0]
        beyond = max(beyond, len(at_the_top))
        assert len(set(at_the_top)) == len(at_the_top), "items above the scale are told apart by their scores"
    assert beyond > 1
