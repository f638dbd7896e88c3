"""What is known of a catalogue's meaning: the vectors of its texts, and a model that understands queries."""

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
from engine.search import explanations as reasons
from engine.search.semantic.nearest_genres import NearestGenres
from engine.search.semantic.query_cache import QueryCache

if TYPE_CHECKING:
    from engine.data.items import Item, ItemTable
    from engine.search.encoder.encoder import Encoder, Vectors
    from engine.search.semantic.vector_index import ExactIndex
    from engine.search.semantic.vector_store import Hashes, VectorStore


class SemanticIndex:
    """The vectors of a catalogue's texts, and of what is asked; any thread may ask, also while another one embeds.

    Parameters
    ----------
    items
        The catalogue.
    store
        Where its texts are embedded; None for nowhere.
    encoder
        The model; without it no query is understood. Vectors are compared on its device.
    trouble
        Why there are none of these, if there should be.
    """

    def __init__(
        self, items: ItemTable, store: VectorStore | None, encoder: Encoder | None, trouble: RecsysError | None
    ) -> None:
        self._items = items
        self._store = store
        self._encoder = encoder
        self.trouble = trouble
        self._lock = threading.Lock()
        self._index: tuple[Hashable, ExactIndex] | None = None
        self._queries = QueryCache(encoder)
        self._genres = None if encoder is None else NearestGenres(encoder)

    def state(self) -> EmbeddingState:
        """How much of the catalogue is embedded; reads no vectors."""
        if self._store is None:
            return EmbeddingState(0, len(self._items), "")
        return self._store.state(self._hashes)

    def embed(self, job: Job | None = None) -> EmbeddingState:
        """Embed what is not embedded yet, the first items of the catalogue first."""
        if self._store is None or self._encoder is None:
            raise self.trouble or RecsysError("There is no embedding model for this catalogue.")
        return self._store.embed(self._items.texts(), self._encoder, job)

    def item_vectors(self, num_items: int) -> Vectors:
        """What is stored of the first items; see :func:`engine.search.semantic.item_vectors.item_vectors`."""
        from engine.search.semantic.item_vectors import item_vectors

        if self._store is None:
            raise OptionError("This search has no embeddings.")
        return item_vectors(self._items, self._store, num_items)

    # -- getting ready ----------------------------------------------------------------------------------------
    def expect_queries(self, job: Job | None = None) -> None:
        """Make searches by meaning quicker from now on; takes longer than a few of them do without.

        Parameters
        ----------
        job
            Asked at short intervals whether to stop. No search waits for more than what lies between two of them.
        """
        job = job or Job()
        if self._encoder is not None and self._encoder.loaded:
            self._encoder.expect_queries()
        job.checkpoint()
        if self._store is not None and self._device == "cpu":
            self._store.expect_searches(job)

    def encode_queries(self, queries: Sequence[str]) -> None:
        """Find the vectors of many queries at once, for the searches that follow; at most 256 of them are kept."""
        self._queries.find(queries)

    def prepare_genres(self, genres: Sequence[str]) -> None:
        """Embed genres now rather than at the first searches that find them."""
        if self._genres is not None:
            self._genres.prepare(genres)

    # -- answers ----------------------------------------------------------------------------------------------
    def of_query(self, query: str) -> npt.NDArray[np.float32]:
        """A query's vector, of unit length.

        Raises
        ------
        NotTrainedError
            If there is no model.
        """
        return self._queries.of(query)

    def index(self) -> tuple[ExactIndex, str]:
        """The index over what is embedded so far, and what to say of it.

        Raises
        ------
        NotTrainedError
            If nothing is.
        """
        store = self._store
        if store is None:
            if self.trouble is not None:
                raise self.trouble
            raise NotTrainedError("This catalogue has no embeddings: only search by keyword is possible.")
        with self._lock:
            # The version first: rows that come later are then found at the next search.
            made_of = store.version, self._device
            if self._index is None or self._index[0] != made_of:
                self._index = made_of, store.index(self._hashes, self._device)
            index = self._index[1]
        done, total = len(index), len(self._items)
        note = "" if done == total else f"{done:,} of {total:,} embedded"
        if not done:
            raise NotTrainedError(" ".join(filter(None, [store.damage, f"Nothing is embedded yet ({note})."])))
        return index, " ".join(filter(None, [note, store.damage]))

    def genres_near(self, query: str, items: Sequence[Item]) -> Sequence[str]:
        """The genres of some items that are near a query, the nearest first."""
        return () if self._genres is None else self._genres.near(self.of_query(query), items)

    def phrases_near(self, query: str, item: Item, limit: int = 3) -> list[tuple[str, float]]:
        """The phrases of an item that come nearest to a query, with their cosines, best first.

        Some ten phrases are embedded for it: for one item that somebody looks at, not for a whole list.
        """
        phrases = reasons.phrases(item)
        if self._encoder is None or not phrases:
            return []
        cosines = self._encoder.encode(phrases) @ self.of_query(query)
        return [(phrases[best], float(cosines[best])) for best in np.argsort(-cosines)[:limit]]

    @property
    def _device(self) -> str:
        return "cpu" if self._encoder is None else self._encoder.device

    @cached_property
    def _hashes(self) -> Hashes:
        from engine.search.semantic.vector_store import hash_texts

        return hash_texts(self._items.texts())
