"""What became of every row of a file: kept, or left out for a reason that is counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ReadReport:
    """The account of one file: ``rows == kept + sum(skipped.values())``, always.

    Parameters
    ----------
    name
        The file's name, as shown.
    role
        ``"items"``, ``"ratings"`` or ``"links"``.
    """

    def __init__(self, name: str, role: str) -> None:
        self.name = name
        self.role = role
        self.rows = 0
        self.skipped: dict[str, int] = {}
        self.remarks: list[str] = []
        self._first_place: dict[str, str] = {}

    @property
    def kept(self) -> int:
        """Rows that were not left out."""
        return self.rows - sum(self.skipped.values())

    def skip(self, reason: str, count: int = 1, place: str = "") -> None:
        """Leave ``count`` rows out.

        Parameters
        ----------
        reason
            A few words: ``"no rating"``, ``"duplicate pair"``.
        count
            How many; nothing is written down for 0.
        place
            Where the first of them is: ``"row 17, column rating"``.
        """
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count
            if place:
                self._first_place.setdefault(reason, place)

    def notes(self) -> list[str]:
        """Plain sentences for a person: where rows were left out, and what the reader remarked."""
        left_out = [
            f"{self.name}: {self.skipped[reason]:,} {_rows(self.skipped[reason])} left out ({reason}), "
            f"the first at {place}."
            for reason, place in self._first_place.items()
        ]
        return [*(f"{self.name}: {remark}" for remark in self.remarks), *left_out]

    def summary(self) -> dict[str, Any]:
        """The account as plain values."""
        return {
            "role": self.role,
            "name": self.name,
            "rows": self.rows,
            "kept": self.kept,
            "skipped": dict(self.skipped),
        }


def total_skipped(ledgers: Iterable[ReadReport]) -> dict[str, int]:
    """The reasons of several files in one; a reason that two files share is counted together."""
    total: dict[str, int] = {}
    for report in ledgers:
        for reason, count in report.skipped.items():
            total[reason] = total.get(reason, 0) + count
    return total


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"
