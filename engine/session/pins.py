"""The service for the items that searches show first, and for those that they leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.results import Mark
from engine.runtime.locked_property import locked_property
from engine.session.open_dataset import OpenDataset

if TYPE_CHECKING:
    from pathlib import Path

    from engine.data.id_map import ExternalId
    from engine.data.items import Item
    from engine.search.pinned_rows import PinnedRows


@dataclass(frozen=True, slots=True)
class MarkedItem:
    """An item that is pinned or hidden.

    Attributes
    ----------
    item_id
        Its id in the source file.
    mark
        How it is marked.
    item
        The item; None if the data set does not have it any more.
    """

    item_id: ExternalId
    mark: Mark
    item: Item | None


class PinService:
    """Keeps the pinned and hidden items of one data set.

    Parameters
    ----------
    opened
        The data set.
    """

    def __init__(self, opened: OpenDataset) -> None:
        self._opened = opened
        self._rows: tuple[tuple[int, int, int], PinnedRows] | None = None

    def list(self) -> list[MarkedItem]:
        """All marked items: the pinned ones, and then the hidden ones, each in the order of marking.

        Raises
        ------
        DataError
            If the file is damaged, or cannot be read.
        """
        from engine.workspace.pins import read_pins

        pins, items = read_pins(self._folder), self._opened.dataset.items
        ids = items.id_map
        return [
            MarkedItem(one, pins.mark_of(one), items[ids.encode_one(one)] if one in ids else None)
            for one in (*pins.pinned, *pins.hidden)
        ]

    def mark(self, item: ExternalId, mark: Mark) -> Mark:
        """Pin an item, hide it, or treat it like any other (``""``); returns how it was marked before.

        Raises
        ------
        UnknownError
            If there is no such item; the mark of one that the data set had once can still be taken off.
        DataError
            If the marks are damaged, or cannot be read or written; they stay as they are then.
        """
        from engine.workspace.pins import read_pins, write_pins

        ids = self._opened.dataset.items.id_map
        with self._opened.workspace.exclusive("marking an item"):
            pins = read_pins(self._folder)
            if item in ids:
                item = ids.decode_one(ids.encode_one(item))  # "31" may have been typed for 31
            elif mark or not pins.mark_of(item):
                ids.encode_one(item)  # says what is wrong
            before = pins.mark_of(item)
            if before != mark:
                write_pins(self._folder, pins.marked(item, mark))
        return before

    def rows(self) -> PinnedRows:
        """The marked items as rows of the catalogue, as the file has them now.

        A search must not fail for them: of a damaged file nothing is marked, and :meth:`list` says what is wrong.
        """
        from engine.errors import DataError
        from engine.search.pinned_rows import PinnedRows
        from engine.workspace.pins import read_pins, stamp_of

        stamp, known = stamp_of(self._folder), self._rows
        if known is None or known[0] != stamp:
            try:
                rows = PinnedRows.of(read_pins(self._folder), self._opened.dataset.items.id_map)
            except DataError:
                rows = PinnedRows()
            known = self._rows = (stamp, rows)
        return known[1]

    @locked_property
    def _folder(self) -> Path:
        return self._opened.workspace.dataset_folder(self._opened.name)
