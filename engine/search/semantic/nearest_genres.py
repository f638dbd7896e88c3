"""Which genres are near a query in meaning: a reason why an item was found."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.data.items import Item, ItemTable
    from engine.search.encoder.encoder import Encoder

Vector = npt.NDArray[np.float32]

#: From which cosine on a genre says what a query means, and how many genres are embedded for one answer at most.
_NEAR, _NEW = 0.25, 64


class NearestGenres:
    """The vectors of genres, embedded when they are first met; any thread may ask.

    Parameters
    ----------
    encoder
        The model.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()
        self._vectors: dict[str, Vector] = {}

    def near(self, query: Vector, items: Sequence[Item]) -> list[str]:
        """The genres of some items that are near a query, the nearest first.

        Parameters
        ----------
        query
            Its vector, of unit length.
        items
            Whose genres.
        """
        genres = list(dict.fromkeys(genre for item in items for genre in item.genres if genre.strip()))
        known = self.prepare([genre for genre in genres if genre not in self._vectors][:_NEW])
        there = [genre for genre in genres if genre in known]
        if not there:
            return []
        cosines = np.stack([known[genre] for genre in there]) @ query
        return [there[place] for place in np.argsort(-cosines) if cosines[place] >= _NEAR]

    def prepare(self, genres: Sequence[str]) -> dict[str, Vector]:
        """Embed those of these genres that are not yet, a few at a time, rather than when they are met; all vectors."""
        new = [genre for genre in genres if genre not in self._vectors]
        if new:
            found = dict(zip(new, self._encoder.encode(new), strict=True))
            with self._lock:
                self._vectors = {**self._vectors, **found}
        return self._vectors


def frequent_genres(items: ItemTable, limit: int = 64) -> list[str]:
    """The genres that most items have, the most frequent first."""
    import pyarrow.compute as pc

    counts = pc.value_counts(pc.list_flatten(items.table.column("genres"))).to_pylist()
    counts.sort(key=lambda one: -one["counts"])
    return [one["values"] for one in counts if (one["values"] or "").strip()][:limit]
