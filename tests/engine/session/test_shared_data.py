"""Data that a session shares with the machines of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.runtime.job import Job
from engine.session import open_dataset
from engine.session.open_dataset import OpenDataset, remove_shared_data


@pytest.mark.parametrize("as_setting", [False, True])
def test_nothing_stays_when_the_process_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_setting: bool
) -> None:
    monkeypatch.setattr(open_dataset, "make_executor", lambda on, storage, job: storage())
    if as_setting:
        monkeypatch.setenv("RECSYS_TUI_STORAGE", str(tmp_path))
    workspace: Any = None
    opened: Any = OpenDataset(workspace, "films", on="ray", storage=None if as_setting else str(tmp_path))
    kept = opened.executor(Job()).put([np.zeros(1 << 20)])
    assert len(list(tmp_path.iterdir())) == 1
    remove_shared_data(60)
    assert list(tmp_path.iterdir()) == []
    del kept
