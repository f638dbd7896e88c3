"""What queries mean: their vectors, computed once."""

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

_REMEMBERED = 256


class QueryCache:
    """The vectors of the last 256 queries; any thread may ask.

    Parameters
    ----------
    encoder
        The model; without it no query is understood.
    """

    def __init__(self, encoder: Encoder | None) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, Vector] = OrderedDict()

    def of(self, query: str) -> Vector:
        """The vector of a query, of unit length.

        Raises
        ------
        NotTrainedError
            If there is no model.
        """
        if self._encoder is None:
            raise NotTrainedError("There is no embedding model to understand a query with.")
        with self._lock:
            if query in self._vectors:
                self._vectors.move_to_end(query)
                return self._vectors[query]
        vector: Vector = self._encoder.encode([query], query=True)[0]
        self._remember(query, vector)
        return vector

    def find(self, queries: Sequence[str]) -> None:
        """Find the vectors of many queries at once, and keep them for those who ask."""
        if self._encoder is None:
            return
        with self._lock:
            new = [query for query in dict.fromkeys(queries) if query not in self._vectors]
        for query, vector in zip(new, self._encoder.encode(new, query=True) if new else (), strict=True):
            self._remember(query, vector)

    def _remember(self, query: str, vector: Vector) -> None:
        with self._lock:
            self._vectors[query] = vector
            if len(self._vectors) > _REMEMBERED:
                self._vectors.popitem(last=False)
