"""Read the interactions of a file: coded ids, ratings and times as numbers; unusable rows are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.column_names import ORDER, ORDER_OF_VISITS, plain_name
from engine.datasets.formats.dates import UnclearDatesError
from engine.datasets.formats.ids import CodedIds, IdColumn, clean_ids, require_single_values
from engine.datasets.formats.joined_times import ROW_NUMBER
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import RowBatch, Rows, bad_value, following, place
from engine.datasets.formats.shown import shortened
from engine.datasets.formats.times import TimeColumn, clean_times
from engine.datasets.formats.values import BadValueError, GrowingArray, with_line_end
from engine.datasets.formats.written_numbers import CountReader, NumberReader
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import pyarrow as pa

    from engine.runtime.job import Job

#: Role -> the reason for which a row without a value for it is left out.
_MISSING = {
    "user": "no user id", "item": "no item id", "rating": "no rating", "weight": "no weight", "time": "no time"
}  # fmt: skip


@dataclass(slots=True)
class Log:
    """Interactions with external ids, in the order of the file.

    Attributes
    ----------
    users, items
        The ids of both columns, coded.
    ratings
        float32, shape ``(n,)``, NaN for "seen, but not rated"; None if the file has no ratings.
    times
        Unix seconds, int64, shape ``(n,)``; None if the file has no times.
    times_are_order
        Whether the times are numbers that only tell the order of the rows, and are no dates.
    report
        The row counts of the file.
    weights
        How strongly each item was chosen, above zero, float32, shape ``(n,)``; None if the file does not say.
    """

    users: CodedIds
    items: CodedIds
    ratings: npt.NDArray[np.float32] | None
    times: npt.NDArray[np.int64] | None
    report: ReadReport
    weights: npt.NDArray[np.float32] | None = None
    times_are_order: bool = False

    def __len__(self) -> int:
        return len(self.users.codes)

    def keep(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> None:
        """Drop all other rows; ``which`` is a mask, or the positions of the rows to keep in their new order."""
        self.users = CodedIds(self.users.codes[which], self.users.ids)
        self.items = CodedIds(self.items.codes[which], self.items.ids)
        self.ratings = None if self.ratings is None else self.ratings[which]
        self.times = None if self.times is None else self.times[which]
        self.weights = None if self.weights is None else self.weights[which]


def read_log(
    rows: Rows,
    columns: Mapping[str, str],
    job: Job | None = None,
    *,
    unrated: float | None = None,
    guessed: Collection[str] = frozenset(),
    day_first: bool | None = None,
) -> Log:
    """Read a file of interactions.

    Parameters
    ----------
    rows
        The file.
    columns
        Role -> name of the column. The roles are ``"user"``, ``"item"`` and, where the file has such columns,
        ``"rating"``, ``"weight"`` and ``"time"``. A row with an empty value in one of the columns is
        left out and counted.
    job
        Takes the progress and may be cancelled.
    unrated
        The rating that means "seen, but not rated".
    guessed
        The roles whose columns nobody has named. If a guessed column of times cannot be read, the log has no times,
        and the report says why.
    day_first
        Whether the day comes first in dates such as 01/02/2020, for a column that does not tell.

    Raises
    ------
    DataError
        At the first rating that is not a number, or time that is not a time; with file, row and column.
    """
    try:
        return _read_log(rows, columns, job, unrated, day_first)
    except _TimeError as error:
        if "time" not in guessed:
            raise error.with_remedy from None
        # The file is read again, since rows without a time were left out until here.
        log = _read_log(rows, {role: one for role, one in columns.items() if role != "time"}, job, unrated, day_first)
        log.report.remarks.append(
            f"the column {columns['time']} looks like times by its name, and was left out: row {error.row:,}: {error}."
        )
        if error.with_remedy.kind is ErrorKind.UNCLEAR_DATES:
            log.report.hints.append({"hint": "dates", "file": rows.name, "column": shortened(columns["time"])})
        return log


class _TimeError(Exception):
    """A column that cannot be read as times."""

    def __init__(self, error: BadValueError, name: str, column: str) -> None:
        super().__init__(str(error))
        self.row = error.position
        one_row = RowBatch({}, range(self.row, self.row + 1))
        self.with_remedy = bad_value(name, one_row, 0, column, str(error))
        if isinstance(error, UnclearDatesError):  # no value is wrong, so there is nothing to correct or to empty
            self.with_remedy = DataError(
                f"{name}, {place(one_row, 0, column)}: {error}.",
                kind=ErrorKind.UNCLEAR_DATES,
                file=name,
                row=self.row,
                column=column,
            )


def _read_log(
    rows: Rows, columns: Mapping[str, str], job: Job | None, unrated: float | None, day_first: bool | None
) -> Log:
    import pyarrow as pa

    report = ReadReport(rows.name, "ratings")
    users, items = IdColumn(), IdColumn()
    ratings = GrowingArray(np.float32) if "rating" in columns else None
    times = None
    if "time" in columns:
        is_order = columns["time"] == ROW_NUMBER or plain_name(columns["time"]) in (*ORDER_OF_VISITS, *ORDER)
        times = TimeColumn(day_first, is_order)
    weights = GrowingArray(np.float32) if "weight" in columns else None
    kinds: dict[str, type[NumberReader | CountReader]] = {"rating": NumberReader, "weight": CountReader}
    readers = {role: kind() for role, kind in kinds.items() if role in columns}
    for block in following(rows.blocks(list(columns.values()), report), report, job):
        values = {role: _parse(rows.name, block, role, column, readers) for role, column in columns.items()}
        block, values = _without_line_ends(block, values, columns, report)
        values, numbers = _without_gaps(block, values, columns, report)
        users.add(values["user"])
        items.add(values["item"])
        if ratings is not None:
            ratings.add(values["rating"].to_numpy())
        if times is not None:
            times.add(values["time"], numbers)
        if weights is not None:
            weights.add(values["weight"].to_numpy())
    report.remarks += [
        remark
        for role, reader in readers.items()
        for remark in reader.remarks(f"in the column {shortened(columns[role])}")
    ]
    pa.default_memory_pool().release_unused()  # otherwise this process keeps the memory of the text
    log = Log(
        users.finish(),
        items.finish(),
        None if ratings is None else ratings.finish(),
        None if times is None else _finish_times(times, rows.name, columns["time"], report),
        report,
        None if weights is None else weights.finish(),
        times is not None and times.is_order,
    )
    if times is not None and times.within is not None:  # the stable sort of equal times then follows this order
        log.keep(np.argsort(times.within, kind="stable"))
    _leave_out_returns(log)
    if unrated is not None and log.ratings is not None:
        log.ratings[log.ratings == unrated] = np.nan
    return log


def _finish_times(times: TimeColumn, name: str, column: str, report: ReadReport) -> npt.NDArray[np.int64]:
    try:
        seconds = times.finish()
    except BadValueError as error:
        raise _TimeError(error, name, column) from None
    if times.day_first is not None:
        report.day_first[column] = times.day_first
    if times.remark:
        report.remarks.append(times.remark)
    return seconds


def concatenated(logs: Sequence[Log]) -> Log:
    """One log of several files, in their order; what one of them does not say is dropped with a remark."""
    first = logs[0]
    if len(logs) == 1:
        return first
    for field in ("ratings", "times", "weights"):
        have = [log for log in logs if getattr(log, field) is not None]
        if have and len(have) < len(logs):
            lacking = next(log.report.name for log in logs if getattr(log, field) is None)
            for log in have:
                log.report.remarks.append(f"its {field} were not used, as {lacking} has none.")
                setattr(log, field, None)

    if first.times is not None and len({log.times_are_order for log in logs}) > 1:
        for log in logs:
            what = "only tell an order" if log.times_are_order else "are dates"
            log.report.remarks.append(f"its times were not used, as they {what}, unlike those of the other files.")
            log.times = None

    def joined(field: str) -> npt.NDArray[Any] | None:
        parts = [getattr(log, field) for log in logs]
        return None if parts[0] is None else np.concatenate(parts)

    users, items = IdColumn(), IdColumn()
    for log in logs:
        users.add_coded(log.users)
        items.add_coded(log.items)
    return Log(
        users.finish(),
        items.finish(),
        joined("ratings"),
        joined("times"),
        first.report,
        joined("weights"),
        first.times_are_order and first.times is not None,
    )


def _leave_out_returns(log: Log) -> None:
    """Leave out the rows whose weight is not above zero: goods that came back, or items that were not chosen."""
    if log.weights is None or (log.weights > 0).all():
        return
    keep = log.weights > 0
    log.report.skip("weight not above zero", int((~keep).sum()))
    log.keep(keep)


def _parse(
    name: str, block: RowBatch, role: str, column: str, numbers: Mapping[str, NumberReader | CountReader]
) -> pa.Array:
    parse: Callable[[pa.Array], pa.Array] = clean_times if role == "time" else clean_ids
    if role in numbers:
        parse = numbers[role].read
    try:
        values = parse(block.columns[column])
        if parse is clean_ids:
            require_single_values(block.columns[column], values)
        return values
    except BadValueError as error:
        raise bad_value(name, block, error.position, column, str(error)) from None


def _without_line_ends(
    block: RowBatch, values: dict[str, pa.Array], columns: Mapping[str, str], report: ReadReport
) -> tuple[RowBatch, dict[str, pa.Array]]:
    """Leave out the rows whose id has several lines: the mark that should close a value is missing there."""
    for role in ("user", "item"):
        broken = with_line_end(values[role])
        if broken is not None:
            report.skip("line end in an id", int(broken.sum()), place(block, int(broken.argmax()), columns[role]))
            block = RowBatch(block.columns, np.asarray(block.rows)[~broken])
            values = {one: array.filter(~broken) for one, array in values.items()}
    return block, values


def _without_gaps(
    block: RowBatch, values: dict[str, pa.Array], columns: Mapping[str, str], report: ReadReport
) -> tuple[dict[str, pa.Array], range | npt.NDArray[np.int64]]:
    """The values of the rows that lack none, and the numbers of these rows."""
    import pyarrow as pa

    if not any(array.null_count for array in values.values()):
        return values, block.rows
    missing = {role: array.is_null().to_numpy(zero_copy_only=False) for role, array in values.items()}
    blank = np.logical_and.reduce(list(missing.values()))
    if blank.any():
        report.skip("blank line", int(blank.sum()), place(block, int(blank.argmax())))
    gone = blank
    for role, gap in missing.items():
        fresh = gap & ~gone
        if fresh.any():
            report.skip(_MISSING[role], int(fresh.sum()), place(block, int(fresh.argmax()), columns[role]))
        gone = gone | gap
    keep = pa.array(~gone)
    return {role: array.filter(keep) for role, array in values.items()}, np.asarray(block.rows)[~gone]
