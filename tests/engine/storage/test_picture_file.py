"""No name in data leads to a file that is not a picture below the folder of the catalogue."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import DataError
from engine.storage import picture_file
from engine.storage.picture_file import read_picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "films"
    (folder / "posters").mkdir(parents=True)
    (folder / "posters" / "1.png").write_bytes(b"one")
    (folder / "notes.txt").write_bytes(b"notes")
    return folder


def refusal(folder: Path, name: str) -> str:
    with pytest.raises(DataError) as caught:
        read_picture(folder, name)
    return str(caught.value)


def test_a_picture_below_the_folder_is_read(folder: Path) -> None:
    for name in ("posters/1.png", "./posters/../posters/1.png", str(folder / "posters" / "1.png")):
        assert read_picture(folder, name) == b"one"
    (folder / "posters" / "2.png").symlink_to("1.png")
    assert read_picture(folder, "posters/2.png") == b"one"


def test_nothing_outside_the_folder_is_read(folder: Path) -> None:
    (folder / "link.png").symlink_to("../secret.png")
    (folder / "up").symlink_to("..")
    for name in ("../secret.png", "posters/../../secret.png", str(folder.parent / "secret.png"), "link.png"):
        assert "outside the folder" in refusal(folder, name)
    assert "outside the folder" in refusal(folder, "up/secret.png")


def test_what_is_no_picture_by_its_name_is_not_read(folder: Path) -> None:
    (folder / "notes.png").symlink_to("notes.txt")
    assert "not called as a picture" in refusal(folder, "notes.txt")
    assert "not called as a picture" in refusal(folder, "notes.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_a_folder_and_a_loop_are_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    (folder / "loop.png").symlink_to("loop.png")
    assert "not a regular file" in refusal(folder, "pipe.png")
    assert "not a regular file" in refusal(folder, "folder.png")
    assert "cannot be read" in refusal(folder, "loop.png")


def test_a_missing_a_large_and_an_impossible_one_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(folder, "posters/9.png") == "The picture posters/9.png does not exist."
    assert "cannot be read" in refusal(folder, "a\0.png")
    assert "cannot be read" in refusal(folder, "a" * 300 + ".png")
    monkeypatch.setattr(picture_file, "MAX_BYTES", 2)
    assert "larger than 20 MB" in refusal(folder, "posters/1.png")
