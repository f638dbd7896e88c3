"""Any table: CSV, TSV, JSON lines or Parquet, whose columns the caller names or the reader guesses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from engine.data.dataset import Dataset
from engine.data.items import with_source_columns
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import concatenated, read_log
from engine.datasets.build.items import Catalogue, Records, read_records
from engine.datasets.build.pictures import find_pictures
from engine.datasets.build.roles import (
    Roles,
    describes,
    label_of_log,
    looks_like,
    mapped_column,
    roles_of_catalogue,
    roles_of_log,
    sample_of,
)
from engine.datasets.build.time_columns import columns_of_time, day_and_clock, offer_order, with_time
from engine.datasets.formats.chained_rows import ChainedRows
from engine.datasets.formats.column_names import CATALOGUE_ROLES, LOG_ROLES, TEXT, is_catalogue, is_log, usual
from engine.datasets.formats.files import Files
from engine.datasets.formats.joined_rows import JoinedRows
from engine.datasets.formats.parquet_json import open_rows
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import Rows
from engine.datasets.formats.selected_rows import SelectedRows
from engine.datasets.formats.shown import listed, shortened
from engine.datasets.formats.sources import Source, collect, open_source
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind, OptionError
from engine.runtime.job import Job

_RATINGS = ("ratings.*", "interactions.*", "events.*", "log.*", "*rating*", "*interaction*")
_ITEMS = ("items.*", "catalogue.*", "catalog.*", "products.*", "movies.*", "books.*", "*item*")
_OTHER_ROLES = ("text", "unrated")
_ROLES = (*LOG_ROLES, *CATALOGUE_ROLES, *_OTHER_ROLES)
#: The column that is added to the interactions of one person.
_PERSON = "the person"
_MOST_LISTED = 12


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read a table of interactions, a table of items, or both.

    ``files.mapping`` names the columns. The roles of interactions are ``user``, ``item``, ``rating``, ``weight`` and
    ``time``; those of items are ``id``, ``title``, ``text``, ``year``, ``genres`` and ``image``. The text and the time
    may be several columns (see :func:`engine.datasets.build.time_columns.columns_of_time`). For other roles a column
    with a usual name and fitting values is taken, and noted; an empty name turns that off. Only ``user`` and
    ``item``, or ``id``, are needed. Unless ``text`` is mapped, the text of an item is its title, its genres, those who
    made it (authors, artists, brands, directors …) and its descriptions. All other columns of the items are kept as
    metadata, with the types that their values or the file have. The column ``image`` names pictures that lie beside the
    file of items; one whose values are such names is found by them, too. Without a file of items, the titles, years and
    genres of the items are taken from the interactions, if they are there.

    Raises
    ------
    DataError
        If a file is not what it should be, or a column that is needed was neither named nor found.
    OptionError
        If ``mapping`` names an unknown role, or a role that no file has.
    """
    ratings, items = _find(files)
    files.require_any((ratings, items), "table", ("ratings", "items"))
    _check_mapping(files, ratings is not None, items is not None)
    found: dict[str, Roles] = {}
    reports, notes, catalogue, log, item_column, pictures = [], list[str](), None, None, None, None
    if ratings is not None:
        logs = []
        for number, source in enumerate((ratings, *(open_source(path) for path in files.more_ratings))):
            rows = _rows_of_log(source, files)
            of_time = columns_of_time(rows, files.mapping)
            if "time" not in files.mapping and (of_time := day_and_clock(rows)):
                joined = " and ".join(map(repr, map(shortened, of_time)))
                notes.append(f"{rows.name}: the times were taken from the columns {joined}.")
            rows, mapping = with_time(rows, of_time, files.mapping, number)
            roles = found[rows.name] = roles_of_log(rows, mapping, None if files.user is None else _PERSON)
            label = label_of_log(rows, roles, files.mapping)
            rows = rows if label is None else _chosen(rows, label, files, notes)
            day_first = files.day_first_of("ratings", roles.columns.get("time", ""))
            logs.append(
                read_log(rows, roles.columns, job, unrated=_unrated(files), day_first=day_first, guessed=roles.guessed)
            )
            refused = roles.columns.get("time") if logs[-1].times is None else None
            if refused is not None:  # it held no times, as a remark says
                roles = found[rows.name] = roles.without("time")
            item_column = item_column or roles.columns["item"]
            if "time" not in roles.columns and "time" not in files.mapping:
                offer_order(rows, roles.columns.values(), roles.columns["user"], logs[-1].report, refused)
            notes += _about_log(rows, roles, files, [label or "", *of_time], catalogue_given=items is not None)
        reports += [one.report for one in logs]
        log = concatenated(logs)
        if items is None:
            first = _rows_of_log(ratings, files)
            catalogue = _catalogue_of_log(first, files, found[first.name], job, notes)
    if items is not None:
        rows = _open(items, files)
        if files.more_items:
            rows = ChainedRows([rows, *(_open(open_source(path), files) for path in files.more_items)])
        report = ReadReport(rows.name, "items")
        catalogue, roles = _read_catalogue(rows, files, item_column, report, job)
        found[rows.name] = roles
        report.remarks += roles.remarks
        reports.append(report)
        named = "image" in files.mapping
        pictures, remarks = find_pictures(items, catalogue.table, roles.columns.get("image"), named=named)
        notes += remarks
    guessed = {file: roles.named() for file, roles in found.items() if roles.named()}
    recognised = [
        f"{file}: columns recognised by their names: {_listed(columns)}." for file, columns in guessed.items()
    ]
    dataset = assemble(
        name,
        "table",
        name,
        catalogue=catalogue,
        log=log,
        reports=reports,
        notes=[*recognised, *notes, *_not_read(files, ratings, items)],
        guessed=guessed,
        job=job,
    )
    return dataset if pictures is None else replace(dataset, source={**dataset.source, **pictures.as_source()})


def _recognises(evidence: Evidence) -> Certainty:
    items, ratings = evidence.items, evidence.ratings
    if items is None and ratings is None:
        return Certainty.NO
    items_fit = items is None or is_catalogue(evidence.glimpse(items).names)
    ratings_fit = ratings is None or is_log(evidence.glimpse(ratings).names)
    return Certainty.POSSIBLE if items_fit and ratings_fit else Certainty.NO


READER = Reader("table", "any CSV, TSV, JSONL or Parquet with columns for user, item, rating, time", read, _recognises)


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{role} = {shortened(column)}" for role, column in columns.items())


def _find(files: Files) -> tuple[Source | None, Source | None]:
    if files.source is not None and files.ratings is None and files.items is None:
        found = collect(files.source)
        if len(found) == 1:
            interactions = "user" in files.mapping or files.user is not None or is_log(_open(found[0], files).columns)
            return (found[0], None) if interactions else (None, found[0])
    ratings, items = files.find("ratings", _RATINGS), files.find("items", _ITEMS)
    for role, chosen in (("ratings", ratings), ("items", items)):
        if chosen is not None and files.source is not None and getattr(files, role) is None:
            _require_one(files.source, chosen, role)
    return ratings, items


def _require_one(folder: Path, found: Source, role: str) -> None:
    """Refuse a file of whose name others lie beside its folder, such as one a year: reading one would drop the rest."""
    place = PurePosixPath(_place_in(folder, found))
    alike = [_place_in(folder, one) for one in collect(folder) if one.base == found.base]
    alike = [one for one in alike if len(PurePosixPath(one).parts) == len(place.parts)]
    if len(alike) > 1:
        raise DataError(
            f"{folder.name} holds several files of one name ({listed(alike)}), and only one of them would be read.",
            kind=ErrorKind.SEVERAL_FILES,
            name=role,
            file=folder.name,
            choices=alike,
            suggestions=(str(folder / "*" / found.path.name),) if found.member is None and len(place.parts) > 1 else (),
        )


def _not_read(files: Files, *read: Source | None) -> list[str]:
    """A sentence about the other files of a folder or an archive."""
    if files.source is None:
        return []
    rest = [_place_in(files.source, one) for one in collect(files.source) if one not in read]
    more = f" and {len(rest) - _MOST_LISTED:,} more" if len(rest) > _MOST_LISTED else ""
    return [f"{files.source.name}: not read: {', '.join(rest[:_MOST_LISTED])}{more}."] if rest else []


def _place_in(folder: Path, source: Source) -> str:
    """The path of a file below a folder or in an archive, which tells files of one name apart."""
    if source.member is not None:
        return shortened(source.member)
    return shortened(source.path.relative_to(folder).as_posix()) if source.path != folder else source.base


def _check_mapping(files: Files, has_log: bool, has_items: bool) -> None:
    for role in files.mapping:
        if role not in _ROLES:
            raise OptionError(
                f"There is no role {role!r} to map a column to; the roles are {', '.join(_ROLES)}.",
                kind=ErrorKind.UNKNOWN_ROLE,
                name=role,
                choices=_ROLES,
            )
        in_log = role in LOG_ROLES or role == "unrated"
        # The facts about items can be columns of the interactions too.
        of_items = role in CATALOGUE_ROLES and role != "id" and not has_items
        if files.mapping[role] != "" and ((in_log and not has_log) or (not in_log and not has_items and not of_items)):
            needed = "ratings" if in_log else "items"
            raise OptionError(
                f"The role {role!r} belongs to a file of {needed}, and none was given.",
                kind=ErrorKind.MISSING_FILE,
                name="table",
                choices=(needed,),
            )
    if (files.where or files.user or files.join) and not has_log:
        raise OptionError(
            "Rows and people are chosen, and columns joined, in a file of ratings, and none was given.",
            kind=ErrorKind.MISSING_FILE,
            name="table",
            choices=("ratings",),
        )


def _unrated(files: Files) -> float | None:
    value = files.mapping.get("unrated", "")
    if value == "":
        return None
    with suppress(ValueError, TypeError):
        return float(value)  # type: ignore[arg-type]
    raise OptionError(f"The rating that means 'not rated' must be a number, not {value!r}.", name="unrated")


def _open(source: Source, files: Files) -> Rows:
    return open_rows(source, header=files.header, encoding=files.encoding)


def _rows_of_log(source: Source, files: Files) -> Rows:
    rows = _open(source, files)
    if files.join is not None:
        path, key = files.join
        other = _open(open_source(path), files)
        rows = JoinedRows(rows, other, mapped_column(rows, key, key), mapped_column(other, key, key))
    for value in (*files.where.values(), files.user or ""):
        _require_text(value)
    where = {mapped_column(rows, column, column): value for column, value in files.where.items()}
    constant = {} if files.user is None else {_PERSON: files.user}
    return SelectedRows(rows, where, constant) if where or constant else rows


def _require_text(value: str) -> None:
    """Refuse a value whose bytes could not be decoded on the command line: no row can have it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise OptionError(f"The value {value[:40]!a} is not text: give it in the terminal's encoding.") from None


def _chosen(rows: Rows, label: str, files: Files, notes: list[str]) -> Rows:
    """The rows whose label says that the item was chosen."""
    if label in files.where:
        return rows
    notes.append(
        f"{rows.name}: rows whose {shortened(label)} is 0 or false were left out, as their items were shown and not "
        "chosen."
    )
    return SelectedRows(rows, {label: "1"})


def _about_log(rows: Rows, roles: Roles, files: Files, also_used: Sequence[str], *, catalogue_given: bool) -> list[str]:
    """Sentences about columns that were passed over, or that nothing uses."""
    used = {*roles.columns.values(), *files.where, _PERSON, *also_used}
    if not catalogue_given:
        used |= set(_facts_in_log(rows, files, used, roles.columns["item"]).values())
    rest = [one for one in rows.columns if one not in used][:_MOST_LISTED]
    looks = {column: looks_like(values) for column, values in sample_of(rows, rest).items()}
    sentences = [f"{rows.name}: {remark}" for remark in roles.remarks]
    if looks:
        listed = ", ".join(f"{shortened(column) or '(no name)'} ({what})" for column, what in looks.items())
        more = len(rows.columns) - len(used & set(rows.columns)) - len(rest)
        sentences.append(f"{rows.name}: columns not used: {listed}{f' and {more} more' if more > 0 else ''}.")
    return sentences


def _facts_in_log(rows: Rows, files: Files, used: Collection[str], item_column: str) -> dict[str, str]:
    """Role -> column, of the facts about items that a file of interactions repeats in its rows."""
    found = {}
    for role, names in CATALOGUE_ROLES.items():
        # A year or a class in a log may be that of the event.
        guesses = names if role == "title" else ("genres", "genre") if role == "genres" else ()
        mapped = files.mapping.get(role)
        if role == "id" or mapped == "":
            continue
        if isinstance(mapped, str):
            found[role] = mapped_column(rows, role, mapped)
        elif there := [one for one in usual(rows.columns, guesses) if one not in used]:
            of_each = sample_of(rows, [item_column, *there])
            described = [one for one in there if describes(of_each[item_column], of_each[one])]
            found |= {role: described[0]} if described else {}
    return found if "title" in found else {}


def _catalogue_of_log(rows: Rows, files: Files, roles: Roles, job: Job | None, notes: list[str]) -> Catalogue | None:
    item_column = roles.columns["item"]
    facts = _facts_in_log(rows, files, roles.columns.values(), item_column)
    if not facts:
        return None
    report = ReadReport(rows.name, "items")
    records = read_records(rows, list(dict.fromkeys([item_column, *facts.values()])), report, job, typed=True)
    notes.append(f"{rows.name}: facts about the items were taken from it: {_listed(facts)}.")
    catalogue = _catalogue(records, {"id": item_column, **facts}, [], files)
    notes += [f"{rows.name}: {remark}" for remark in report.remarks]  # its rows are counted as those of the log
    return catalogue


def _read_catalogue(
    rows: Rows, files: Files, item_column: str | None, report: ReadReport, job: Job | None
) -> tuple[Catalogue, Roles]:
    records = read_records(rows, rows.columns, report, job, typed=True)
    roles = roles_of_catalogue(rows, files.mapping, records.as_texts(), item_column)
    if "text" in files.mapping:
        named = files.mapping["text"]
        names = named.split("+") if isinstance(named, str) else named
        described = [mapped_column(rows, "text", one) for one in names if one]
    else:
        described = [one for one in usual(rows.columns, TEXT) if one not in roles.columns.values()]
    return _catalogue(records, roles.columns, described, files), roles


def _catalogue(records: Records, roles: Mapping[str, str], described: Sequence[str], files: Files) -> Catalogue:
    """The items of a table, in which ``roles`` has the column for each role.

    Parameters
    ----------
    described
        The columns whose texts describe an item. They alone are its text if the caller named them.
    files
        What the caller said.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    ids, table = records.keep_first_of_each(roles["id"], "item"), records.table
    shown = [one for one in table.column_names if one not in (roles["id"], roles.get("title"), roles.get("genres"))]
    there = columns.type_columns(records, [one for one in shown if one not in described], files)
    there |= {column: columns.as_prose(table[column], " ") for column in described}
    nothing = pa.chunked_array([pa.nulls(len(table), pa.string())])
    by_role = {role: table[column] for role, column in roles.items()}
    title = columns.as_prose(by_role.get("title", nothing))
    if "title" in roles and title.null_count:
        some = "one item has" if title.null_count == 1 else f"{title.null_count:,} items have"
        records.report.remarks.append(f"{some} no title; the id is used as the title.")
    title = pc.coalesce(title, ids.cast(pa.string()))
    genres = columns.split_genres(by_role.get("genres", nothing))
    parts = [there[one] for one in described]
    if "text" not in files.mapping:
        makers = columns.makers({one: there[one] for one in shown if one in there and one not in described})
        parts = [title, columns.joined(genres), *makers, *parts]
    standard = {
        "title": title,
        "year": columns.years_of(records, roles["year"]) if "year" in roles else columns.years(nothing),
        "genres": genres,
        "text": columns.sentence(*parts),
    }
    year = roles.get("year", "")
    if (
        year in there
        and pa.types.is_integer(there[year].type)
        and there[year].equals(standard["year"].cast(pa.int64()))
    ):
        del there[year]  # it would say the same twice
    filled = columns.table_of(standard, [(column, there[column]) for column in shown if column in there])
    # So that the items can be filtered by the name that a person knows from the file.
    in_file = {role: roles[role] for role in ("title", "year", "genres") if role in roles}
    return Catalogue(ids, with_source_columns(filled, in_file))
