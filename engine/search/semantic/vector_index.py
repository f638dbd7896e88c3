"""The nearest vectors to a query: exactly, or among so many that a first look must do."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.ranking import top_k
from engine.search.semantic.thread_pool import in_parts

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

#: Scores held at a time, so that many queries over many items stay within bounds (64 MB).
_MAX_SCORES = 16 << 20
#: From so many queries at once on, one product over everything costs less than a look at the codes for each.
_TOGETHER = 8
#: So few vectors are compared one by one without a look at their codes; a thread is given no fewer.
_FEW = 4096
#: Where the codes leave so many that one of this number of vectors is to be compared, all of them are sooner.
_SENSELESS = 8
#: Vectors that are gathered at a time.
_GATHERED = 1024


class Codes(Protocol):
    """What tells, much sooner than the vectors, which of them may be the nearest."""

    def rescore_count(self, k: int) -> int:
        """How many rows to ask for where the ``k`` nearest are wanted."""

    def nearest(self, query: Scores, count: int, allowed: npt.NDArray[np.bool_] | None = None) -> Rows:
        """At least ``count`` of the allowed rows, if there are so many: the nearest by their codes, in order."""


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


class QuantizedIndex(ExactIndex):
    """As :class:`ExactIndex`, but a query is compared with all vectors by their codes first, and exactly with the best.

    What is found has its exact cosine. By codes of a byte for each number nothing is missed; by those of a bit, for
    very many vectors, one in thirty of the ten nearest, or none where a filter leaves few enough to compare them all.
    Never do fewer than ``k`` come back if ``k`` items are allowed.

    Parameters
    ----------
    vectors, rows
        As for an exact index. Computes on the CPU.
    codes
        Of all the vectors.
    """

    def __init__(self, vectors: npt.NDArray[Any], rows: Rows | None, codes: Codes) -> None:
        super().__init__(vectors, rows)
        self._codes = codes

    def search(
        self, queries: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Scores]:
        """As :meth:`ExactIndex.search`."""
        searched = self._has_vector if allowed is None else self._has_vector & allowed
        k = min(k, int(np.count_nonzero(searched)))
        looked_at = self._codes.rescore_count(k)
        if len(queries) >= _TOGETHER or looked_at >= len(self._vectors):
            return super().search(queries, k, allowed)
        usable = searched if self._is_aligned else self._rows_of(searched)
        number_usable = int(np.count_nonzero(usable))
        few = np.flatnonzero(usable) if number_usable <= max(looked_at, _FEW) else None
        by_code = None if number_usable == len(usable) else usable
        items, scores = np.zeros((len(queries), k), dtype=np.int64), np.zeros((len(queries), k), dtype=np.float32)
        for number, query in enumerate(queries if k else []):
            near = self._codes.nearest(query, looked_at, by_code) if few is None else few
            if few is None and len(near) > len(self._vectors) // _SENSELESS and len(near) > looked_at + _FEW:
                items[number], scores[number] = (found[0] for found in super().search(query[None], k, allowed))
                continue
            cosines = self._cosines(near, query)
            best = top_k(cosines, k)  # items may share a vector, so these are enough
            if len(best) == k:  # but which of equal ones come first is told by their items
                best = np.flatnonzero(cosines >= cosines[best[-1]])
            of_items, of_cosines = self._items_of(near[best], cosines[best], searched)
            items[number], scores[number] = of_items[:k], of_cosines[:k]
        return items, scores

    def _cosines(self, rows: Rows, query: npt.NDArray[np.float32]) -> Scores:
        cosines = np.empty(len(rows), dtype=np.float32)

        def work(begin: int, end: int) -> None:
            # By way of a small array that stays in the cache: making a large one takes longer than filling it.
            vectors = np.empty((_GATHERED, len(query)), dtype=self._vectors.dtype)
            for start in range(begin, end, _GATHERED):
                size = min(_GATHERED, end - start)
                np.take(self._vectors, rows[start : start + size], axis=0, out=vectors[:size], mode="clip")
                exact = np.asarray(vectors[:size], dtype=np.float32)
                np.einsum("ij,j->i", exact, query, out=cosines[start : start + size])

        in_parts(len(rows), _FEW, work)
        return cosines

    def _rows_of(self, items: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        rows = np.zeros(len(self._vectors), dtype=bool)
        rows[self._rows[items]] = True
        return rows

    def _items_of(self, rows: Rows, cosines: Scores, searched: npt.NDArray[np.bool_]) -> tuple[Rows, Scores]:
        """The items that have these vectors, best first; of equal scores the lower item first."""
        if self._is_aligned:
            items = rows
        else:
            by_row, sorted_rows = self._by_row
            first = np.searchsorted(sorted_rows, rows, side="left")
            counts = np.searchsorted(sorted_rows, rows, side="right") - first
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            items, cosines = by_row[np.repeat(first, counts) + within], np.repeat(cosines, counts)
        items, cosines = items[searched[items]], cosines[searched[items]]
        order = np.lexsort((items, -cosines))
        return items[order], cosines[order]

    @cached_property
    def _by_row(self) -> tuple[Rows, Rows]:
        """The items in the order of their rows, and these rows."""
        by_row = np.argsort(self._rows, kind="stable")
        return by_row, self._rows[by_row]
