from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import models
from engine.data.study import Study
from engine.errors import CancelledError, DataError, ErrorKind, LearningError, OptionError, RecsysError
from engine.evaluation.config import EvaluationConfig
from engine.evaluation.tuning import tune
from engine.models import Capabilities, ModelSpec, Option, Range
from engine.runtime.job import Job, Progress
from tests.engine.evaluation.test_runner import make

optuna = pytest.importorskip("optuna", reason="the extra [tune] is not installed")

#: The (user, item) pairs of all calls of fit and predict.
met: set[tuple[int, int]] = set()
fits: list[float] = []


class Constant:
    """A model that predicts one number; the best value is the mean of the ratings."""

    def __init__(self, level: float = 1.0, kind: str = "plain", steps: int = 3, random_state: int = 0) -> None:
        self.level, self.kind, self.random_state = level, kind, random_state

    def fit(self, interactions: Any, verbose: bool = False) -> None:
        fits.append(self.level)
        if self.kind == "broken":
            raise LearningError("It diverged.")
        met.update(zip(interactions.user_ids.tolist(), interactions.item_ids.tolist(), strict=True))
        self.num_items = interactions.num_items

    def predict(self, user_ids: Any, item_ids: Any = None) -> np.ndarray:
        if item_ids is None:
            return np.full(self.num_items, self.level, np.float32)
        met.update(zip(user_ids.tolist(), item_ids.tolist(), strict=True))
        return np.full(len(item_ids), self.level, np.float32)


@pytest.fixture(autouse=True)
def registered(register: Callable[..., None]) -> None:
    options = {
        "level": Option(1.0, "", search=Range(1.0, 5.0)),
        "kind": Option("plain", "", ("plain", "fancy", "broken"), search=("plain", "fancy")),
        "steps": Option(3, "", search=Range(1, 9)),
        "random_state": Option(0, ""),
    }
    can = Capabilities("user", needs=("ratings",), predicts_ratings=True, stores=False)
    register(ModelSpec("constant", "", f"{__name__}:Constant", can, options))
    met.clear()
    fits.clear()


def test_good_options_are_found_and_the_test_part_is_never_met(tmp_path: Path) -> None:
    from engine.evaluation.splitters import split

    data = make()
    parts = split(data.interactions, "random", 7)
    outcome = tune(data, "constant", 16, tmp_path, EvaluationConfig(seed=7))
    assert outcome.metric == "rmse"
    assert outcome.best_options["level"] == pytest.approx(parts.train.ratings.mean(), abs=0.5)
    assert outcome.best_value < outcome.default_value
    assert (outcome.finished, outcome.pruned > 0) == (16, True)
    tested = set(zip(parts.test.user_ids.tolist(), parts.test.item_ids.tolist(), strict=True))
    assert met
    assert not met & tested


@pytest.mark.parametrize("protocol", ["leave-one-out", "temporal"])
def test_what_lies_after_the_cut_is_never_met(tmp_path: Path, protocol: str) -> None:
    from engine.evaluation.splitters import split

    data = make()
    test = split(data.interactions, protocol, 1).test
    tune(data, "constant", 2, tmp_path, EvaluationConfig(protocol=protocol, seed=1), metric="rmse")
    assert not met & set(zip(test.user_ids.tolist(), test.item_ids.tolist(), strict=True))


def test_an_interrupted_search_goes_on(tmp_path: Path) -> None:
    data = make()
    job = Job()

    def stop(progress: Progress) -> None:
        if progress.done == 4:
            job.cancel()

    job = Job(stop)
    with pytest.raises(CancelledError):
        tune(data, "constant", 10, tmp_path, job=job)
    fits.clear()
    outcome = tune(data, "constant", 10, tmp_path)
    assert outcome.finished == 10
    assert 6 <= len(fits) <= 12, "six trials of one or two parts"
    assert 1.0 not in fits, "the defaults were tried already"
    fits.clear()
    again = tune(data, "constant", 10, tmp_path)
    assert fits == []
    assert again.best_options == outcome.best_options


def test_a_search_belongs_to_its_data_and_its_given_options(tmp_path: Path) -> None:
    tune(make(), "constant", 2, tmp_path)
    tune(make(1), "constant", 2, tmp_path)
    outcome = tune(make(), "constant", 2, tmp_path, EvaluationConfig(options={"kind": "fancy"}))
    assert len(list(tmp_path.glob("*.journal"))) == 3
    assert outcome.best_options["kind"] == "fancy"


def test_options_that_diverge_cost_a_trial_and_no_more(tmp_path: Path) -> None:
    with pytest.raises(RecsysError, match="No trial of constant succeeded"):
        tune(make(), "constant", 3, tmp_path, EvaluationConfig(options={"kind": "broken"}))
    assert len(fits) == 3


def test_what_cannot_be_tuned_is_said(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no options to search for") as caught:
        tune(make(), "constant", 3, tmp_path, EvaluationConfig(options={"level": 2, "kind": "plain", "steps": "3"}))
    assert (caught.value.kind, caught.value.name) == (ErrorKind.NOTHING_TO_TUNE, "constant")
    with pytest.raises(OptionError, match="no metric 'beauty'"):
        tune(make(), "constant", 3, tmp_path, metric="beauty")


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("optuna"):
            raise ImportError(name)
        return whole(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RecsysError, match="needs the package optuna") as caught:
        tune(make(), "constant", 3, tmp_path)
    assert (caught.value.kind, caught.value.name) == (ErrorKind.MISSING_PACKAGE, "optuna")


def test_every_search_of_the_registry_is_possible_for_its_option() -> None:
    for spec in models.describe().values():
        for name, option in spec.options.items():
            if isinstance(option.search, Range):
                assert option.search.low < option.search.high, (spec.name, name)
                assert not option.search.log or option.search.low > 0
                assert isinstance(option.default, int | float)
            elif option.search:
                assert all(type(value) is type(option.default) for value in option.search), (spec.name, name)
                assert not option.choices or set(option.search) <= set(option.choices)


def test_a_search_that_was_killed_while_it_wrote_goes_on(tmp_path: Path) -> None:
    data = make()
    tune(data, "constant", 6, tmp_path)
    (journal,) = tmp_path.glob("*.journal")
    journal.write_bytes(journal.read_bytes()[:-25])  # the last line, which ends a trial, is incomplete
    outcome = tune(data, "constant", 6, tmp_path)
    assert outcome.finished == 6
    assert len(journal.read_bytes().splitlines()) > 6


def test_a_spoilt_search_is_said(tmp_path: Path) -> None:
    data = make()
    tune(data, "constant", 2, tmp_path)
    (journal,) = tmp_path.glob("*.journal")
    journal.write_text("nothing of the kind\n" + journal.read_text())
    with pytest.raises(DataError, match="cannot be read: move the file away"):
        tune(data, "constant", 3, tmp_path)


def test_the_trials_are_reported_as_the_search_goes_on(tmp_path: Path) -> None:
    seen: list[Study] = []

    def note(progress: Progress) -> None:
        if isinstance(progress.detail, Study):
            seen.append(progress.detail)

    outcome = tune(make(), "constant", 14, tmp_path, job=Job(note))
    study = outcome.study
    assert any(trial.state == "running" and trial.options for one in seen for trial in one.trials)
    assert [trial.number for trial in study.trials] == list(range(14))
    assert study.trials[0].defaults
    assert study.default_value == outcome.default_value
    assert study.best is not None
    assert study.best.value == outcome.best_value
    assert study.best_options == outcome.best_options
    assert study.best_values == sorted(study.best_values, reverse=True), "lower is better, and it only improves"
    assert {trial.state for trial in study.trials} == {"finished", "pruned"}
    assert all(trial.seconds is not None and trial.value is not None for trial in study.trials)


def test_the_option_that_decides_is_the_important_one(tmp_path: Path) -> None:
    study = tune(make(), "constant", 30, tmp_path).study
    assert next(iter(study.importance)) == "level"
    assert sum(study.importance.values()) == pytest.approx(1, abs=0.01)


def test_few_trials_tell_no_importance_and_a_diverged_one_has_no_figure(tmp_path: Path) -> None:
    seen: list[Study] = []
    job = Job(lambda progress: seen.append(progress.detail) if isinstance(progress.detail, Study) else None)
    with pytest.raises(RecsysError):
        tune(make(), "constant", 2, tmp_path, EvaluationConfig(options={"kind": "broken"}), job=job)
    assert [trial.state for trial in seen[-1].trials] == ["diverged", "diverged"]
    assert seen[-1].importance == {}
    assert seen[-1].best is None
    assert seen[-1].best_options == {}
