"""Folders of versions: the current one is whole, the others go, and nothing goes that may be the current one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DamagedError, DataError
from engine.storage.versions import POINTER, clear_old_versions, current_version, new_version


def store(folder: Path, text: str) -> None:
    with new_version(folder) as fresh:
        (fresh / "content").write_text(text)


def content(folder: Path) -> str:
    return (current_version(folder) / "content").read_text()


def test_a_new_version_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "thing"
    for text in ("one", "two", "three"):
        store(folder, text)
        assert content(folder) == text
        assert len(list(folder.iterdir())) == 2


def test_what_was_stored_without_versions_is_read_and_then_replaced(tmp_path: Path) -> None:
    (tmp_path / "content").write_text("before")
    assert content(tmp_path) == "before"
    store(tmp_path, "after")
    assert content(tmp_path) == "after"
    assert not (tmp_path / "content").exists()


def test_a_version_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    store(tmp_path, "one")
    before = sorted(tmp_path.rglob("*"))

    def fail(error: BaseException) -> None:
        with new_version(tmp_path) as fresh:
            (fresh / "content").write_text("half")
            raise error

    for error, expected in ((KeyboardInterrupt(), KeyboardInterrupt), (OSError("full"), DataError)):
        with pytest.raises(expected):
            fail(error)
        assert sorted(tmp_path.rglob("*")) == before
        assert content(tmp_path) == "one"


def test_a_first_version_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError), new_version(tmp_path / "thing"):
        raise OSError("full")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "spoilt", ["", "{", "[]", '{"version": 3}', '{"version": "../../etc"}', '{"version": "content"}']
)
def test_while_the_current_version_cannot_be_told_nothing_is_deleted(tmp_path: Path, spoilt: str) -> None:
    store(tmp_path, "one")
    version = current_version(tmp_path)
    (tmp_path / POINTER).write_text(spoilt)
    assert clear_old_versions(tmp_path) == []
    assert (version / "content").read_text() == "one"
    with pytest.raises(DamagedError):
        current_version(tmp_path)
    store(tmp_path, "two")
    assert content(tmp_path) == "two"


def test_a_pointer_to_a_version_that_is_gone_deletes_no_other(tmp_path: Path) -> None:
    store(tmp_path, "one")
    (tmp_path / POINTER).write_text('{"version": "v-000000000000"}')
    assert clear_old_versions(tmp_path) == []
    assert len(list(tmp_path.rglob("content"))) == 1


def test_locks_and_other_hidden_files_stay(tmp_path: Path) -> None:
    store(tmp_path, "one")
    (tmp_path / ".lock").write_text("")
    store(tmp_path, "two")
    assert (tmp_path / ".lock").exists()
