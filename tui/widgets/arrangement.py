"""How somebody has arranged the columns of a table: which are shown, in which order, how wide, and sorted by which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from tui.widgets.columns import Column, SortKey

Row = TypeVar("Row")

#: The narrowest and the widest that a column can be made.
NARROWEST, WIDEST = 3, 200


@dataclass(frozen=True, slots=True)
class Arrangement:
    """An arrangement; columns are named by their titles.

    Attributes
    ----------
    order
        The columns from left to right; those that are not named stay behind them.
    hidden
        The columns that are not shown.
    widths
        The cells of columns that do not go by their rows.
    sort
        The column that the rows are sorted by; empty for the order of the list itself.
    descending
        Whether the largest comes first.
    """

    order: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    widths: Mapping[str, int] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False

    def apply(self, columns: Sequence[Column[Row]]) -> list[Column[Row]]:
        """The columns as they are shown. A column that is the only one left is shown though it is hidden."""
        place = {title: position for position, title in enumerate(self.order)}
        ordered = sorted(columns, key=lambda column: place.get(column.title, len(place)))
        shown = [column for column in ordered if column.title not in self.hidden] or ordered[:1]
        return [self._sized(column) for column in shown]

    def _sized(self, column: Column[Row]) -> Column[Row]:
        width = self.widths.get(column.title)
        if width is None:
            return column
        return replace(column, width=width, least=min(column.least or width, width), main=False)

    def moved(self, columns: Sequence[Column[Any]], title: str, by: int) -> Arrangement:
        """With a column further left or right, beside these columns in the order in which they are shown now."""
        titles = [column.title for column in replace(self, hidden=frozenset(), widths={}).apply(columns)]
        place = titles.index(title)
        titles.insert(min(max(place + by, 0), len(titles) - 1), titles.pop(place))
        return replace(self, order=tuple(titles))

    def toggled(self, title: str) -> Arrangement:
        """With a column shown that was hidden, or hidden."""
        return replace(self, hidden=self.hidden ^ {title})

    def sized(self, title: str, width: int) -> Arrangement:
        """With a column of this width."""
        return replace(self, widths={**self.widths, title: min(max(width, NARROWEST), WIDEST)})

    def unsized(self, title: str) -> Arrangement:
        """With a column that is as wide as its rows need again."""
        return replace(self, widths={name: width for name, width in self.widths.items() if name != title})

    def sorted_by(self, title: str) -> Arrangement:
        """Sorted by a column: upwards, the second time downwards, and the third time not at all."""
        if self.sort != title:
            return replace(self, sort=title, descending=False)
        return replace(self, sort="" if self.descending else title, descending=not self.descending)

    def record(self) -> dict[str, Any]:
        """Plain values for a file; empty where nothing is arranged."""
        if self == Arrangement():
            return {}
        return {
            "order": list(self.order),
            "hidden": sorted(self.hidden),
            "widths": dict(self.widths),
            "sort": self.sort,
            "descending": self.descending,
        }

    @classmethod
    def restored(cls, record: object) -> Arrangement:
        """What :meth:`record` gave, whatever it is: the file may be of another version. What is wrong is left out."""
        if not isinstance(record, Mapping):
            return cls()
        order, hidden, widths, sort = (record.get(name) for name in ("order", "hidden", "widths", "sort"))
        return cls(
            tuple(one for one in order if isinstance(one, str)) if isinstance(order, list | tuple) else (),
            frozenset(one for one in hidden if isinstance(one, str))
            if isinstance(hidden, list | tuple)
            else frozenset(),
            {
                title: min(max(width, NARROWEST), WIDEST)
                for title, width in (widths.items() if isinstance(widths, Mapping) else ())
                if isinstance(title, str) and isinstance(width, int)
            },
            sort if isinstance(sort, str) else "",
            record.get("descending") is True,
        )


def in_order(rows: Sequence[Row], column: Column[Row], *, descending: bool) -> list[Row]:
    """Rows sorted by a column; those without a value come last, and equal ones keep their order."""
    order = column.order
    if order is None:
        return list(rows)
    keyed: list[tuple[SortKey, Row]] = [(order(row), row) for row in rows]
    known = [one for one in keyed if one[0] is not None]
    known.sort(key=lambda one: one[0], reverse=descending)  # type: ignore[arg-type, return-value]
    return [row for _, row in known] + [row for key, row in keyed if key is None]
