"""The people and the keywords of films: credits.csv and keywords.csv of The Movies Dataset."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.text_columns import list_parts
from engine.datasets.build.items import is_first, nulls
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import find_columns, following, place
from engine.datasets.formats.sources import Source, choose, collect, open_source
from engine.datasets.formats.values import to_strings

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.files import Files
    from engine.runtime.job import Job

#: Of the cast, which the files list by billing, as many are kept as people know a film by.
_MAX_CAST = 5
#: An object of a list in the notation of Python that holds no other object; braces in its texts do not end it.
_OBJECT = re.compile(r"""\{(?:[^{}'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\}""", re.DOTALL)
_EMPTY = re.compile(r"\s*(?:\[\s*\])?\s*")


def _cast(text: str) -> list[str] | None:
    return _names(text, most=_MAX_CAST)


def _directors(text: str) -> list[str] | None:
    return _names(text, where=("job", "Director"))


@dataclass(frozen=True, slots=True)
class _File:
    """A file about films: the patterns of its name, and for each column of the catalogue its own one and its parser."""

    role: str
    patterns: tuple[str, ...]
    columns: Mapping[str, tuple[str, Callable[[str], list[str] | None]]]


_FILES = (
    _File("credits", ("credits.csv", "*credits*.csv"), {"director": ("crew", _directors), "cast": ("cast", _cast)}),
    _File("keywords", ("keywords.csv", "keywords*.csv"), {"keywords": ("keywords", list_parts)}),
)


def read_credits(
    files: Files, metadata: Source, tmdb_ids: pa.Array, job: Job | None = None
) -> tuple[dict[str, pa.Array], list[ReadReport]]:
    """Read the credits and the keywords, as far as they are given.

    They are taken from the folder or the archive of the data set. Where the metadata was named by itself, the files
    beside it with exactly their original names are used.

    Parameters
    ----------
    files
        The files of the data set.
    metadata
        The file with the metadata.
    tmdb_ids
        The number of each film at TMDB as text, null where it is unknown, shape (num_films,).
    job
        Takes the progress and may be cancelled.

    Returns
    -------
    tuple
        Column -> a list of names for each film, null where there are none; and the row counts of the files.

    Raises
    ------
    DataError
        If a file is damaged or lacks its columns.
    """
    columns: dict[str, pa.Array] = {}
    reports = []
    for one in _FILES:
        source = _find(files, metadata, one)
        if source is not None:
            report = ReadReport(source.name, one.role)
            columns |= _read(source, one, tmdb_ids, report, job)
            reports.append(report)
    return columns, reports


def _find(files: Files, metadata: Source, wanted: _File) -> Source | None:
    if files.items is None and files.source is not None:
        return choose(collect(files.source), wanted.patterns)
    if metadata.member is not None:
        return choose(collect(metadata.path), wanted.patterns)
    for name in (wanted.patterns[0], f"{wanted.patterns[0]}.gz", f"{wanted.patterns[0]}.zip"):
        path: Path = metadata.path.with_name(name)
        if path.is_file():
            return open_source(path, wanted.patterns)
    return None


def _read(
    source: Source, wanted: _File, tmdb_ids: pa.Array, report: ReadReport, job: Job | None
) -> dict[str, pa.Array]:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, films = Delimited(source), _whole_numbers(tmdb_ids)
    own = {column: [column] for column, _ in wanted.columns.values()}
    found = find_columns(rows, {"id": ["id", "movie_id"], **own})
    film_rows: list[npt.NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    values: dict[str, list[list[str] | None]] = {name: [] for name in wanted.columns}
    unreadable = 0
    seen = np.zeros(len(tmdb_ids), dtype=bool)
    for block in following(rows.blocks(list(found.values()), report), report, job):
        ids = _whole_numbers(to_strings(block.columns[found["id"]]))
        row_of = pc.index_in(ids, films, skip_nulls=True).fill_null(-1).to_numpy().astype(np.int64)
        missing, known = nulls(ids), row_of >= 0
        new = known & is_first(ids)
        new[known] &= ~seen[row_of[known]]
        seen[row_of[known]] = True
        for which, reason in (
            (missing, "no number of a film"),
            (~missing & ~known, "film that is not in the catalogue"),
            (known & ~new, "film that the file has twice"),
        ):
            if which.any():
                report.skip(reason, int(which.sum()), place(block, int(which.argmax())))
        film_rows.append(row_of[new])
        for name, (column, parse) in wanted.columns.items():
            texts = to_strings(block.columns[found[column]]).filter(pa.array(new)).to_pylist()
            parsed = [[] if text is None else parse(text) for text in texts]
            is_broken = (one is None and not _EMPTY.fullmatch(text) for one, text in zip(parsed, texts, strict=True))
            unreadable += sum(is_broken)
            values[name] += parsed
    if unreadable:
        some = f"{unreadable:,} lists of names" if unreadable > 1 else "one list of names"
        report.remarks.append(f"{some} cannot be read, and the films are kept without.")
    return {name: _placed(np.concatenate(film_rows), lists, len(tmdb_ids)) for name, lists in values.items()}


def _whole_numbers(texts: pa.Array) -> pa.Array:
    """The numbers in texts, also in those such as ``862.0``; null for everything else."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(texts, pattern=r"^\s*(?P<digits>\d{1,18})(?:\.0+)?\s*$")
    return pc.struct_field(found, "digits").cast(pa.int64())


def _placed(rows: npt.NDArray[np.int64], lists: Sequence[list[str] | None], num_films: int) -> pa.Array:
    """The lists at the rows of their films; null for the other films and for empty lists."""
    import pyarrow as pa

    order = np.full(num_films, -1, dtype=np.int64)
    order[rows] = np.arange(len(rows))
    made = pa.array([one or None for one in lists], pa.list_(pa.string()))
    return made.take(pa.array(order, mask=order < 0))


def _names(text: str, *, most: int | None = None, where: tuple[str, str] | None = None) -> list[str] | None:
    """The different names of the objects in a list; None if the text is not a list of objects.

    Only the objects that are needed are parsed, since a list can have hundreds; nothing is executed.
    """
    if _EMPTY.fullmatch(text):
        return []
    if not text.strip().startswith("[") or not text.strip().endswith("]"):
        return None
    found = _OBJECT.findall(text)
    if not found:
        return None
    try:
        return list(dict.fromkeys(islice(_of_objects(found, where), most)))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _of_objects(objects: Sequence[str], where: tuple[str, str] | None) -> Iterator[str]:
    for one in objects:
        if where is not None and where[1] not in one:
            continue
        value: Any = ast.literal_eval(one)
        name = value.get("name") if isinstance(value, dict) else None
        if isinstance(name, str) and name.strip() and (where is None or value.get(where[0]) == where[1]):
            yield name.strip()
