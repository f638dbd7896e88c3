"""The vectors of a catalogue's texts, by internal id: what models can take of the search side."""

from __future__ import annotations

import numpy as np

from engine.data.items import ItemTable
from engine.search.encoder.encoder import Vectors
from engine.search.semantic.vector_store import VectorStore, hash_texts


def item_vectors(items: ItemTable, store: VectorStore, num_items: int) -> Vectors:
    """The stored vectors of the first items.

    Parameters
    ----------
    items
        The catalogue.
    store
        Where its texts are embedded.
    num_items
        How many rows, the padding among them.

    Returns
    -------
    numpy.ndarray
        ``(num_items, dim)``, float32: row 0 (the padding) and those of items that are not embedded are zeros;
        ``dim`` is 0 where nothing is.
    """
    rows = store.rows(hash_texts(items.texts()))[: num_items - 1]
    stored = store.vectors()
    vectors = np.zeros((num_items, stored.shape[1]), dtype=np.float32)
    known = np.flatnonzero(rows >= 0)
    vectors[known + 1] = stored[rows[known]]
    return vectors
