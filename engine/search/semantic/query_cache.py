"""A cache of the vectors of recent queries."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.errors import NotTrainedError

if TYPE_CHECKING:
    from engine.search.encoder.encoder import Encoder

Vector = npt.NDArray[np.float32]

_MAX_QUERIES = 256


class QueryCache:
    """The vectors of the last 256 queries; thread-safe.

    Parameters
    ----------
    encoder
        The embedding model; without it no query can be encoded.
    """

    def __init__(self, encoder: Encoder | None) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, Vector] = OrderedDict()

    def vector(self, query: str) -> Vector:
        """The vector of a query, of unit length, shape (dim,).

        Raises
        ------
        NotTrainedError
            If there is no embedding model.
        """
        if self._encoder is None:
            raise NotTrainedError("There is no embedding model to encode the query with.")
        with self._lock:
            if query in self._vectors:
                self._vectors.move_to_end(query)
                return self._vectors[query]
        vector: Vector = self._encoder.encode_queries([query])[0]
        self._add(query, vector)
        return vector

    def encode(self, queries: Sequence[str]) -> None:
        """Encode the queries that are not cached, all at once, and cache their vectors."""
        if self._encoder is None:
            return
        with self._lock:
            new = [query for query in dict.fromkeys(queries) if query not in self._vectors]
        for query, vector in zip(new, self._encoder.encode_queries(new) if new else (), strict=True):
            self._add(query, vector)

    def _add(self, query: str, vector: Vector) -> None:
        with self._lock:
            self._vectors[query] = vector
            if len(self._vectors) > _MAX_QUERIES:
                self._vectors.popitem(last=False)
