from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.errors import DataError
from engine.storage.atomic import cannot_write, describe_os_error, writing


def test_a_library_s_words_around_the_system_s_are_left_out() -> None:
    wrapped = OSError("Error writing bytes to file. Detail: [errno 28] No space left on device")
    assert describe_os_error(wrapped) == describe_os_error(OSError(errno.ENOSPC, "No space left on device"))


def test_what_cannot_be_written_is_said_with_what_to_do_and_leaves_the_old(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fill_the_disk() -> None:
        with writing(path) as new:
            new.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match=r"file: cannot be written \(no space left.*\): make room"):
        fill_the_disk()
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "make room, and try again."),
        (errno.EROFS, "make it writable, and try again."),
        (errno.EACCES, "make it writable, and try again."),
        (errno.EIO, "check the disk, and try again."),
        (errno.ENOTDIR, "make room or make it writable, and try again."),
    ],
)
def test_the_remedy_is_that_of_the_error(number: int, remedy: str) -> None:
    for error in (
        OSError(number, os.strerror(number)),
        OSError(f"Error writing. Detail: [errno {number}] {os.strerror(number)}"),
    ):
        assert str(cannot_write(Path("file"), error)).endswith(f": {remedy}")
