"""Two processes, or threads, at one workspace; and what a writer leaves that was killed or ran out of room."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

import engine.workspace.dataset_store
from engine.data.dataset import Dataset
from engine.errors import DataError
from engine.storage.lock import locked
from engine.workspace.dataset_store import DEMO, Workspace
from engine.workspace.layout import LOCK, MANIFEST
from tests.engine.conftest import make_dataset


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "data")


def test_writers_take_turns_and_one_whole_version_stays(workspace: Workspace, dataset: Dataset) -> None:
    workspace.add(dataset)
    versions = [make_dataset(ratings=False), make_dataset(times=False)] * 3
    writers = [threading.Thread(target=workspace.add, args=(one,), kwargs={"replace": True}) for one in versions]
    for writer in writers:
        writer.start()
    for _ in range(20):
        assert workspace.open("tiny").num_interactions == 6  # a reader is never in their way
    for writer in writers:
        writer.join()
    workspace.open("tiny")
    assert len(list(workspace.dataset_folder("tiny").glob("*.parquet"))) == 3


def test_a_writer_waits_for_the_one_before_it(workspace: Workspace, dataset: Dataset) -> None:
    with locked(workspace.folder / LOCK, wait=True) as is_held:
        assert is_held
        with locked(workspace.folder / LOCK, wait=False) as is_held_twice:
            assert not is_held_twice
        writer = threading.Thread(target=workspace.add, args=(dataset,))
        writer.start()
        assert workspace.names() == []
    writer.join()
    assert workspace.names() == ["tiny"]


def test_of_two_first_additions_one_is_refused_and_harms_nothing(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.add(dataset)
    monkeypatch.setattr(Workspace, "__contains__", _once_false(Workspace.__contains__))
    assert "tiny" not in workspace  # as the one who asks before a long read sees it
    with pytest.raises(DataError, match="already stored"):
        workspace.add(make_dataset(ratings=False))
    assert workspace.open("tiny").interactions.ratings is not None


def test_a_replacement_under_a_reader_is_no_damage(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.add(dataset)
    load = engine.workspace.dataset_store.load_table
    loaded: list[bool] = []

    def overtaken(folder: Path, entry: dict[str, object]) -> object:
        if not loaded:
            loaded.append(True)
            workspace.add(make_dataset(ratings=False), replace=True)
        return load(folder, entry)

    monkeypatch.setattr(engine.workspace.dataset_store, "load_table", overtaken)
    assert workspace.open("tiny").interactions.ratings is None
    assert workspace.names() == ["tiny"]


def test_a_failed_replacement_leaves_no_tables_of_its_own(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.add(dataset)
    before = sorted(workspace.dataset_folder("tiny").iterdir())

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine.workspace.dataset_store, "write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workspace.add(make_dataset(ratings=False), replace=True)
    assert sorted(workspace.dataset_folder("tiny").iterdir()) == before


def test_what_a_killed_writer_left_goes_with_the_next(workspace: Workspace, dataset: Dataset) -> None:
    workspace.add(dataset)
    folder = workspace.dataset_folder("tiny")
    (folder / ".items-1.parquet.2.part").write_bytes(b"half")
    (folder / "items-1.parquet").write_bytes(b"whole, but in no manifest")
    workspace.add(dataset, replace=True)
    named = [entry["file"] for entry in json.loads((folder / MANIFEST).read_text())["files"].values()]
    assert sorted(path.name for path in folder.iterdir()) == sorted([MANIFEST, *named])


def test_the_demo_is_there_for_whoever_comes_second(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.session import open_session

    open_session(workspace, DEMO)
    monkeypatch.setattr(Workspace, "__contains__", _once_false(Workspace.__contains__))
    assert open_session(workspace, DEMO).data.overview().simulated


def _once_false(contains: object) -> object:
    """As ``contains``, but the first answer is the one from before another process came."""
    asked: list[str] = []

    def answer(workspace: Workspace, name: str) -> bool:
        asked.append(name)
        return len(asked) > 1 and contains(workspace, name)  # type: ignore[operator]

    return answer
