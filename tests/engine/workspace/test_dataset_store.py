from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import engine.workspace.dataset_store
from engine.data.dataset import Dataset
from engine.errors import DataError, ErrorKind, RecsysError, UnknownError
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import MANIFEST
from tests.engine.conftest import make_dataset


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "data")


def test_a_stored_data_set_comes_back_whole(workspace: Workspace, dataset: Dataset) -> None:
    manifest = workspace.add(dataset)
    back = workspace.open("tiny")

    assert manifest.overview.num_items == 5
    assert manifest.overview.num_rated_items == 4
    assert manifest.overview.rating_range == (1.0, 5.0)
    assert back.items.titles() == dataset.items.titles()
    assert back.items[1] == dataset.items[1]
    assert back.users.decode_one(2) == 30
    assert back.skipped == {"no rating": 2}
    for column in ("user_ids", "item_ids", "ratings", "timestamps"):
        np.testing.assert_array_equal(getattr(back.interactions, column), getattr(dataset.interactions, column))


def test_a_log_without_ratings_and_times_stays_without(workspace: Workspace) -> None:
    workspace.add(make_dataset(ratings=False, times=False))
    back = workspace.open("tiny")
    assert back.interactions.ratings is None
    assert back.interactions.timestamps is None
    assert len(back.rated()) == 0


def test_a_taken_name_is_refused_and_nothing_changes(workspace: Workspace, dataset: Dataset) -> None:
    workspace.add(dataset)
    before = (workspace.dataset_folder("tiny") / MANIFEST).read_bytes()
    with pytest.raises(DataError, match="already stored") as caught:
        workspace.add(make_dataset(ratings=False))
    assert (caught.value.kind, caught.value.name) == (ErrorKind.DATASET_EXISTS, "tiny")
    assert (workspace.dataset_folder("tiny") / MANIFEST).read_bytes() == before


def test_replacing_leaves_one_version_and_keeps_the_models(workspace: Workspace, dataset: Dataset) -> None:
    workspace.add(dataset)
    model = workspace.model_folder("tiny", "explicit")
    model.mkdir(parents=True)
    (model / "model.json").write_text("{}")
    workspace.add(make_dataset(ratings=False), replace=True)
    assert workspace.open("tiny").interactions.ratings is None
    assert len(list(workspace.dataset_folder("tiny").glob("*.parquet"))) == 3
    assert (model / "model.json").is_file()


def test_a_replacement_that_fails_half_way_leaves_the_old_one(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.add(dataset)

    def full(*_: object) -> None:
        raise DataError("no space left on device")

    monkeypatch.setattr(engine.workspace.dataset_store, "write_json", full)
    with pytest.raises(DataError, match="no space"):
        workspace.add(make_dataset(ratings=False), replace=True)
    assert workspace.open("tiny").interactions.ratings is not None


def test_a_first_addition_that_fails_leaves_nothing(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DataError("no space left on device")

    monkeypatch.setattr(engine.workspace.dataset_store, "write_json", full)
    with pytest.raises(DataError, match="no space"):
        workspace.add(dataset)
    assert workspace.names() == []
    assert not workspace.dataset_folder("tiny").exists()


@pytest.mark.parametrize("victim", ["items", "interactions", "users"])
def test_a_damaged_table_is_named_set_aside_and_never_used(workspace: Workspace, dataset: Dataset, victim: str) -> None:
    workspace.add(dataset)
    folder = workspace.dataset_folder("tiny")
    path = next(folder.glob(f"{victim}-*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"damaged.*tiny\.damaged-1"):
        workspace.open("tiny")
    assert workspace.names() == []
    assert (folder.with_name("tiny.damaged-1") / path.name).is_file()
    workspace.add(dataset)  # the name is free again
    assert workspace.names() == ["tiny"]


def test_a_manifest_that_is_no_json_is_set_aside(workspace: Workspace, dataset: Dataset) -> None:
    workspace.add(dataset)
    (workspace.dataset_folder("tiny") / MANIFEST).write_text("{")
    with pytest.raises(DataError, match="was moved to"):
        workspace.manifest("tiny")


def test_a_newer_data_set_is_refused_and_left_alone(workspace: Workspace, dataset: Dataset) -> None:
    workspace.add(dataset)
    path = workspace.dataset_folder("tiny") / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 99}))
    with pytest.raises(RecsysError, match="newer"):
        workspace.open("tiny")
    assert path.is_file()


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a\nb", "x" * 65, "tiny.damaged-1"])
def test_names_that_are_no_folder_names_are_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(DataError, match="cannot be a data set's name"):
        workspace.dataset_folder(name)


def test_an_unknown_name_says_what_is_there(workspace: Workspace, dataset: Dataset) -> None:
    with pytest.raises(UnknownError, match="none is stored"):
        workspace.open("films")
    workspace.add(dataset)
    with pytest.raises(UnknownError, match="there are tiny"):
        workspace.open("films")


def test_removing_takes_everything(workspace: Workspace, dataset: Dataset) -> None:
    workspace.add(dataset)
    workspace.make_current("tiny")
    assert workspace.current() == "tiny"
    workspace.remove("tiny")
    assert workspace.names() == []
    assert workspace.current() is None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, dataset: Dataset) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="cannot be written"):
        Workspace(tmp_path / "data").add(dataset)


def test_a_file_in_the_way_is_said(tmp_path: Path, dataset: Dataset) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        Workspace(tmp_path / "data").add(dataset)


def test_a_data_set_that_cannot_fit_is_not_opened_and_not_damaged(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.add(dataset)
    monkeypatch.setattr("engine.runtime.memory.available", lambda device=None: 1)
    with pytest.raises(RecsysError, match=f"^Opening the data set '{dataset.name}' needs about") as caught:
        workspace.open(dataset.name)
    assert caught.value.kind is ErrorKind.NOT_ENOUGH_MEMORY
    monkeypatch.undo()
    assert len(workspace.open(dataset.name).interactions) == len(dataset.interactions)
