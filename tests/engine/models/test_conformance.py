"""Tests that every registered model fulfils the contract, and refuses what it does not declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import models
from engine.errors import CancelledError, NotTrainedError, UnsupportedError
from engine.evaluation.runner import fit
from engine.models import registry
from engine.models.base import BaseModel
from engine.runtime.job import Job
from tests.engine.evaluation.test_runner import make

PLUG_IN = EntryPoint("random", "tests.packages.recsys_tui_random.recsys_tui_random:RandomModel", registry.ENTRY_POINTS)
NAMES = [*(name for name in models.available() if name != "random"), "random"]
QUICK = {"n_iter": 3, "burn_in": 1, "embedding_dim": 4, "num_samples": 2, "random_state": 3, "device": "cpu"}


@pytest.fixture(autouse=True)
def with_plug_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registry.describe.cache_clear()
    monkeypatch.setattr(registry, "entry_points", lambda group: [PLUG_IN])
    yield
    registry.describe.cache_clear()


def options_for(name: str, **further: Any) -> dict[str, Any]:
    known = models.get(name).options
    return {option: value for option, value in {**QUICK, **further}.items() if option in known}


def fitted(name: str, **further: Any) -> Any:
    model, data = models.create(name, **options_for(name, **further)), make()
    vectors = np.random.RandomState(0).randn(data.num_items + 1, 8).astype(np.float32)
    fit(model, data.interactions, data, item_vectors=vectors)
    return model


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


HISTORY, RATINGS = np.array([3, 7, 11]), np.array([4.0, 2.0, 5.0], dtype=np.float32)


def test_a_model_says_the_same_of_itself_as_the_registry_does_of_it(name: str) -> None:
    model = models.create(name, **options_for(name))
    assert model.name == name
    declared, actual = models.get(name).capabilities, model.capabilities
    assert replace(declared, uses=()) == replace(actual, uses=())
    assert set(actual.uses) <= set(declared.uses)
    assert set(model.options()) <= set(models.get(name).options) | {
        "representation", "sparse", "num_negative_samples", "exclude_known", "loss", "l2", "batch_size",
    }  # fmt: skip


def test_scores_are_finite_and_those_of_predict(name: str) -> None:
    model, data = fitted(name), make()
    ids: Any = np.array([1, 5]) if model.capabilities.task == "user" else np.array([[3, 7], [0, 11]])
    scores = model.scores(ids).cpu().numpy().copy()
    assert scores.shape == (2, data.num_items + 1)
    assert np.isfinite(scores).all()
    ranked = np.arange(1, data.num_items + 1) if model.ranked is None else model.ranked.cpu().numpy().nonzero()[0]
    model.scores(ids).fill_(7.0)
    np.testing.assert_array_equal(model.scores(ids).cpu().numpy(), scores, "the caller may change the tensor")
    one = model.predict(int(ids[0]) if ids.ndim == 1 else ids[0])
    np.testing.assert_allclose(np.asarray(one)[ranked], scores[0][ranked], rtol=1e-4, atol=1e-4)
    if model.capabilities.predicts_ratings:
        assert 0 < scores[:, ranked].mean() < 6


def test_what_is_declared_works(name: str) -> None:
    model, num_items = fitted(name), make().num_items + 1
    can, ratings = model.capabilities, RATINGS if model.capabilities.predicts_ratings else None
    if can.folds_in:
        assert np.isfinite(model.fold_in(HISTORY, ratings)[1:]).all()
        assert model.fold_in(HISTORY, ratings).shape == (num_items,)
    if can.explains:
        assert model.contributions(HISTORY, ratings, [5, 6]).shape == (2, 3)
        assert model.contributions(HISTORY, ratings, 5).shape == (3,)
    if can.similar:
        assert model.similarities(3).shape == (num_items,)
        rows = model.similarity_rows([3, 7])
        np.testing.assert_allclose(rows, [model.similarities(3), model.similarities(7)], rtol=1e-4, atol=1e-5)
    if can.factorizes:
        factors = model.factors()
        biases = factors.user_biases[[1, 5], None] + factors.item_biases
        predicted = factors.offset + factors.users[[1, 5]] @ factors.items.T + biases
        ranked = np.arange(1, num_items) if model.ranked is None else np.flatnonzero(model.ranked.cpu().numpy())
        expected = model.scores([1, 5]).cpu().numpy()
        np.testing.assert_allclose(predicted[:, ranked], expected[:, ranked], rtol=1e-4, atol=1e-4)
    if can.uncertain:
        assert (model.std([1, 1], [3, 7]) > 0).all()
    if can.predicts_at_times:
        assert model.predict([1], [3], timestamps=np.array([10])).shape == (1,)
    if can.task == "sequence":
        probabilities = model.probabilities(HISTORY)
        assert probabilities.shape == (num_items,)
        assert probabilities.sum() == pytest.approx(1.0, abs=1e-3)
        flatter = model.probabilities(HISTORY, temperature=4.0)
        assert flatter.sum() == pytest.approx(1.0, abs=1e-3)
        assert flatter.max() < probabilities.max()
        both = model.predict_with_probabilities(HISTORY)
        np.testing.assert_array_equal(both[0], model.predict(HISTORY))
        np.testing.assert_array_equal(both[1], probabilities)
        several = np.array([[0, 3, 7], [7, 11, 3]])
        scores, probabilities = model.scores_with_probabilities(several)
        np.testing.assert_allclose(scores.numpy(), model.scores(several).numpy(), rtol=1e-5)
        np.testing.assert_allclose(probabilities.numpy(), model.probabilities(several), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("capability", "call"),
    [
        ("folds_in", lambda model: model.fold_in(HISTORY, RATINGS)),
        ("explains", lambda model: model.contributions(HISTORY, RATINGS, 5)),
        ("similar", lambda model: model.similarities(3)),
        ("factorizes", lambda model: model.factors()),
        ("uncertain", lambda model: model.std([1], [3])),
    ],
)
def test_what_is_not_declared_is_refused_in_one_sentence(
    name: str, capability: str, call: Callable[[Any], object]
) -> None:
    model = fitted(name)
    if getattr(model.capabilities, capability):
        return
    for refuse in (call, lambda model: model.require(capability)):
        with pytest.raises(UnsupportedError) as caught:
            refuse(model)
        sentence = str(caught.value)
        assert name in sentence
        assert sentence.endswith(".")
        assert sentence.count(". ") == 0


def test_a_stored_model_scores_exactly_the_same(name: str, tmp_path: Path) -> None:
    model = fitted(name)
    assert model.capabilities.stores
    model.save(tmp_path / "model")
    again = models.load(tmp_path / "model")
    assert again.name == name
    assert again.options() == model.options()
    assert again.capabilities == model.capabilities
    ids: Any = np.array([1, 5]) if model.capabilities.task == "user" else np.array([[3, 7], [0, 11]])
    np.testing.assert_array_equal(again.scores(ids).numpy(), model.scores(ids).numpy())


@pytest.mark.parametrize("model_name", ["explicit", "sequence"])
def test_loading_draws_no_parameters_that_are_read_from_the_file(model_name: str, tmp_path: Path) -> None:
    fitted(model_name).save(tmp_path / "model")
    random_state = torch.get_rng_state()
    models.load(tmp_path / "model")
    assert torch.equal(torch.get_rng_state(), random_state)


def test_a_model_of_this_package_can_be_cancelled_and_says_that_it_is_not_trained(name: str) -> None:
    model, data, job = models.create(name, **options_for(name)), make(), Job()
    if not isinstance(model, BaseModel) or name == "random":
        pytest.skip("a plug-in need not take a job")
    with pytest.raises(NotTrainedError, match=name):
        model.predict(1 if model.capabilities.task == "user" else HISTORY)
    if name in ("baseline", "popular"):
        return  # the fit ended before it could be cancelled
    job.cancel()
    with pytest.raises(CancelledError):
        fit(model, data.interactions, data, job)


@pytest.mark.parametrize("name", ["attention", "blend"])
def test_items_that_nobody_chose_are_scored_only_by_a_model_that_uses_texts(name: str) -> None:
    assert "texts" not in models.create(name, **options_for(name)).capabilities.uses
    assert "texts" in models.create(name, **options_for(name, texts=True)).capabilities.uses
