"""The bundled demo: real films and series, and an audience that is simulated."""

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
from engine.errors import OptionError
from engine.runtime.job import Job

_ITEM_COLUMNS = ("id", "title", "year", "kind", "genres", "country", "director", "about")
_LOG_COLUMNS = {"user": ["user"], "item": ["item"], "rating": ["rating"], "time": ["timestamp"]}


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read the demo, or a folder of the same form named by ``files.source``.

    Raises
    ------
    DataError
        If it is not where it should be.
    OptionError
        If single files are named.
    """
    if files.items or files.ratings or files.links:
        raise OptionError("The demo is read from its own folder: leave out its files, or name the folder with --from.")
    folder = files.source or demo_folder()
    items, ratings = open_source(folder / "items.csv"), open_source(folder / "ratings.csv.gz")
    report = ReadReport(items.name, "items")
    catalogue = _read_catalogue(items, report, job)
    rows = Delimited(ratings)
    log = read_log(rows, find_columns(rows, _LOG_COLUMNS), job)
    return assemble(
        name, "demo", "Demo", catalogue=catalogue, log=log, ledgers=[report, log.report], simulated=True, job=job
    )


def _read_catalogue(source: Source, report: ReadReport, job: Job | None) -> Catalogue:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = Delimited(source)
    found = find_columns(rows, {one: [one] for one in _ITEM_COLUMNS})
    records = read_records(rows, list(found.values()), report, job)
    ids, table = records.keep_first_of_each("id", "item"), records.table
    there = {column: columns.strip(table[column]) for column in _ITEM_COLUMNS}
    genres = columns.split_genres(there["genres"])
    # In the order that answered best of four tried: the plot before the facts.
    facts = columns.sentence(columns.joined(genres), there["kind"], there["year"], separator=", ")
    standard = {
        "title": pc.coalesce(there["title"], ids.cast(pa.string())),
        "year": columns.years(there["year"]),
        "genres": genres,
        "text": columns.sentence(there["title"], there["about"], facts, separator=" – "),
    }
    shown = ("kind", "country", "director", "about")
    return Catalogue(ids, columns.table_of(standard, [(column, there[column]) for column in shown]))
