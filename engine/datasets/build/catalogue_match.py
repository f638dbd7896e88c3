"""Match the items of a person's export to a catalogue: by IMDb number where both have one, else by title and year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.datasets.build.items import Catalogue, read_records
from engine.datasets.formats.files import Files
from engine.datasets.formats.ids import common_type, to_ids
from engine.datasets.formats.parquet_json import open_rows
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import find_columns
from engine.datasets.formats.sources import open_source

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.runtime.job import Job
    from engine.text.title_join import TitleIndex, TitleJoin

#: Columns of a catalogue with the number of IMDb, in lower case.
_IMDB_COLUMNS = ("imdb_id", "imdbid", "imdb", "tconst", "const", "imdb_title_id")
#: Columns of a catalogue with further titles.
_OTHER_TITLES = ("original_title", "originaltitle", "source_title", "title_english", "english_name")
_NOTED = 20
_LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class CatalogueMatch:
    """The outcome of matching.

    Attributes
    ----------
    catalogue
        The catalogue, followed by the items of the export that are not in it.
    ids
        The id in this catalogue of each item of the export; Arrow array.
    notes
        Sentences for a person: how many were matched and how, and which were not.
    """

    catalogue: Catalogue
    ids: pa.Array
    notes: list[str]


def read_catalogue(files: Files, job: Job | None = None) -> tuple[Catalogue, ReadReport]:
    """Read ``files.items`` by the reader that recognises it; ``files.links`` adds IMDb numbers to its items.

    Raises
    ------
    DataError
        If no reader recognises the file, or it is not what it should be.
    """
    from engine.datasets.registry import recognise

    alone = Files(items=files.items)
    reader = recognise(alone)
    if reader.kind == "movies":  # its catalogue needs the links anyway
        alone = replace(alone, links=files.links)
    dataset = reader.read("catalogue", alone, job)
    report = ReadReport("", "items")
    for file in dataset.source["files"]:
        if file["role"] == "items":
            report.name, report.rows, report.skipped = file["name"], file["rows"], dict(file["skipped"])
    report.remarks += [note.removeprefix(f"{report.name}: ") for note in dataset.source["notes"]]
    ids = to_ids(_array(dataset.items.id_map.ids))
    table = dataset.items.table
    if files.links is not None and not set(_IMDB_COLUMNS) & {name.lower() for name in table.column_names}:
        table = table.append_column("imdb_id", _imdb_of_links(files, ids, job))
    return Catalogue(ids, table), report


class CatalogueIndex:
    """A catalogue in which the items of exports are found.

    Parameters
    ----------
    table, ids
        The catalogue.
    popularity
        As of :class:`engine.text.title_join.TitleIndex`.
    """

    def __init__(self, table: pa.Table, ids: pa.Array, popularity: Sequence[int] | None = None) -> None:
        self._table, self._ids, self._popularity = table, ids, popularity

    @cached_property
    def titles(self) -> TitleIndex:
        """The titles of the catalogue, with the original and other ones."""
        from engine.text.title_join import TitleIndex

        table = self._table
        others = [table[name].to_pylist() for name in table.column_names if name.lower() in _OTHER_TITLES]
        return TitleIndex(table["title"].to_pylist(), table["year"].to_pylist(), others, self._popularity)

    def find(
        self, export: Catalogue, *, candidates_of: int = _NOTED
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[TitleJoin]]:
        """Find the items of an export.

        Parameters
        ----------
        export
            The items of the export.
        candidates_of
            As of :meth:`engine.text.title_join.TitleIndex.match`.

        Returns
        -------
        rows
            The row of the catalogue for each item of the export; -1 where there is none.
        rest
            The positions of the items that have no IMDb number in the catalogue, and so were looked for by title.
        joins
            What was found for each of these.
        """
        import pyarrow as pa

        rows = _rows_by_imdb(export, self._table, self._ids)
        rest = np.flatnonzero(rows < 0)
        wanted = export.table.take(pa.array(rest))
        years = wanted["year"].to_pylist()
        joins = self.titles.match(wanted["title"].to_pylist(), years, candidates_of=candidates_of)
        if "original_title" in wanted.column_names:
            originals = self.titles.match(
                [one or "" for one in wanted["original_title"].to_pylist()], years, candidates_of=0
            )
            joins = [
                other if join.row is None and other.row is not None else join
                for join, other in zip(joins, originals, strict=True)
            ]
        rows[rest] = [-1 if join.row is None else join.row for join in joins]
        return rows, rest, joins


def match_to_catalogue(export: Catalogue, table: pa.Table, ids: pa.Array, name: str, what: str) -> CatalogueMatch:
    """Find the items of an export in a catalogue.

    Parameters
    ----------
    export
        The items of the export.
    table, ids
        The catalogue.
    name
        The name of the catalogue's file, for sentences.
    what
        What an item is, for sentences: ``"film"``.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    row_of, rest, joins = CatalogueIndex(table, ids).find(export)
    by_id = len(row_of) - len(rest)
    titles, years = export.table["title"].to_pylist(), export.table["year"].to_pylist()
    labels = [_label(title, year) for title, year in zip(titles, years, strict=True)]

    strangers = np.flatnonzero(row_of < 0)
    by_title = len(rest) - len(strangers)
    notes = [f"{by_id:,} of {len(labels):,} {what}s were found in {name} by their id, {by_title:,} by title and year."]
    known = table["title"].to_pylist()
    typos = [
        f"{labels[position]} as '{_short(known[join.row])}'"
        for position, join in zip(rest.tolist(), joins, strict=True)
        if join.typo and join.row is not None
    ]
    notes += [f"Found in {name} despite another spelling: {one}." for one in typos[:_NOTED]]
    if len(typos) > _NOTED:
        notes.append(f"{len(typos) - _NOTED:,} more {what}s were found in {name} despite another spelling.")
    if len(strangers):
        notes.append(f"{len(strangers):,} {what}s are not in {name}; they are kept as the export describes them.")
    notes += _describe_strangers(rest, joins, labels, name, what)

    added = export.table.take(pa.array(strangers))
    id_type = common_type([one for one in (ids, export.ids) if len(one)])
    if pa.types.is_integer(id_type) and len(strangers):
        id_type = pa.string()  # the numbers of two sources must not be mistaken for one another
    added_ids = _unused(export.ids.take(pa.array(strangers)).cast(pa.string()), ids.cast(pa.string()))
    known_ids = ids.cast(id_type) if len(strangers) else ids
    all_ids = pa.concat_arrays([known_ids, added_ids.cast(known_ids.type)])
    row_of[strangers] = len(ids) + np.arange(len(strangers))
    whole = pa.concat_tables([table, _like(added, table)]) if len(strangers) else table
    # Two titles of an export may be one item of the catalogue; the codes of the log then share its id.
    return CatalogueMatch(Catalogue(all_ids, whole), pc.take(all_ids, pa.array(row_of)), notes)


def _describe_strangers(
    rest: npt.NDArray[np.int64], joins: Sequence[Any], labels: Sequence[str], name: str, what: str
) -> list[str]:
    unknown = [
        (labels[position], join) for position, join in zip(rest.tolist(), joins, strict=True) if join.row is None
    ]
    notes = []
    for label, join in unknown[:_NOTED]:
        nearest = ", ".join(f"'{_short(one)}'" for one in join.candidates)
        notes.append(f"Not in {name}: {label}; " + (f"the nearest are {nearest}." if nearest else "nothing is near."))
    if len(unknown) > _NOTED:
        notes.append(f"{len(unknown) - _NOTED:,} more {what}s are not in {name}.")
    return notes


def _rows_by_imdb(export: Catalogue, table: pa.Table, ids: pa.Array) -> npt.NDArray[np.int64]:
    """The row of the catalogue for each item of the export by its IMDb number; -1 where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = next((one for one in table.column_names if one.lower() in _IMDB_COLUMNS), None)
    if pa.types.is_integer(export.ids.type):  # the numbers of IMDb are written with their tt
        return np.full(len(export.ids), -1)
    theirs = ids if column is None else table[column].combine_chunks()
    wanted = _imdb_numbers(export.ids, needs_tt=True)
    known = _imdb_numbers(theirs, needs_tt=column is None)
    rows = pc.index_in(wanted, known, skip_nulls=True).fill_null(-1)
    return rows.to_numpy(zero_copy_only=False).astype(np.int64)  # type: ignore[no-any-return]


def _imdb_numbers(values: pa.Array, *, needs_tt: bool) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = r"^\s*tt0*(?P<digits>\d{1,18})\s*$" if needs_tt else r"^\s*(?:tt)?0*(?P<digits>\d{1,18})(?:\.0)?\s*$"
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return pc.struct_field(pc.extract_regex(values.cast(pa.string()), pattern=pattern), "digits").cast(pa.int64())


def _imdb_of_links(files: Files, ids: pa.Array, job: Job | None) -> pa.Array:
    """The IMDb number of each id, from a table with a column of ids and one of IMDb numbers."""
    import pyarrow.compute as pc

    assert files.links is not None
    rows = open_rows(open_source(files.links))
    found = find_columns(rows, {"id": ["movieId", "item_id", "id"], "imdb": ["imdbId", "imdb_id", "tconst"]})
    records = read_records(rows, list(found.values()), ReadReport(rows.name, "links"), job)
    linked = to_ids(records.table[found["id"]].combine_chunks())
    id_type = common_type([ids, linked])
    row = pc.index_in(ids.cast(id_type), linked.cast(id_type))
    return records.table[found["imdb"]].combine_chunks().take(row)


def _unused(wanted: pa.Array, taken: pa.Array) -> pa.Array:
    """The ids, marked where another item has the same."""
    import pyarrow.compute as pc

    clashes = pc.is_in(wanted, taken)
    return pc.if_else(clashes, pc.binary_join_element_wise(wanted, "export", "-"), wanted)


def _like(added: pa.Table, table: pa.Table) -> pa.Table:
    import pyarrow as pa

    arrays = []
    for column in table.schema:
        there = added[column.name] if column.name in added.column_names else None
        fits = there is not None and (there.type == column.type or pa.types.is_string(column.type))
        arrays.append(there.cast(column.type) if fits and there is not None else pa.nulls(len(added), column.type))
    return pa.table(arrays, schema=table.schema)


def _array(ids: npt.NDArray[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array(ids) if ids.dtype.kind in "iu" else pa.array(ids.tolist(), pa.string())


def _label(title: str, year: int | None) -> str:
    return f"'{_short(title)}'" if year is None else f"'{_short(title)} ({year})'"


def _short(title: str) -> str:
    clean = " ".join(title.split())
    return clean if len(clean) <= _LONGEST_TITLE else f"{clean[: _LONGEST_TITLE - 1]}…"
