"""Last.fm of HetRec 2011: which artists a user listened to, and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import read_log
from engine.datasets.build.items import Catalogue, read_records
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import find_columns
from engine.datasets.formats.sources import Source, collect
from engine.datasets.reader import Certainty, Evidence, Reader

if TYPE_CHECKING:
    from engine.runtime.job import Job

_LOG = ("user_artists.dat",)
_ARTISTS = ("artists.dat",)
_READ = (*_LOG, *_ARTISTS)


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read who listened to which artist, and the artists if they are there. There are no ratings and no times.

    Raises
    ------
    DataError
        If the log is missing, or a file is not what it should be.
    """
    source, artists = files.find("ratings", _LOG), files.find("items", _ARTISTS)
    files.require_any((source,), "hetrec", ("ratings",))
    assert source is not None
    rows = Delimited(source, delimiter="\t", quote=None)
    log = read_log(rows, find_columns(rows, {"user": ["userID"], "item": ["artistID"], "weight": ["weight"]}), job)
    reports, catalogue = [log.report], None
    if artists is not None and artists != source:
        reports.append(ReadReport(artists.name, "items"))
        catalogue = _read_artists(artists, reports[-1], job)
    notes = []
    if files.source is not None:
        others = [one.base for one in collect(files.source) if one.base not in _READ and one != source]
        notes = [f"Files that were not read: {', '.join(others[:8])}."] if others else []
    title = "Last.fm (HetRec 2011)"
    return assemble(name, "hetrec", title, catalogue=catalogue, log=log, reports=reports, notes=notes, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_LOG)
    return Certainty.certain_if(
        source is not None and evidence.glimpse(source).columns >= {"userid", "artistid", "weight"}
    )


READER = Reader("hetrec", "Last.fm of HetRec 2011: user_artists.dat and artists.dat", read, _recognises)


def _read_artists(source: Source, report: ReadReport, job: Job | None) -> Catalogue:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = Delimited(source, delimiter="\t", quote=None, encoding=source.encoding())
    found = find_columns(rows, {"id": ["id"], "name": ["name"]}, {"url": ["url"], "picture": ["pictureURL"]})
    records = read_records(rows, list(found.values()), report, job)
    ids, table = records.keep_first_of_each(found["id"], "artist"), records.table
    title = pc.coalesce(columns.strip(table[found["name"]]), pa.chunked_array([ids.cast(pa.string())]))
    standard: dict[str, Any] = {
        "title": title,
        "year": pa.nulls(len(table), pa.int32()),
        "genres": columns.no_genres(len(table)),
        "text": title,
    }
    metadata = [(role, columns.strip(table[found[role]])) for role in ("url", "picture") if role in found]
    return Catalogue(ids, columns.table_of(standard, metadata))
