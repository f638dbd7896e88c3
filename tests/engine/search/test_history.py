from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from engine.search.history import _MAX_SEARCHES, SearchHistory


def test_the_newest_is_first_and_nothing_is_there_twice(tmp_path: Path) -> None:
    recent = SearchHistory(tmp_path, "films")
    assert recent.list() == []
    for line in ("heat", " a  heist genre:crime ", "Heat", "", "  "):
        recent.remember(line)
    assert recent.list() == ["Heat", "a heist genre:crime"]
    assert recent.list(1) == ["Heat"]
    assert SearchHistory(tmp_path, "films").list() == recent.list()
    assert SearchHistory(tmp_path, "other").list() == []


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    recent = SearchHistory(tmp_path, "films")
    for number in range(_MAX_SEARCHES + 10):
        recent.remember(f"{number} " + "x" * 10_000)
    assert len(recent.list(1000)) == _MAX_SEARCHES
    assert recent.list(1)[0].startswith(f"{_MAX_SEARCHES + 9} xx")
    assert len(recent.list(1)[0]) <= 500
    assert not list(tmp_path.glob("**/*.part"))


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"[1, 2]", b"\xff\xfe"])
def test_a_spoilt_file_is_none(tmp_path: Path, content: bytes) -> None:
    recent = SearchHistory(tmp_path, "films")
    recent.remember("heat")
    next((tmp_path / "searches").glob("*.json")).write_bytes(content)
    assert recent.list() == []
    recent.remember("\udcff ü 君")
    assert recent.list() == ["? ü 君"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    SearchHistory(tmp_path, "films").remember("something private")
    (path,) = (tmp_path / "searches").glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    recent = SearchHistory(tmp_path, "films")
    recent.remember("heat")
    tmp_path.chmod(0o700)
    assert recent.list() == []


def test_a_file_in_place_of_the_folder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "searches").write_text("")
    recent = SearchHistory(tmp_path, "films")
    recent.remember("heat")
    assert recent.list() == []
