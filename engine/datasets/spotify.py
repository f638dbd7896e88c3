"""A person's streaming history from Spotify: the account data, and the extended history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.data.dataset import Dataset
from engine.datasets.build.export_dates import read_dates
from engine.datasets.build.personal import PersonalExport
from engine.datasets.build.tracks import Tracks
from engine.datasets.formats.files import Files
from engine.datasets.formats.sources import Source, collect
from engine.datasets.formats.values import BadValueError
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job, Progress

#: Spotify itself counts a stream from 30 seconds on.
_LEAST_MS = 30_000
#: An export has files of 12 MB at most.
_LARGEST = 256 << 20


def read_history(name: str, files: Files, job: Job | None = None) -> PersonalExport:
    """Read all files of a history together, as the user ``me``; an item is a track.

    Each time at which a track was played is an interaction. Plays of less than 30 seconds are left out, and so are
    podcasts, audiobooks and videos; both are counted.

    Raises
    ------
    DataError
        If no file is a history, or one is not what it should be.
    """
    path = files.ratings or files.source
    found = [] if path is None else collect(path)
    sources = found if len(found) == 1 else [one for one in found if _is_history(one)]
    files.require_any(sources, "spotify", ("ratings",))
    export = PersonalExport(name, "spotify", "Spotify", "track")
    tracks = Tracks(export)
    for source in sources:
        _read_file(export, tracks, source, job)
    return export


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """The data set of one person: what :func:`read_history` finds, matched to a catalogue if ``files`` names one."""
    return read_history(name, files, job).build(files, job)


def _recognises(evidence: Evidence) -> Certainty:
    members = evidence.members if evidence.ratings is None else [evidence.ratings]
    return Certainty.certain_if(any(_is_history(one) for one in members))


READER = Reader(
    "spotify",
    "a person's streaming history from Spotify: the zip, its folder or a json",
    read,
    _recognises,
    read_history,
)


def _is_history(source: Source) -> bool:
    if not source.base.endswith(".json"):
        return False
    head = source.head()
    return b'"master_metadata_track_name"' in head or (b'"msPlayed"' in head and b'"trackName"' in head)


def _read_file(export: PersonalExport, tracks: Tracks, source: Source, job: Job | None) -> None:
    report = export.report(source.name)
    plays = _load(source)
    if job is not None:
        job.checkpoint()
    try:
        dates = read_dates([_text(one, "ts", "endTime") for one in plays])
    except BadValueError as error:
        raise _bad_play(source, error.position, f"its time {error}") from None
    for position, play in enumerate(plays):
        report.rows += 1
        place = position + 1
        artist = _text(play, "master_metadata_album_artist_name", "artistName")
        title = _text(play, "master_metadata_track_name", "trackName")
        played = play.get("ms_played", play.get("msPlayed"))
        if not title:
            report.skip("no track, but a podcast, an audiobook or a video", place=f"play {place:,}")
            continue
        if isinstance(played, (int, float)) and played < _LEAST_MS:
            report.skip("played for less than 30 seconds", place=f"play {place:,}")
            continue
        album = _text(play, "master_metadata_album_album_name")
        item = tracks.add(artist, title, album, _text(play, "spotify_track_uri"))
        export.add_event(item, None, dates.seconds[position], report, place)
    if job is not None:
        job.report(Progress(f"reading {source.name}", report.rows, None, "rows"))


def _load(source: Source) -> Sequence[Mapping[str, Any]]:
    # All of a history can be one line, for which lines of text have a limit.
    with source.open() as stream:
        parts, size = [], 0
        while block := stream.read(1 << 20):
            parts.append(block)
            size += len(block)
            if size > _LARGEST:
                raise DataError(
                    f"{source.name}: has more than {_LARGEST >> 20} MB, which no streaming history of a person has; "
                    "check that it is the right file.",
                    file=source.name,
                )
    try:
        plays = json.loads(b"".join(parts))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{source.name}: is not JSON ({error}); get the export again.", kind=ErrorKind.BAD_ROW, file=source.name
        ) from None
    if not isinstance(plays, list):
        raise DataError(
            f"{source.name}: is no list of plays; name a file such as StreamingHistory_music_0.json.",
            kind=ErrorKind.BAD_ROW,
            file=source.name,
        )
    wrong = next((position for position, one in enumerate(plays) if not isinstance(one, dict)), None)
    if wrong is not None:
        raise _bad_play(source, wrong, "it is not an object with a track and a time")
    return plays


def _bad_play(source: Source, position: int, what: str) -> DataError:
    return DataError(
        f"{source.name}, play {position + 1:,}: {what}; get the export again.",
        kind=ErrorKind.BAD_VALUE,
        file=source.name,
        row=position + 1,
    )


def _text(play: Mapping[str, Any], *names: str) -> str:
    value = next((play[name] for name in names if play.get(name) is not None), "")
    return str(value).strip().encode("utf-8", "replace").decode()
