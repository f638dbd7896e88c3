"""Reading a picture that data names: only a regular file of a picture's ending, below one folder, and no large one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.data.pictures import SUFFIXES
from engine.errors import DataError
from engine.storage.atomic import describe_os_error

#: The most bytes that a picture may have.
MAX_BYTES = 20 * 1000 * 1000
_LONGEST_SHOWN = 80


def read_picture(folder: Path, name: str) -> bytes:
    """The content of a picture.

    Parameters
    ----------
    folder
        The folder outside of which no file is read, whatever the name says and wherever a symbolic link leads.
    name
        The name that the data has: a path relative to the folder, or an absolute one below it.

    Raises
    ------
    DataError
        If there is no such file, it lies elsewhere, is not a regular file with a picture's ending, or is too large.
    """
    shown = name if len(name) <= _LONGEST_SHOWN else f"…{name[1 - _LONGEST_SHOWN :]}"
    try:
        root = folder.resolve(strict=True)
        path = (root / name).resolve(strict=True)
    except FileNotFoundError:
        raise DataError(f"The picture {shown} does not exist.", file=name) from None
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, and a name with a zero byte
        why = describe_os_error(error) if isinstance(error, OSError) else "it is not the name of a file"
        raise DataError(f"The picture {shown} cannot be read ({why}).", file=name) from error
    if not path.is_relative_to(root):
        raise DataError(f"The picture {shown} is not shown, as it lies outside the folder of the catalogue.", file=name)
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"The picture {shown} is not shown, as its file is not called as a picture is.", file=name)
    return _content(path, name, shown)


def _content(path: Path, name: str, shown: str) -> bytes:
    # Without waiting for a pipe, and without following a link that has been put there since.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        # What is no regular file is not even opened: opening a device can do something.
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise DataError(f"The picture {shown} is not a regular file.", file=name)
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise DataError(f"The picture {shown} is not a regular file.", file=name)
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"The picture {shown} cannot be read ({describe_os_error(error)}).", file=name) from error
    if len(content) > MAX_BYTES:
        raise DataError(f"The picture {shown} is not shown, as it is larger than 20 MB.", file=name)
    return content
