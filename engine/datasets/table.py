"""Any table: CSV, TSV, JSON lines or Parquet, whose columns the caller names or the reader guesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import read_log
from engine.datasets.build.items import Catalogue, read_records
from engine.datasets.formats.column_names import (
    GENRES,
    ITEM,
    RATING,
    TEXT,
    TIME,
    TITLE,
    USER,
    YEAR,
    is_catalogue,
    is_log,
)
from engine.datasets.formats.files import Files
from engine.datasets.formats.parquet_json import open_rows
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import Rows, find_columns
from engine.datasets.formats.sources import Source, collect
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import ErrorKind, OptionError
from engine.runtime.job import Job

_RATINGS = ("ratings.*", "interactions.*", "events.*", "log.*", "*rating*", "*interaction*")
_ITEMS = ("items.*", "catalogue.*", "catalog.*", "products.*", "movies.*", "books.*", "*item*")
_LOG_ROLES = {"user": USER, "item": ITEM, "rating": RATING, "time": TIME}
_ITEM_ROLES = {"id": ("id", *ITEM), "title": TITLE, "year": YEAR, "genres": GENRES}
#: File -> role -> column, for columns that were found by their usual names.
_Guessed = dict[str, dict[str, str]]


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read a table of interactions, a table of items, or both.

    ``files.mapping`` names the columns. The roles of interactions are ``user``, ``item``, ``rating`` and ``time``;
    those of items are ``id``, ``title``, ``text``, ``year`` and ``genres``. For other roles a column with a usual name
    is taken, and noted. Ratings and times are optional. Unless ``text`` is mapped, the text of an item is its title,
    its genres, those who made it (authors, artists, brands, directors …) and its descriptions. All other columns of the
    items are kept as metadata, with the types that their values or the file have.

    Raises
    ------
    DataError
        If a file is not what it should be, or a column that is needed was neither named nor found.
    OptionError
        If ``mapping`` names an unknown role.
    """
    roles = (*_LOG_ROLES, *_ITEM_ROLES, "text")
    for role in files.mapping:
        if role not in roles:
            raise OptionError(
                f"There is no role {role!r} to map a column to; the roles are {', '.join(roles)}.",
                kind=ErrorKind.UNKNOWN_ROLE,
                name=role,
                choices=roles,
            )
    ratings, items = _find(files)
    files.require_any((ratings, items), "table", ("ratings", "items"))
    guessed: _Guessed = {}
    reports, catalogue, log, item_column = [], None, None, None
    if ratings is not None:
        rows = open_rows(ratings)
        found = _columns_of(rows, files, _LOG_ROLES, ("user", "item"), guessed)
        item_column = found["item"]
        log = read_log(rows, found, job)
        reports.append(log.report)
    if items is not None:
        report = ReadReport(items.name, "items")
        catalogue = _read_catalogue(open_rows(items), files, item_column, report, guessed, job)
        reports.append(report)
    notes = [f"{file}: columns recognised by their names: {_listed(columns)}." for file, columns in guessed.items()]
    return assemble(
        name,
        "table",
        name,
        catalogue=catalogue,
        log=log,
        reports=reports,
        notes=notes,
        guessed=guessed,
        job=job,
    )


def _recognises(evidence: Evidence) -> Certainty:
    items, ratings = evidence.items, evidence.ratings
    if items is None and ratings is None:
        return Certainty.NO
    items_fit = items is None or is_catalogue(evidence.glimpse(items).columns)
    ratings_fit = ratings is None or is_log(evidence.glimpse(ratings).columns)
    return Certainty.POSSIBLE if items_fit and ratings_fit else Certainty.NO


READER = Reader("table", "any CSV, TSV, JSONL or Parquet with columns for user, item, rating, time", read, _recognises)


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{role} = {column}" for role, column in columns.items())


def _find(files: Files) -> tuple[Source | None, Source | None]:
    if files.source is not None and files.ratings is None and files.items is None:
        found = collect(files.source)
        if len(found) == 1:
            interactions = "user" in files.mapping or is_log({one.lower() for one in open_rows(found[0]).columns})
            return (found[0], None) if interactions else (None, found[0])
    return files.find("ratings", _RATINGS), files.find("items", _ITEMS)


def _columns_of(
    rows: Rows,
    files: Files,
    roles: dict[str, tuple[str, ...]],
    required: Sequence[str],
    guessed: _Guessed,
) -> dict[str, str]:
    """Role -> column, from the mapping or by usual names; the latter are entered in ``guessed`` under the file."""
    mapped = {role: [_one(files, role)] for role in roles if role in files.mapping}
    usual = {role: names for role, names in roles.items() if role not in mapped}
    needed = {
        role: [*mapped.get(role, ()), *usual.get(role, ())] for role in roles if role in mapped or role in required
    }
    optional = {role: names for role, names in usual.items() if role not in required}
    found = find_columns(rows, needed, optional, kind="table")
    named = {column for role, column in found.items() if role in mapped}
    by_name = {role: column for role, column in found.items() if role in usual and column not in named}
    if by_name:
        guessed.setdefault(rows.name, {}).update(by_name)
    return {role: column for role, column in found.items() if role in mapped or role in by_name}


def _one(files: Files, role: str) -> str:
    column = files.mapping[role]
    if not isinstance(column, str):
        raise OptionError(f"The role {role!r} takes one column, not {len(column)}.", name=role, choices=column)
    return column


def _read_catalogue(
    rows: Rows,
    files: Files,
    item_column: str | None,
    report: ReadReport,
    guessed: _Guessed,
    job: Job | None,
) -> Catalogue:
    import pyarrow as pa
    import pyarrow.compute as pc

    roles = dict(_ITEM_ROLES)
    if item_column is not None:  # both files most likely use the same name for the ids
        roles["id"] = (item_column, *roles["id"])
    found = _columns_of(rows, files, roles, ("id",), guessed)
    if "text" in files.mapping:
        named = files.mapping["text"]
        names = named.split("+") if isinstance(named, str) else named
        described = list(find_columns(rows, {name: [name] for name in names}, kind="table").values())
    else:
        lower = {column.lower(): column for column in rows.columns}
        described = [lower[one] for one in TEXT if one in lower and lower[one] not in found.values()]
    records = read_records(rows, rows.columns, report, job, typed=True)
    ids, table = records.keep_first_of_each(found["id"], "item"), records.table

    shown = [column for column in rows.columns if column not in (found["id"], found.get("title"), found.get("genres"))]
    there = columns.type_columns(records, [column for column in shown if column not in described])
    there |= {column: columns.as_prose(table[column], " ") for column in described}
    nothing = pa.chunked_array([pa.nulls(len(table), pa.string())])
    by_role = {role: table[column] for role, column in found.items()}
    title = columns.as_prose(by_role.get("title", nothing))
    if "title" in found and title.null_count:
        some = "one item has" if title.null_count == 1 else f"{title.null_count:,} items have"
        report.remarks.append(f"{some} no title; the id is used as the title.")
    title = pc.coalesce(title, ids.cast(pa.string()))
    genres = columns.split_genres(by_role.get("genres", nothing))
    parts = [there[one] for one in described]
    if "text" not in files.mapping:
        makers = columns.makers({one: there[one] for one in shown if one in there and one not in described})
        parts = [title, columns.joined(genres), *makers, *parts]
    standard = {
        "title": title,
        "year": columns.years(columns.as_prose(by_role.get("year", nothing))),
        "genres": genres,
        "text": pc.fill_null(columns.sentence(*parts), ""),
    }
    return Catalogue(ids, columns.table_of(standard, [(column, there[column]) for column in shown if column in there]))
