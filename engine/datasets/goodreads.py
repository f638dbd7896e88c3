"""A person's library from Goodreads: the export with 24 columns, and the older one with 31."""

from __future__ import annotations

from engine.data.dataset import Dataset
from engine.datasets.build.export_table import ExportTable, joined, plain_names, split_list, to_year
from engine.datasets.build.personal import ExportItem, PersonalExport
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job

_NAMES = ("goodreads_library_export*.csv", "*goodreads*.csv", "*library*.csv", "*.csv")
_TO_READ = "to-read"
#: Shelves that say whether a book was read, and nothing about the book.
_STATES = (_TO_READ, "read", "currently-reading")


def read_history(name: str, files: Files, job: Job | None = None) -> PersonalExport:
    """Read a person's books, as the user ``me``.

    The ``Book Id`` identifies a book, since many have no ISBN. A rating of 0 means that the book was read and not
    rated. Books on the shelf ``to-read`` are in the catalogue and are no interactions. The date is that of reading, or
    else that on which the book was added. The person's own shelves are the genres.

    Raises
    ------
    DataError
        If the file is missing or not what it should be.
    """
    source = files.find("ratings", _NAMES)
    files.require_any((source,), "goodreads", ("ratings",))
    assert source is not None
    export = PersonalExport(name, "goodreads", "Goodreads", "book")
    report = export.report(source.name)
    table = ExportTable(Delimited(source), report, job)
    for required in ("Book Id", "Title", "My Rating"):
        table.require(required)
    ratings, finished, added = table.numbers("My Rating"), table.dates("Date Read"), table.dates("Date Added")
    titles, authors, more_authors = table.texts("Title"), table.texts("Author"), table.texts("Additional Authors")
    isbn, isbn13, publisher = table.texts("ISBN"), table.texts("ISBN13"), table.texts("Publisher")
    first_year, year = table.texts("Original Publication Year"), table.texts("Year Published")
    exclusive, shelves, binding = table.texts("Exclusive Shelf"), table.texts("Bookshelves"), table.texts("Binding")
    pages, average, times_read = (table.facts(one) for one in ("Number of Pages", "Average Rating", "Read Count"))
    for row, book in enumerate(table.texts("Book Id")):
        if not book:
            table.skip(row, "no Book Id")
            continue
        rating = ratings[row] or None
        if rating is not None and not 0 < rating <= 5:
            raise DataError(
                f"{source.name}, row {table.places[row]:,}, column My Rating: {rating:g} is not a rating from 0 to 5; "
                "correct it, or write 0 for none.",
                kind=ErrorKind.BAD_VALUE,
                file=source.name,
                row=table.places[row],
                column="My Rating",
            )
        shelf = exclusive[row].lower()
        export.add_item(
            ExportItem(
                book,
                titles[row],
                to_year(first_year[row]) or to_year(year[row]),
                [one for one in split_list(shelves[row]) if one.lower() not in _STATES],
                joined([authors[row], more_authors[row]]),
                facts={
                    "author": joined([authors[row], more_authors[row]]),
                    "publisher": publisher[row],
                    "pages": pages[row],
                    "average_rating": average[row],
                    "binding": binding[row],
                    "isbn": isbn[row],
                    "isbn13": isbn13[row],
                    "shelf": exclusive[row],
                    "read_count": times_read[row],
                },
            )
        )
        if shelf == _TO_READ and rating is None:
            table.skip(row, "on the shelf to-read, so not read yet")
        else:
            time = finished[row] if finished[row] is not None else added[row]
            export.add_event(book, rating, time, report, table.places[row])
    return export


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """The data set of one person: what :func:`read_history` finds, matched to a catalogue if ``files`` names one."""
    return read_history(name, files, job).build(files, job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_NAMES[:3])
    wanted = {"bookid", "myrating", "exclusiveshelf"}
    return Certainty.certain_if(source is not None and wanted <= plain_names(evidence.glimpse(source).columns))


READER = Reader(
    "goodreads", "a person's library from Goodreads: goodreads_library_export.csv", read, _recognises, read_history
)
