"""Names of pictures in a catalogue: which texts are such names, and in which column and folder a data set has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

#: The key of a data set's source under which the column of pictures is.
_KEY = "pictures"
#: How the names of pictures end that can be shown.
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif")


@dataclass(frozen=True, slots=True)
class PictureColumn:
    """Where the pictures of a catalogue are.

    Attributes
    ----------
    column
        The column of the items that names them.
    folder
        The absolute path of the folder that the names are relative to, and that no picture may lie outside of.
    """

    column: str
    folder: str

    @classmethod
    def of_source(cls, source: Mapping[str, Any]) -> PictureColumn | None:
        """The one that the source of a data set states, if it has pictures; see :meth:`as_source`."""
        match source.get(_KEY):
            case {"column": str(column), "folder": str(folder)} if column and folder:
                return cls(column, folder)
        return None

    def as_source(self) -> dict[str, Any]:
        """The entry of a data set's source."""
        return {_KEY: asdict(self)}


def without_pictures(source: Mapping[str, Any]) -> dict[str, Any]:
    """The source of a data set whose pictures cannot be read later."""
    return {key: value for key, value in source.items() if key != _KEY}


def is_picture_name(value: object) -> bool:
    """Whether a value names a picture in the file system, by its ending; an address on the web does not."""
    return isinstance(value, str) and value.strip().lower().endswith(SUFFIXES) and not _is_address(value.strip())


def is_relative_picture_name(value: object) -> bool:
    """Whether a value names a picture by a path that begins at no root: ``posters/7.png``, not ``/7.png``."""
    if not is_picture_name(value):
        return False
    name = str(value).strip()
    return not (PurePosixPath(name).root or PureWindowsPath(name).anchor)


def _is_address(name: str) -> bool:
    return "://" in name or name.startswith("//") or name.lower().startswith("data:")
