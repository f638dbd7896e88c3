"""How many rows of a file were kept, and how many were left out for which reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ReadReport:
    """The count of the rows of one file; ``rows == kept + sum(skipped.values())`` is always true.

    Parameters
    ----------
    name
        The name of the file, as shown to a person.
    role
        ``"items"``, ``"ratings"`` or ``"links"``; a reader may have further roles, such as ``"credits"``.

    Attributes
    ----------
    rows
        How many rows were read.
    skipped
        Reason -> how many rows were left out for it.
    remarks
        What else the reader has to say about the file: the ends of sentences that begin with its name.
    hints
        What the caller could say to have the file read better, as facts whose ``"hint"`` tells their kind:
        ``"order"`` (the column or the columns, joined by plus signs, in ``"column"`` could be the time), ``"times"``
        (the dates in ``"column"`` could be the times), ``"dates"`` (it is unclear whether the day or the month comes
        first in the dates of ``"column"``) and ``"unrated"`` (the rating in ``"value"`` may mean "not rated").
    instead
        What the rows have in the columns by which they were to be chosen; empty unless none could be.
    separator
        What separates the columns of the file; empty where nothing does, as in Parquet.
    day_first
        Column -> whether its dates were read with the day first, for the columns where that makes a difference.
    """

    def __init__(self, name: str, role: str) -> None:
        self.name = name
        self.role = role
        self.rows = 0
        self.skipped: dict[str, int] = {}
        self.remarks: list[str] = []
        self.hints: list[dict[str, str]] = []
        self.instead = ""
        self.separator = ""
        self.day_first: dict[str, bool] = {}
        self._first_place: dict[str, str] = {}

    @property
    def kept(self) -> int:
        """Rows that were not left out."""
        return self.rows - sum(self.skipped.values())

    def skip(self, reason: str, count: int = 1, place: str = "") -> None:
        """Count rows as left out.

        Parameters
        ----------
        reason
            A few words: ``"no rating"``, ``"duplicate pair"``.
        count
            How many rows; 0 changes nothing.
        place
            The place of the first of these rows: ``"row 17, column rating"``.
        """
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count
            if place:
                self._first_place.setdefault(reason, place)

    def notes(self) -> list[str]:
        """Sentences for a person: the remarks, and where rows were left out."""
        left_out = [
            f"{self.name}: {self.skipped[reason]:,} {_rows(self.skipped[reason])} left out ({reason}), "
            f"the first at {place}."
            for reason, place in self._first_place.items()
        ]
        return [*(f"{self.name}: {remark}" for remark in self.remarks), *left_out]

    def summary(self) -> dict[str, Any]:
        """The counts as plain values."""
        return {
            "role": self.role,
            "name": self.name,
            "rows": self.rows,
            "kept": self.kept,
            "skipped": dict(self.skipped),
        }


def total_skipped(reports: Iterable[ReadReport]) -> dict[str, int]:
    """Reason -> rows left out in all the files together."""
    total: dict[str, int] = {}
    for report in reports:
        for reason, count in report.skipped.items():
            total[reason] = total.get(reason, 0) + count
    return total


def orders_of_dates(reports: Iterable[ReadReport]) -> dict[str, dict[str, bool]]:
    """Role -> column -> whether the day comes first, for the columns whose dates have one order in all files."""
    orders: dict[str, dict[str, set[bool]]] = {}
    for report in reports:
        for column, day_first in report.day_first.items():
            orders.setdefault(report.role, {}).setdefault(column, set()).add(day_first)
    alike = {
        role: {column: found.pop() for column, found in columns.items() if len(found) == 1}
        for role, columns in orders.items()
    }
    return {role: columns for role, columns in alike.items() if columns}


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"
