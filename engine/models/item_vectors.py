"""Item similarity by the cosine of a model's item vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.models.base import BaseModel, Scores


class ItemVectorsMixin(BaseModel):
    """A mixin for models with item vectors. The similarity of two items is the cosine of their vectors."""

    def item_vectors(self) -> npt.NDArray[np.float32]:
        """Return the vectors of all items, ``(num_items, d)``.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        """
        raise NotImplementedError

    def similarities(self, item: int) -> Scores:
        """Return the cosine similarity of an item to each item, ``(num_items,)``.

        Raises
        ------
        UnsupportedError
            If the model cannot compare items with its options.
        NotTrainedError
            Before the first fit.
        """
        self.require("similar")
        return cosines(self.item_vectors(), item)

    def similarity_rows(self, items: npt.ArrayLike) -> Scores:
        """Return the cosine similarities of several items to each item, ``(len(items), num_items)``."""
        self.require("similar")
        vectors = self.item_vectors()
        lengths = np.linalg.norm(vectors, axis=1)
        rows = np.asarray(items)
        result: Scores = vectors[rows] @ vectors.T
        result /= np.maximum(lengths[rows, None] * lengths, 1e-12)
        return result


def cosines(item_vectors: npt.ArrayLike, item: int) -> Scores:
    """Compute the cosine similarity of one row to each row, ``(num_items,)``."""
    vectors = np.asarray(item_vectors, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    result: Scores = vectors @ vectors[item] / np.maximum(lengths * lengths[item], 1e-12)
    return result
