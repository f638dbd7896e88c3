"""A person's export of Letterboxd: the archive, its folder, or one of its tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Literal

from engine.data.dataset import Dataset
from engine.datasets.build.export_table import ExportTable, plain_names, split_list, to_year
from engine.datasets.build.personal import ExportItem, PersonalExport
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import RowBatch
from engine.datasets.formats.sources import Source, collect
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job

#: The columns that every table of films has.
_FILM_COLUMNS = frozenset({"name", "year"})
_LIST_MARK = "letterboxd list export"
_URI = ("Letterboxd URI", "URL", "Film URL")
#: In these folders are entries that the person removed, or that lost their film.
_REMOVED = ("deleted", "orphaned")
_Role = Literal["ratings", "watched", "diary", "likes", "watchlist", "list", ""]
#: The tables that say what the person saw, the one that names the films best first.
_ORDER: Sequence[_Role] = ("ratings", "watched", "likes", "diary", "list", "watchlist")


def read_history(name: str, files: Files, job: Job | None = None) -> PersonalExport:
    """Read what a person watched, rated, liked and wrote in the diary, as the user ``me``.

    Ratings go from 0.5 to 5 by half stars. A film has one interaction: with the rating that the film has now, or else
    the latest one of the diary, at the day on which it was last watched. A film without a rating was seen and not
    rated. The diary names its entries by addresses of their own, so its films are found by name and year.

    A watchlist and lists say nothing about what was seen. A list or watchlist that is read alone still names films: a
    list as films that were seen, a watchlist only as films to search.

    Raises
    ------
    DataError
        If no table of films is among the files, or one is not what it should be.
    """
    tables, others = _find(files)
    files.require_any([source for source, _ in tables], "letterboxd", ("ratings",))
    seen = [one for one in tables if one[1] not in ("list", "watchlist")]
    export = PersonalExport(name, "letterboxd", "Letterboxd", "film")
    left = [source.base for source, role in tables if seen and role in ("list", "watchlist")] + others
    if left:
        more = f" and {len(left) - 8:,} more" if len(left) > 8 else ""
        export.notes.append(
            f"Files that say nothing about films that were seen, and were not read: {_few(left)}{more}."
        )
    films: dict[tuple[str, int | None], str] = {}
    for source, role in sorted(seen or tables, key=lambda one: _ORDER.index(one[1])):
        _read_table(export, films, source, role, job)
    return export


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """The data set of one person: what :func:`read_history` finds, matched to a catalogue if ``files`` names one."""
    return read_history(name, files, job).build(files, job)


def _recognises(evidence: Evidence) -> Certainty:
    if evidence.members:
        marked = (one for one in evidence.members if one.base in ("ratings.csv", "watched.csv", "diary.csv"))
        return Certainty.certain_if(
            any(_is_table(one) for one in marked) or (len(evidence.members) == 1 and _is_table(evidence.members[0]))
        )
    return Certainty.certain_if(evidence.ratings is not None and _is_table(evidence.ratings))


READER = Reader(
    "letterboxd",
    "a person's export of Letterboxd: the zip, its folder or one of its csv",
    read,
    _recognises,
    read_history,
)


def _is_table(source: Source) -> bool:
    head = source.head().removeprefix(b"\xef\xbb\xbf").lstrip()
    line = head.split(b"\n", 1)[0].decode("utf-8", "replace").strip().lower()
    return line.startswith(_LIST_MARK) or "letterboxd uri" in line


def _find(files: Files) -> tuple[list[tuple[Source, _Role]], list[str]]:
    """The tables of films with their roles, and the names of all other files."""
    path = files.ratings or files.source
    sources = [] if path is None else collect(path)
    found: list[tuple[Source, _Role]] = []
    others: list[str] = []
    for source in sources:
        role = _role_of(source)
        if role:
            found.append((source, role))
        else:
            others.append(source.base)
    return found, others


def _role_of(source: Source) -> _Role:
    folder = (PurePosixPath(source.member) if source.member is not None else source.path).parent.name.lower()
    if not source.base.endswith((".csv", ".txt")) or folder in _REMOVED:
        return ""
    head = source.text_head().lstrip()
    if head.lower().startswith(_LIST_MARK):
        return "list"
    columns = plain_names(Delimited(source).columns)
    if not columns >= _FILM_COLUMNS:
        return ""
    if "watcheddate" in columns or "rewatch" in columns:
        return "diary"
    if "rating" in columns:
        return "ratings"
    if folder == "likes" or source.base.startswith(("films", "likes")):
        return "likes"
    return "watchlist" if source.base.startswith("watchlist") else "watched"


def _read_table(
    export: PersonalExport, films: dict[tuple[str, int | None], str], source: Source, role: _Role, job: Job | None
) -> None:
    report = export.report(source.name)
    table = ExportTable(_ListRows(source) if role == "list" else Delimited(source), report, job)
    table.require("Name")
    names, uris, years = table.texts("Name"), table.texts(*_URI), [to_year(one) for one in table.texts("Year")]
    ratings = table.numbers("Rating") if role in ("ratings", "diary") else [None] * len(table)
    logged = table.dates("Date") if table.column("Date") else [None] * len(table)
    watched = table.dates("Watched Date")
    rewatches = table.texts("Rewatch")
    tags = table.texts("Tags")
    again = 0
    for row, title in enumerate(names):
        if not title:
            table.skip(row, "no name of a film")
            continue
        rating = ratings[row]
        if rating is not None and not 0 < rating <= 5:
            raise DataError(
                f"{source.name}, row {table.places[row]:,}, column Rating: {rating:g} is not a rating between 0.5 and "
                "5; correct it, or empty it.",
                kind=ErrorKind.BAD_VALUE,
                file=source.name,
                row=table.places[row],
                column="Rating",
            )
        key = (title, years[row])
        label = title if years[row] is None else f"{title} ({years[row]})"
        # The addresses in the diary are those of its entries.
        own = uris[row] if uris[row] and role != "diary" else films.get(key, label)
        films.setdefault(key, own)
        facts = {"letterboxd_tags": ", ".join(split_list(tags[row])) or None}
        export.add_item(ExportItem(own, title, years[row], facts=facts))
        if role == "watchlist":
            table.skip(row, "on the watchlist, so not seen yet")
            continue
        again += rewatches[row].lower() in ("yes", "true", "1")
        time = watched[row] if watched[row] is not None else logged[row]
        export.add_event(own, rating, time, report, table.places[row], is_current=role == "ratings")
    if again:
        report.remarks.append(f"{again:,} entries are rewatches; the film keeps its latest rating and date.")
    if role == "list":
        report.remarks.append("a list does not say what was seen; its films were read as seen and not rated.")


class _ListRows:
    """The films of a list: a table below the lines that describe the list itself."""

    has_header = True
    remarks: Sequence[str] = ()

    def __init__(self, source: Source) -> None:
        self.name = source.name
        with source.open_text() as stream:
            text = b"".join(stream.blocks()).decode()
        try:
            rows = list(csv.reader(io.StringIO(text, newline="")))
        except csv.Error as error:
            raise DataError(
                f"{self.name}: cannot be read as a table ({error}); export the list again.",
                kind=ErrorKind.BAD_ROW,
                file=self.name,
            ) from None
        start = next((p for p, row in enumerate(rows) if plain_names(row) >= _FILM_COLUMNS), None)
        if start is None:
            raise DataError(
                f"{self.name}: is a list of Letterboxd without the row 'Position,Name,Year,URL'; export it again.",
                kind=ErrorKind.BAD_HEADER,
                file=self.name,
            )
        self.columns: list[str] = rows[start]
        self._rows, self._first = rows[start + 1 :], start + 2

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns as strings. See :class:`engine.datasets.formats.rows.Rows`."""
        import numpy as np
        import pyarrow as pa

        filled = [row for row in self._rows if row]
        report.rows += len(filled)
        places = [self._first + p for p, row in enumerate(self._rows) if row]
        columns = {
            name: pa.array([row[at] if at < len(row) else "" for row in filled], pa.string())
            for name in wanted
            for at in (self.columns.index(name),)
        }
        yield RowBatch(columns, np.array(places, dtype=np.int64))


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8])
