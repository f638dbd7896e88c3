"""A person's scrobbles from Last.fm, in the tables that the usual exporters write."""

from __future__ import annotations

import re

from engine.data.dataset import Dataset
from engine.datasets.build.export_table import ExportTable, plain_name, plain_names
from engine.datasets.build.personal import PersonalExport
from engine.datasets.build.tracks import Tracks
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.dialect import first_row
from engine.datasets.formats.files import Files
from engine.datasets.formats.sources import Source
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.runtime.job import Job

_NAMES = ("*scrobbles*.csv", "*lastfm*.csv", "recenttracks*.csv", "*.csv")
_COLUMNS = ("artist", "album", "track", "date")
_DATE = re.compile(r"\d{1,2} \w{3} \d{4},? \d{1,2}:\d{2}")
#: A table with one of these columns belongs to several people.
_USERS = frozenset({"user", "userid", "username", "listener"})


def read_history(name: str, files: Files, job: Job | None = None) -> PersonalExport:
    """Read a person's scrobbles, as the user ``me``; an item is a track, and each scrobble an interaction.

    The first row may be the header or the first scrobble, in the order artist, album, track, date.

    Raises
    ------
    DataError
        If the file is missing or not what it should be.
    """
    source = files.find("ratings", _NAMES)
    files.require_any((source,), "lastfm", ("ratings",))
    assert source is not None
    export = PersonalExport(name, "lastfm", "Last.fm", "track")
    tracks = Tracks(export)
    report = export.report(source.name)
    rows = Delimited(source, columns=_COLUMNS) if _is_headless(source) else Delimited(source)
    table = ExportTable(rows, report, job)
    table.require("track", "track name", "name", "title")
    table.require("artist", "artist name")
    titles, artists = table.texts("track", "track name", "name", "title"), table.texts("artist", "artist name")
    albums = table.texts("album", "album name")
    # One exporter adds the name of the person to the column: "Date#ann".
    dated = next((one for one in rows.columns if plain_name(one).startswith("date")), "date")
    times = table.dates("uts", "timestamp", dated, "utc_time", "time")
    for row, (artist, title) in enumerate(zip(artists, titles, strict=True)):
        if not title or not artist:
            table.skip(row, "no artist or no track")
        else:
            export.add_event(tracks.add(artist, title, albums[row]), None, times[row], report, table.places[row])
    return export


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """The data set of one person: what :func:`read_history` finds, matched to a catalogue if ``files`` names one."""
    return read_history(name, files, job).build(files, job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_NAMES[:3])
    if source is None:
        return Certainty.NO
    columns = plain_names(evidence.glimpse(source).columns)
    timed = columns & {"uts", "utctime", "timestamp"} or any(one.startswith("date") for one in columns)
    named = {"artist", "track", "album"} <= columns and timed and not columns & _USERS
    # A Parquet file has no first line.
    return Certainty.certain_if(named or (evidence.glimpse(source).first_line and _is_headless(source)))


READER = Reader(
    "lastfm", "a person's scrobbles from Last.fm: a csv of artist, album, track, date", read, _recognises, read_history
)


def _is_headless(source: Source) -> bool:
    row = first_row(source.text_head())
    return len(row) == len(_COLUMNS) and _DATE.fullmatch(row[-1].strip()) is not None
