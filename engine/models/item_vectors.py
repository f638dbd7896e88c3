"""Comparing items by the vectors that a model holds of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.models.base import BaseModel, Scores


class ItemVectorsMixin(BaseModel):
    """Mixed into a model that holds a vector of each item: items are alike by the cosine of their vectors."""

    def item_vectors(self) -> npt.NDArray[np.float32]:
        """The items' vectors, ``(num_items, d)``.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        """
        raise NotImplementedError

    def similarities(self, item: int) -> Scores:
        """The cosine of an item's vector with that of each item, ``(num_items,)``.

        Raises
        ------
        UnsupportedError
            If the model cannot compare items with the options that it was made with.
        NotTrainedError
            Before the first fit.
        """
        self.require("similar")
        return cosines(self.item_vectors(), item)


def cosines(item_vectors: npt.ArrayLike, item: int) -> Scores:
    """The cosine of one row with each row, ``(num_items,)``."""
    vectors = np.asarray(item_vectors, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    result: Scores = vectors @ vectors[item] / np.maximum(lengths * lengths[item], 1e-12)
    return result
