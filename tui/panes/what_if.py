"""What if: changes of a user's history that somebody imagines on the User tab. Nothing of them is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.data.results import Change, Comparison, HistoryEntry, Result
from tui.widgets.bars import compact
from tui.widgets.cell_text import clean, count, full_title
from tui.widgets.item_list import described_columns
from tui.widgets.table import Column

if TYPE_CHECKING:
    from engine.session import Edit, Item

#: How many items that have left the list are named.
_NAMED = 2
#: Of how many places at the top it is said which items have left the list.
_WATCHED = 10


class WhatIf:
    """Changes of one user's history, which can be undone.

    Parameters
    ----------
    entries
        The history as it is.
    """

    def __init__(self, entries: Sequence[HistoryEntry]) -> None:
        self._entries = {entry.item.internal_id: entry for entry in entries}
        self._changed: dict[int, HistoryEntry | None] = {}
        self._past: list[dict[int, HistoryEntry | None]] = []
        self.comparison: Comparison | None = None
        """What came of the changes; None until it is known."""

    def __len__(self) -> int:
        return len(self._changed)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._past)

    def rate(self, item: Item, rating: float) -> None:
        """Imagine that the item was rated so; it need not be in the history."""
        self._change(item.internal_id, HistoryEntry(item, rating, None))

    def take_out(self, item: Item) -> None:
        """Imagine the history without an item, or put it back if it is out already."""
        number = item.internal_id
        if number in self._entries and self._changed.get(number, self._entries[number]) is not None:
            self._change(number, None)
        else:
            self._past.append(dict(self._changed))
            self._changed.pop(number, None)

    def undo(self) -> None:
        """Take back the last change."""
        if self._past:
            self._changed = self._past.pop()

    def rows(self) -> list[HistoryEntry]:
        """The imagined history: what was added first, then everything as it was, which columns describe."""
        added = [one for number, one in self._changed.items() if number not in self._entries and one is not None]
        return [*reversed(added), *self._entries.values()]

    def edits(self) -> list[Edit]:
        """The changes for the engine."""
        from engine.session import Edit

        return [
            Edit(number, removed=True) if entry is None else Edit(number, entry.rating)
            for number, entry in self._changed.items()
        ]

    def columns(self) -> list[Column[HistoryEntry]]:
        """Columns for the imagined history: the rating, and what it was."""
        return [
            Column("", lambda entry, _: self._mark(entry), width=1, style="accent"),
            Column("Title", lambda entry, _: clean(entry.item.title) or f"item {clean(entry.item.item_id)}", main=True),
            Column("Was", lambda entry, _: self._was(entry), width=4, right=True, style="muted"),
            Column("Now", lambda entry, _: self._now(entry), width=4, right=True),
        ]

    def title(self) -> str:
        """The heading of the list of results."""
        return f"What if · {count(len(self), 'change')}" if self._changed else "What if · nothing is changed yet"

    def gone(self) -> str:
        """What has left the list, in a few words."""
        return "" if self.comparison is None else gone_text(self.comparison)

    def _change(self, number: int, entry: HistoryEntry | None) -> None:
        self._past.append(dict(self._changed))
        known = self._entries.get(number)
        if entry is not None and known is not None and entry.rating == known.rating:
            self._changed.pop(number, None)
        else:
            self._changed[number] = entry

    def _mark(self, entry: HistoryEntry) -> str:
        number = entry.item.internal_id
        if number not in self._changed:
            return ""
        return "+" if number not in self._entries else "−" if self._changed[number] is None else "≠"

    def _was(self, entry: HistoryEntry) -> str:
        known = self._entries.get(entry.item.internal_id)
        return "" if known is None else _rating(known)

    def _now(self, entry: HistoryEntry) -> str:
        now = self._changed.get(entry.item.internal_id, entry)
        return "out" if now is None else _rating(now)


def _rating(entry: HistoryEntry) -> str:
    return "seen" if entry.rating is None else compact(entry.rating)


def gone_text(comparison: Comparison) -> str:
    """What has left the top of a list, in a few words; empty if nothing has."""
    gone = [one for one in comparison.gone if (one.rank_before or 0) <= _WATCHED]
    named = ", ".join(full_title(one.item) for one in gone[:_NAMED])
    more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
    return f"gone: {named}{more}" if gone else ""


def comparison_columns(comparison: Comparison) -> list[Column[Result]]:
    """Columns for the list after a change: where each item was before, and by how much its score has changed."""
    changes = {change.item.internal_id: change for change in comparison.changes}

    def moved(result: Result, _: int) -> str:
        return _moved(changes[result.item.internal_id])

    def difference(result: Result, _: int) -> str:
        value = changes[result.item.internal_id].difference
        if value is None:
            return ""
        return f"{value:+.2f}" if result.probability is None else f"{value:+.1%}"

    def figure(result: Result, _: int) -> str:
        if result.probability is not None:
            return f"{result.probability:.1%}"
        value = result.predicted_rating
        return f"{result.score:.3g}" if value is None else f"{value:.2f}"

    return [
        *described_columns(),
        Column("Moved", moved, width=5, right=True, style="accent"),
        Column("Change", difference, width=6, right=True, priority=1, style="muted"),
        Column("", figure, width=5, right=True),
    ]


def _moved(change: Change) -> str:
    if change.rank_before is None or change.rank_after is None:
        return "new"
    places = change.rank_before - change.rank_after
    return "=" if not places else f"{'▲' if places > 0 else '▼'}{abs(places)}"
