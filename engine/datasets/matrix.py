"""A matrix of ratings: a row for each user and a column for each item, or the other way round."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import Log
from engine.datasets.build.items import Catalogue
from engine.datasets.formats.column_names import CATALOGUE_ROLES, LOG_ROLES, is_log, usual
from engine.datasets.formats.files import Files
from engine.datasets.formats.ids import IdColumn, to_ids
from engine.datasets.formats.parquet_json import open_rows
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import RowBatch, Rows, bad_value, following, place
from engine.datasets.formats.shown import shortened
from engine.datasets.formats.values import BadValueError, GrowingArray
from engine.datasets.formats.written_numbers import NumberReader, numbers_written
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.sources import Source
    from engine.runtime.job import Job

_NAMES = ("*matrix*", "ratings.*", "*rating*", "*.csv", "*.tsv")
#: What stands in the header above the ids, where the program that wrote the table gave them no name.
_NO_NAME = ("", "#1", "index", "unnamed: 0")
#: A table without a mark is a matrix if it has at least so many columns beside the ids, whose numbers are few different
#: ones, and if at least this share of its cells is empty.
_LEAST_COLUMNS, _MOST_DIFFERENT, _LEAST_EMPTY = 3, 11, 0.1
#: The rows that are looked at to tell.
_SAMPLE = 200
#: From this share of zeros on, among numbers that are not below zero, a zero means "not rated".
_MOSTLY = 0.5


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read the cells that hold a number as ratings.

    The first column names the users, and the header the items; the header names the users if the first column has a
    usual name of items, such as ``movie``. A row of the counts is one rating. Where most numbers are 0 and none is
    below, 0 means "not rated", and a note says so.

    Raises
    ------
    DataError
        If the file is missing, or a cell is no number.
    """
    source = files.find("ratings", _NAMES)
    files.require_any((source,), "matrix", ("ratings",))
    assert source is not None
    rows = open_rows(source, header=files.header, encoding=files.encoding)
    ids, of_items = _ids_of(rows)
    others = [one for one in rows.columns if one != ids]
    report = ReadReport(source.name, "ratings")
    named, numbered, ratings = _read_cells(rows, ids, others, report, job)
    across = IdColumn()
    across.add(_texts(others).take(numbered))
    users, items = (across, named) if of_items else (named, across)
    log = Log(users.finish(), items.finish(), ratings, None, report)
    sides = ("item", "user") if of_items else ("user", "item")
    notes = [f"{source.name}: read as a matrix, with a row for each {sides[0]} and a column for each {sides[1]}."]
    _leave_out_zeros(log, notes)
    titles = log.items.ids.to_pylist() if of_items else others
    catalogue = _catalogue([str(one) for one in dict.fromkeys(titles)])
    return assemble(name, "matrix", name, catalogue=catalogue, log=log, reports=[report], notes=notes, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings
    return Certainty.POSSIBLE if source is not None and _is_matrix(source) else Certainty.NO


READER = Reader("matrix", "a matrix of ratings: a row for each user, a column for each item", read, _recognises)


def _is_matrix(source: Source) -> bool:
    """Whether the first column holds ids, and the others nothing but few different numbers, with gaps."""
    rows = open_rows(source)
    if not rows.has_header or len(rows.columns) <= _LEAST_COLUMNS or is_log(rows.columns):
        return False
    ids, *others = rows.columns
    if not (ids.strip().lower() in _NO_NAME or usual([ids], LOG_ROLES["user"]) or _names_items(ids)):
        return False
    if usual(others, (*LOG_ROLES["user"], *CATALOGUE_ROLES["title"], *LOG_ROLES["time"])):
        return False
    block = next(iter(rows.blocks(others, ReadReport(rows.name, "ratings"))), None)
    if block is None or not len(block):
        return False
    texts = _all_texts(block, others)
    filled = texts.filter(_is_filled(texts))
    values = numbers_written(filled)
    different = set(values.to_pylist())
    if _names_items(ids) and len(different - {0.0}) < 2:
        return False  # a catalogue with a column of 0 and 1 for each genre
    empty = 1 - len(filled) / len(texts) + float(sum(one == 0 for one in values.to_pylist())) / len(texts)
    return None not in different and empty >= _LEAST_EMPTY and len(different) <= _MOST_DIFFERENT


def _all_texts(block: RowBatch, names: Collection[str]) -> pa.Array:
    """The cells of the first rows as texts."""
    import pyarrow as pa

    from engine.datasets.formats.values import to_strings

    return pa.concat_arrays([to_strings(block.columns[one].slice(0, _SAMPLE)) for one in names])


def _is_filled(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.not_equal(pc.fill_null(pc.utf8_trim_whitespace(texts), ""), "")


def _names_items(column: str) -> bool:
    return bool(usual([column], (*LOG_ROLES["item"], *CATALOGUE_ROLES["title"])))


def _ids_of(rows: Rows) -> tuple[str, bool]:
    """The column with the ids, and whether these are items."""
    if len(rows.columns) < 2:
        raise DataError(
            f"{rows.name}: has one column, and a matrix has one for the ids and one for each item; check that it is "
            "the right file.",
            file=rows.name,
        )
    first = rows.columns[0]
    return first, not usual([first], LOG_ROLES["user"]) and _names_items(first)


def _read_cells(
    rows: Rows, ids: str, others: list[str], report: ReadReport, job: Job | None
) -> tuple[IdColumn, np.ndarray, np.ndarray]:
    """The id, the number of the column and the rating of each cell that is filled."""
    import pyarrow as pa

    named, numbered, ratings = IdColumn(), GrowingArray(np.int32), GrowingArray(np.float32)
    readers = [NumberReader() for _ in others]
    for block in following(rows.blocks([ids, *others], ReadReport(rows.name, "ratings")), report, job):
        cells = np.empty((len(block), len(others)))
        for place_of, (column, reader) in enumerate(zip(others, readers, strict=True)):
            try:
                cells[:, place_of] = reader.read(block.columns[column]).to_numpy(zero_copy_only=False)
            except BadValueError as error:
                raise bad_value(rows.name, block, error.position, column, str(error)) from None
        owners = to_ids(block.columns[ids])
        is_nobody = owners.is_null().to_numpy(zero_copy_only=False)
        filled = ~np.isnan(cells)
        report.rows += int(filled.sum())
        if (filled & is_nobody[:, None]).any():
            lost = (filled & is_nobody[:, None]).sum(1)
            report.skip(f"no {shortened(ids) or 'id'}", int(lost.sum()), place(block, int(lost.argmax()), ids))
            filled &= ~is_nobody[:, None]
        who, which = np.nonzero(filled)
        named.add(owners.take(pa.array(who)))
        numbered.add(which.astype(np.int32))
        ratings.add(cells[filled].astype(np.float32))
    told = {kind: example for one in readers for kind, example in one.examples.items()}
    report.remarks += [f"numbers such as {shortened(text)} were read as {number:g}." for text, number in told.values()]
    return named, numbered.finish(), ratings.finish()


def _leave_out_zeros(log: Log, notes: list[str]) -> None:
    """Drop the zeros where they are the most and can only mean that an item was not rated."""
    assert log.ratings is not None
    is_zero = log.ratings == 0
    if len(is_zero) and _MOSTLY <= is_zero.mean() < 1 and (log.ratings >= 0).all():
        notes.append(f"{log.report.name}: most numbers are 0, which was read as not rated.")
        log.report.rows -= int(is_zero.sum())
        log.keep(~is_zero)


def _catalogue(names: list[str]) -> Catalogue:
    """The items by the names in the file, from which the years are taken."""
    import pyarrow as pa

    split = [columns.split_year(one) for one in names]
    titles = pa.chunked_array([pa.array([title or name for (title, _), name in zip(split, names, strict=True)])])
    years = pa.array([year for _, year in split], pa.int32())
    table = {"title": titles, "year": years, "genres": columns.no_genres(len(names)), "text": titles}
    return Catalogue(_texts(names), columns.table_of(table))


def _texts(names: list[str]) -> pa.Array:
    import pyarrow as pa

    return pa.array(names, pa.string())
