"""A person's export, or a table with titles and ratings, as the entries of a profile."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.data.written_ratings import FIVE_STARS, guessed_scale, parse_rating
from engine.datasets.build.export_dates import read_dates
from engine.datasets.build.export_table import ExportTable, plain_names, to_year
from engine.datasets.formats.arrow import import_arrow
from engine.datasets.formats.files import Files
from engine.datasets.formats.parquet_json import open_rows
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.shown import listed
from engine.datasets.formats.sources import open_source
from engine.datasets.formats.values import BadValueError
from engine.datasets.registry import get, readers, recognise
from engine.errors import DataError, ErrorKind, OptionError
from engine.profiles.profile import Entry, Status
from engine.runtime.job import Job
from engine.storage.atomic import writing
from engine.text import foreign_names

#: The columns of the tables that :func:`write_entries` writes; other tables need the first one and a rating.
COLUMNS = ("title", "year", "rating", "out_of", "status", "date", "other_title", "source", "source_id", "lowest")
_THINGS = ("film", "movie", "show", "series", "book", "anime", "game", "album", "song")
_TITLES = ("title", "name", *_THINGS, *foreign_names.TITLE, *foreign_names.THING)
_RATINGS = ("rating", "your rating", "my rating", "score", "stars", *foreign_names.RATING)
_YEARS = ("year", "release year", *foreign_names.YEAR)
_DATES = ("date", "rated at", "watched date", *foreign_names.TIME)
_STATUSES: tuple[Status, ...] = ("rated", "seen", "watchlist", "not-interested")
_TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
_TABLE_SUFFIXES = (*_TEXT_SUFFIXES, ".json", ".jsonl", ".ndjson", ".parquet")
#: The source of entries from a table that no reader of exports recognises.
TABLE = "table"


@dataclass(frozen=True, slots=True)
class ReadExport:
    """What was read from an export.

    Attributes
    ----------
    kind
        The kind of the export, or ``"table"``.
    entries
        The entries.
    rows
        The row, or line, of the file for each entry; None where the export has none.
    notes
        Sentences for a person.
    """

    kind: str
    entries: tuple[Entry, ...]
    rows: tuple[int | None, ...]
    notes: tuple[str, ...]


def kinds() -> tuple[str, ...]:
    """The kinds of export that can be read."""
    return (*(kind for kind, reader in readers().items() if reader.read_history is not None), TABLE)


def read_export(path: Path, kind: str | None = None, job: Job | None = None) -> ReadExport:
    """Read a person's export.

    Parameters
    ----------
    path
        The file, folder or archive.
    kind
        One of :func:`kinds`; None recognises it.
    job
        Takes the progress and may be cancelled.

    Raises
    ------
    OptionError
        If there is no such kind.
    DataError
        If the file is missing or not what it should be, or its kind is not recognised.
    """
    import_arrow()
    if kind is not None and kind not in kinds():
        raise OptionError(
            f"There is no kind {kind!r} of a person's export; the kinds are {', '.join(kinds())}.",
            kind=ErrorKind.UNKNOWN_KIND,
            name=kind,
            choices=kinds(),
        )
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder.", file=str(path))
    whole = path.is_dir() or path.suffix.lower() == ".zip"
    files = Files(source=path) if whole else Files(ratings=path)
    own = None if kind not in (None, TABLE) or path.is_dir() else _own_table(path, certain=kind == TABLE, job=job)
    if own is not None:
        return own
    try:
        reader = get(kind) if kind is not None else recognise(files)
    except DataError as error:
        own = None if whole or error.kind != ErrorKind.UNCLEAR_KIND else _plain_table(path, job)
        if own is None:
            raise
        return own
    if reader.read_history is None:
        raise _unclear(
            path,
            f"is of the kind {reader.kind!r}, which holds the ratings of several people, and not a person's own "
            "export; those are",
        )
    history = reader.read_history("me", files, job)
    found = history.interactions()
    entries = [
        Entry(
            one.title,
            one.year,
            "seen" if one.rating is None else "rated",
            one.rating,
            history.highest_rating,
            one.time,
            one.original_title if one.original_title != one.title else "",
            reader.kind,
            one.source_id,
        )
        for one in found
    ]
    return ReadExport(reader.kind, tuple(entries), tuple(one.row for one in found), tuple(history.notes))


def _own_table(path: Path, *, certain: bool, job: Job | None) -> ReadExport | None:
    """The entries of a table or a JSON file in the form of :func:`write_entries`; None if it is something else.

    Parameters
    ----------
    certain
        Whether any table with titles and ratings is taken, and not only one with the columns of the program's own.
    """
    suffix = path.suffix.lower()
    if suffix == ".json" and (own := _own_json(path)) is not None:
        return own
    if suffix not in (_TABLE_SUFFIXES if certain else _TEXT_SUFFIXES):
        return None  # another document may be a known export
    rows = open_rows(open_source(path))
    names = plain_names(rows.columns)
    if not certain and not plain_names(COLUMNS[:5]) <= names:
        return None
    report = ReadReport(rows.name, "ratings")
    table = ExportTable(rows, report, job)
    table.require(*_TITLES)
    table.require(*_RATINGS)
    table.require_single_values(*_TITLES)
    if not report.rows:
        raise DataError(
            f"{rows.name}: has no rows of data below its header; name a file that holds data.", file=rows.name
        )
    ratings, highest, lowest = (
        table.parsed(parse_rating, "a rating, such as 4, 4/5 or ★★★½", *_RATINGS),
        table.numbers("out of"),
        table.numbers("lowest"),
    )
    columns = {name: table.texts(name) for name in ("status", "other title", "source", "source id")}
    years, times = table.texts(*_YEARS), table.dates(*_DATES)
    guessed = guessed_scale(one for one, stated in zip(ratings, highest, strict=True) if not stated)
    guesses = False
    entries, places = [], []
    for row, title in enumerate(table.texts(*_TITLES)):
        if not title:
            table.skip(row, "no title")
            continue
        rating = ratings[row]
        guesses |= rating is not None and not (highest[row] or rating.highest)
        entries.append(
            _entry(
                f"{rows.name}, row {table.places[row]:,}",
                {
                    "title": _undefused(title),
                    "year": to_year(years[row]),
                    "rating": rating and rating.value,
                    "out_of": highest[row] or (rating and rating.highest) or guessed,
                    "status": columns["status"][row],
                    "time": times[row],
                    "other_title": _undefused(columns["other title"][row]),
                    "source": _undefused(columns["source"][row]) if table.column("source") else TABLE,
                    "source_id": _undefused(columns["source id"][row]),
                    "lowest": lowest[row],
                },
            )
        )
        places.append(table.places[row])
    notes = [f"{rows.name}: {count:,} rows were left out: {reason}." for reason, count in report.skipped.items()]
    if guesses:
        other = "8/10" if guessed == FIVE_STARS else "4/5"
        notes.append(
            f"{rows.name}: the ratings were read as out of {guessed:g}; a column out_of, or ratings such as {other}, "
            "name another scale."
        )
    notes += [f"{rows.name}: {remark}" for remark in report.remarks]
    return ReadExport(TABLE, tuple(entries), tuple(places), tuple(notes))


def _plain_table(path: Path, job: Job | None) -> ReadExport | None:
    """The entries of a table that no reader knows, if it has titles and ratings; None if it has not."""
    if path.suffix.lower() not in _TABLE_SUFFIXES:
        return None
    columns = open_rows(open_source(path)).columns
    names = plain_names(columns)
    if plain_names(_TITLES) & names and plain_names(_RATINGS) & names:
        return _own_table(path, certain=True, job=job)
    raise _unclear(path, f"is no export of a known kind (it has the columns {listed(columns)}); the kinds are")


def _unclear(path: Path, what: str) -> DataError:
    known = kinds()
    return DataError(
        f"{path}: {what} {', '.join(known)}.", kind=ErrorKind.UNCLEAR_EXPORT, file=str(path), choices=known
    )


def _own_json(path: Path) -> ReadExport | None:
    from engine.storage.guarded import read_json

    try:
        values = read_json(path)
    except DataError:
        return None
    if not isinstance(values, list) or not all(isinstance(one, dict) and {*COLUMNS[:5]} <= {*one} for one in values):
        return None
    dates = [str(one.get("date") or "") for one in values]
    try:
        times = read_dates(dates).seconds
    except BadValueError as error:
        raise DataError(f"{path}, entry {error.position + 1:,}: {error}; correct it.", file=str(path)) from None
    entries = [
        _entry(f"{path}, entry {number:,}", {**one, "time": time})
        for number, (one, time) in enumerate(zip(values, times, strict=True), 1)
    ]
    return ReadExport(TABLE, tuple(entries), tuple(range(1, len(entries) + 1)), ())


def _entry(place: str, values: dict[str, Any]) -> Entry:
    from engine.storage.schema import SchemaError, convert

    rating, highest = values["rating"], values["out_of"] or FIVE_STARS
    status = values["status"] or ("seen" if rating is None else "rated")
    if status not in _STATUSES:
        raise DataError(f"{place}: the status {str(status)[:40]!r} is none of {', '.join(_STATUSES)}; correct it.")
    given = {name: one for name, one in values.items() if name in ("title", "year", "time") and one is not None}
    given |= {name: values.get(name) or "" for name in ("other_title", "source", "source_id")}
    lowest = values.get("lowest")
    try:
        entry = convert({**given, "status": status, "rating": rating, "highest": highest, "lowest": lowest}, Entry)
    except SchemaError as error:
        raise DataError(f"{place}: {error}; correct it.") from None
    if not entry.title.strip():
        raise DataError(f"{place}: has no title; name one, or delete the entry.")
    if entry.lowest is not None and not entry.lowest <= 0 < entry.highest - entry.lowest:
        raise DataError(
            f"{place}: a scale from {entry.lowest:g} to {entry.highest:g} cannot be; its lowest rating must be 0 or "
            "below, and below the highest one, or be left out."
        )
    if not entry.is_possible:
        raise DataError(
            f"{place}: {_not_on_scale(entry)}, as an item with the status {status!r} needs; correct it."
            if status == "rated"
            else f"{place}: has the status {status!r} and a rating; empty one of them."
        )
    return entry


def _not_on_scale(entry: Entry) -> str:
    shown = "None" if entry.rating is None else f"{entry.rating:g}"
    if entry.lowest is not None:
        return f"{shown} is not a rating from {entry.lowest:g} to {entry.highest:g}"
    below = entry.rating is not None and entry.rating <= 0
    other = " (a column lowest names the lowest rating of a scale that reaches to 0 or below)" if below else ""
    return f"{shown} is not a rating above 0 and up to {entry.highest:g}{other}"


def _undefused(text: str) -> str:
    """A text without the apostrophe that keeps a spreadsheet from running it as a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in set("=+-@＝＋－＠") else text


def rows_of(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The entries as :func:`read_export` reads them again: one mapping from :data:`COLUMNS` for each."""
    from datetime import UTC, datetime

    def date(time: int | None) -> str | None:
        try:
            return None if time is None else datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")
        except (ValueError, OverflowError, OSError):
            return None

    return [
        {
            "title": one.title,
            "year": one.year,
            "rating": one.rating,
            "out_of": None if one.rating is None else one.highest,
            "status": one.status,
            "date": date(one.time),
            "other_title": one.other_title,
            "source": one.source,
            "source_id": one.source_id,
            "lowest": None if one.rating is None else one.lowest,
        }
        for one in entries
    ]


def write_entries(path: Path, entries: Sequence[Entry], prepare_cell: Callable[[str], object] | None = None) -> None:
    """Write entries to a ``.csv`` or ``.json`` file that :func:`read_export` reads again.

    Parameters
    ----------
    path
        The file, which is replaced.
    entries
        The entries.
    prepare_cell
        Called with each text of a CSV file, such as to keep a spreadsheet from running it.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    rows = rows_of(entries)
    with writing(path) as part, open(part, "w", encoding="utf-8", newline="", errors="replace") as file:
        if path.suffix.lower() == ".json":
            json.dump(rows, file, indent=2, ensure_ascii=False)
            file.write("\n")
            return
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            cells = ("" if row[name] is None else row[name] for name in COLUMNS)
            writer.writerow([prepare_cell(one) if prepare_cell and isinstance(one, str) else one for one in cells])
