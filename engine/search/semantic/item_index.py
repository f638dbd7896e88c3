"""Nearest-neighbour search over items that have two vectors, one of the whole text and one of its long part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.search.semantic.vector_index import ExactIndex, Rows, Scores

Mask = npt.NDArray[np.bool_]

#: The least number of vectors that are looked for beyond the number of items, since some items have two among them.
_SPARE = 20


class ItemIndex:
    """Items by the cosine of their nearest vector to a query.

    Parameters
    ----------
    texts
        The index over the vectors of the whole texts: one for each item.
    all_vectors
        The index over the vectors of the whole texts, followed by those of the long parts: two for each item. None if
        no item has a second vector.

    Attributes
    ----------
    texts
        The index over the vectors of the whole texts.
    """

    def __init__(self, texts: ExactIndex, all_vectors: ExactIndex | None = None) -> None:
        self.texts = texts
        self._all = all_vectors

    def __len__(self) -> int:
        """The number of items whose whole text has a vector."""
        return len(self.texts)

    def vector(self, item: int) -> npt.NDArray[np.float32] | None:
        """The vector of an item's whole text, shape (dim,), or None if it has none."""
        return self.texts.vector(item)

    def like(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        """The ``k`` items whose whole texts are nearest to a vector; see :meth:`search`."""
        items, cosines = self.texts.search(vector[None], k, allowed)
        return items[0], cosines[0]

    def search(self, query: npt.NDArray[np.float32], k: int, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        """The ``k`` items nearest to a query.

        Parameters
        ----------
        query
            A vector of unit length, shape (dim,).
        k
            The number of items; fewer are returned if fewer items have a vector and are allowed.
        allowed
            A mask of the items that may be found, shape (num_items,); None allows all.

        Returns
        -------
        items, cosines
            Items and the larger of their two cosines, best first, both of shape (at most k,).
        """
        if self._all is None:
            return self.like(query, k, allowed)
        both = None if allowed is None else np.tile(allowed, 2)
        # An item has at most two vectors, so twice as many vectors belong to at least k items. Mostly fewer do, and
        # fewer are found in less time.
        for count in (min(2 * k, k + max(_SPARE, 3 * k // 10)), 2 * k):
            found, cosines = self._all.search(query[None], count, both)
            items = found[0] % self.texts.num_items
            first = np.sort(np.unique(items, return_index=True)[1])[:k]
            if len(first) == k or len(items) < count:
                break
        return items[first], cosines[0][first]

    def cosines(self, query: npt.NDArray[np.float32], items: Rows) -> Scores:
        """The larger of the two cosines of each of these items with a query, shape (len(items),); NaN if unknown."""
        if self._all is None:
            return self.texts.cosines(query, items)
        both = self._all.cosines(query, np.concatenate([items, items + self.texts.num_items]))
        return np.asarray(np.fmax(both[: len(items)], both[len(items) :]), dtype=np.float32)
