"""Jester: a matrix with a row for each person and a column for each joke."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.data.dataset import Dataset
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import Log
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.dialect import first_row
from engine.datasets.formats.files import Files
from engine.datasets.formats.ids import IdColumn
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import bad_value, following
from engine.datasets.formats.sources import Source, choose, collect, open_source
from engine.datasets.formats.values import BadValueError, GrowingArray, to_numbers
from engine.datasets.reader import Certainty, Evidence, Reader

if TYPE_CHECKING:
    from engine.runtime.job import Job

_NAMES = ("jester*.csv", "*jester*", "*.csv")
_UNRATED = 99.0
_LARGEST = 10.0
_LEAST_JOKES = 50


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read the ratings from -10 to 10; 99 and an empty value mean "not rated".

    The first column is the number of jokes that the person rated. People and jokes are numbered from 1 in the order of
    the rows and columns; the rows of a second file follow those of the first. A row of the counts is one rating.

    Raises
    ------
    DataError
        If a file is missing, or a value is no rating.
    """
    if files.ratings is not None:
        sources = [open_source(files.ratings, _NAMES)]
    else:
        sources = [] if files.source is None else [one for one in collect(files.source) if choose([one], _NAMES)]
        sources = [one for one in sources if len(sources) == 1 or _is_matrix(one)]
    files.require_any(sources, "jester", ("ratings",))
    users, items, ratings = IdColumn(), IdColumn(), GrowingArray(np.float32)
    reports = [ReadReport(source.name, "ratings") for source in sources]
    people = 0
    for source, report in zip(sources, reports, strict=True):
        people = _read_matrix(source, (users, items, ratings), report, people, job)
    log = Log(users.finish(), items.finish(), ratings.finish(), None, reports[0])
    return assemble(name, "jester", "Jester", catalogue=None, log=log, reports=reports, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_NAMES[:2])
    return Certainty.certain_if(source is not None and _is_matrix(source))


READER = Reader("jester", "Jester: a matrix of people and jokes, with 99 for not rated", read, _recognises)


def _is_matrix(source: Source) -> bool:
    """Whether the first value of the first row counts those of the others that are not 99."""
    if not source.base.endswith((".csv", ".txt", ".tsv")):
        return False
    row = first_row(source.text_head())
    try:
        values = [float(value) if value.strip() else _UNRATED for value in row]
    except ValueError:
        return False
    rated = [value for value in values[1:] if value != _UNRATED]
    in_range = all(abs(value) <= _LARGEST for value in rated)
    return len(values) > _LEAST_JOKES and in_range and values[0] == len(rated)


def _read_matrix(
    source: Source, log: tuple[IdColumn, IdColumn, GrowingArray], report: ReadReport, people: int, job: Job | None
) -> int:
    """Read a file whose first row is the person after ``people``; returns the number of people so far."""
    import pyarrow as pa
    import pyarrow.compute as pc

    users, items, ratings = log
    width = len(first_row(source.text_head()))
    names = [f"{position + 1}" for position in range(width)]
    rows = Delimited(source, columns=names)
    for block in following(rows.blocks(names, ReadReport(source.name, "ratings")), report, job):
        numbers = np.empty((len(block), width - 1))
        for position, column in enumerate(names[1:]):
            try:
                numbers[:, position] = to_numbers(block.columns[column]).to_numpy(zero_copy_only=False)
            except BadValueError as error:
                raise bad_value(source.name, block, error.position, column, str(error)) from None
        is_rated = ~np.isnan(numbers) & (numbers != _UNRATED)
        wrong = is_rated & (np.abs(numbers) > _LARGEST)
        if wrong.any():
            row, position = np.argwhere(wrong)[0].tolist()
            what = f"{numbers[row, position]:g} is neither a rating from -10 to 10 nor 99"
            raise bad_value(source.name, block, row, names[position + 1], what)
        who, what_joke = np.nonzero(is_rated)
        blank = pc.equal(block.columns[names[0]], "").to_numpy(zero_copy_only=False) & ~is_rated.any(axis=1)
        number = people + np.cumsum(~blank)
        users.add(pa.array(number[who].astype(np.int64)))
        items.add(pa.array(what_joke.astype(np.int64) + 1))
        ratings.add(numbers[is_rated].astype(np.float32))
        report.rows += len(who)
        people += int((~blank).sum())
    return people
