"""The column of a catalogue that names pictures which lie beside it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.pictures import PictureColumn, is_relative_picture_name
from engine.datasets.formats.shown import shortened

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.sources import Source

#: So many values decide whether a column names pictures, and so many files are looked for.
_SAMPLE, _FILES = 1000, 100
_ROWS = 20_000
_ALMOST_ALL = 0.9


def name_pictures(values: pa.ChunkedArray) -> bool:
    """Whether almost all values of a column that are not empty name pictures by relative paths."""
    names = list(islice(_texts(values), _SAMPLE))
    return bool(names) and sum(map(is_relative_picture_name, names)) >= _ALMOST_ALL * len(names)


def find_pictures(
    source: Source, table: pa.Table, column: str | None, *, named: bool
) -> tuple[PictureColumn | None, list[str]]:
    """Where the pictures of a catalogue are, if it has any; and a sentence about them for a person.

    Parameters
    ----------
    source
        The file of the catalogue. In an archive it has no folder.
    table
        The items.
    column
        The column that may name pictures.
    named
        Whether a person has named it; a column that was guessed must name a file that is there.
    """
    if column is None or column not in table.column_names or source.member is not None:
        return None, []
    shown = shortened(column)
    try:
        folder = source.path.parent.resolve()
        found = PictureColumn(column, str(folder))
        found.folder.encode()
    except (OSError, RuntimeError, UnicodeEncodeError):  # a folder whose name is not text cannot be stored
        return None, []
    if not named:
        names = list(islice(filter(is_relative_picture_name, _texts(table[column])), _FILES))
        if not names:
            return None, []
        if not _is_any_there(folder, names):
            return None, [f"{source.name}: the files that {shown} names are not beside it, so no pictures are shown."]
    return found, [f"{source.name}: {shown} names the pictures of the items."]


def _is_any_there(folder: Path, names: list[str]) -> bool:
    for name in names:
        try:
            if (folder / name.strip()).resolve().is_relative_to(folder) and (folder / name.strip()).is_file():
                return True
        except (OSError, RuntimeError, ValueError):
            continue
    return False


def _texts(values: pa.ChunkedArray) -> Iterator[str]:
    """The values that are texts and not empty, of the first rows."""
    import pyarrow as pa

    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        yield from (one for one in values.slice(0, _ROWS).to_pylist() if one is not None and one.strip())
