"""Further titles of items, from a file that users write."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import DataError, MissingError
from engine.storage.guarded import read_bytes
from engine.text.normalize import split_year, title_key, words

#: The name of the file in the folder of a data set.
FILE_NAME = "aliases.csv"
_MOST_BYTES = 64 << 20
_HEADERS = ("alias", "aliases", "also known as", "name")


@dataclass(frozen=True, slots=True)
class Aliases:
    """Further titles of items.

    Attributes
    ----------
    of_row
        Row of the catalogue -> its further titles.
    unmatched
        The number of rows of the file whose item the catalogue does not have.
    example
        The first of them as it is written; empty if there are none.
    """

    of_row: dict[int, list[str]] = field(default_factory=dict)
    unmatched: int = 0
    example: str = ""

    def fingerprint(self) -> str:
        """A text that is the same for the same aliases."""
        return hashlib.sha256(repr(sorted(self.of_row.items())).encode("utf-8", "surrogatepass")).hexdigest()


def read_aliases(path: Path, ids: Sequence[object], titles: Sequence[str | None]) -> Aliases:
    """Read a file of two columns: the id or the title of an item, and another title of it.

    A first row that ends with ``alias`` is the header. A title may have its year in brackets, and names all items with
    this title.

    Parameters
    ----------
    path
        The file, in UTF-8.
    ids, titles
        The ids and the titles of the items of the catalogue.

    Returns
    -------
    Aliases
        The aliases; none if there is no such file.

    Raises
    ------
    DataError
        If the file cannot be read or a row is not of this form.
    """
    try:
        text = read_bytes(path, _MOST_BYTES).decode("utf-8-sig")
    except MissingError:
        return Aliases()
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not used, since it is not text in UTF-8.", file=str(path)) from error
    rows_of_id = {str(one): row for row, one in enumerate(ids)}
    rows_of_title: dict[str, list[int]] | None = None
    found: dict[int, list[str]] = {}
    unmatched, example = 0, ""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for values in reader:
            cells = [one.strip() for one in values]
            if not any(cells):
                continue
            if len(cells) != 2 or not all(cells):
                raise DataError(
                    f"{path.name} is not used: line {reader.line_num:,} must have two values, an item's id or title "
                    "and another title of it.",
                    file=str(path),
                    row=reader.line_num,
                )
            item, alias = cells
            if reader.line_num == 1 and " ".join(words(alias)) in _HEADERS and item not in rows_of_id:
                continue
            if item in rows_of_id:
                rows = [rows_of_id[item]]
            else:
                if rows_of_title is None:
                    rows_of_title = _rows_of_titles(titles)
                rows = rows_of_title.get(title_key(item)) or rows_of_title.get(title_key(split_year(item)[0])) or []
            for row in rows:
                found.setdefault(row, []).append(alias)
            if not rows:
                unmatched, example = unmatched + 1, example or item
    except csv.Error as error:
        raise DataError(
            f"{path.name} is not used: line {reader.line_num:,} cannot be taken apart into values ({error}).",
            file=str(path),
            row=reader.line_num,
        ) from error
    return Aliases(found, unmatched, example)


def _rows_of_titles(titles: Sequence[str | None]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, title in enumerate(titles):
        for key in {title_key(title), title_key(split_year(title)[0])} if title else ():
            rows.setdefault(key, []).append(row)
    return rows
