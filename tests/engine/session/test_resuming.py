"""A training that is interrupted is kept, and goes on to the same model as without the interruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.dataset import Dataset
from engine.errors import CancelledError, OptionError, RecsysError
from engine.runtime.job import Job, Progress
from engine.session import Session
from engine.session.checkpointing import CheckpointingJob
from engine.storage.paths import find_paths
from engine.workspace.check import Condition, Finding, check
from engine.workspace.checkpoints import CheckpointStore
from engine.workspace.dataset_store import Workspace
from tests.engine.conftest import make_dataset

OPTIONS = {"n_iter": 6, "embedding_dim": 4, "batch_size": 2}


@pytest.fixture
def workspace(tmp_path: Path, dataset: Dataset) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    return workspace


def opened(workspace: Workspace) -> Session:
    return Session(workspace, "tiny", device="cpu")


def interrupt(workspace: Workspace, model: str, epoch: int = 3, **arguments: object) -> None:
    """Train a model, and stop when an epoch has begun."""
    monitor = Job(lambda progress: stop(progress))

    def stop(progress: Progress) -> None:
        if progress.values.get("epoch", 0) >= epoch:
            monitor.cancel()

    with pytest.raises(CancelledError):
        opened(workspace).models.train(model, OPTIONS, monitor, 3, **arguments)  # type: ignore[arg-type]


def weights(session: Session, model: str) -> dict[str, np.ndarray]:
    net = session.models.recommender(model).model._net  # type: ignore[attr-defined]
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


@pytest.mark.parametrize("model", ["explicit", "implicit", "sequence"])
def test_after_a_restart_it_goes_on_to_the_same_model(workspace: Workspace, model: str) -> None:
    interrupt(workspace, model)
    session = opened(workspace)
    found = session.models.unfinished(model)
    assert found is not None
    assert found.epoch in (2, 3)
    assert (found.until, found.seed) == (6, 3)
    assert found.options == OPTIONS
    card = next(card for card in session.cards.list(memory=False) if card.state.name == model)
    assert card.unfinished == found
    session.models.train(model, resume=True)
    assert session.models.unfinished(model) is None
    run = session.runs.list().runs[-1]
    assert (run.state, len(run.losses), run.settings) == ("finished", 6, {"resumed": True})
    resumed = weights(session, model)
    session.models.train(model, OPTIONS, seed=3)
    again = weights(session, model)
    assert all(np.array_equal(resumed[name], again[name]) for name in again)


def test_one_with_validation_goes_on_with_what_it_held_out(workspace: Workspace) -> None:
    interrupt(workspace, "explicit", validate=True)
    session = opened(workspace)
    session.models.train("explicit", resume=True)
    assert session.runs.list().runs[-1].settings == {"validate": True, "resumed": True}


def test_what_cannot_go_on_says_why(workspace: Workspace) -> None:
    session = opened(workspace)
    with pytest.raises(RecsysError, match="was interrupted"):
        session.models.train("explicit", resume=True)
    interrupt(workspace, "explicit")
    with pytest.raises(OptionError, match="give none"):
        session.models.train("explicit", {"n_iter": 9}, resume=True)
    header = session.workspace.dataset_folder("tiny") / "training" / "explicit" / "model.json"
    whole = header.read_text()
    header.write_text("{")
    found = session.models.unfinished("explicit")
    assert found is not None
    assert "model.json" in found.damage
    with pytest.raises(RecsysError, match="cannot go on"):
        session.models.train("explicit", resume=True)
    assert session.cards.list(memory=False)
    header.write_text(whole)
    workspace.add(make_dataset(times=False), replace=True)
    assert opened(workspace).models.unfinished("explicit") is None, "it was trained on other data"


def test_a_training_anew_forgets_the_interrupted_one_and_a_diverged_one_is_not_kept(workspace: Workspace) -> None:
    interrupt(workspace, "explicit")
    session = opened(workspace)
    session.models.train("explicit", {"n_iter": 1})
    assert session.models.unfinished("explicit") is None
    interrupt(workspace, "explicit")
    with pytest.raises(RecsysError):
        session.models.train("explicit", {"learning_rate": 1e30, "n_iter": 5})
    assert session.models.unfinished("explicit") is None


def test_a_training_under_way_is_kept_now_and_then_and_a_failure_to_keep_it_stops_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.session.checkpointing.KEEP_EVERY", 0.0)
    kept: list[object] = []
    monkeypatch.setattr(CheckpointingJob, "keep", lambda _, model: kept.append(model))
    opened(workspace).models.train("explicit", OPTIONS)
    assert len(kept) >= 5
    monkeypatch.undo()
    monkeypatch.setattr("engine.session.checkpointing.KEEP_EVERY", 0.0)
    (workspace.dataset_folder("tiny") / "training").write_text("in the way")
    reported: list[str] = []
    opened(workspace).models.train("explicit", OPTIONS, Job(lambda progress: reported.append(progress.stage)))
    assert sum("cannot be kept" in stage for stage in reported) == 1


def test_a_training_that_could_not_be_kept_once_is_kept_later(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.session.checkpointing.KEEP_EVERY", 0.0)
    save, failures = CheckpointStore.save, [RecsysError("The workspace is busy.")]

    def save_late(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        save(*arguments)

    monkeypatch.setattr(CheckpointStore, "save", save_late)
    interrupt(workspace, "explicit")
    assert opened(workspace).models.unfinished("explicit") is not None


def test_a_check_names_what_is_kept_and_a_damaged_one(workspace: Workspace, tmp_path: Path) -> None:
    interrupt(workspace, "explicit")
    kept = CheckpointStore(workspace, "tiny").folder("explicit")
    paths = find_paths()

    def of_training(*, repair: bool = False) -> list[Finding]:
        return [one for one in check(workspace, paths, "tiny", repair=repair) if one.kind == "training"]

    (whole,) = of_training()
    assert (whole.name, whole.condition) == ("explicit", Condition.WHOLE)
    assert whole.detail.endswith("of 6")
    (tensors,) = (path for path in kept.rglob("*.safetensors"))
    tensors.write_bytes(tensors.read_bytes()[:-1])
    (damaged,) = of_training(repair=True)
    assert damaged.condition is Condition.DAMAGED
    assert "moved to" in damaged.repair
    assert not of_training()
