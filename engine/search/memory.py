"""The memory that a search index and the embedding of a catalogue take, from counts.

The figures are of what the code allocates, as measured: bytes for each character and each item, and a constant for
blocks of bounded size. Vectors of a catalogue lie in a file that is mapped into memory, and count only where they are
copied.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.runtime import memory

if TYPE_CHECKING:
    from engine.data.items import ItemTable

#: Strings of Python, the postings of their words while these are sorted, and what is as long as the titles.
_INDEX_BYTE, _INDEX_ITEM, _INDEX = 11, 620, 2_000_000
#: A string of Python beside its letters, and the hashes of texts while equal ones are found.
_TEXT_ITEM = 57 + 150
logger = logging.getLogger(__name__)


def keyword_index(items: ItemTable, columns: Iterable[str] = ()) -> int:
    """Estimate the memory of building the keyword index of a catalogue.

    Parameters
    ----------
    items
        The catalogue.
    columns
        The columns that are searched beside its titles and texts.
    """
    letters = sum(_letters(items, column) for column in {"title", "text", *columns})
    return _INDEX + _INDEX_ITEM * len(items) + _INDEX_BYTE * letters


def texts(items: ItemTable) -> int:
    """Estimate the memory of a catalogue's texts, their long parts and the hashes of both while they are embedded."""
    return 2 * (_TEXT_ITEM * len(items) + _letters(items, "text"))


def vectors_fit(num_vectors: int, dim: int, num_items: int, device: str) -> bool:
    """Whether a device, and for a moment this process, have room for a copy of so many vectors; logs if they have not.

    Parameters
    ----------
    num_vectors, dim
        The shape of the vectors.
    num_items
        The number of items, each of which has the row of its vector.
    device
        The name of the torch device.
    """
    import torch

    copied = 4 * num_vectors * dim
    for place, needed in ((torch.device(device), copied + 8 * num_items), (None, copied)):
        free = memory.available(place)
        if free is not None and needed > free:
            logger.warning(
                "%s vectors need %s on %s, and only %s is free: the CPU searches them",
                f"{num_vectors:,}",
                memory.describe_bytes(needed),
                place or "cpu",
                memory.describe_bytes(free),
            )
            return False
    return True


def _letters(items: ItemTable, column: str) -> int:
    return int(items.table.column(column).nbytes)
