"""The nearest vectors to a query, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.ranking import top_k

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

#: Scores held at a time, so that many queries over many items stay within bounds (64 MB).
_MAX_SCORES = 16 << 20


class ExactIndex:
    """Cosine similarity by one matrix product over all vectors.

    Parameters
    ----------
    vectors
        Unit length, shape (num_vectors, dim); may be mapped from a file.
    rows
        For each item the row of its vector, -1 where it has none; shape (num_items,). Items may share a vector.
        Without it, item ``i`` has row ``i``.
    device
        The torch device to compute on; ``"cpu"`` computes with NumPy and needs no torch.
    """

    def __init__(self, vectors: npt.NDArray[Any], rows: Rows | None = None, *, device: str = "cpu") -> None:
        self._vectors = vectors
        self._rows = np.arange(len(vectors)) if rows is None else rows
        self._has_vector = self._rows >= 0
        self._is_aligned = rows is None or (len(rows) == len(vectors) and bool((rows == np.arange(len(rows))).all()))
        self._on_device: Any = None
        if device != "cpu" and len(vectors):
            import torch

            self._on_device = torch.from_numpy(np.array(vectors, dtype=np.float32)).to(device)

    def __len__(self) -> int:
        """How many items have a vector."""
        return int(np.count_nonzero(self._has_vector))

    def vector(self, item: int) -> npt.NDArray[np.float32] | None:
        """The vector of an item, None if it has none."""
        return np.array(self._vectors[self._rows[item]], dtype=np.float32) if self._has_vector[item] else None

    def search(
        self, queries: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Scores]:
        """The ``k`` nearest items to each query.

        Parameters
        ----------
        queries
            Unit length, shape (num_queries, dim).
        k
            How many; fewer come back where fewer items have a vector and are allowed.
        allowed
            Which items may be found, shape (num_items,); None allows all.

        Returns
        -------
        items, scores
            Both of shape (num_queries, at most k), best first; of equal scores the lower item first.
        """
        searched = self._has_vector if allowed is None else self._has_vector & allowed
        k = min(k, int(np.count_nonzero(searched)))
        items = np.zeros((len(queries), k), dtype=np.int64)
        scores = np.zeros((len(queries), k), dtype=np.float32)
        at_a_time = max(1, _MAX_SCORES // max(1, len(self._rows)))
        for start in range(0, len(queries) if k else 0, at_a_time):
            for offset, all_scores in enumerate(self._similarities(queries[start : start + at_a_time])):
                of_items = all_scores if self._is_aligned else all_scores[self._rows]
                if not searched.all():
                    of_items = np.where(searched, of_items, np.float32(-np.inf))
                best = top_k(of_items, k)
                items[start + offset], scores[start + offset] = best, of_items[best]
        return items, scores

    def _similarities(self, queries: npt.NDArray[np.float32]) -> Scores:
        """Cosines of a few queries with every vector, shape (num_queries, num_vectors)."""
        product: Scores
        if self._on_device is None:
            # Both give up the interpreter while they compute; a product with one vector is the faster for one.
            product = (self._vectors @ queries[0])[None] if len(queries) == 1 else queries @ self._vectors.T
        else:
            import torch

            with torch.inference_mode():
                product = (torch.from_numpy(queries).to(self._on_device) @ self._on_device.T).cpu().numpy()
        return product
