"""Nearest-neighbour search by cosine: exact, or with quantized vectors first."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.ranking import top_k, top_lists
from engine.runtime.thread_pool import in_parts

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

#: The most scores that are held at a time, so that many queries over many items need no more than 64 MB.
_MAX_SCORES = 16 << 20
#: For this many queries at once, one exact matrix product is cheaper than a quantized search for each query.
_MIN_BATCH = 8
#: Up to twice this number of vectors, beside as many as the quantizer would return, are compared exactly without it; it
#: is also the minimum per thread.
_FEW = 4096
#: If a filter leaves at most one in so many vectors, they are compared exactly without the quantizer too.
_ROWS_PER_EXACT = 100
#: If the quantizer returns more than one in this many vectors as candidates, comparing all of them is faster.
_MAX_CANDIDATE_DIVISOR = 8
#: The number of vectors that are gathered at a time.
_GATHERED = 256


class Quantizer(Protocol):
    """Quantized vectors, which yield candidates for the nearest neighbours faster than the exact vectors."""

    def rescore_count(self, k: int) -> int:
        """The number of candidates to request so that the ``k`` nearest are among them."""

    def nearest(self, query: Scores, count: int, allowed: npt.NDArray[np.bool_] | None = None) -> Rows:
        """The allowed rows nearest by quantized distance, ascending; at least ``count`` if there are so many."""


class ExactIndex:
    """Cosine similarity by one matrix product over all vectors.

    Parameters
    ----------
    vectors
        Vectors of unit length, shape (num_vectors, dim); they may be memory-mapped.
    rows
        The row of each item's vector, or -1 if the item has none, shape (num_items,). Items may share a vector. With
        None, item ``i`` has row ``i``.
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
            self._rows_on_device = torch.from_numpy(np.maximum(self._rows, 0)).to(device)

    def __len__(self) -> int:
        """The number of items that have a vector."""
        return int(np.count_nonzero(self._has_vector))

    def vector(self, item: int) -> npt.NDArray[np.float32] | None:
        """The vector of an item, shape (dim,), or None if the item has none."""
        return np.array(self._vectors[self._rows[item]], dtype=np.float32) if self._has_vector[item] else None

    @property
    def num_items(self) -> int:
        """The number of items, with and without a vector."""
        return len(self._rows)

    def cosines(self, query: npt.NDArray[np.float32], items: Rows) -> Scores:
        """The cosine of each of these items with a query of shape (dim,), shape (len(items),); NaN without a vector."""
        found = np.full(len(items), np.nan, dtype=np.float32)
        known = np.flatnonzero(self._has_vector[items])
        if len(known):
            rows = self._rows[items[known]]
            found[known] = np.einsum("ij,j->i", np.asarray(self._vectors[rows], dtype=np.float32), query)
        return found

    def search(
        self, queries: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Scores]:
        """The ``k`` nearest items to each query.

        Parameters
        ----------
        queries
            Vectors of unit length, shape (num_queries, dim).
        k
            The number of items; fewer are returned if fewer items have a vector and are allowed.
        allowed
            A mask of the items that may be found, shape (num_items,); None allows all.

        Returns
        -------
        items, scores
            Items and their cosines, best first, both of shape (num_queries, at most k). Items with equal scores are in
            ascending order.
        """
        searched = self._has_vector if allowed is None else self._has_vector & allowed
        k = min(k, int(np.count_nonzero(searched)))
        items = np.zeros((len(queries), k), dtype=np.int64)
        scores = np.zeros((len(queries), k), dtype=np.float32)
        at_a_time = max(1, _MAX_SCORES // max(1, len(self._rows)))
        nearest = self._nearest if self._on_device is None else self._nearest_on_device
        for start in range(0, len(queries) if k else 0, at_a_time):
            part = slice(start, start + at_a_time)
            items[part], scores[part] = nearest(queries[part], k, searched)
        return items, scores

    def _nearest(
        self, queries: npt.NDArray[np.float32], k: int, searched: npt.NDArray[np.bool_]
    ) -> tuple[Rows, Scores]:
        # Both products release the interpreter lock; for one query the product with a vector is faster.
        product = (self._vectors @ queries[0])[None] if len(queries) == 1 else queries @ self._vectors.T
        items, scores = np.zeros((len(queries), k), dtype=np.int64), np.zeros((len(queries), k), dtype=np.float32)
        for number, of_rows in enumerate(product):
            of_items = of_rows if self._is_aligned else of_rows[self._rows]
            if not searched.all():
                of_items = np.where(searched, of_items, np.float32(-np.inf))
            best = top_k(of_items, k)
            items[number], scores[number] = best, of_items[best]
        return items, scores

    def _nearest_on_device(
        self, queries: npt.NDArray[np.float32], k: int, searched: npt.NDArray[np.bool_]
    ) -> tuple[Rows, Scores]:
        # The best are chosen on the device too: copying the scores of a million items takes longer than computing them.
        import torch

        with torch.inference_mode():
            found = torch.from_numpy(queries).to(self._on_device) @ self._on_device.T
            if not self._is_aligned:
                found = found[:, self._rows_on_device]
            if not searched.all():
                found = found.masked_fill(torch.from_numpy(~searched).to(found.device), -torch.inf)
            items = top_lists(found, k)
            scores: Scores = found.gather(1, torch.from_numpy(items).to(found.device)).cpu().numpy()
        return items, scores


class QuantizedIndex(ExactIndex):
    """An index that finds candidates with quantized vectors and rescores them with the exact ones, on the CPU.

    All returned scores are exact cosines. Int8 quantization misses none of the nearest items. Binary quantization, used
    for very many vectors, misses up to one in fifty of the ten nearest; it misses none if a filter leaves so few items
    that all of them are compared exactly. If ``k`` items are allowed, ``k`` items are returned.

    Parameters
    ----------
    vectors, rows
        The same as for :class:`ExactIndex`.
    quantizer
        The quantized form of all vectors.
    """

    def __init__(self, vectors: npt.NDArray[Any], rows: Rows | None, quantizer: Quantizer) -> None:
        super().__init__(vectors, rows)
        self._quantizer = quantizer

    def search(
        self, queries: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Scores]:
        """The ``k`` nearest items to each query; see :meth:`ExactIndex.search`."""
        searched = self._has_vector if allowed is None else self._has_vector & allowed
        k = min(k, int(np.count_nonzero(searched)))
        count = self._quantizer.rescore_count(k)
        if len(queries) >= _MIN_BATCH or count >= len(self._vectors):
            return super().search(queries, k, allowed)
        usable = self._used_rows if allowed is None else self._rows_of(searched)
        num_usable = int(np.count_nonzero(usable))
        is_few = num_usable <= max(count + 2 * _FEW, len(self._vectors) // _ROWS_PER_EXACT)
        few = np.flatnonzero(usable) if is_few else None
        mask = None if num_usable == len(usable) else usable
        items, scores = np.zeros((len(queries), k), dtype=np.int64), np.zeros((len(queries), k), dtype=np.float32)
        for number, query in enumerate(queries if k else []):
            candidates = self._quantizer.nearest(query, count, mask) if few is None else few
            limit = max(len(self._vectors) // _MAX_CANDIDATE_DIVISOR, count + _FEW)
            if few is None and len(candidates) > limit:
                items[number], scores[number] = (found[0] for found in super().search(query[None], k, allowed))
                continue
            cosines = self._cosines(candidates, query)
            best = top_k(cosines, k)  # each vector belongs to at least one item, so k vectors suffice
            if len(best) == k:  # vectors tied with the last one are included: items decide the order of ties
                best = np.flatnonzero(cosines >= cosines[best[-1]])
            of_items, of_cosines = self._items_of(candidates[best], cosines[best], searched)
            items[number], scores[number] = of_items[:k], of_cosines[:k]
        return items, scores

    def _cosines(self, rows: Rows, query: npt.NDArray[np.float32]) -> Scores:
        cosines = np.empty(len(rows), dtype=np.float32)

        def work(begin: int, end: int) -> None:
            # Rows are copied into a small reused array, which stays in the CPU cache: allocating a large one is slower.
            vectors = np.empty((_GATHERED, len(query)), dtype=self._vectors.dtype)
            for start in range(begin, end, _GATHERED):
                size = min(_GATHERED, end - start)
                np.take(self._vectors, rows[start : start + size], axis=0, out=vectors[:size], mode="clip")
                exact = np.asarray(vectors[:size], dtype=np.float32)
                np.dot(exact, query, out=cosines[start : start + size])

        in_parts(len(rows), _FEW, work)
        return cosines

    @cached_property
    def _used_rows(self) -> npt.NDArray[np.bool_]:
        """A mask of the rows that any item has."""
        return self._rows_of(self._has_vector)

    def _rows_of(self, items: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """A mask of the rows of the items in a mask."""
        if self._is_aligned:
            return items
        rows = np.zeros(len(self._vectors), dtype=bool)
        rows[self._rows[items]] = True
        return rows

    def _items_of(self, rows: Rows, cosines: Scores, searched: npt.NDArray[np.bool_]) -> tuple[Rows, Scores]:
        """The items that have these vectors and their cosines, best first, ties in ascending order of the item."""
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
        """The items sorted by row, and these rows."""
        by_row = np.argsort(self._rows, kind="stable")
        return by_row, self._rows[by_row]
