"""Stored text vectors of items by internal id, as input for models."""

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
        The stored vectors of the catalogue's texts.
    num_items
        The number of rows, including row 0 for the padding.

    Returns
    -------
    numpy.ndarray
        Vectors of shape ``(num_items, dim)``, float32. Row 0 (the padding) and the rows of items that are not embedded
        are zeros; ``dim`` is 0 if no item is embedded.
    """
    rows = store.rows(hash_texts(items.texts()))[: num_items - 1]
    stored = store.vectors()
    vectors = np.zeros((num_items, stored.shape[1]), dtype=np.float32)
    known = np.flatnonzero(rows >= 0)
    vectors[known + 1] = stored[rows[known]]
    return vectors
