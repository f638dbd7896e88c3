"""Pinned and hidden items as rows of a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId, IdMap
    from engine.data.pins import Pins

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PinnedRows:
    """The rows of pinned and hidden items.

    Attributes
    ----------
    pinned
        The rows of the pinned items.
    shown
        A mask of the items that are not hidden, shape (num_items,); None if all are shown.
    """

    pinned: frozenset[int] = frozenset()
    shown: Mask | None = None

    @classmethod
    def of(cls, pins: Pins, ids: IdMap) -> PinnedRows:
        """The rows of marked items; marks of items that the catalogue does not have are passed over."""
        shown = None
        if hidden := _rows(pins.hidden, ids):
            shown = np.ones(len(ids), dtype=bool)
            shown[hidden] = False
        return cls(frozenset(_rows(pins.pinned, ids)), shown)

    def visible(self, allowed: Mask | None) -> Mask | None:
        """The mask of the allowed items without the hidden ones."""
        if self.shown is None:
            return allowed
        return self.shown if allowed is None else allowed & self.shown

    def first(self, rows: npt.NDArray[np.int64], allowed: Mask | None) -> npt.NDArray[np.int64]:
        """Rows with the allowed pinned ones before them, and as many as there were."""
        pinned = np.array([row for row in sorted(self.pinned) if allowed is None or allowed[row]], dtype=np.int64)
        if not len(pinned):
            return rows
        return np.concatenate([pinned, rows[~np.isin(rows, pinned)]])[: len(rows)]


def _rows(marked: tuple[ExternalId, ...], ids: IdMap) -> list[int]:
    return [ids.encode_one(one) - ids.first for one in marked if one in ids]
