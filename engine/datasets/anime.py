"""The Anime Recommendations Database: ``anime.csv`` and ``rating.csv``."""

from __future__ import annotations

import html

import numpy as np
import numpy.typing as npt

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import read_log
from engine.datasets.build.items import Catalogue, read_records
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import find_columns
from engine.datasets.formats.sources import Source
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.runtime.job import Job

_ITEM_COLUMNS = ("anime_id", "name", "genre", "type", "episodes", "rating", "members")
_RATING_COLUMNS = ("user_id", "anime_id", "rating")
#: The texts that pandas reads as missing, since the tutorial drops incomplete rows with pandas.
_MISSING = ("", "nan", "NaN", "-nan", "-NaN", "NA", "N/A", "n/a", "<NA>", "#N/A", "NULL", "null", "None")
_WATCHED_NOT_RATED = -1.0


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read a catalogue of anime, the ratings, or both.

    Rows of the catalogue with a missing value are left out, as by ``dropna`` in the tutorial, and so are ratings of
    anime that are then neither in the catalogue nor in the data set that is continued; both are counted. A rating of -1
    ("watched, not rated") becomes NaN. The text of an item is name, genre, type and ``episodes: N`` as written in the
    file, joined by single spaces.

    Raises
    ------
    DataError
        If a file is not what it should be.
    """
    items = files.find("items", ("anime.csv", "anime*.csv"))
    ratings = files.find("ratings", ("rating.csv", "*rating*.csv"))
    files.require_any((items, ratings), "anime")
    reports, catalogue, log = [], None, None
    if items is not None:
        report = ReadReport(items.name, "items")
        catalogue = _read_catalogue(items, report, job)
        reports.append(report)
    if ratings is not None:
        rows = Delimited(ratings)
        user, item, rating = find_columns(rows, {one: [one] for one in _RATING_COLUMNS}).values()
        log = read_log(rows, {"user": user, "item": item, "rating": rating}, job, unrated=_WATCHED_NOT_RATED)
        reports.append(log.report)
    return assemble(
        name,
        "anime",
        "Anime Recommendations Database",
        catalogue=catalogue,
        log=log,
        reports=reports,
        unknown="rating of an anime that is not in the catalogue",
        known_items=files.known_items,
        job=job,
    )


def _recognises(evidence: Evidence) -> Certainty:
    return Certainty.certain_if(
        evidence.member("anime.csv")
        or any({*_RATING_COLUMNS} <= one.columns or {*_ITEM_COLUMNS[:3]} <= one.columns for one in evidence.tables())
    )


READER = Reader("anime", "Anime Recommendations Database: anime.csv and rating.csv", read, _recognises)


def _read_catalogue(source: Source, report: ReadReport, job: Job | None) -> Catalogue:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = Delimited(source)
    found = find_columns(rows, {one: [one] for one in _ITEM_COLUMNS})
    records = read_records(rows, list(found.values()), report, job)
    records.table = records.table.rename_columns(list(found)).combine_chunks()

    def missing(name: str) -> npt.NDArray[np.bool_]:
        values = ("",) if name == "name" else _MISSING
        return pc.is_in(pc.utf8_trim_whitespace(records.table[name]), pa.array(values)).to_numpy()  # type: ignore[no-any-return]

    gone = np.zeros(len(records.table), dtype=bool)
    for reason, names in (
        ("missing genre, type or rating", ("genre", "type", "rating")),
        ("missing name, episodes or members", ("name", "episodes", "members")),
    ):
        fresh = np.logical_or.reduce([missing(one) for one in names]) & ~gone
        records.leave_out(fresh, reason)
        gone |= fresh
    records.keep(~gone)
    ids = records.keep_first_of_each("anime_id", "anime")
    table = records.table
    episodes = table["episodes"]
    text = columns.sentence(
        table["name"],
        table["genre"],
        table["type"],
        pc.binary_join_element_wise(pa.scalar("episodes:"), episodes, " "),
        separator=" ",
    )
    return Catalogue(
        ids,
        columns.table_of(
            {
                "title": columns.map_distinct(table["name"], lambda one: html.unescape(one).strip(), pa.string()),
                "year": pa.nulls(len(table), pa.int32()),
                "genres": columns.split_genres(table["genre"], ","),
                "text": text,
            },
            [
                ("type", table["type"]),
                ("episodes", columns.whole_numbers(episodes)),
                ("rating", columns.numbers(table["rating"])),
                ("members", columns.whole_numbers(table["members"])),
            ],
        ),
    )
