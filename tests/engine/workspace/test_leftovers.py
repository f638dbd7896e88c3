"""What killed processes left is cleared or taken back; what is used, or being written, or a person's stays."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.data.dataset import Dataset
from engine.errors import DataError
from engine.runtime.job import Job
from engine.search.semantic.vector_store import VectorStore
from engine.session import Session
from engine.storage.atomic import writing
from engine.storage.lock import locked
from engine.workspace import leftovers, model_store
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import LOCK, MANIFEST
from tests.engine.conftest import make_dataset
from tests.engine.search.fakes import FakeEncoder


@pytest.fixture
def workspace(tmp_path: Path, dataset: Dataset) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    return workspace


def files(workspace: Workspace) -> list[str]:
    return sorted(str(path.relative_to(workspace.folder)) for path in workspace.folder.rglob("*"))


def test_left_overs_are_cleared_and_the_data_set_stays(workspace: Workspace, dataset: Dataset) -> None:
    folder = workspace.dataset_folder("tiny")
    before = files(workspace)
    (folder / "items-0123456789ab.parquet").write_bytes(b"half")
    (folder / ".manifest.json.0123abcd.part").write_text("{")
    (workspace.folder / ".current.json.0123abcd.part").write_text("{")
    (folder.parent / ".old.0123abcd.removed" / "models").mkdir(parents=True)
    for name in ("embeddings", "models/als/v-0123456789ab"):
        (folder.parent / "half" / name).mkdir(parents=True)
    (folder.parent / "half" / "users-0123456789ab.parquet").write_bytes(b"half")
    cleared = workspace.clear_leftovers()
    assert files(workspace) == before
    assert len(cleared) >= 5
    assert workspace.open("tiny").num_users == dataset.num_users
    assert workspace.clear_leftovers() == []


def test_what_a_person_put_there_stays(workspace: Workspace) -> None:
    (workspace.folder / "datasets" / "mine").mkdir()
    (workspace.folder / "datasets" / "mine" / "ratings.csv").write_text("user,item\n")
    (workspace.dataset_folder("tiny") / "notes.txt").write_text("notes")
    (workspace.folder / "datasets" / "readme").write_text("a file")
    before = files(workspace)
    assert workspace.clear_leftovers() == []
    assert files(workspace) == before


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"files": []}', '{"schema": 99}', '{"files": {"items": 3}}'])
def test_tables_stay_while_the_manifest_does_not_tell_which_are_used(workspace: Workspace, spoilt: str) -> None:
    folder = workspace.dataset_folder("tiny")
    (folder / MANIFEST).write_text(spoilt)
    before = files(workspace)
    assert workspace.clear_leftovers() == []
    assert files(workspace) == before


def test_nothing_is_cleared_while_another_process_writes(workspace: Workspace) -> None:
    left = workspace.dataset_folder("tiny") / "items-0123456789ab.parquet"
    left.write_bytes(b"half")
    with locked(workspace.folder / LOCK, wait=True):
        assert workspace.clear_leftovers() == []
    assert left.exists()
    assert workspace.clear_leftovers() == [left]


def test_new_embeddings_go_unless_somebody_makes_them(workspace: Workspace) -> None:
    folder = workspace.embeddings_folder("tiny")
    new = folder / ".model-0123.new"
    new.mkdir(parents=True)
    with locked(folder / ".model-0123.lock", wait=True):
        assert workspace.clear_leftovers() == []
    assert workspace.clear_leftovers() == [new]


def test_a_cache_that_is_being_written_is_left_alone(workspace: Workspace) -> None:
    with writing(workspace.dataset_folder("tiny") / "words.npz") as temporary:
        temporary.write_bytes(b"words")
        assert workspace.clear_leftovers() == []
    assert (workspace.dataset_folder("tiny") / "words.npz").read_bytes() == b"words"


def test_a_model_that_an_earlier_version_was_killed_over_comes_back(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = workspace.dataset_folder("tiny") / "models"
    for name in ("als", ".als.0123abcd.part", "ease", ".ease.0123abcd.old"):
        (models / name).mkdir(parents=True)
        (models / name / "model.json").write_text(name)
    (models / "als").rename(models / ".als.89abcdef.old")
    assert workspace.clear_leftovers() == [], "a process of that version may be at it"
    monkeypatch.setattr(leftovers, "_PATIENCE", 0.0)
    workspace.clear_leftovers()
    assert sorted(path.name for path in models.iterdir()) == ["als", "ease"]
    assert (models / "als" / "model.json").read_text() == "als"
    assert (models / "ease" / "model.json").read_text() == "ease"


def test_a_workspace_that_cannot_be_written_is_no_error(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (workspace.folder / LOCK).unlink()
    (workspace.folder / LOCK).mkdir()
    assert workspace.clear_leftovers() == []
    assert Workspace(workspace.folder / "nowhere").clear_leftovers() == []
    assert not (workspace.folder / "nowhere").exists()


# -- a data set that is removed or replaced while it is in use --------------------------------------------------------
def train_while(workspace: Workspace, change: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Train a model, and change something before it is stored; returns the error's sentence."""
    session = Session(workspace, "tiny")
    store = model_store.ModelStore.store

    def late(*arguments: Any) -> None:
        change()
        store(*arguments)

    monkeypatch.setattr(model_store.ModelStore, "store", late)
    with pytest.raises(DataError) as caught:
        session.models.train("explicit", {"n_iter": 1})
    monkeypatch.undo()
    return str(caught.value)


def test_a_training_whose_data_set_is_removed_says_so_and_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = train_while(workspace, lambda: workspace.remove("tiny"), monkeypatch)
    assert sentence == "The data set 'tiny' was removed while explicit was trained on it: the model was not stored."
    assert list((workspace.folder / "datasets").iterdir()) == []


def test_a_training_whose_data_set_is_replaced_by_another_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        workspace.remove("tiny")
        other = make_dataset()
        workspace.add(
            Dataset(
                **{name: getattr(other, name) for name in ("name", "kind", "title", "items", "interactions")},
                users=type(other.users)([1, 2, 3], name="user"),
            )
        )

    sentence = train_while(workspace, change, monkeypatch)
    assert "was replaced by one with other users or items while explicit was trained" in sentence
    assert not (workspace.dataset_folder("tiny") / "models").exists()


def test_an_embedding_whose_data_set_is_removed_says_so_and_leaves_nothing(workspace: Workspace) -> None:
    store = VectorStore(workspace.embeddings_folder("tiny"), FakeEncoder().identity)
    texts = [f"text {number}" for number in range(12)]

    def remove(progress: Any) -> None:
        if progress.done == 4 and "tiny" in workspace:
            workspace.remove("tiny")

    for job in (Job(remove), Job()):
        with pytest.raises(DataError, match="the data set was removed"):
            store.embed(texts, FakeEncoder(), job, batch_size=4)
        assert list((workspace.folder / "datasets").iterdir()) == []


def test_a_removal_that_cannot_delete_is_completed_by_the_next_start(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda path: (_ for _ in ()).throw(OSError("busy")))
        workspace.remove("tiny")
    assert workspace.names() == []
    assert len(list((workspace.folder / "datasets").iterdir())) == 1
    workspace.add(dataset)
    assert [path.name for path in (workspace.folder / "datasets").iterdir()] == ["tiny"]
    assert not Session(workspace, "tiny").models.states()[0].trained


# -- readers, who take no lock ----------------------------------------------------------------------------------------
def test_a_model_that_is_replaced_while_it_is_read_is_read_again(workspace: Workspace) -> None:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    stop = threading.Event()
    errors: list[BaseException] = []

    def read() -> None:
        while not stop.is_set():
            try:
                Session(workspace, "tiny").models.recommender("explicit")
            except BaseException as error:
                errors.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(10):
        session.models.train("explicit", {"n_iter": 1})
    stop.set()
    for reader in readers:
        reader.join()
    assert errors == []
    versions = [path for path in workspace.model_versions("tiny", "explicit").iterdir() if path.is_dir()]
    assert len(versions) == 1


def test_a_report_that_is_replaced_while_it_is_looked_for_is_found(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    find, trained = model_store.model_folder, []

    def overtaken(folder: Path) -> Path:
        found = find(folder)
        if folder.name == "explicit" and not trained:
            trained.append(True)
            session.models.train("explicit", {"n_iter": 1})
        return found

    monkeypatch.setattr(model_store, "model_folder", overtaken)
    assert any(state.trained for state in Session(workspace, "tiny").models.states())


def test_a_model_of_an_earlier_version_is_replaced_by_versions(workspace: Workspace) -> None:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    folder = workspace.model_versions("tiny", "explicit")
    version = workspace.model_folder("tiny", "explicit")
    for path in version.iterdir():  # the files lay in the folder itself
        path.rename(folder / path.name)
    version.rmdir()
    (folder / "version.json").unlink()
    before = Session(workspace, "tiny").models.recommender("explicit").model.predict(0)
    assert workspace.clear_leftovers() == []
    session.models.train("explicit", {"n_iter": 3})
    assert sorted(path.name[:2] for path in folder.iterdir()) == ["v-", "ve"]
    assert (
        json.loads((folder / "version.json").read_text())["version"] == workspace.model_folder("tiny", "explicit").name
    )
    assert (Session(workspace, "tiny").models.recommender("explicit").model.predict(0) != before).any()


def test_a_written_report_tells_a_folder_that_can_be_loaded(workspace: Workspace) -> None:
    from engine import models

    report = Session(workspace, "tiny").models.train("explicit", {"n_iter": 1})
    assert os.path.isdir(report.path)
    assert models.load(report.path).predict(0).shape == (5,)
