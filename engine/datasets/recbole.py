"""The atomic files of RecBole: ``.inter`` and ``.item``, tab-separated, with ``name:type`` in the header."""

from __future__ import annotations

from typing import Any

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import read_log
from engine.datasets.build.items import Catalogue, read_records
from engine.datasets.formats.column_names import GENRES, LOG_ROLES, RATING, TIME, TITLE, USER, YEAR, plain_name
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import find_columns
from engine.datasets.formats.shown import listed
from engine.datasets.formats.sources import Source, choose, collect
from engine.datasets.movielens import release_title
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job

ITEM = LOG_ROLES["item"]
_TYPES = ("token", "token_seq", "float", "float_seq")


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read a folder, an archive or single files: interactions, items, or both.

    The parts of a sequence (``token_seq``) are separated by single spaces, as RecBole defines. Titles are not changed,
    except in a column ``movie_title``, which RecBole uses for MovieLens: there the article is put first, as in the
    reader ``movielens``.

    Raises
    ------
    DataError
        If a file is not what it should be.
    """
    inter, items = _find(files, "ratings", ".inter"), _find(files, "items", ".item")
    files.require_any((items, inter), "recbole")
    reports, catalogue, log = [], None, None
    if inter is not None:
        rows = Delimited(inter, quote=None)
        names = _names_and_types(rows)
        found = find_columns(
            rows,
            {"user": _typed(names, USER, "user_id"), "item": _typed(names, ITEM, "item_id")},
            {"rating": _typed(names, RATING, "rating"), "time": _typed(names, TIME, "timestamp")},
        )
        log = read_log(rows, found, job)
        reports.append(log.report)
    if items is not None:
        report = ReadReport(items.name, "items")
        catalogue = _read_catalogue(items, report, job)
        reports.append(report)
    title = name if log is None else release_title(log, name)
    others = [] if files.source is None else [one.name for one in collect(files.source) if one not in (inter, items)]
    notes = [f"Files that were not read: {', '.join(others[:8])}."] if others else []
    return assemble(name, "recbole", title, catalogue=catalogue, log=log, reports=reports, notes=notes, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    # u.item belongs to MovieLens.
    named = any(one.base.endswith((".inter", ".item")) and one.base != "u.item" for one in evidence.members)
    typed = (":token" in name or ":float" in name for one in evidence.tables() for name in one.columns)
    return Certainty.certain_if(named or any(typed))


READER = Reader("recbole", "RecBole atomic files: .inter and .item", read, _recognises)


def _find(files: Files, role: str, suffix: str) -> Source | None:
    if getattr(files, role) is not None or files.source is None:
        return files.find(role, (f"*{suffix}",))
    fitting = [one for one in collect(files.source) if one.base.endswith(suffix)]
    if len(fitting) > 1:
        names = [one.name for one in fitting]
        raise DataError(
            f"{files.source} holds several {suffix} files ({listed(names)}), and one is needed.",
            kind=ErrorKind.SEVERAL_FILES,
            name=role,
            file=str(files.source),
            choices=names,
        )
    return choose(fitting, ("*",))


def _names_and_types(rows: Delimited) -> dict[str, str]:
    """Field name -> type, from the header."""
    split = dict(column.rsplit(":", 1) for column in rows.columns if ":" in column)
    if len(split) < len(rows.columns) or not set(split.values()) <= set(_TYPES):
        raise DataError(
            f"{rows.name}: the header should be of the form user_id:token, item_id:token …, "
            f"and is {listed(rows.columns)}.",
            kind=ErrorKind.BAD_HEADER,
            name="recbole",
            file=rows.name,
            row=1,
        )
    return split


def _typed(names: dict[str, str], wanted: tuple[str, ...], example: str) -> list[str]:
    """Those of the wanted names that are in the header, with their types; if none is, the example."""
    there = {plain_name(name): f"{name}:{kind}" for name, kind in names.items()}
    return [there[one] for one in wanted if one in there] or [f"{example}:token"]


def _read_catalogue(source: Source, report: ReadReport, job: Job | None) -> Catalogue:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = Delimited(source, quote=None)
    types = _names_and_types(rows)
    by_role = find_columns(
        rows,
        {"id": _typed(types, ITEM, "item_id")},
        {
            "title": _typed(types, TITLE, "title"),
            "year": _typed(types, YEAR, "year"),
            "genres": _typed(types, GENRES, "genres"),
        },
    )
    records = read_records(rows, rows.columns, report, job)
    ids, table = records.keep_first_of_each(by_role["id"], "item"), records.table

    nothing = pa.chunked_array([pa.nulls(len(table), pa.string())])
    there = {role: columns.strip(table[column]) for role, column in by_role.items()}
    title = there.get("title", nothing)
    metadata: list[tuple[str, Any]] = []
    if by_role.get("title") == "movie_title:token_seq":
        metadata.append(("source_title", title))
        title = columns.map_distinct(title, columns.article_first, pa.string())
    title = pc.coalesce(title, ids.cast(pa.string()))
    genres = columns.split_genres(there.get("genres", nothing), " ")
    metadata += [
        (name, columns.numbers(table[f"{name}:{kind}"]) if kind == "float" else columns.strip(table[f"{name}:{kind}"]))
        for name, kind in types.items()
        if f"{name}:{kind}" not in by_role.values()
    ]
    standard = {
        "title": title,
        "year": columns.years_of(records, by_role["year"]) if "year" in by_role else columns.years(nothing),
        "genres": genres,
        "text": columns.sentence(title, columns.joined(genres)),
    }
    return Catalogue(ids, columns.table_of(standard, metadata))
