"""What is trained, measured and tuned leaves a run, however it ends, and a run's model can be made the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.dataset import Dataset
from engine.errors import CancelledError, OptionError, RecsysError
from engine.evaluation.config import EvaluationConfig
from engine.runtime.job import Job, Progress
from engine.session import Session
from engine.workspace.dataset_store import Workspace
from engine.workspace.run_store import RunStore
from tests.engine.conftest import make_dataset


@pytest.fixture
def workspace(tmp_path: Path, dataset: Dataset) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    return workspace


@pytest.fixture
def session(workspace: Workspace) -> Session:
    return Session(workspace, "tiny", device="cpu")


def test_a_training_is_recorded_with_what_is_needed_to_repeat_it(session: Session) -> None:
    session.models.train("explicit", {"n_iter": 2, "embedding_dim": 4}, seed=7)
    (run,) = session.runs.list().runs
    assert (run.kind, run.state, run.model, run.dataset, run.seed) == ("train", "finished", "explicit", "tiny", 7)
    assert run.options["n_iter"] == 2
    assert run.options["random_state"] == 7
    assert len(run.losses) == 2
    assert run.seconds["total"] >= run.seconds["fit"]
    assert run.machine["device"] == "cpu"
    assert run.version
    assert session.runs.is_current(run)


def test_an_evaluation_keeps_the_values_of_each_user(session: Session) -> None:
    report = session.models.evaluate("popular", EvaluationConfig(protocol="leave-one-out", k=2))
    (run,) = session.runs.list().runs
    assert run.metrics == report.metrics
    assert {"k": 2, "seeds": 1, "filter_seen": True, "ties": "file"}.items() <= run.settings.items()
    values = RunStore(session.workspace, "tiny").values(run)
    assert values is not None
    mean = values["sum.ndcg@2"].sum() / values["count.ndcg@2"].sum()
    assert mean == pytest.approx(report.metrics["ndcg@2"])
    assert values["lists"].shape == (len(values["case_users"]), 2)


def test_a_stopped_run_and_a_failed_one_are_recorded_as_such(session: Session) -> None:
    job = Job(lambda progress: stop(progress))

    def stop(progress: Progress) -> None:
        if progress.unit == "batches":
            job.cancel()

    with pytest.raises(CancelledError):
        session.models.train("explicit", {"n_iter": 100_000}, job)
    with pytest.raises(RecsysError):
        session.models.train("explicit", {"learning_rate": 1e30, "n_iter": 5})
    stopped, failed = session.runs.list().runs
    assert stopped.state == "stopped"
    assert failed.state == "failed"
    assert "loss" in failed.error


def test_a_request_that_is_refused_is_no_run(session: Session) -> None:
    with pytest.raises(OptionError):
        session.models.train("explicit", {"no_such_option": 1})
    with pytest.raises(OptionError):
        session.models.evaluate("sequence", EvaluationConfig(protocol="random"))
    assert session.runs.list().runs == ()


def test_a_run_that_cannot_be_recorded_stops_nothing(session: Session) -> None:
    folder = session.workspace.dataset_folder("tiny") / "runs"
    folder.write_text("in the way")
    reported: list[str] = []
    session.models.train("popular", job=Job(lambda progress: reported.append(progress.stage)))
    assert any("not recorded" in stage for stage in reported)
    assert session.models.choose("user") == "popular"


def test_the_model_of_a_promoted_run_answers_until_the_choice_is_cleared(session: Session) -> None:
    session.models.train("popular")
    session.models.train("explicit", {"n_iter": 1})
    assert session.models.choose("user") == "explicit"
    assert session.runs.promote(1) == "popular"
    assert session.models.choose("user") == "popular"
    assert Session(session.workspace, "tiny").users.recommend(10).method == "popular"
    assert [state.name for state in session.models.states() if state.default] == ["popular"]
    session.runs.set_default("user", None)
    assert session.models.choose("user") == "explicit"


def test_a_run_whose_model_was_trained_again_cannot_be_promoted(session: Session) -> None:
    session.models.train("explicit", {"n_iter": 1})
    session.models.train("explicit", {"n_iter": 2})
    with pytest.raises(RecsysError, match="trained again") as caught:
        session.runs.promote(1)
    assert "n_iter=1" in caught.value.suggestions
    assert session.runs.promote(2) == "explicit"


def test_a_damaged_choice_counts_as_none(session: Session) -> None:
    session.models.train("popular")
    session.models.train("explicit", {"n_iter": 1})
    session.runs.promote(1)
    (session.workspace.dataset_folder("tiny") / "defaults.json").write_text("[")
    assert Session(session.workspace, "tiny").models.choose("user") == "explicit"


def test_runs_on_data_that_was_replaced_are_told_from_current_ones(workspace: Workspace, session: Session) -> None:
    session.models.train("popular")
    workspace.add(make_dataset(times=False), replace=True)
    later = Session(workspace, "tiny")
    (run,) = later.runs.list().runs
    assert not later.runs.is_current(run)
    assert "data" in later.runs.diff(1, 1) or later.runs.diff(1, 1) == {}


def test_a_search_that_is_stopped_keeps_its_trials_and_its_best(session: Session) -> None:
    pytest.importorskip("optuna", reason="the extra [tune] is not installed")
    job = Job(lambda progress: job.cancel() if progress.done == 3 else None)
    with pytest.raises(CancelledError):
        session.models.tune("baseline", 20, EvaluationConfig(protocol="random"), job)
    (run,) = session.runs.list().runs
    assert (run.kind, run.state) == ("tune", "stopped")
    assert run.study is not None
    assert run.study.num_trials >= 3
    best = run.study.best
    assert best is not None
    assert run.metrics == {"rmse": best.value}
    assert best.options.items() <= run.options.items()


def test_the_winner_of_a_search_is_compared_on_the_test_part_and_trained(session: Session) -> None:
    pytest.importorskip("optuna", reason="the extra [tune] is not installed")
    session.models.train("popular")
    outcome = session.models.tune("baseline", 3, EvaluationConfig(protocol="random", seed=5))
    details: list[object] = []
    comparison = session.comparison.prove(outcome.study, Job(lambda progress: details.append(progress.detail)))
    assert {model.run.model for model in comparison.models} == {"baseline", "popular"}
    measured = {model.run.id for model in comparison.models}
    assert set(details[-1]) == measured  # type: ignore[call-overload]
    winner = next(model.run for model in comparison.models if model.run.model == "baseline")
    assert (winner.protocol, winner.seed) == ("random", 5)
    assert outcome.best_options.items() <= winner.options.items()
    assert outcome.best_options.items() <= session.models.reports("baseline")[0][0].options.items()
    session.runs.set_default("user", "baseline")
    again = session.comparison.prove(outcome.study)
    assert {model.run.model for model in again.models} == {"baseline"}, (
        "the winner itself answers: against its defaults"
    )
