"""The map service: made once, kept, and made again when what it shows has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.dataset import Dataset
from engine.errors import CancelledError, NotTrainedError
from engine.runtime.job import Job
from engine.search.map import item_map
from engine.session import Session
from engine.workspace.dataset_store import Workspace
from tests.engine.search.fakes import FakeEncoder


@pytest.fixture
def workspace(home: Path, tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    monkeypatch.setattr(type(Session(workspace, "tiny").search), "_encoder", FakeEncoder())
    return workspace


@pytest.fixture
def session(workspace: Workspace) -> Session:
    return Session(workspace, "tiny", device="cpu")


def test_a_map_needs_embeddings(session: Session) -> None:
    with pytest.raises(NotTrainedError, match="embedded first"):
        session.map.current()


def test_a_refined_map_is_kept_for_the_next_start(
    session: Session, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.search.embed()
    draft = session.map.current()
    assert (len(draft.items), draft.refined) == (5, False)
    refined = session.map.refine()
    assert refined.refined
    assert session.map.current() is refined
    monkeypatch.setattr(item_map, "draft_map", None)
    monkeypatch.setattr(item_map, "refined_map", None)
    again = Session(workspace, "tiny", device="cpu").map.refine()
    assert (again.points == refined.points).all()


def test_a_damaged_file_is_made_again(session: Session, workspace: Workspace) -> None:
    session.search.embed()
    session.map.refine()
    path = workspace.map_file("tiny")
    path.write_bytes(path.read_bytes()[:-9])
    assert not Session(workspace, "tiny", device="cpu").map.current().refined
    assert Session(workspace, "tiny", device="cpu").map.refine().refined


def test_items_for_adults_are_on_the_map_only_if_the_settings_show_them(
    workspace: Workspace, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.search.embed()
    assert len(session.map.refine().items) == 5
    monkeypatch.setattr("engine.search.hidden._GENRES", frozenset({"horror"}))
    found = Session(workspace, "tiny", device="cpu").map.current()
    assert (len(found.items), found.num_missing) == (4, 0)
    assert 1 not in found.items


def test_a_stopped_refinement_leaves_the_map_as_it_was(session: Session, workspace: Workspace) -> None:
    session.search.embed()
    draft = session.map.current()
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        session.map.refine(job)
    assert session.map.current() is draft
    assert not workspace.map_file("tiny").exists()


def test_what_is_around_an_item_is_near_in_meaning(session: Session) -> None:
    session.search.embed()
    found = session.map.around(1, 3)
    assert found.item.title == "Alien"
    assert len(found.nearest) == 3
    assert "Alien" not in {result.item.title for result in found.nearest}
    scores = [result.score for result in found.nearest]
    assert scores == sorted(scores, reverse=True)
