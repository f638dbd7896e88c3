"""Renaming data sets, removing them, and putting them back: nothing of theirs is lost, nothing is replaced."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import BusyError, DataError, ErrorKind, UnknownError
from engine.storage.guarded import with_checksum
from engine.storage.lock import locked
from engine.workspace import trash
from engine.workspace.dataset_moves import empty_trash, rename, restore, throw_away
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import MANIFEST
from engine.workspace.model_store import ModelStore
from engine.workspace.trash import KEPT_FOR, trashed
from tests.engine.conftest import make_dataset


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.add(make_dataset())
    folder = workspace.embeddings_folder("tiny")
    folder.mkdir()
    (folder / "vectors").write_text("kept")
    return workspace


def test_a_renamed_data_set_is_the_same_under_the_new_name(workspace):
    workspace.make_current("tiny")
    before = workspace.open("tiny")
    manifest = rename(workspace, "tiny", "small")
    assert workspace.names() == ["small"]
    assert manifest.overview.name == workspace.open("small").name == "small"
    assert workspace.open("small").items.titles() == before.items.titles()
    assert (workspace.embeddings_folder("small") / "vectors").read_text() == "kept"
    assert workspace.current() == "small"
    assert "renamed_to" not in json.loads((workspace.dataset_folder("small") / MANIFEST).read_text())


def test_a_title_that_was_the_name_follows_it(workspace, tmp_path):
    path = workspace.dataset_folder("tiny") / MANIFEST
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(with_checksum({**raw, "overview": {**raw["overview"], "title": "tiny"}})))
    assert rename(workspace, "tiny", "small").overview.title == "small"


@pytest.mark.parametrize("name", ["other", "tiny"])
def test_a_taken_name_is_refused(workspace, name):
    workspace.add(make_dataset("other"))
    with pytest.raises(DataError, match="already stored") as caught:
        rename(workspace, "tiny", name)
    assert caught.value.kind is ErrorKind.NAME_TAKEN
    assert workspace.names() == ["other", "tiny"]


def test_a_data_set_on_which_a_model_is_trained_keeps_its_name(workspace):
    lock = ModelStore(workspace, workspace.manifest("tiny")).lock_file("als")
    with (
        locked(lock, purpose="training als"),
        pytest.raises(BusyError, match="als is being trained on 'tiny' by process"),
    ):
        rename(workspace, "tiny", "small")
    assert workspace.names() == ["tiny"]
    with locked(lock.with_name("export.lock"), purpose="exporting"):
        assert rename(workspace, "tiny", "small").overview.name == "small"


@pytest.mark.parametrize("name", ["", "../up", "a b", ".hidden", "x" * 65])
def test_an_impossible_name_is_refused(workspace, name):
    with pytest.raises(DataError):
        rename(workspace, "tiny", name)
    assert workspace.names() == ["tiny"]


def test_a_removed_data_set_can_be_put_back_whole(workspace):
    before = workspace.open("tiny")
    throw_away(workspace, "tiny")
    assert workspace.names() == []
    assert [one.name for one in trashed(workspace.folder)] == ["tiny"]
    restore(workspace, "tiny")
    assert workspace.open("tiny").items.titles() == before.items.titles()
    assert (workspace.embeddings_folder("tiny") / "vectors").read_text() == "kept"
    assert trashed(workspace.folder) == []


def test_the_latest_removal_comes_back_and_under_another_name_beside_a_new_one(workspace):
    throw_away(workspace, "tiny")
    workspace.add(make_dataset(times=False))
    throw_away(workspace, "tiny")
    workspace.add(make_dataset())
    with pytest.raises(DataError, match="already stored"):
        restore(workspace, "tiny")
    assert not restore(workspace, "tiny", "earlier").overview.has_timestamps
    assert restore(workspace, "tiny", "first").overview.has_timestamps
    assert workspace.names() == ["earlier", "first", "tiny"]


def test_what_was_never_removed_is_not_put_back(workspace):
    with pytest.raises(UnknownError, match="the trash is empty"):
        restore(workspace, "tiny")
    throw_away(workspace, "tiny")
    with pytest.raises(UnknownError, match="there are tiny"):
        restore(workspace, "other")


def test_the_trash_is_emptied_by_age_and_at_once(workspace, monkeypatch):
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + KEPT_FOR - timedelta(minutes=1)

    throw_away(workspace, "tiny")
    workspace.clear_leftovers()
    assert len(trashed(workspace.folder)) == 1
    workspace.add(make_dataset())
    monkeypatch.setattr(trash, "datetime", Later)
    throw_away(workspace, "tiny")
    monkeypatch.setattr(Later, "now", classmethod(lambda cls, tz=None: datetime.now(UTC) + KEPT_FOR))
    workspace.clear_leftovers()
    assert len(trashed(workspace.folder)) == 1  # the one that was removed later
    assert len(empty_trash(workspace)) == 1
    assert trashed(workspace.folder) == []


def test_removing_for_good_leaves_nothing(workspace):
    workspace.remove("tiny")
    assert trashed(workspace.folder) == []
    assert not list((workspace.folder / "datasets").iterdir())


def test_what_only_looks_like_trash_is_left_alone(workspace):
    throw_away(workspace, "tiny")
    for name in (".mine.trash", ".tiny.20990101T000000000000Z.txt", ".tiny.99999999T999999999999Z.trash"):
        (workspace.folder / "datasets" / name).mkdir()
    assert len(trashed(workspace.folder)) == 1
    empty_trash(workspace)
    assert len(list((workspace.folder / "datasets").iterdir())) == 3


def test_models_go_with_the_data_set(workspace, monkeypatch):
    from engine.session import Session

    Session(workspace, "tiny", device="cpu").models.train("popular")
    rename(workspace, "tiny", "small")
    store = ModelStore(workspace, workspace.manifest("small"))
    assert store.choose("user") == "popular"
    assert Session(workspace, "small", device="cpu").users.recommend(workspace.open("small").users.ids[0], 1).results
