"""The genres nearest to a query in meaning, which explain why an item was found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.data.items import Item, ItemTable
    from engine.search.encoder.encoder import Encoder

Vector = npt.NDArray[np.float32]

#: The minimum cosine of a genre that explains a match, and the most genres that are embedded for one answer.
_MIN_COSINE, _MAX_NEW = 0.25, 64


class NearestGenres:
    """The vectors of genres, each embedded when it is first needed; thread-safe.

    Parameters
    ----------
    encoder
        The embedding model.
    stored
        A function that returns the vectors of those texts that are stored.
    """

    def __init__(self, encoder: Encoder, stored: Callable[[Sequence[str]], dict[str, Vector]] | None = None) -> None:
        self._encoder = encoder
        self._stored = stored
        self._lock = threading.Lock()
        self._vectors: dict[str, Vector] = {}

    def nearest(self, query: Vector, items: Sequence[Item]) -> list[str]:
        """The genres of some items that are close to a query, the nearest first.

        Parameters
        ----------
        query
            The vector of the query, of unit length, shape (dim,).
        items
            The items whose genres are compared with the query.
        """
        genres = list(dict.fromkeys(genre for item in items for genre in item.genres if genre.strip()))
        known = self.prepare([genre for genre in genres if genre not in self._vectors][:_MAX_NEW])
        embedded = [genre for genre in genres if genre in known]
        if not embedded:
            return []
        cosines = np.stack([known[genre] for genre in embedded]) @ query
        return [embedded[place] for place in np.argsort(-cosines) if cosines[place] >= _MIN_COSINE]

    def prepare(self, genres: Sequence[str]) -> dict[str, Vector]:
        """Embed the given genres that have no vector yet, and return the vectors of all genres known so far."""
        new = [genre for genre in genres if genre not in self._vectors]
        if new:
            found = {} if self._stored is None else self._stored(new)
            new = [genre for genre in new if genre not in found]
            found |= dict(zip(new, self._encoder.encode(new) if new else (), strict=True))
            with self._lock:
                self._vectors = {**self._vectors, **found}
        return self._vectors


def frequent_genres(items: ItemTable, limit: int = 64) -> list[str]:
    """The genres that most items have, the most frequent first."""
    import pyarrow.compute as pc

    counts = pc.value_counts(pc.list_flatten(items.table.column("genres"))).to_pylist()
    counts.sort(key=lambda one: -one["counts"])
    return [one["values"] for one in counts if (one["values"] or "").strip()][:limit]
