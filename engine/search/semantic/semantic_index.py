"""Semantic index of a catalogue: its embeddings, and the model that encodes queries."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.data.results import EmbeddingState
from engine.errors import NotTrainedError, OptionError, RecsysError
from engine.runtime.job import Job
from engine.search import explanations
from engine.search.semantic.nearest_genres import NearestGenres
from engine.search.semantic.query_cache import QueryCache

if TYPE_CHECKING:
    from engine.data.items import Item, ItemTable
    from engine.search.encoder.encoder import Encoder, Vectors
    from engine.search.semantic.vector_index import ExactIndex
    from engine.search.semantic.vector_store import Hashes, VectorStore


class SemanticIndex:
    """The embeddings of a catalogue's texts and of queries.

    The index is thread-safe: one thread may search while another one embeds.

    Parameters
    ----------
    items
        The catalogue.
    store
        The stored vectors of the catalogue's texts; None if there is no store.
    encoder
        The embedding model, on whose device vectors are compared. Without it no query can be encoded.
    unavailable
        The error to raise where a store or an encoder is needed but could not be created; None if there is no error.
    """

    def __init__(
        self, items: ItemTable, store: VectorStore | None, encoder: Encoder | None, unavailable: RecsysError | None
    ) -> None:
        self._items = items
        self._store = store
        self._encoder = encoder
        self.unavailable = unavailable
        self._lock = threading.Lock()
        self._index: tuple[Hashable, ExactIndex] | None = None
        self._queries = QueryCache(encoder)
        self._genres = None if encoder is None else NearestGenres(encoder)

    def state(self) -> EmbeddingState:
        """How much of the catalogue is embedded; no vectors are read."""
        if self._store is None:
            return EmbeddingState(0, len(self._items), "")
        return self._store.state(self._hashes)

    def embed(self, job: Job | None = None) -> EmbeddingState:
        """Embed the items that are not embedded yet, in about the order of the catalogue."""
        if self._store is None or self._encoder is None:
            raise self.unavailable or RecsysError("There is no embedding model for this catalogue.")
        return self._store.embed(self._items.texts(), self._encoder, job)

    def item_vectors(self, num_items: int) -> Vectors:
        """The stored vectors of the first items; see :func:`engine.search.semantic.item_vectors.item_vectors`."""
        from engine.search.semantic.item_vectors import item_vectors

        if self._store is None:
            raise OptionError("This search has no embeddings.")
        return item_vectors(self._items, self._store, num_items)

    # -- preparation ------------------------------------------------------------------------------------------
    def expect_queries(self, job: Job | None = None) -> None:
        """Prepare for many semantic searches; for only a few searches the preparation takes longer than it saves.

        Parameters
        ----------
        job
            Checked at short intervals for cancellation. A search that runs meanwhile waits for one interval at most.
        """
        job = job or Job()
        job.checkpoint()
        if self._store is not None and self._device == "cpu":
            self._store.expect_searches(job)

    def encode_queries(self, queries: Sequence[str]) -> None:
        """Encode many queries at once for the searches that follow; the cache holds at most 256 of them."""
        self._queries.encode(queries)

    def prepare_genres(self, genres: Sequence[str]) -> None:
        """Embed genres now rather than when a search first returns an item that has them."""
        if self._genres is not None:
            self._genres.prepare(genres)

    # -- search -----------------------------------------------------------------------------------------------
    def encode_query(self, query: str) -> npt.NDArray[np.float32]:
        """The vector of a query, of unit length, shape (dim,).

        Raises
        ------
        NotTrainedError
            If there is no embedding model.
        """
        return self._queries.vector(query)

    def index(self) -> tuple[ExactIndex, str]:
        """The index over the items embedded so far, and a note if some are missing or the store was damaged.

        Raises
        ------
        NotTrainedError
            If no item is embedded.
        """
        store = self._store
        if store is None:
            if self.unavailable is not None:
                raise self.unavailable
            raise NotTrainedError("This catalogue has no embeddings: only search by keyword is possible.")
        with self._lock:
            # The version is read before the index is built, so that rows added in between cause a rebuild next time.
            version = store.version, self._device
            if self._index is None or self._index[0] != version:
                self._index = version, store.index(self._hashes, self._device)
            index = self._index[1]
        done, total = len(index), len(self._items)
        note = "" if done == total else f"{done:,} of {total:,} embedded"
        if not done:
            raise NotTrainedError(" ".join(filter(None, [store.damage, f"Nothing is embedded yet ({note})."])))
        return index, " ".join(filter(None, [note, store.damage]))

    def nearest_genres(self, query: str, items: Sequence[Item]) -> Sequence[str]:
        """The genres of some items that are close to a query in meaning, the nearest first."""
        return () if self._genres is None else self._genres.nearest(self.encode_query(query), items)

    def nearest_phrases(self, query: str, item: Item, limit: int = 3) -> list[tuple[str, float]]:
        """The phrases of an item that are nearest to a query, with their cosines, best first.

        Each call embeds about ten phrases: this suits one item that a user looks at, not a whole list.
        """
        phrases = explanations.phrases(item)
        if self._encoder is None or not phrases:
            return []
        cosines = self._encoder.encode(phrases) @ self.encode_query(query)
        return [(phrases[best], float(cosines[best])) for best in np.argsort(-cosines)[:limit]]

    @property
    def _device(self) -> str:
        return "cpu" if self._encoder is None else self._encoder.device

    @cached_property
    def _hashes(self) -> Hashes:
        from engine.search.semantic.vector_store import hash_texts

        return hash_texts(self._items.texts())
