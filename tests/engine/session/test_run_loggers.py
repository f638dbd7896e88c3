"""Runs are kept by loggers too, which other packages can bring; one that fails spoils nothing."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import pytest

from engine.data.dataset import Dataset
from engine.data.runs import RunRecord, ValidationCurve
from engine.errors import RecsysError
from engine.evaluation.config import EvaluationConfig
from engine.runtime.job import Job
from engine.session import Session
from engine.session.loggers import registry
from engine.session.loggers.registry import RunLoggers, make_logger
from engine.workspace.dataset_store import Workspace


class FakeLogger:
    """Keeps runs in memory; one made below a folder named ``broken`` fails."""

    runs: ClassVar[list[tuple[Path, RunRecord]]] = []

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def log(self, run: RunRecord) -> None:
        if self.folder.name == "broken":
            raise OSError("the disk is gone")
        self.runs.append((self.folder, run))


@pytest.fixture(autouse=True)
def plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeLogger.runs.clear()
    points = [EntryPoint(name, f"{__name__}:FakeLogger", registry.ENTRY_POINTS) for name in ("fake", "broken")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == registry.ENTRY_POINTS else [])


def opened(tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, loggers: str) -> Session:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RECSYS_TUI_RUN_LOGGERS", loggers)
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    return Session(workspace, "tiny", device="cpu")


def test_each_run_reaches_the_loggers_of_the_settings(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_TUI_RUN_LOGGERS_FOLDER", str(tmp_path / "kept"))
    session = opened(tmp_path, dataset, monkeypatch, "fake")
    session.models.train("explicit", {"n_iter": 2})
    session.models.evaluate("popular", EvaluationConfig(protocol="leave-one-out"))
    assert [folder for folder, _ in FakeLogger.runs] == [tmp_path / "kept" / "fake"] * 2
    assert [run for _, run in FakeLogger.runs] == list(session.runs.list().runs), "as they are stored"


def test_one_that_fails_is_said_once_and_spoils_no_run(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(tmp_path, dataset, monkeypatch, "broken,missing,fake")
    said: list[str] = []

    def note(progress: object) -> None:
        said.append(getattr(progress, "warning"))  # noqa: B009

    for _ in range(2):
        session.models.train("popular", job=Job(note))
    warnings = [one for one in said if one]
    assert len(warnings) == 2
    assert "broken" in warnings[0]
    assert "the disk is gone" in warnings[0]
    assert "There is no logger of runs 'missing'. The loggers are mlflow, wandb, fake, broken." in warnings[1]
    assert [run.state for run in session.runs.list().runs] == ["finished", "finished"]
    assert len(FakeLogger.runs) == 2


def test_without_loggers_nothing_is_made(tmp_path: Path) -> None:
    assert RunLoggers((), tmp_path / "none").log(example()) == []
    assert not (tmp_path / "none").exists()


def example() -> RunRecord:
    return RunRecord(
        3,
        "evaluate",
        "finished",
        "explicit",
        "tiny",
        "2026-01-01T00:00:00+00:00",
        {"n_iter": 2},
        7,
        {"fit": 1.0, "total": 2.0},
        protocol="random",
        metrics={"ndcg@10": 0.25, "rmse": float("nan")},
        losses=(1.0, 0.5),
        validation=ValidationCurve("rmse", (1, 2), (0.9, 0.8)),
        machine={"device": "cpu"},
    )


def test_mlflow_keeps_a_run_in_its_folder(tmp_path: Path) -> None:
    tracking = pytest.importorskip("mlflow.tracking", reason="the extra [mlflow] is not installed")
    make_logger("mlflow", tmp_path / "mlflow").log(example())
    client = tracking.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow' / 'mlflow.db'}")
    (experiment,) = [one for one in client.search_experiments() if one.name == "recsys-tui tiny"]
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["ndcg_at_10"] == 0.25
    assert "rmse" not in run.data.metrics
    assert run.data.params["option.n_iter"] == "2"
    assert [one.value for one in client.get_metric_history(run.info.run_id, "loss")] == [1.0, 0.5]
    assert [one.step for one in client.get_metric_history(run.info.run_id, "validation rmse")] == [1, 2]


def test_wandb_keeps_a_run_in_its_folder_without_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="the extra [wandb] is not installed")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    make_logger("wandb", tmp_path / "wandb").log(example())
    assert list((tmp_path / "wandb").rglob("*.wandb"))


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [("mlflow", "MLFLOW_DISABLE_TELEMETRY", "true"), ("wandb", "WANDB_ERROR_REPORTING", "false")],
)
def test_the_built_in_loggers_report_nothing_of_their_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, "")  # so that it is as it was afterwards
    monkeypatch.delenv(variable)
    with suppress(RecsysError):  # the package need not be installed
        make_logger(name, tmp_path)
    assert os.environ[variable] == value
