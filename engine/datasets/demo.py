"""The bundled demo: real films and series with a simulated audience."""

from __future__ import annotations

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import read_log
from engine.datasets.build.items import Catalogue, read_records
from engine.datasets.bundled import demo_folder
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import find_columns
from engine.datasets.formats.sources import Source, open_source
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import ErrorKind, OptionError
from engine.runtime.job import Job

_ITEM_COLUMNS = ("id", "title", "year", "kind", "genres", "country", "director", "about")
_LOG_COLUMNS = {"user": ["user"], "item": ["item"], "rating": ["rating"], "time": ["timestamp"]}


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read the bundled demo, or a folder with the same two files, which ``files.source`` names.

    Raises
    ------
    DataError
        If the folder does not exist or lacks one of the files.
    OptionError
        If single files are named.
    """
    single = [role for role in ("items", "ratings", "links") if getattr(files, role)]
    if single:
        raise OptionError(
            "The demo is read from a folder, and single files were named for it.",
            kind=ErrorKind.UNEXPECTED_FILE,
            name="demo",
            choices=single,
        )
    folder = files.source or demo_folder()
    items, ratings = open_source(folder / "items.csv"), open_source(folder / "ratings.csv.gz")
    report = ReadReport(items.name, "items")
    catalogue = _read_catalogue(items, report, job)
    rows = Delimited(ratings)
    log = read_log(rows, find_columns(rows, _LOG_COLUMNS), job)
    return assemble(
        name, "demo", "Demo", catalogue=catalogue, log=log, reports=[report, log.report], simulated=True, job=job
    )


def _recognises(evidence: Evidence) -> Certainty:
    items = evidence.member("items.csv")
    if items is None or items.packing == "zip" or evidence.member("ratings.csv") is None:
        return Certainty.NO
    return Certainty.certain_if({*_ITEM_COLUMNS} <= evidence.glimpse(items).columns)


READER = Reader("demo", "the bundled films and series with a simulated audience", read, _recognises)


def _read_catalogue(source: Source, report: ReadReport, job: Job | None) -> Catalogue:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = Delimited(source)
    found = find_columns(rows, {one: [one] for one in _ITEM_COLUMNS})
    records = read_records(rows, list(found.values()), report, job)
    ids, table = records.keep_first_of_each("id", "item"), records.table
    there = {column: columns.strip(table[column]) for column in _ITEM_COLUMNS}
    genres = columns.split_genres(there["genres"])
    # Of four orders that were tried, this one gave the best search results: the plot before the facts.
    facts = columns.sentence(columns.joined(genres), there["kind"], there["year"], separator=", ")
    standard = {
        "title": pc.coalesce(there["title"], ids.cast(pa.string())),
        "year": columns.told_years(there["year"], "year", records.numbers, report),
        "genres": genres,
        "text": columns.sentence(there["title"], there["about"], facts, separator=" – "),
    }
    shown = ("kind", "country", "director", "about")
    return Catalogue(ids, columns.table_of(standard, [(column, there[column]) for column in shown]))
