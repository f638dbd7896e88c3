"""The second training of a model on a data set waits for the first one, and takes its result over."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import engine.evaluation.runner
from engine.data.results import FitReport
from engine.datasets.ingest import update
from engine.errors import BusyError, CancelledError
from engine.runtime.job import Job, Progress
from engine.session import Session, Workspace
from engine.storage.lock import locked
from tests.engine.conftest import make_dataset


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(make_dataset())
    return workspace


class First(threading.Thread):
    """A training in another session that has begun and goes on until ``gate`` is set."""

    def __init__(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        super().__init__()
        self.session = Session(workspace, "tiny")
        self.gate, self.begun, self.times = threading.Event(), threading.Event(), 0
        train = engine.evaluation.runner.train

        def held(*args: Any, **options: Any) -> Any:
            self.times += 1
            self.begun.set()
            self.gate.wait(60)
            if error is not None and self.times == 1:
                raise error
            return train(*args, **options)

        monkeypatch.setattr(engine.evaluation.runner, "train", held)
        self.error: BaseException | None = None
        self.start()
        assert self.begun.wait(60)

    def run(self) -> None:
        try:
            self.report: FitReport = self.session.models.train("popular")
        except Exception as error:
            self.error = error


def test_the_result_of_the_first_is_taken_over(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = First(workspace, monkeypatch)
    stages: list[str] = []

    def on_progress(progress: Progress) -> None:
        stages.append(progress.stage)
        first.gate.set()

    second = Session(workspace, "tiny")
    report = second.models.train("popular", job=Job(on_progress))
    first.join()
    assert first.times == 1
    assert report == first.report
    assert stages[0].startswith("waiting for process")
    assert "training popular since" in stages[0]
    assert any(stage.startswith("taking over popular") for stage in stages)
    assert second.models.choose("user") == "popular"


def test_the_result_of_before_an_update_is_not_taken_over(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = First(workspace, monkeypatch)
    (tmp_path / "new.csv").write_text("user,item,rating,timestamp\n30,heat,5,1600000000\n")
    update(workspace, "tiny", ratings=tmp_path / "new.csv")
    second = Session(workspace, "tiny")
    second.models.train("popular", job=Job(lambda _: first.gate.set()))
    first.join()
    assert first.times == 2
    assert not next(one for one in second.models.states() if one.name == "popular").before_update


def test_a_first_one_that_fails_leaves_the_training_to_the_second(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = First(workspace, monkeypatch, CancelledError())
    report = Session(workspace, "tiny").models.train("popular", job=Job(lambda _: first.gate.set()))
    first.join()
    assert isinstance(first.error, CancelledError)
    assert (first.times, report.model) == (2, "popular")


@pytest.mark.parametrize("other", [{"seed": 7}, {"validate": True}, {"fresh": True}], ids=str)
def test_another_training_is_refused_in_one_sentence(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    first = First(workspace, monkeypatch)
    with pytest.raises(BusyError, match="with other options, another seed or another start") as raised:
        Session(workspace, "tiny").models.train("popular", **other)
    assert len(str(raised.value)) < 400
    first.gate.set()
    first.join()
    assert first.error is None


def test_another_model_and_a_later_training_wait_for_nobody(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(workspace, "tiny")
    with locked(session.models._store.lock_file("popular"), purpose="x"):
        session.models.train("baseline")
    first = session.models.train("popular")
    again = session.models.train("popular")
    assert first.seconds != again.seconds
