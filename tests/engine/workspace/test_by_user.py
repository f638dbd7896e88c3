"""The interactions of a large data set by user: what is asked of one user reads no other, and answers the same."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from engine.data.user_index import UserIndex
from engine.errors import DataError
from engine.session.open_dataset import OpenDataset
from engine.session.users import UserService
from engine.workspace import dataset_store, stored_interactions, tables
from engine.workspace.by_user import StoredUserIndex
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import BY_USER
from tests.faults.operations import films

NAME = "films"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which every data set counts as large."""
    monkeypatch.setattr(stored_interactions, "LARGE", 1)
    workspace = Workspace(tmp_path)
    workspace.add(films())
    return workspace


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the tables of interactions that were read."""
    read: list[int] = []
    whole = tables.OpenTable.read

    def counted(self: tables.OpenTable) -> object:
        table = whole(self)
        read.append(table.num_rows)
        return table

    monkeypatch.setattr(tables.OpenTable, "read", counted)
    return read


def _stored_file(workspace: Workspace, name: str) -> Path:
    (found,) = (workspace.dataset_folder(NAME) / BY_USER).rglob(name)
    return found


def test_the_index_answers_as_one_in_memory_and_nothing_else_is_read(workspace: Workspace, reads: list[int]) -> None:
    opened, expected = OpenDataset(workspace, NAME), UserIndex(films().interactions)
    index, log = opened.user_index, films().interactions
    assert isinstance(index, StoredUserIndex)
    for user in range(log.num_users):
        for column in ("items", "ratings", "times"):
            np.testing.assert_array_equal(getattr(index, column)(user), getattr(expected, column)(user))
        np.testing.assert_array_equal(index.history(user).ratings, expected.history(user).ratings)
    for item in range(1, log.num_items):
        for got, wanted in zip(index.latest_of(item), expected.latest_of(item), strict=True):
            np.testing.assert_array_equal(got, wanted)
    users = np.array([3, 0, 7])
    np.testing.assert_array_equal(index.pairs(users), expected.pairs(users))
    np.testing.assert_array_equal(index.tails(users, 7), expected.tails(users, 7))
    assert (opened.popularity == np.bincount(log.item_ids)[1:]).all()
    assert opened.dataset.has_dates
    assert len(opened.dataset.interactions) == len(log)
    assert reads == []


def test_all_interactions_are_there_for_whoever_needs_them(workspace: Workspace, reads: list[int]) -> None:
    log = OpenDataset(workspace, NAME).dataset.interactions
    np.testing.assert_array_equal(log.item_ids, films().interactions.item_ids)
    np.testing.assert_array_equal(log.select(slice(3)).ratings, films().interactions.ratings[:3])  # type: ignore[index]
    assert log.weights is None
    assert reads == [len(log)]


@pytest.mark.parametrize("harm", ["missing", "stale", "cut", "a changed block", "a changed count", "few checksums"])
def test_what_is_wrong_is_made_again(workspace: Workspace, reads: list[int], harm: str) -> None:
    right = [entry.item.title for entry in _history(workspace)]
    items = _stored_file(workspace, "item_ids.npy")
    if harm == "missing":
        _stored_file(workspace, "version.json").unlink()
    elif harm == "stale":
        other = films(seed=5)
        _stored_file(workspace, "index.json").rename(items.parent / "x")
        workspace.add(other, replace=True)
        right = [f"Film {item - 1}" for item in UserIndex(other.interactions).items(3)[::-1]]
    elif harm == "few checksums":
        stats = _stored_file(workspace, "stats.npz")
        with np.load(stats, allow_pickle=False) as stored:
            arrays = dict(stored)
        np.savez(stats, **{**arrays, "crc_item_ids": arrays["crc_item_ids"][:0]})
    elif harm == "cut":
        items.write_bytes(items.read_bytes()[:-4])
    else:
        path = items if harm == "a changed block" else _stored_file(workspace, "stats.npz")
        content = bytearray(path.read_bytes())
        content[300] ^= 1
        path.write_bytes(content)
    assert [entry.item.title for entry in _history(workspace)] == right
    number = len(reads)
    assert number == (0 if harm == "stale" else 1)
    assert [entry.item.title for entry in _history(workspace)] == right
    assert len(reads) == number, "it was not kept"


def test_an_answer_does_not_wait_for_whoever_writes(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_store, "_CACHE_WAIT", 0.0)
    right = [entry.item.title for entry in _history(workspace)]
    _stored_file(workspace, "version.json").unlink()
    with workspace.exclusive("a long addition"):
        assert [entry.item.title for entry in _history(workspace)] == right


def _history(workspace: Workspace) -> list[object]:
    opened = OpenDataset(workspace, NAME)
    return list(UserService(opened, None).history(103))  # type: ignore[arg-type]


def test_interactions_stay_readable_when_the_data_set_is_replaced(workspace: Workspace) -> None:
    before = OpenDataset(workspace, NAME).dataset
    workspace.add(films(seed=5), replace=True)
    np.testing.assert_array_equal(before.interactions.item_ids, films().interactions.item_ids)


def test_damage_of_what_was_replaced_takes_nothing_from_what_is_there_now(workspace: Workspace) -> None:
    before = OpenDataset(workspace, NAME).dataset
    folder = workspace.dataset_folder(NAME)
    with open(folder / str(workspace.manifest(NAME).files["interactions"]["file"]), "r+b") as file:
        file.write(b"spoilt")
    workspace.add(films(seed=5), replace=True)
    with pytest.raises(DataError, match="replaced or removed meanwhile"):
        len(before.interactions.item_ids)
    assert workspace.names() == [NAME]
    assert not workspace.set_aside()


def test_another_process_gets_the_same(workspace: Workspace) -> None:
    opened = OpenDataset(workspace, NAME)
    index, log = deepcopy((opened.user_index, opened.dataset.interactions))
    np.testing.assert_array_equal(index.items(3), opened.user_index.items(3))
    np.testing.assert_array_equal(log.item_ids, films().interactions.item_ids)


def test_a_small_data_set_keeps_none_of_a_large_one(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_interactions, "LARGE", 1000)
    workspace.add(films(seed=5), replace=True)
    assert not (workspace.dataset_folder(NAME) / BY_USER).exists()
