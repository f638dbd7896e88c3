"""The profile of an open data set: kept, made anew when the data changes, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data import profile as profiles
from engine.errors import CancelledError
from engine.session import Job, Session
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import PROFILE
from tests.engine.conftest import make_dataset


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.add(make_dataset())
    return workspace


def test_it_is_computed_once_for_the_same_tables(workspace, monkeypatch):
    first = Session(workspace, "tiny").profiles.profile()
    with monkeypatch.context() as patch:
        patch.setattr(profiles, "profile_of", lambda *_: pytest.fail("computed again"))
        assert Session(workspace, "tiny").profiles.profile() == first
    workspace.add(make_dataset(times=False), replace=True)
    assert Session(workspace, "tiny").profiles.profile() != first


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1}', b'{"checksum": "no"}', b"\xff\xfe"])
def test_a_damaged_file_is_replaced(workspace, content):
    first = Session(workspace, "tiny").profiles.profile()
    path = workspace.dataset_folder("tiny") / PROFILE
    whole = path.read_bytes()
    path.write_bytes(content)
    assert Session(workspace, "tiny").profiles.profile() == first
    assert path.read_bytes() == whole


def test_it_can_be_cancelled_and_reports_its_steps(workspace):
    seen = []
    job = Job(seen.append)
    Session(workspace, "tiny").profiles.profile(job)
    assert [one.done for one in seen] == list(range(seen[0].total))
    (workspace.dataset_folder("tiny") / PROFILE).unlink()
    job.cancel()
    with pytest.raises(CancelledError):
        Session(workspace, "tiny").profiles.profile(job)
