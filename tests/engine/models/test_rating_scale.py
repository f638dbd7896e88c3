"""Models of ratings learn the same on every scale: stars, percent, seconds or money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import models
from engine.errors import LearningError, NotTrainedError
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.interactions import Interactions
from engine.training.cholesky import cholesky

_OPTIONS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "knn": {},
    "svd": {"embedding_dim": 4, "n_iter": 5},
    "explicit": {"embedding_dim": 4, "n_iter": 3},
    "bayesian": {"embedding_dim": 3, "n_iter": 6, "burn_in": 2},
}


def _stars() -> Interactions:
    random = np.random.default_rng(7)
    users, items = np.repeat(np.arange(40), 12), random.integers(1, 30, 480)
    liking = random.normal(size=(40, 2)) @ random.normal(size=(2, 30))
    stars = np.clip(np.round(3 + liking[users, items] + 0.4 * random.normal(size=480)), 1, 5)
    return Interactions(users, items, stars.astype(np.float32), num_users=40, num_items=30)


def _scaled(data: Interactions, factor: float, offset: float = 0.0) -> Interactions:
    assert data.ratings is not None
    ratings = (data.ratings.astype(np.float64) * factor + offset).astype(np.float32)
    return Interactions(data.user_ids, data.item_ids, ratings, num_users=data.num_users, num_items=data.num_items)


def _fitted(name: str, data: Interactions, **options: Any) -> Any:
    model = models.create(name, random_state=3, **{**_OPTIONS[name], **options})
    model.fit(data)
    return model


@pytest.mark.parametrize("name", _OPTIONS)
@pytest.mark.parametrize(("factor", "offset"), [(1e-4, 0.0), (20.0, 0.0), (1e6, 0.0), (1.0, 1000.0)])
def test_predictions_follow_the_scale_of_the_ratings(name: str, factor: float, offset: float) -> None:
    data = _stars()
    model, scaled = _fitted(name, data), _fitted(name, _scaled(data, factor, offset))
    expected = model.predict(data.user_ids, data.item_ids)
    found = (scaled.predict(data.user_ids, data.item_ids).astype(np.float64) - offset) / factor
    np.testing.assert_allclose(found, expected, atol=0.02)
    assert data.ratings is not None
    given = data.ratings[:3] * factor + offset
    folded = (scaled.fold_in([1, 2, 3], given).astype(np.float64) - offset) / factor
    np.testing.assert_allclose(folded, model.fold_in([1, 2, 3], data.ratings[:3]), atol=0.05)
    np.testing.assert_allclose(
        scaled.contributions([1, 2, 3], given, 5) / factor,
        model.contributions([1, 2, 3], data.ratings[:3], 5),
        atol=0.05,
    )


def test_uncertainty_has_the_unit_of_the_ratings() -> None:
    data = _stars()
    one, many = _fitted("bayesian", data), _fitted("bayesian", _scaled(data, 500.0))
    np.testing.assert_allclose(many.std([1, 2], [3, 4]) / 500.0, one.std([1, 2], [3, 4]), rtol=0.02)


@pytest.mark.parametrize("name", _OPTIONS)
def test_a_stored_model_keeps_the_scale(name: str, tmp_path: Path) -> None:
    model = _fitted(name, _scaled(_stars(), 3600.0, 50.0))
    model.save(tmp_path / name)
    loaded = models.load(tmp_path / name)
    np.testing.assert_allclose(loaded.predict(2), model.predict(2), rtol=1e-6)
    np.testing.assert_allclose(loaded.fold_in([4], [7200.0]), model.fold_in([4], [7200.0]), rtol=1e-5)


@pytest.mark.parametrize("name", _OPTIONS)
def test_ratings_that_are_all_equal_are_predicted(name: str) -> None:
    data = _stars()
    data = _scaled(data, 0.0, 4e5)
    found = _fitted(name, data).predict(data.user_ids, data.item_ids)
    np.testing.assert_allclose(found, 4e5, rtol=1e-4)


@pytest.mark.parametrize("name", _OPTIONS)
def test_a_heavy_tail_gives_finite_predictions(name: str) -> None:
    data = _stars()
    assert data.ratings is not None
    plays = np.exp(4.0 * data.ratings.astype(np.float64) + np.random.default_rng(1).normal(size=len(data)) * 2)
    data = Interactions(data.user_ids, data.item_ids, plays.astype(np.float32), num_users=40, num_items=30)
    assert np.isfinite(_fitted(name, data).predict(np.arange(40))).all()


@pytest.mark.parametrize("loss", ["poisson", "logistic"])
def test_counts_and_signs_are_learnt_as_they_are(loss: str) -> None:
    data = _stars()
    assert data.ratings is not None
    data.ratings = np.where(data.ratings > 3, 1.0, -1.0 if loss == "logistic" else 0.0).astype(np.float32)
    predicted = _fitted("explicit", data, loss=loss).predict(data.user_ids, data.item_ids)
    assert (predicted > 0).all()
    assert predicted.mean() == pytest.approx((data.ratings > 0).mean(), abs=0.15)


def test_the_loss_has_the_unit_of_the_ratings() -> None:
    one, many = _fitted("explicit", _stars()), _fitted("explicit", _scaled(_stars(), 100.0))
    assert many.losses_by_epoch[-1] == pytest.approx(one.losses_by_epoch[-1] * 1e4, rel=0.02)


def test_an_almost_singular_matrix_has_a_factor() -> None:
    vector = torch.tensor([[1.0, 2.0, 3.0]])
    singular = vector.T @ vector - 1e-6 * torch.eye(3)
    factor = cholesky(torch.stack([torch.eye(3), singular]))
    torch.testing.assert_close(factor[0], torch.eye(3))
    torch.testing.assert_close(factor[1] @ factor[1].T, singular, atol=1e-2, rtol=0)
    with pytest.raises(LearningError, match="far larger"):
        cholesky(torch.full((2, 2), float("nan")))


def test_a_fit_that_is_not_finite_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _fitted("svd", _stars())
    monkeypatch.setattr(model, "_users", torch.full_like(model._users, float("inf")))
    with pytest.raises(LearningError, match="not finite"):
        model.save(tmp_path / "svd")
    assert not (tmp_path / "svd").exists()
    model = models.create("baseline", random_state=0)
    monkeypatch.setattr(model, "_fit", lambda *_: setattr(model, "_users", torch.tensor([float("nan")])))
    with pytest.raises(LearningError, match="not finite"):
        model.fit(_stars())
    with pytest.raises(NotTrainedError):
        model.predict(1)


def test_a_last_step_that_diverges_leaves_no_model() -> None:
    def diverging(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD([{"params": list(parameters), "lr": 1e38}], weight_decay=1e3)

    model = ExplicitFactorizationModel(n_iter=1, batch_size=1000, optimizer_func=diverging, random_state=0)
    with pytest.raises(LearningError, match="not finite"):
        model.fit(_stars())
    with pytest.raises(NotTrainedError):
        model.predict(1)
