"""Semantic index of a catalogue: its embeddings, and the model that encodes queries."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.results import EmbeddingCost, EmbeddingState
from engine.errors import NotTrainedError, OptionError, RecsysError
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.runtime.memory import require_free
from engine.search import memory
from engine.search.semantic.nearest_genres import NearestGenres, frequent_genres
from engine.search.semantic.passages import as_passage, passage_column, passages
from engine.search.semantic.query_cache import QueryCache

if TYPE_CHECKING:
    from engine.data.items import Item, ItemTable
    from engine.runtime.executor import Executor
    from engine.search.encoder.encoder import Encoder, Vectors
    from engine.search.genre_column import GenreColumn
    from engine.search.semantic.item_index import ItemIndex
    from engine.search.semantic.vector_store import Hashes, Rows, VectorStore


Vector = npt.NDArray[np.float32]

#: Few enough that a search does not wait long for them.
_TEXTS_AT_A_TIME = 4


class SemanticIndex:
    """The embeddings of a catalogue's texts and of queries.

    An item whose text has a long part, such as a plot, has two vectors: one of the whole text and one of the long part
    (:mod:`engine.search.semantic.passages`). The index is thread-safe: one thread may search while another one embeds.

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
    popularity
        The popularity of each item, shape (num_items,); popular items are embedded first. None keeps the order of the
        catalogue.
    """

    def __init__(
        self,
        items: ItemTable,
        store: VectorStore | None,
        encoder: Encoder | None,
        unavailable: RecsysError | None,
        popularity: npt.NDArray[Any] | None = None,
    ) -> None:
        self._items = items
        self._popularity = popularity
        self._store = store
        self._encoder = encoder
        self.unavailable = unavailable
        self._lock = threading.Lock()
        self._index: tuple[Hashable, ItemIndex] | None = None
        self._queries = QueryCache(encoder)
        self._genres = None if encoder is None else NearestGenres(encoder, self._stored)

    @locked_property
    def multilingual(self) -> bool:
        """Whether the embedding model knows other languages than English; the model need not be loaded."""
        try:
            return self._encoder is not None and self._encoder.card.multilingual
        except RecsysError:  # whoever needs the model says so
            return False

    def state(self) -> EmbeddingState:
        """How much of the catalogue is embedded; no vectors are read."""
        if self._store is None:
            return EmbeddingState(0, len(self._items), "")
        return self._store.state(self._hashes)

    def cost(self) -> EmbeddingCost:
        """What it costs to embed the items that are not embedded yet; no model is loaded and no vectors are read.

        Raises
        ------
        RecsysError
            If there is no embedding model.
        """
        from engine.search.semantic.embedding_cost import estimate_cost, processor_speed

        if self._store is None or self._encoder is None:
            raise self.unavailable or RecsysError("There is no embedding model for this catalogue.")
        hashes, lengths = self._measured_texts
        different, places = np.unique(hashes.ravel(), return_index=True)
        is_missing = self._store.rows(different) < 0
        return estimate_cost(self._encoder.card, lengths.ravel()[places[is_missing]], processor_speed())

    def embed(self, job: Job | None = None, executor: Executor | None = None) -> EmbeddingState:
        """Embed the items that are not embedded yet, the popular ones first.

        Parameters
        ----------
        job, executor
            See :meth:`engine.search.semantic.vector_store.VectorStore.embed`.
        """
        if self._store is None or self._encoder is None:
            raise self.unavailable or RecsysError("There is no embedding model for this catalogue.")
        require_free(memory.texts(self._items), f"Embedding the texts of {len(self._items):,} items")
        texts, long_parts = self._items.texts(), passages(self._items)
        order = range(len(texts)) if self._popularity is None else np.argsort(-self._popularity, kind="stable").tolist()
        wanted = frequent_genres(self._items)
        wanted += [text for item in order for text in dict.fromkeys((texts[item], long_parts[item] or texts[item]))]
        self._store.embed(wanted, self._encoder, job, executor=executor)
        return self.state()

    def push(self, job: Job | None = None) -> tuple[int, int]:
        """Push the embeddings to another store; see :meth:`engine.search.semantic.vector_store.VectorStore.push`."""
        if self._store is None:
            raise self.unavailable or RecsysError("There is no embedding model for this catalogue.")
        ids = [str(one) for one in self._items.id_map.ids]
        titles = ["" if one is None else one for one in self._items.table.column("title").to_pylist()]
        return self._store.push(self._hashes, ids, titles, job)

    def forget_interruption(self) -> None:
        """See :meth:`engine.search.semantic.vector_store.VectorStore.forget_interruption`."""
        if self._store is not None:
            self._store.forget_interruption()

    def item_vectors(self, num_items: int) -> Vectors:
        """The stored vectors of the first items; see :func:`engine.search.semantic.item_vectors.item_vectors`."""
        from engine.search.semantic.item_vectors import item_vectors

        if self._store is None:
            raise OptionError("This search has no embeddings.")
        return item_vectors(self._items, self._store, num_items)

    def stored_vectors(self) -> tuple[Rows, Vectors]:
        """For each item the row of the vector of its text, -1 where there is none, and the vectors, memory-mapped."""
        if self._store is None:
            raise OptionError("This search has no embeddings.")
        return self._store.rows(np.ascontiguousarray(self._hashes[:, 0])), self._store.vectors()

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

    def index(self) -> tuple[ItemIndex, str]:
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
                self._index = version, self._make_index(store)
            index = self._index[1]
        done, total = len(index), len(self._items)
        note = "" if done == total else f"{done:,} of {total:,} embedded"
        if not done:
            raise NotTrainedError(" ".join(filter(None, [store.damage, f"Nothing is embedded yet ({note})."])))
        return index, " ".join(filter(None, [note, store.damage]))

    def nearest_genres(self, query: str, items: Sequence[Item]) -> Sequence[str]:
        """The genres of some items that are close to a query in meaning, the nearest first."""
        return () if self._genres is None else self._genres.nearest(self.encode_query(query), items)

    def genre_cosines(self, query: Vector, genres: GenreColumn | None) -> npt.NDArray[np.float64] | None:
        """The cosine of each genre with a query, shape (number of genres,).

        None if there are no genres or no embedding model.
        """
        if self._genres is None or genres is None:
            return None
        vectors = self._genres.prepare(genres.names)
        cosines: npt.NDArray[np.float64] = np.stack([vectors[name] for name in genres.names]).astype(np.float64) @ query
        return cosines

    def _stored(self, texts: Sequence[str]) -> dict[str, Vector]:
        """The stored vectors of some texts, as far as there are any."""
        from engine.search.semantic.vector_store import hash_texts

        if self._store is None:
            return {}
        rows = self._store.rows(hash_texts(texts))
        vectors = self._store.vectors()
        return {text: np.array(vectors[row]) for text, row in zip(texts, rows.tolist(), strict=True) if row >= 0}

    def texts_of(self, item: Item) -> list[str]:
        """The texts of an item that are embedded: the whole text and its long part, if it has one."""
        value = None if self._passage_column is None else item.metadata.get(self._passage_column)
        return [text for text in dict.fromkeys((item.text, as_passage(value))) if text]

    def cosines(self, query: str, texts: Sequence[str], job: Job | None = None) -> npt.NDArray[np.float64]:
        """The cosines of some texts with a query, shape (len(texts),).

        Each text is embedded, a few at a time: this suits one item that a user looks at, not a whole list.

        Parameters
        ----------
        query
            Any text.
        texts
            The texts.
        job
            Checked every few texts for cancellation.

        Raises
        ------
        NotTrainedError
            If there is no embedding model.
        """
        vector, found = self.encode_query(query), [np.zeros(0, dtype=np.float32)]
        assert self._encoder is not None
        for start in range(0, len(texts), _TEXTS_AT_A_TIME):
            if job is not None:
                job.checkpoint()
            found.append(self._encoder.encode(texts[start : start + _TEXTS_AT_A_TIME]) @ vector)
        return np.concatenate(found).astype(np.float64)

    @locked_property
    def _passage_column(self) -> str | None:
        return passage_column(self._items)

    @property
    def _device(self) -> str:
        return "cpu" if self._encoder is None else self._encoder.device

    def _make_index(self, store: VectorStore) -> ItemIndex:
        from engine.search.semantic.item_index import ItemIndex

        texts, long_parts = self._hashes.T
        of_texts = store.index(np.ascontiguousarray(texts), self._device)
        if (texts == long_parts).all():
            return ItemIndex(of_texts)
        no_hash = np.uint64(0)  # an item without a long part has one vector
        second = np.where(texts == long_parts, no_hash, long_parts)
        return ItemIndex(of_texts, store.index(np.concatenate([texts, second]), self._device))

    @property
    def _hashes(self) -> Hashes:
        """The hashes of the text and of the long part of each item, shape (num_items, 2); of the text where it has no
        long part."""
        return self._measured_texts[0]

    @cached_property
    def _measured_texts(self) -> tuple[Hashes, npt.NDArray[np.int32]]:
        """The hashes of the text and of the long part of each item, and their lengths, each of shape (num_items, 2)."""
        from engine.search.semantic.vector_store import hash_texts

        texts, long_parts = self._items.texts(), passages(self._items)
        has_long_part = [bool(one) for one in long_parts]
        hashes, long_hashes = hash_texts(texts), hash_texts(long_parts)
        lengths, long_lengths = (np.array([len(text) for text in one], dtype=np.int32) for one in (texts, long_parts))
        return (
            np.stack([hashes, np.where(has_long_part, long_hashes, hashes)], axis=1),
            np.stack([lengths, np.where(has_long_part, long_lengths, lengths)], axis=1),
        )
