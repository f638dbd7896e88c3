"""A person's viewing history from Netflix: the short list, and the full table of the account data."""

from __future__ import annotations

import re
from collections import Counter

from engine.data.dataset import Dataset
from engine.datasets.build.export_table import ExportTable, plain_names
from engine.datasets.build.personal import ExportItem, PersonalExport
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.runtime.job import Job

_NAMES = ("netflixviewinghistory*.csv", "viewingactivity*.csv", "*netflix*.csv", "*.csv")
#: What the part of a title that names a season begins with, in the languages in which Netflix writes it.
_SEASON = re.compile(
    r"(?:limited series|mini-?series|season|series|part|volume|chapter|book|collection|staffel|teil|miniserie|saison|"
    r"partie|mini-?série|temporada|parte|volumen|miniserie|stagione|libro|seizoen|deel|säsong|sæson|sesong|kausi|"
    r"sezon|część|sezóna|série|évad|sezonul|сезон|season|シーズン|시즌|第.+季)(?:\s+\w+)?|"
    r"\d+\.\s*(?:staffel|sezon|évad|kausi)|시즌\s*\d+|第\s*\d+\s*季",
    re.IGNORECASE,
)
#: The columns of the full table that the short list lacks.
_FULL = frozenset({"starttime", "profilename", "duration", "title"})


def read_history(name: str, files: Files, job: Job | None = None) -> PersonalExport:
    """Read what a person watched, as the user ``me``; the episodes of a series are one item.

    Each day, or in the full table each time, at which a film or a series was watched is an interaction. Trailers and
    other extras are left out and counted.

    Raises
    ------
    DataError
        If the file is missing or not what it should be.
    """
    source = files.find("ratings", _NAMES)
    files.require_any((source,), "netflix", ("ratings",))
    assert source is not None
    export = PersonalExport(name, "netflix", "Netflix", "title")
    report = export.report(source.name)
    table = ExportTable(Delimited(source), report, job)
    table.require("Title")
    titles, extras = table.texts("Title"), table.texts("Supplemental Video Type")
    times = table.dates("Start Time") if table.column("Start Time") else table.dates("Date", newest_first=True)
    profiles = {one for one in table.texts("Profile Name") if one}
    if len(profiles) > 1:
        report.remarks.append(
            f"{len(profiles)} profiles were read as one person; keep the rows of one to tell them apart."
        )
    series = _series(titles)
    names = [_series_of(title, series) for title in titles]
    viewings = Counter(name for name, _ in names)
    for row, (item, is_series) in enumerate(names):
        if not item:
            table.skip(row, "no title")
        elif extras[row]:
            table.skip(row, "a trailer or another extra")
        else:
            facts = {"type": "series" if is_series else "film", "viewings": viewings[item]}
            export.add_item(ExportItem(item, item, facts=facts))
            export.add_event(item, None, times[row], report, table.places[row])
    return export


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """The data set of one person: what :func:`read_history` finds, matched to a catalogue if ``files`` names one."""
    return read_history(name, files, job).build(files, job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_NAMES[:3])
    if source is None:
        return Certainty.NO
    columns = plain_names(evidence.glimpse(source).columns)
    return Certainty.certain_if(columns == {"title", "date"} or columns >= _FULL)


READER = Reader(
    "netflix", "a person's viewing history from Netflix: NetflixViewingHistory.csv", read, _recognises, read_history
)


def _series(titles: list[str]) -> set[str]:
    """The names before a season."""
    found = set()
    for title in titles:
        parts = title.split(": ")
        season = next((p for p, part in enumerate(parts) if p and _SEASON.fullmatch(part.strip())), None)
        # "Dune: Part Two" is a film: nothing follows its part, as an episode follows a season.
        if season is not None and season + 1 < len(parts):
            found.add(": ".join(parts[:season]))
    return found


def _series_of(title: str, series: set[str]) -> tuple[str, bool]:
    """The series to which a title belongs, and True; for a film its own title, and False."""
    parts = title.split(": ")
    for end in range(1, len(parts)):
        name = ": ".join(parts[:end])
        if name in series:
            return name, True
    return title, False
