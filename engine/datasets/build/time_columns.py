"""The columns of a log that tell its times: several that are named as one, and those that tell an order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.datasets.build.roles import looks_like, mapped_column, sample_of
from engine.datasets.formats.column_names import ORDER, ORDER_OF_VISITS, TIME, usual
from engine.datasets.formats.joined_times import ROW_NUMBER, TimedRows
from engine.datasets.formats.rows import Rows
from engine.datasets.formats.shown import shortened
from engine.datasets.formats.values import to_strings

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.files import ColumnMapping
    from engine.datasets.formats.read_report import ReadReport

#: More rows than a file has, so that the rows of a later file come after those of an earlier one.
_ROWS_OF_A_FILE = 1 << 40
#: How many columns are looked at for dates.
_MOST_LOOKED_AT = 20
_WHOLE = r"^\s*\d+(?:\.0*)?\s*$"
#: A time of day, and a date without one.
_CLOCK = r"^\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*$"
_DAY = r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\s*$"


def columns_of_time(rows: Rows, mapping: ColumnMapping) -> list[str]:
    """The columns that a caller names for the time; empty if none is named.

    There may be several, the most significant first and joined by plus signs: the number of an order and the place in
    it, or a date and a time of day. ``#row`` is the number of the row.

    Raises
    ------
    DataError
        If there is no such column.
    """
    named = mapping.get("time") or ()
    if isinstance(named, str):
        named = [named] if named in rows.columns or "+" not in named else [one.strip() for one in named.split("+")]
    if list(named) == [ROW_NUMBER]:
        return [ROW_NUMBER]
    return [mapped_column(rows, "time", one) for one in named]


def day_and_clock(rows: Rows) -> list[str]:
    """A column of dates and one of times of day, which are usual names of times; empty if there are not both."""
    import pyarrow.compute as pc

    samples = {name: to_strings(values) for name, values in sample_of(rows, usual(rows.columns, TIME)).items()}

    def first(pattern: str) -> list[str]:
        return [
            name
            for name, texts in samples.items()
            if len(texts) and pc.all(pc.match_substring_regex(texts, pattern)).as_py()
        ][:1]

    days, clocks = first(_DAY), first(_CLOCK)
    return [*days, *clocks] if days and clocks else []


def with_time(rows: Rows, columns: Sequence[str], mapping: ColumnMapping, file: int = 0) -> tuple[Rows, ColumnMapping]:
    """Make the time one column of a file, where it is several columns or the number of the row.

    Parameters
    ----------
    rows
        The file.
    columns
        The columns of the time; see :func:`columns_of_time`.
    mapping
        The columns that the caller names.
    file
        The number of the file among those of the log.

    Returns
    -------
    tuple
        The rows, and the mapping in which the time is one column.
    """
    if columns == [ROW_NUMBER] and ROW_NUMBER not in rows.columns:
        return TimedRows(rows, ROW_NUMBER, (), file * _ROWS_OF_A_FILE), mapping
    if len(columns) < 2:
        return rows, mapping
    name = "+".join(columns)
    return TimedRows(rows, name, columns), {**mapping, "time": name}


def offer_order(
    rows: Rows, used: Collection[str], user_column: str, report: ReadReport, refused: str | None = None
) -> None:
    """Say in the report which columns of a log without times could tell them, or the order of a person's rows.

    Parameters
    ----------
    rows, report
        The log, and where it is said.
    used
        The columns that have a role, and are not offered.
    user_column
        The column of the users.
    refused
        The column that was read as times and holds a value that is none: naming it would end in an error.
    """
    if any(hint["hint"] == "dates" for hint in report.hints):
        return  # the refused column has the times, once it is said how its dates are to be read
    if refused is not None:
        used = {*used, refused}
    no_column = "no column" if refused is None else "no other column"
    dates = _dates(rows, used)
    if dates:
        shown = " and ".join(repr(shortened(one)) for one in dates)
        holds, was = ("holds", "was") if len(dates) == 1 else ("hold", "were")
        report.remarks.append(f"{no_column} is known to hold times; {shown} {holds} dates, and {was} not used.")
        report.hints.append({"hint": "times", "file": rows.name, "column": dates[0]})
        return
    found = [
        next(iter(_orders(rows, [one for one in usual(rows.columns, names) if one not in used], user_column)), None)
        for names in (ORDER_OF_VISITS, ORDER)
    ]
    columns = [shortened(one) for one in found if one is not None]
    if columns:
        shown = " and then ".join(map(repr, columns))
        looks, was = ("looks", "was") if len(columns) == 1 else ("look", "were")
        report.remarks.append(
            f"{no_column} holds times; {shown} {looks} like the order of a person's rows, and {was} not used."
        )
    else:
        report.remarks.append(
            f"{no_column} holds times or an order of the rows, which models of sequences need; if the rows are in the "
            "order in which things happened, their numbers can be the time."
        )
    report.hints.append({"hint": "order", "file": rows.name, "column": "+".join(columns) or ROW_NUMBER})


def _dates(rows: Rows, used: Collection[str]) -> list[str]:
    """The first columns that hold dates and nothing uses."""
    rest = [one for one in rows.columns if one not in used]
    looks = {one: looks_like(values) for one, values in sample_of(rows, rest[:_MOST_LOOKED_AT]).items()}
    return [one for one, what in looks.items() if what == "dates"][:2]


def _orders(rows: Rows, columns: Sequence[str], user_column: str) -> list[str]:
    """Those of the columns that hold whole numbers, which differ between the rows of a user."""
    values: Mapping[str, pa.Array] = sample_of(rows, [user_column, *columns]) if columns else {}
    return [one for one in columns if _tells_order(values[user_column], values[one])]


def _tells_order(users: pa.Array, values: pa.Array) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = to_strings(values)
    if not len(texts) or texts.null_count or not pc.all(pc.match_substring_regex(texts, _WHOLE)).as_py():
        return False
    table = pa.table({"user": to_strings(users), "value": texts})
    counts = table.group_by("user").aggregate([("value", "count_distinct")])["value_count_distinct"]
    return bool(pc.max(counts).as_py() > 1)
