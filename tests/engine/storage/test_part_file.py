"""Unfinished files: those of a living writer stay, and those of a killed one go."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.storage import part_file
from engine.storage.atomic import writing
from engine.storage.part_file import clear_parts, unfinished

posix = pytest.mark.skipif(os.name != "posix", reason="file locks of POSIX")


@posix
def test_the_file_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with writing(path) as temporary:
        temporary.write_text("new")
        assert clear_parts(tmp_path) == []
        assert unfinished(tmp_path) == [temporary]
    assert path.read_text() == "new"
    assert unfinished(tmp_path) == []


@posix
def test_the_file_of_a_killed_process_is_deleted_and_not_before(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from engine.storage.atomic import writing\n"
        f"with writing(Path({str(tmp_path / 'file')!r})) as temporary:\n"
        "    temporary.write_text('half'); print('begun', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        assert clear_parts(tmp_path) == []
        process.kill()
        process.wait()
    assert [path.name[:6] for path in clear_parts(tmp_path)] == [".file."]
    assert list(tmp_path.iterdir()) == []


def test_what_a_person_called_alike_is_left_alone(tmp_path: Path) -> None:
    for name in (".hidden.part", "film.0a1b2c3d.part", ".notes.txt"):
        (tmp_path / name).write_text("mine")
    (tmp_path / ".folder.0a1b2c3d.part").mkdir()
    assert clear_parts(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 4
    assert clear_parts(tmp_path / "nowhere") == []


@posix
def test_without_locks_the_age_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_file, "_lock", lambda descriptor: None)
    young, old = tmp_path / ".a.0a1b2c3d.part", tmp_path / ".b.0a1b2c3d.part"
    for path in (young, old):
        path.write_text("half")
    os.utime(old, (0, time.time() - 2 * 24 * 3600))
    assert clear_parts(tmp_path) == [old]
    assert young.exists()


@posix
def test_a_file_that_was_taken_for_abandoned_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, stolen = part_file._lock, []

    def overtaken(descriptor: int) -> bool | None:
        if not stolen:
            stolen.extend(unfinished(tmp_path))
            stolen[0].unlink()
        return lock(descriptor)

    monkeypatch.setattr(part_file, "_lock", overtaken)
    with writing(tmp_path / "file") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "file").read_text() == "new"


@posix
def test_nothing_fails_after_the_replacement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(folder: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("engine.storage.atomic.sync_folder", failing)
    with writing(tmp_path / "file") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "file").read_text() == "new"
