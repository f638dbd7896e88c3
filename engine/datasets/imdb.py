"""A person's ratings from IMDb, as exported today and as exported until 2017."""

from __future__ import annotations

from engine.data.dataset import Dataset
from engine.datasets.build.export_table import ExportTable, plain_names, split_list, to_year
from engine.datasets.build.personal import ExportItem, PersonalExport
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.sources import Source
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job

_NAMES = ("ratings.csv", "*ratings*.csv", "*.csv")
_RATING = ("Your Rating", "You rated")


def read_history(name: str, files: Files, job: Job | None = None) -> PersonalExport:
    """Read a person's ratings from 1 to 10, as the user ``me``.

    A film of a list or a watchlist that has no rating is left out and counted, but stays in the catalogue.

    Raises
    ------
    DataError
        If the file is missing or not what it should be.
    """
    source = files.find("ratings", _NAMES)
    files.require_any((source,), "imdb", ("ratings",))
    assert source is not None
    export = PersonalExport(name, "imdb", "IMDb", "title", highest_rating=10.0)
    report = export.report(source.name)
    table = ExportTable(Delimited(source), report, job)
    table.require("Const")
    table.require(*_RATING)
    ratings, dates = table.numbers(*_RATING), table.dates("Date Rated", "Created")
    titles, originals = table.texts("Title"), table.texts("Original Title")
    years, released = table.texts("Year"), table.texts("Release Date", "Release Date (month/day/year)")
    genres, directors, types = table.texts("Genres"), table.texts("Directors"), table.texts("Title Type")
    average, votes, runtime = table.facts("IMDb Rating"), table.facts("Num Votes"), table.facts("Runtime (mins)")
    for row, item in enumerate(table.texts("Const")):
        if not item:
            table.skip(row, "no Const, which names the title")
            continue
        rating = ratings[row]
        if rating is not None and not 1 <= rating <= 10:
            raise DataError(
                f"{source.name}, row {table.places[row]:,}: {rating:g} is not a rating between 1 and 10; correct it, "
                "or empty it.",
                kind=ErrorKind.BAD_VALUE,
                file=source.name,
                row=table.places[row],
                column=table.column(*_RATING),
            )
        facts = {
            "type": types[row],
            "directors": directors[row],
            "runtime": runtime[row],
            "imdb_rating": average[row],
            "num_votes": votes[row],
            "release_date": released[row],
        }
        export.add_item(
            ExportItem(
                item,
                titles[row],
                to_year(years[row]) or to_year(released[row]),
                [one[:1].upper() + one[1:] for one in split_list(genres[row].replace("_", "-"))],
                directors[row],
                originals[row],
                facts,
            )
        )
        if rating is None:
            table.skip(row, "not rated")
        else:
            export.add_event(item, rating, dates[row], report, table.places[row])
    return export


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """The data set of one person: what :func:`read_history` finds, matched to a catalogue if ``files`` names one."""
    return read_history(name, files, job).build(files, job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_NAMES[:2])
    return Certainty.certain_if(source is not None and _is_export(evidence, source))


READER = Reader("imdb", "a person's ratings from IMDb: ratings.csv, old or new", read, _recognises, read_history)


def _is_export(evidence: Evidence, source: Source) -> bool:
    columns = plain_names(evidence.glimpse(source).columns)
    return "const" in columns and bool(columns & {"yourrating", "yourated"})
