"""What is stored may be personal, so only its owner may read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui.remembered import write_theme

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_that_are_made_belong_to_their_owner_alone(
    run: Run, films: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "new" / "home"
    monkeypatch.setenv("RECSYS_TUI_HOME", str(home))
    before = os.umask(0o022)
    try:
        ratings, items = tmp_path / "ratings.csv", tmp_path / "items.csv"
        assert run("datasets", "add", "films", "--ratings", ratings, "--items", items).status == 0
        assert run("search", "heat", "-d", "films", "--mode", "keyword").status == 0
        write_theme(home / "state", "recsys-dark")
    finally:
        os.umask(before)
    made = [home, *(path for path in home.iterdir() if path.is_dir())]
    assert {path.name for path in made} >= {"home", "data", "state"}
    assert {mode(path) for path in made} == {0o700}


def test_a_folder_that_was_there_keeps_its_permissions(run: Run, films: str, home: Path) -> None:
    (home / "data").chmod(0o750)
    assert run("train", "popular", "-d", films).status == 0
    assert mode(home / "data") == 0o750
