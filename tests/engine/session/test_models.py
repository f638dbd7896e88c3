"""Trained models in a session: what is kept between requests, and when it is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import recommender
from engine.data.dataset import Dataset
from engine.errors import OptionError
from engine.evaluation.config import PROTOCOLS, EvaluationConfig
from engine.evaluation.splitters import PROTOCOLS as SPLITTERS
from engine.session import Session
from engine.session.model_list import list_models
from engine.workspace import model_store
from engine.workspace.dataset_store import Workspace


@pytest.fixture
def workspace(tmp_path: Path, dataset: Dataset) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    return workspace


@pytest.fixture
def session(workspace: Workspace) -> Session:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    session.models.train("sequence", {"n_iter": 1})
    return session


def count_calls(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> list[str]:
    calls: list[str] = []
    function = getattr(where, name)
    monkeypatch.setattr(where, name, lambda *given: calls.append(name) or function(*given))
    return calls


def test_what_is_counted_over_all_ratings_is_counted_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = count_calls(monkeypatch, recommender, "margin_of")
    answers = [session.users.recommend(user, 3) for user in (10, 20, 10)]
    session.users.explain(10, "heat")
    assert counted == ["margin_of"]
    assert answers[0] == answers[2]


def test_a_model_that_is_trained_again_answers_in_place_of_the_old_one(session: Session) -> None:
    models = session.models
    session.users.recommend(20)
    first = models.recommender("explicit")
    assert models.recommender("explicit") is first
    session.models.train("explicit", {"n_iter": 2})
    second = models.recommender("explicit")
    assert second is not first
    assert second.model is not first.model


def test_reports_are_read_once_and_a_training_elsewhere_is_still_seen(
    session: Session, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.models.states()
    read = count_calls(monkeypatch, model_store, "read_report")
    for _ in range(3):
        session.users.recommend(20)
        session.sequences.next_items([1, 2])
        session.models.states()
    assert read == []

    Session(workspace, "tiny").models.train("explicit", {"n_iter": 2})
    read.clear()
    state = next(one for one in session.models.states("user") if one.name == "explicit")
    assert state.options["n_iter"] == 2
    assert len(read) == 1

    report = workspace.model_folder("tiny", "explicit") / model_store.REPORT
    report.unlink()
    assert not any(one.trained for one in session.models.states("user"))


def test_an_evaluation_goes_by_its_configuration(session: Session) -> None:
    config = EvaluationConfig(protocol="leave-one-out", seed=7, k=2, options={"n_iter": 1}, segments=True)
    report = session.models.evaluate("explicit", config)
    assert (report.protocol, report.seed, report.options["n_iter"]) == ("leave-one-out", 7, 1)
    assert "ndcg@2" in report.metrics
    assert report.segments


def test_an_order_of_equal_times_that_is_not_offered_is_refused(session: Session) -> None:
    with pytest.raises(OptionError, match="psychic"):
        session.models.evaluate("explicit", EvaluationConfig(ties="psychic"))  # type: ignore[arg-type]


def test_every_protocol_that_can_be_asked_for_has_a_splitter() -> None:
    assert set(PROTOCOLS) == set(SPLITTERS)


def test_a_damaged_data_set_is_reported_and_hides_no_model(session: Session, workspace: Workspace) -> None:
    broken = workspace.dataset_folder("tiny").parent / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    warnings: list[Exception] = []
    listed = {one.spec.name: one for one in list_models(workspace, warn=warnings.append)}
    assert list(listed["explicit"].trained_on) == ["tiny"]
    assert len(warnings) == 1
