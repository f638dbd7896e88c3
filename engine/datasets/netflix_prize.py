"""The Netflix Prize: ratings below lines such as ``1:``, and ``movie_titles``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import Log
from engine.datasets.build.items import Catalogue
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.ids import IdColumn
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import RowBatch, following
from engine.datasets.formats.sources import Source, choose, collect, open_source
from engine.datasets.formats.times import to_times
from engine.datasets.formats.values import BadValueError, GrowingArray
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.runtime.job import Job

_RATINGS = ("combined_data_*.txt", "mv_*.txt")
_TITLES = ("movie_titles.csv", "movie_titles.txt", "movie_titles*")
_NO_DELIMITER = "\x01"
_FILM = re.compile(r"\d+:\s*\n\s*\d+,[1-5],\d{4}-\d\d-\d\d\s")
_RATING = r"^(?P<user>\d{1,18}),(?P<rating>\d),(?P<date>\d{4}-\d\d-\d\d)\s*$"
_TITLE = r"^(?P<id>\d{1,18}),(?P<year>[\d?xX-]{0,9}|NULL),(?P<title>.*?)\s*$"


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read the ratings of one file, or of all in a folder or an archive, and the titles if they are there.

    Raises
    ------
    DataError
        If a file is missing, or a line is neither a film such as ``1:`` nor a rating such as ``1488844,3,2005-09-06``.
    """
    if files.ratings is not None:
        sources = [open_source(files.ratings, _RATINGS)]
    else:
        found = [] if files.source is None else collect(files.source)
        fitting = [one for pattern in _RATINGS for one in found if choose([one], (pattern,))]
        sources = found if len(found) == 1 else fitting
    titles = files.find("items", _TITLES) if files.source is None or len(sources) else None
    files.require_any(sources, "netflix-prize", ("ratings",))
    users, items = IdColumn(), IdColumn()
    ratings, times = GrowingArray(np.float32), GrowingArray(np.int64)
    reports = [ReadReport(source.name, "ratings") for source in sources]
    for source, report in zip(sources, reports, strict=True):
        _read_ratings(source, (users, items, ratings, times), report, job)
    log = Log(users.finish(), items.finish(), ratings.finish(), times.finish(), reports[0])
    catalogue = None
    if titles is not None and titles not in sources:
        reports.append(ReadReport(titles.name, "items"))
        catalogue = _read_titles(titles, reports[-1], job)
    return assemble(name, "netflix-prize", "Netflix Prize", catalogue=catalogue, log=log, reports=reports, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_RATINGS)
    if source is None or not source.base.endswith((".txt", ".csv", ".data")):
        return Certainty.NO
    head = source.head().removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip()
    return Certainty.certain_if(_FILM.match(head.replace("\r\n", "\n") + "\n"))


READER = Reader("netflix-prize", "the Netflix Prize: combined_data_*.txt or mv_*.txt, movie_titles", read, _recognises)


def _read_ratings(
    source: Source,
    log: tuple[IdColumn, IdColumn, GrowingArray, GrowingArray],
    report: ReadReport,
    job: Job | None,
) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    users, items, ratings, times = log
    film = -1
    lines = Delimited(source, delimiter=_NO_DELIMITER, quote=None, columns=["line"])
    for block in following(lines.blocks(["line"], ReadReport(source.name, "ratings")), report, job):
        texts = pc.utf8_trim_whitespace(block.columns["line"])
        is_film = pc.ends_with(texts, ":").to_numpy(zero_copy_only=False)
        blank = pc.equal(texts, "").to_numpy(zero_copy_only=False)
        heads = texts.filter(pa.array(is_film))
        try:
            numbers = pc.utf8_rtrim(heads, ":").cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            raise _bad_line(source, block, texts, is_film & ~_fits(texts, r"^\d{1,18}:$")) from None
        films = np.concatenate([[film], numbers])[np.cumsum(is_film)]
        film = int(films[-1]) if len(films) else film
        is_rating = ~is_film & ~blank
        values = pc.extract_regex(texts.filter(pa.array(is_rating)), pattern=_RATING)
        if values.null_count or (films[is_rating] < 0).any():
            raise _bad_line(source, block, texts, is_rating & (~_fits(texts, _RATING) | (films < 0)))
        users.add(pc.struct_field(values, "user").cast(pa.int64()))
        items.add(pa.array(films[is_rating].astype(np.int64)))
        ratings.add(pc.struct_field(values, "rating").cast(pa.float32()).to_numpy())
        try:
            times.add(to_times(pc.struct_field(values, "date")).to_numpy())
        except BadValueError as error:  # a date of the right form, such as 2005-02-30
            wrong = np.zeros(len(texts), dtype=bool)
            wrong[np.flatnonzero(is_rating)[error.position]] = True
            raise _bad_line(source, block, texts, wrong) from None
        report.rows += int(is_rating.sum())


def _fits(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    import pyarrow.compute as pc

    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _bad_line(source: Source, block: RowBatch, texts: pa.Array, which: npt.NDArray[np.bool_]) -> DataError:
    position = int(which.argmax())
    line = int(np.asarray(block.rows)[position])
    return DataError(
        f"{source.name}, line {line:,}: {texts[position].as_py()[:60]!r} is neither a film such as '1:' nor a rating "
        "below one such as '1488844,3,2005-09-06'; correct or remove it.",
        kind=ErrorKind.BAD_ROW,
        file=source.name,
        row=line,
    )


def _read_titles(source: Source, report: ReadReport, job: Job | None) -> Catalogue:
    """The titles: they contain commas without quotation marks, and are written in Latin-1."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lines = Delimited(source, delimiter=_NO_DELIMITER, quote=None, columns=["line"], encoding=source.encoding())
    blocks = list(following(lines.blocks(["line"], report), report, job))
    texts = pa.concat_arrays([*(block.columns["line"] for block in blocks), pa.array([], pa.string())])
    numbers = np.concatenate([*(np.asarray(block.rows) for block in blocks), np.array([], dtype=np.int64)])
    values = pc.extract_regex(texts, pattern=_TITLE)
    fits = pc.is_valid(values)
    report.skip("no id, year and title", int(pc.sum(pc.invert(fits)).as_py() or 0))
    values, numbers = values.filter(fits), numbers[fits.to_numpy(zero_copy_only=False)]
    ids = pc.struct_field(values, "id").cast(pa.int64())
    title = columns.strip(pa.chunked_array([pc.struct_field(values, "title")]))
    title = pc.coalesce(title, pa.chunked_array([ids.cast(pa.string())]))
    standard = {
        "title": title,
        "year": columns.told_years(
            pa.chunked_array([pc.struct_field(values, "year")]), "year", numbers, report, "line"
        ),
        "genres": columns.no_genres(len(values)),
        "text": title,
    }
    return Catalogue(ids, columns.table_of(standard))
