"""The Movies Dataset: ratings of MovieLens, metadata of TMDB, and the links between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import read_log
from engine.datasets.build.items import Catalogue, is_first, nulls, read_records
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.ids import to_ids
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import find_columns
from engine.datasets.formats.sources import Source
from engine.datasets.movie_credits import read_credits
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job

if TYPE_CHECKING:
    import pyarrow as pa

_METADATA = ("movies_metadata.csv", "movies_metadata*.csv")
_RATINGS = ("ratings.csv", "ratings*.csv")
_LINKS = ("links.csv", "links*.csv")
#: Metadata that is shown unchanged; a file may lack some of these columns.
_TEXT_COLUMNS = ("original_title", "release_date", "original_language", "imdb_id", "overview", "tagline")
_NUMBER_COLUMNS = ("runtime", "vote_average", "popularity")
_WHOLE_COLUMNS = ("vote_count",)
#: Lists of objects with names, of which the names are kept, and an object of which the name is kept as text.
_NAME_COLUMNS = ("production_companies", "production_countries", "spoken_languages")
_COLLECTION = "belongs_to_collection"


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read the metadata and the links, and the ratings if they are given.

    The id of a film is the ``movieId`` of MovieLens. The catalogue holds every film for which the links have an id, in
    the order of the metadata; the two are joined by the digits of ``imdb_id`` and ``imdbId``. Of two rows about the
    same film the first is used. Rated films without metadata are added with their id as title. The text of an item is
    title, genres and overview. Companies, countries, languages and the collection are kept by their names, and so are
    people and keywords where their files are given: see :func:`engine.datasets.movie_credits.read_credits`.

    Raises
    ------
    DataError
        If a file is missing or not what it should be.
    """
    items, ratings, links = (
        files.find("items", _METADATA),
        files.find("ratings", _RATINGS),
        files.find("links", _LINKS),
    )
    if items is None or links is None:
        missing = "links" if links is None else "items"
        file = "its links" if links is None else "its metadata"
        raise DataError(
            f"The Movies Dataset needs its metadata and its links, and the file with {file} was not named.",
            kind=ErrorKind.MISSING_FILE,
            name="movies",
            choices=(missing,),
        )
    items_report, links_report = ReadReport(items.name, "items"), ReadReport(links.name, "links")
    link = _read_links(links, links_report, job)
    catalogue, credit_reports = _read_catalogue(files, items, items_report, link, links_report, job)
    reports, log = [items_report, links_report, *credit_reports], None
    if ratings is not None:
        rows = Delimited(ratings)
        required = {"user": ["userId"], "item": ["movieId"], "rating": ["rating"]}
        log = read_log(rows, find_columns(rows, required, {"time": ["timestamp"]}), job)
        reports.insert(0, log.report)
    return assemble(name, "movies", "The Movies Dataset", catalogue=catalogue, log=log, reports=reports, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    return Certainty.certain_if(
        evidence.member("movies_metadata*.csv")
        or evidence.links
        or any({"imdb_id", "genres", "original_title"} <= one.columns for one in evidence.tables())
    )


READER = Reader("movies", "The Movies Dataset: ratings, movies_metadata and links", read, _recognises)


@dataclass(frozen=True, slots=True)
class _Links:
    """Two arrays of one length: the film ``movie_ids[p]`` has the IMDb number ``imdb[p]``."""

    movie_ids: pa.Array
    imdb: pa.Array


def _read_links(source: Source, report: ReadReport, job: Job | None) -> _Links:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = Delimited(source)
    movie, imdb = find_columns(rows, {"movieId": ["movieId"], "imdbId": ["imdbId"]}).values()
    records = read_records(rows, [movie, imdb], report, job)
    movie_ids, digits = to_ids(records.table[movie].combine_chunks()), _digits(records.table[imdb])
    unusable = nulls(movie_ids) | nulls(digits)
    repeated = ~unusable & ~is_first(pc.if_else(pa.array(unusable), None, movie_ids))
    records.leave_out(unusable, "link without a movieId or an imdbId")
    records.leave_out(repeated, "duplicate link")
    keep = pa.array(~unusable & ~repeated)
    return _Links(movie_ids.filter(keep), digits.filter(keep))


def _read_catalogue(
    files: Files, source: Source, report: ReadReport, links: _Links, links_report: ReadReport, job: Job | None
) -> tuple[Catalogue, list[ReadReport]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = Delimited(source)
    known = (
        *(*_TEXT_COLUMNS, *_NUMBER_COLUMNS, *_WHOLE_COLUMNS, *_NAME_COLUMNS),
        *(_COLLECTION, "title", "genres", "id"),
    )
    found = find_columns(
        rows,
        {"imdb_id": ["imdb_id"], "any_title": ["title", "original_title"], "genres": ["genres"]},
        {one: [one] for one in known},
    )
    del found["any_title"]
    records = read_records(rows, list(found.values()), report, job)
    table = records.table.rename_columns(list(found)).combine_chunks()

    imdb = _digits(table["imdb_id"])
    none, first = nulls(imdb), is_first(imdb)
    linked = pc.is_in(imdb, links.imdb).to_numpy(zero_copy_only=False) & ~none
    records.leave_out(none, "film without imdb_id")
    records.leave_out(~none & ~linked, "film to which the links give no movieId")
    records.leave_out(linked & ~first, "duplicate film in the metadata")

    row_of_link = pc.index_in(links.imdb, pc.if_else(pa.array(linked & first), imdb, None)).fill_null(-1)
    row_of_link = row_of_link.to_numpy()
    links_report.skip("link to a film without metadata", int((row_of_link < 0).sum()))
    order = np.argsort(row_of_link, kind="stable")
    order = order[row_of_link[order] >= 0]
    kept = row_of_link[order]
    table, numbers = table.take(pa.array(kept)), records.numbers[kept]
    people: dict[str, pa.Array] = {}
    reports: list[ReadReport] = []
    if "id" in table.column_names:
        people, reports = read_credits(files, source, table["id"].combine_chunks(), job)
    return Catalogue(links.movie_ids.take(pa.array(order)), _columns(table, numbers, report, people)), reports


def _columns(
    table: pa.Table, numbers: npt.NDArray[Any], report: ReadReport, people: Mapping[str, pa.Array]
) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    there = {name: columns.strip(table[name]) for name in table.column_names}
    nothing = pa.chunked_array([pa.nulls(len(table), pa.string())])
    title = pc.coalesce(there.get("title", nothing), there.get("original_title", nothing), there["imdb_id"])
    names = columns.map_distinct(there["genres"], columns.list_parts, pa.list_(pa.string()))
    unreadable = pc.sum(pc.and_(pc.is_null(names), pc.is_valid(there["genres"]))).as_py() or 0
    if unreadable:
        report.remarks.append(f"{unreadable:,} films have genres that cannot be read; they are kept without genres.")
    genres = pc.if_else(pc.is_null(names), pa.scalar([], pa.list_(pa.string())), names)
    overview = there.get("overview", nothing)
    metadata: list[tuple[str, Any]] = [(name, there[name]) for name in _TEXT_COLUMNS if name in there]
    metadata += [(name, columns.numbers(there[name])) for name in _NUMBER_COLUMNS if name in there]
    metadata += [(name, columns.whole_numbers(there[name])) for name in _WHOLE_COLUMNS if name in there]
    metadata += [(name, _names(there[name])) for name in _NAME_COLUMNS if name in there]
    metadata += [(_COLLECTION, _name_of(there[_COLLECTION]))] if _COLLECTION in there else []
    metadata += people.items()
    return columns.table_of(
        {
            "title": title,
            "year": columns.told_years(there["release_date"], "release_date", numbers, report)
            if "release_date" in there
            else pa.nulls(len(table), pa.int32()),
            "genres": genres,
            "text": columns.sentence(title, columns.joined(genres), overview),
        },
        metadata,
    )


def _names(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The names in lists of objects; null where there are none, or what is written there is no list."""
    import pyarrow as pa

    return columns.map_distinct(texts, lambda text: columns.list_parts(text) or None, pa.list_(pa.string()))


def _name_of(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The name of one object each, or the text itself where it is no object; null for other objects and numbers."""
    import pyarrow as pa

    def name(text: str) -> str | None:
        if text.startswith("{"):
            return next(iter(columns.list_parts(f"[{text}]") or ()), None)
        return None if text.replace(".", "").isdigit() else text

    return columns.map_distinct(texts, name, pa.string())


def _digits(texts: pa.ChunkedArray) -> pa.Array:
    """Convert ``tt0114709`` and ``0114709`` to 114709; null if there are no digits, or too many for int64."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(texts.combine_chunks(), pattern=r"^\D*0*(?P<digits>\d{1,18})\D*$")
    return pc.struct_field(found, "digits").cast(pa.int64())
