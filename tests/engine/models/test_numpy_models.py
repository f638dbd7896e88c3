"""Tests that stored models give the same answers with NumPy alone as with torch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import models
from engine.errors import DamagedError, LearningError, OptionError, UnsupportedError
from engine.evaluation.runner import fit
from engine.models.numpy_model import NumpyModel, NumpyUserModel
from engine.recommender import Recommender
from tests.engine.evaluation.test_runner import make

QUICK = {"n_iter": 3, "burn_in": 1, "embedding_dim": 4, "random_state": 3, "device": "cpu"}
NAMES = [name for name, spec in models.describe().items() if spec.numpy]
OF_USERS = [name for name in NAMES if models.get(name).task == "user"]
HISTORY, RATINGS = np.array([3, 7, 11]), np.array([4.0, 2.0, 5.0], dtype=np.float32)


def both(name: str, folder: Path, **further: Any) -> tuple[Any, Any]:
    """The model as it is loaded with torch, and what answers for it with NumPy."""
    known = models.get(name).options
    options = {option: value for option, value in {**QUICK, **further}.items() if option in known}
    model, data = models.create(name, **options), make()
    fit(model, data.interactions, data)
    model.save(folder)
    light = models.load_numpy(folder)
    assert isinstance(light, NumpyModel)
    return models.load(folder, device="cpu"), light


def close(one: Any, other: Any) -> None:
    assert np.asarray(one).dtype == np.float32
    np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "options"), [*((name, {}) for name in OF_USERS), ("als", {"confidence": 2.0}), ("als", {"nu": 0.5})]
)
def test_users_are_answered_as_by_the_model_itself(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    model, light = both(name, tmp_path / "model", **options)
    assert isinstance(light, NumpyUserModel)
    for user in (0, 5, light.num_users - 1):
        close(light.predict(user), model.predict(user))
    targets = np.array([2, 9, 3, 20])
    for size in (0, 1, 3):
        history, ratings = HISTORY[:size], RATINGS[:size]
        close(light.fold_in(history, ratings), model.fold_in(history, ratings))
        close(light.removal_effects(history, ratings, targets), model.removal_effects(history, ratings, targets))
    if not light.capabilities.predicts_ratings:
        close(light.fold_in(HISTORY), model.fold_in(HISTORY))
        close(light.removal_effects(HISTORY, None, targets), model.removal_effects(HISTORY, None, targets))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OF_USERS])
def test_sequences_are_answered_as_by_the_model_itself(name: str, tmp_path: Path) -> None:
    model, light = both(name, tmp_path / "model")
    for sequence in (np.array([3]), np.array([4, 9, 4, 1]), np.arange(1, 20)):
        for one, other in zip(
            light.predict_with_probabilities(sequence), model.predict_with_probabilities(sequence), strict=True
        ):
            close(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_items_are_recommended_for_the_same_reasons(name: str, tmp_path: Path) -> None:
    model, light = both(name, tmp_path / "model")
    data = make()
    rating_range = (1.0, 5.0) if light.capabilities.predicts_ratings else None
    of_model, of_light = (Recommender(data, one, rating_range=rating_range) for one in (model, light))
    if models.get(name).task == "sequence":
        answers = [one.next_items([3, 9, 4], 8) for one in (of_model, of_light)]
    else:
        answers = [one.recommend(5, 8) for one in (of_model, of_light)]
    assert [one.item.item_id for one in answers[0]] == [one.item.item_id for one in answers[1]]
    assert [one.reason for one in answers[0]] == [one.reason for one in answers[1]]


@pytest.mark.parametrize("filter_seen", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_the_lists_of_many_users_are_those_of_the_model_itself(name: str, filter_seen: bool, tmp_path: Path) -> None:
    data, users = make(), np.array([0, 5, 3, 29])
    rating_range = (1.0, 5.0) if models.get(name).capabilities.predicts_ratings else None
    one, other = (
        (of.recommend_many if name in OF_USERS else of.next_many)(users, 6, filter_seen)
        for model in both(name, tmp_path / "model")
        for of in [Recommender(data, model, rating_range=rating_range)]
    )
    np.testing.assert_array_equal(one.items, other.items)
    assert one.items.dtype == other.items.dtype
    close(one.scores, other.scores)
    assert (one.values is None) == (other.values is None)
    if one.values is not None:
        close(one.values, other.values)


def test_lists_of_a_model_that_diverged_are_refused(tmp_path: Path) -> None:
    _, light = both("svd", tmp_path)
    light._users[:] = np.nan
    with pytest.raises(LearningError, match="svd gives no numbers"):
        Recommender(make(), light, rating_range=(1.0, 5.0)).recommend_many(np.array([1]), 3)


def test_what_numpy_does_not_answer_is_answered_by_the_model_itself(tmp_path: Path) -> None:
    model, light = both("als", tmp_path / "model")
    close(light.predict([1, 2]), model.predict([1, 2]))
    np.testing.assert_array_equal(light.similarities(3), model.similarities(3))
    assert light.options() == model.options()
    with pytest.raises(OptionError, match="item id 900 is not between"):
        light.fold_in([900])
    with pytest.raises(UnsupportedError, match="does not say how uncertain"):
        light.require("uncertain")
    with pytest.raises(AttributeError):
        _ = light.nothing_of_this_name


def test_models_that_numpy_cannot_answer_for_are_left_to_torch(tmp_path: Path) -> None:
    data = make()
    ordinal = {"likelihood": "ordinal", "n_iter": 2, "burn_in": 1}
    for name, options in (("bayesian", ordinal), ("explicit", {"loss": "poisson", "n_iter": 1})):
        model = models.create(name, device="cpu", **options)
        fit(model, data.interactions, data)
        model.save(tmp_path / name)
        assert models.load_numpy(tmp_path / name) is None


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    both("als", tmp_path)
    (file,) = tmp_path.glob("*.safetensors")
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(DamagedError, match="its checksum is wrong"):
        models.load_numpy(tmp_path)


def test_the_uncertainty_of_ratings_is_that_of_the_model_itself(tmp_path: Path) -> None:
    model, light = both("bayesian", tmp_path / "model", n_iter=8)
    for items in (np.array([4]), np.array([2, 9, 3])):
        close(light.std(5, items), model.std(5, items))
    close(light.std([1, 2], [3, 4]), model.std([1, 2], [3, 4]))
    at = [1_000_000_000]
    close(light.predict([1], [3], timestamps=at), model.predict([1], [3], timestamps=at))


@pytest.mark.parametrize("name", ["ease", "knn"])
def test_weighted_histories_are_answered_as_by_the_model_itself(name: str, tmp_path: Path) -> None:
    log = make().interactions
    log.weights = (1.0 + np.arange(len(log)) % 3).astype(np.float32)
    model = models.create(name, device="cpu")
    model.fit(log)
    model.save(tmp_path)
    light = models.load_numpy(tmp_path)
    assert light is not None
    for user in (0, 5):
        close(light.predict(user), model.predict(user))


def test_commands_that_answer_once_import_no_torch(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom tui.cli import main\n"
        "for words in sys.argv[1].split('|'):\n    assert main([*words.split(), '-d', 'demo']) == 0, words\n"
        "print('torch' in sys.modules)"
    )
    environment = {**os.environ, "RECSYS_TUI_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}

    def imports_torch(commands: Sequence[str]) -> bool:
        done = subprocess.run(
            [sys.executable, "-c", script, "|".join(commands)],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        return done.stdout.splitlines()[-1] == "True"

    train, ask = [], []
    for name in NAMES:
        brief = {key: value for key, value in QUICK.items() if key in models.get(name).options}
        options = [f"--set {key}={value}" for key, value in brief.items() if key in ("n_iter", "burn_in")]
        train.append(" ".join([f"train {name}", *options]))
        ask.append(f"recommend scifi-70s-03 --json -m {name}" if name in OF_USERS else f"next Alien --json -m {name}")
        kind = "recommendations" if name in OF_USERS else "next"
        ask.append(f"export {kind} --json --replace -m {name} --out {tmp_path / kind}.csv")
    assert imports_torch(train)
    assert not imports_torch(ask)
