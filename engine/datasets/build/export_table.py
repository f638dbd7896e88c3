"""A small table of a person's export, read whole, with columns that are found by their usual names."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from engine.datasets.build.export_dates import read_dates
from engine.datasets.build.items import read_records
from engine.datasets.formats import column_names
from engine.datasets.formats.ids import require_single_values
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import Rows
from engine.datasets.formats.shown import listed, shortened
from engine.datasets.formats.values import BadValueError
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    from engine.runtime.job import Job

T = TypeVar("T")

#: A spreadsheet's way to keep a number as text: ``="0441013597"``.
_FORMULA = re.compile(r'="?(.*?)"?', re.DOTALL)
_NOT_IN_NAMES = re.compile(r"[^\w]+|_+")
_LONGEST_SHOWN = 60


def plain_name(column: str) -> str:
    """The name of a column as names are compared: without case, space, punctuation and accents."""
    return _NOT_IN_NAMES.sub("", column_names.plain_name(column))


def plain_names(columns: Iterable[str]) -> frozenset[str]:
    """The names of columns as names are compared."""
    return frozenset(plain_name(one) for one in columns)


class ExportTable:
    """The rows of one file.

    Parameters
    ----------
    rows
        The file.
    report
        Takes the counts of the rows.
    job
        Takes the progress and may be cancelled.

    Attributes
    ----------
    places
        The number of each row as a person counts.
    """

    def __init__(self, rows: Rows, report: ReadReport, job: Job | None = None) -> None:
        self.name = rows.name
        self.report = report
        self._columns = {plain_name(column): column for column in reversed(rows.columns)}
        records = read_records(rows, rows.columns, report, job)
        self._table = records.table
        self.places: list[int] = records.numbers.tolist()

    def __len__(self) -> int:
        return len(self.places)

    def column(self, *names: str) -> str | None:
        """The first column that has one of these names; None if there is none."""
        return next((self._columns[plain_name(one)] for one in names if plain_name(one) in self._columns), None)

    def require(self, *names: str) -> None:
        """Raise DataError if there is no column of one of these names."""
        if self.column(*names) is None:
            raise DataError(
                f"{self.name}: has no column {names[0]!r}; it has {listed(reversed(self._columns.values()))}; "
                "check that it is the right file.",
                kind=ErrorKind.MISSING_COLUMN,
                file=self.name,
                column=names[0],
                choices=tuple(self._columns.values()),
            )

    def require_single_values(self, *names: str) -> None:
        """Raise DataError at the first value of a column that is a list or an object, as JSON can nest them."""
        column = self.column(*names)
        if column is None:
            return
        values = self._table[column].combine_chunks()
        try:
            require_single_values(values, values)
        except BadValueError as error:
            raise self._bad_value(error.position, column, str(error)) from None

    def texts(self, *names: str) -> list[str]:
        """The values of the first column that has one of these names, without surrounding space; empty if none has."""
        column = self.column(*names)
        if column is None:
            return [""] * len(self)
        return [_plain(value) for value in self._table[column].to_pylist()]

    def numbers(self, *names: str) -> list[float | None]:
        """The values as numbers; None for an empty text.

        Raises
        ------
        DataError
            At the first text that is not a number.
        """
        return self.parsed(_number, "a number", *names)

    def parsed(self, parse: Callable[[str], T], what: str, *names: str) -> list[T]:
        """The values as a function reads them.

        Parameters
        ----------
        parse
            Takes a text and raises ValueError if it cannot be read.
        what
            What a text should be: ``a number``.
        *names
            The usual names of the column. Where there is none, all texts are empty.

        Raises
        ------
        DataError
            At the first text that cannot be read.
        """
        column, values = self.column(*names), []
        for position, text in enumerate(self.texts(*names)):
            try:
                values.append(parse(text))
            except ValueError:
                raise self._bad_value(position, column or names[0], f"{_shown(text)} is not {what}") from None
        return values

    def facts(self, *names: str) -> list[float | None]:
        """The values as numbers that are only shown; None for everything that is not a number."""
        return [_lenient(text) for text in self.texts(*names)]

    def dates(self, *names: str, newest_first: bool = False) -> list[int | None]:
        """The values as unix seconds; None for an empty text.

        If the source is known to write the latest date first, this tells days from months.

        Raises
        ------
        DataError
            At the first text that is not a date.
        """
        column = self.column(*names)
        texts = self.texts(*names)
        try:
            dates = read_dates(texts, newest_first=newest_first)
        except BadValueError as error:
            raise self._bad_value(error.position, column or names[0], str(error)) from None
        if dates.remark:
            of = shortened(column or names[0])
            self.report.remarks.append(f"the dates of {of} {dates.remark}; write them as 2024-05-31 if that is wrong.")
        return dates.seconds

    def skip(self, position: int, reason: str) -> None:
        """Count a row as left out."""
        self.report.skip(reason, place=f"row {self.places[position]:,}")

    def _bad_value(self, position: int, column: str, what: str) -> DataError:
        row = self.places[position]
        return DataError(
            f"{self.name}, row {row:,}, column {shortened(column)}: {what}; correct it, or empty it.",
            kind=ErrorKind.BAD_VALUE,
            file=self.name,
            row=row,
            column=column,
        )


def to_year(text: str) -> int | None:
    """The first number of four digits in a text; None if there is none."""
    found = re.search(r"(?<!\d)\d{4}(?!\d)", text)
    return int(found[0]) if found else None


def split_list(text: str, separator: str = ",") -> list[str]:
    """The parts of a text without empty ones."""
    return [part.strip() for part in text.split(separator) if part.strip()]


def joined(values: Sequence[str | None], separator: str = ", ") -> str:
    """The values that are not empty, joined."""
    return separator.join(one for one in values if one)


def _plain(value: str | None) -> str:
    text = (value or "").strip()
    found = _FORMULA.fullmatch(text) if text.startswith("=") else None
    return found[1].strip() if found else text


def _number(text: str) -> float | None:
    number = float(text.replace(",", ".")) if text and text != "-" else None
    if number is not None and not math.isfinite(number):
        raise ValueError(text)
    return number


def _lenient(text: str) -> float | None:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
