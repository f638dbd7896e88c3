"""Runs are kept with their data set, can be annotated, removed and taken back, and hide each other never."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.dataset import Dataset
from engine.data.runs import RunRecord, diff
from engine.errors import DamagedError, DataError, UnknownError
from engine.workspace import run_store
from engine.workspace.dataset_store import Workspace
from engine.workspace.run_store import LONGEST_NOTE, RunStore

RUN = RunRecord(0, "train", "finished", "explicit", "tiny", "2026-01-01T00:00:00+00:00", {"n_iter": 3, "l2": 0.1})


@pytest.fixture
def workspace(tmp_path: Path, dataset: Dataset) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    return workspace


@pytest.fixture
def store(workspace: Workspace) -> RunStore:
    return RunStore(workspace, "tiny")


def test_a_run_is_read_as_it_was_written_with_its_values(store: RunStore) -> None:
    values = {"users": np.arange(3), "sum.ndcg@10": np.array([0.0, 0.5, 1.0])}
    stored = store.add(replace(RUN, intervals={"mrr": (0.1, 0.2)}, losses=(0.9, 0.5)), values)
    assert store.get(1) == stored
    assert stored.intervals == {"mrr": (0.1, 0.2)}
    read = store.values(store.get(1))
    assert read is not None
    assert {name: one.tolist() for name, one in read.items()} == {"users": [0, 1, 2], "sum.ndcg@10": [0.0, 0.5, 1.0]}


def test_the_number_of_a_removed_run_is_not_given_to_another(store: RunStore) -> None:
    assert [store.add(RUN).id for _ in range(3)] == [1, 2, 3]
    store.remove([3])
    assert store.add(RUN).id == 4


def test_a_removed_run_comes_back_with_everything(store: RunStore) -> None:
    stored = store.add(RUN, {"users": np.arange(2)})
    store.annotate(1, "the first try")
    store.remove([1])
    assert store.list().runs == ()
    assert [run.id for run in store.list(removed=True).runs] == [1]
    store.restore([1])
    assert store.get(1) == replace(stored, note="the first try")
    assert store.values(store.get(1)) is not None


def test_of_several_runs_all_are_removed_or_none(store: RunStore) -> None:
    store.add(RUN)
    with pytest.raises(UnknownError, match="no run 7"):
        store.remove([1, 7])
    assert [run.id for run in store.list().runs] == [1]


def test_a_run_that_was_removed_long_ago_is_gone(store: RunStore) -> None:
    store.add(RUN, {"users": np.arange(2)})
    store.add(RUN)
    store.remove([1])
    os.utime(store.folder / "removed" / "1.json", (0, 0))
    store.remove([2])
    assert [run.id for run in store.list(removed=True).runs] == [2]
    assert sorted(path.name for path in store.folder.iterdir()) == ["removed"]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"id": 2}', b"\xff\x00", b"[1]", b'{"checksum": "x"}'])
def test_a_damaged_record_is_named_and_hides_no_other(store: RunStore, content: bytes) -> None:
    for _ in range(3):
        store.add(RUN)
    (store.folder / "2.json").write_bytes(content)
    found = store.list()
    assert [run.id for run in found.runs] == [1, 3]
    assert len(found.damage) == 1
    assert "2.json" in found.damage[0]
    store.remove([2])  # and it can be removed like any other
    assert store.list().damage == ()


def test_values_that_are_not_those_of_the_run_are_refused(store: RunStore) -> None:
    run = store.add(RUN, {"users": np.arange(2)})
    (store.folder / "1.npz").write_bytes(b"PK")
    with pytest.raises(DamagedError, match=r"1\.npz"):
        store.values(run)


def test_runs_outlive_a_replacement_of_the_data_set_and_go_with_its_removal(
    store: RunStore, workspace: Workspace, dataset: Dataset
) -> None:
    store.add(RUN)
    workspace.add(dataset, replace=True)
    assert [run.id for run in store.list().runs] == [1]
    workspace.remove("tiny")
    assert store.list().runs == ()
    with pytest.raises(DataError, match="was removed"):
        store.add(RUN)


def test_a_note_that_is_too_long_is_refused(store: RunStore) -> None:
    store.add(RUN)
    with pytest.raises(DataError, match=f"{LONGEST_NOTE:,}"):
        store.annotate(1, "x" * (LONGEST_NOTE + 1))
    assert store.get(1).note == ""


def test_the_time_that_removed_runs_are_kept_is_thirty_days() -> None:
    assert run_store.KEPT_SECONDS == 30 * 86_400


_OPTIONS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3))


@given(_OPTIONS, _OPTIONS)
def test_a_diff_names_what_differs_and_nothing_else(first: dict[str, int], second: dict[str, int]) -> None:
    found = diff(replace(RUN, options=first), replace(RUN, id=2, options=second))
    assert found == {
        f"options.{name}": (first.get(name), second.get(name))
        for name in {*first, *second}
        if first.get(name) != second.get(name)
    }
