"""Search over one catalogue: by words, by meaning, or both joined."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from engine.errors import NotTrainedError, OptionError, RecsysError
from engine.folding import split_year, title_key
from engine.job import Job
from engine.results import Answer, EmbeddingState, Result
from engine.search.index import ExactIndex
from engine.search.keyword import KeywordIndex

if TYPE_CHECKING:
    from engine.items import ItemTable
    from engine.search.embedding import Encoder
    from engine.search.store import EmbeddingStore, Hashes

Mode = Literal["hybrid", "semantic", "keyword"]
Allowed = npt.NDArray[np.bool_] | None

#: Reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009): a rank counts 1 / (60 + rank).
_RRF = 60
#: How far down each list is looked when two are joined.
_DEPTH = 100
_REMEMBERED_QUERIES = 256


class SearchIndex:
    """Finds items by a query, or by another item.

    Nothing is computed before it is needed: words are indexed at the first search by words (about a second for 45
    thousand items), the model is loaded at the first search by meaning. Any thread may search, also while another
    one embeds.

    Parameters
    ----------
    items
        The catalogue.
    store
        Its vectors; without them there is only search by words.
    encoder
        The model for queries; without it only ``like`` goes by meaning. Vectors are compared on its device.
    popularity
        Interactions of each item in dense order: which of several equal titles comes first.
    """

    def __init__(
        self,
        items: ItemTable,
        store: EmbeddingStore | None = None,
        encoder: Encoder | None = None,
        *,
        popularity: npt.NDArray[Any] | None = None,
    ) -> None:
        self.items = items
        self._popularity = popularity
        self._store = store
        self._encoder = encoder
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._made: dict[str, Any] = {}
        self._vector_index: tuple[tuple[int, str], ExactIndex] | None = None
        self._query_vectors: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()

    def search(
        self,
        query: str = "",
        k: int = 10,
        mode: str = "hybrid",
        filters: Any = None,
        *,
        like: int | None = None,
        job: Job | None = None,
    ) -> Answer:
        """Items like these words, best first.

        Parameters
        ----------
        query
            Any text.
        k
            How many; fewer come back if fewer fit.
        mode
            ``"keyword"`` for BM25 scores, ``"semantic"`` for the cosine of the embeddings, ``"hybrid"`` for both lists
            joined by reciprocal rank. By words and in hybrid a title equal to the query comes first. While not all
            items are embedded, those that are take part, and the answer's note says how many.
        filters
            Not supported yet; None.
        like
            The dense id of an item to find others like it by meaning; a query, if there is one as well, shifts the
            search its way.
        job
            Asked from time to time whether to stop.

        Raises
        ------
        RecsysError
            If there is nothing to search for.
        OptionError
            If the mode does not exist, ``k`` is below 1, or there are filters.
        NotTrainedError
            If the search must go by meaning and nothing (or not the item ``like``) is embedded yet.
        """
        if mode not in get_args(Mode):
            raise OptionError(f"There is no search mode {mode!r}: choose hybrid, semantic or keyword.")
        if k < 1:
            raise OptionError(f"{k} results cannot be shown: ask for at least 1.")
        if not query.strip() and like is None:
            raise RecsysError("There is nothing to search for: type some words.")
        allowed = self._allowed(filters)
        if like is not None:
            if mode == "keyword":
                raise OptionError("Items like another are found by meaning, not by keyword: choose another mode.")
            return self._answer(self._like(like, query, k, allowed), query, "semantic")
        if mode == "keyword":
            return self._answer(self._by_words(query, k, allowed, job), query, "keyword")
        if mode == "semantic":
            return self._answer(self._by_meaning(query, k, allowed), query, "semantic")
        return self._hybrid(query, k, allowed, job)

    def embedding_state(self) -> EmbeddingState:
        """How much of the catalogue is embedded; reads no vectors."""
        if self._store is None:
            return EmbeddingState(0, len(self.items), "")
        return self._store.state(self._hashes)

    def embed(self, job: Job | None = None) -> EmbeddingState:
        """Embed what is not embedded yet, the first items of the catalogue first."""
        if self._store is None or self._encoder is None:
            raise RecsysError("There is no embedding model for this catalogue.")
        return self._store.embed(self.items.texts(), self._encoder, job)

    def prepare_keywords(self, job: Job | None = None) -> None:
        """Index the words now rather than at the first search."""
        self._once("titles", self._index_titles)
        self._once("keywords", lambda: KeywordIndex(self.items.titles(), self.items.texts(), job))

    # -- the two ways ---------------------------------------------------------------------------------------
    def _by_words(self, query: str, k: int, allowed: Allowed, job: Job | None) -> _Ranking:
        self.prepare_keywords(job)
        rows, scores = self._keywords.search(query, k, allowed)
        found = dict(zip(rows.tolist(), scores.tolist(), strict=True))
        top = max(found.values(), default=0.0)
        for row in reversed(exact := self._titled(query, allowed)[:k]):
            top = found[row] = top + 1.0  # above everything else, in their own order
        return _Ranking(found, exact=frozenset(exact)).best(k)

    def _by_meaning(self, query: str, k: int, allowed: Allowed) -> _Ranking:
        index, note = self._vectors()
        rows, cosines = index.search(self._vector_of(query)[None], k, allowed)
        found = dict(zip(rows[0].tolist(), cosines[0].tolist(), strict=True))
        return _Ranking(found, cosines=found, note=note)

    def _like(self, dense_id: int, query: str, k: int, allowed: Allowed) -> _Ranking:
        item = self.items[dense_id]
        index, note = self._vectors()
        vector = index.vector(dense_id - 1)
        if vector is None:
            raise NotTrainedError(f"{item.title!r} is not embedded yet ({note}): embed the catalogue first.")
        if query.strip():
            vector = vector + self._vector_of(query)
            vector /= max(float(np.linalg.norm(vector)), 1e-12)
        others = np.ones(len(self.items), dtype=bool) if allowed is None else allowed.copy()
        others[dense_id - 1] = False
        rows, cosines = index.search(vector[None], k, others)
        found = dict(zip(rows[0].tolist(), cosines[0].tolist(), strict=True))
        return _Ranking(found, cosines=found, note=note)

    def _hybrid(self, query: str, k: int, allowed: Allowed, job: Job | None) -> Answer:
        depth = max(_DEPTH, 2 * k)
        by_words = self._by_words(query, depth, allowed, job)
        if job is not None:
            job.checkpoint()
        try:
            by_meaning = self._by_meaning(query, depth, allowed)
        except RecsysError as error:  # nothing embedded, or no model to be had: words are better than nothing
            return self._answer(by_words.best(k, note=f"By keyword only: {error}"), query, "keyword")
        joined: dict[int, float] = {}
        for ranking in (by_words, by_meaning):
            for rank, row in enumerate(ranking.scores, start=1):
                joined[row] = joined.get(row, 0.0) + 1.0 / (_RRF + rank)
        for rank, row in enumerate(by_words.scores, start=1):
            if row in by_words.exact:
                joined[row] = 1.0 + 1.0 / (_RRF + rank)
        ranking = _Ranking(joined, by_words.exact, by_meaning.scores, by_meaning.note)
        return self._answer(ranking.best(k), query, "hybrid")

    def _answer(self, ranking: _Ranking, query: str, method: str) -> Answer:
        rows = list(ranking.scores)
        matched: list[tuple[str, ...]] = [()] * len(rows)
        if method != "semantic":
            matched = self._keywords.matched(query, rows)
        items = self.items.take(row + 1 for row in rows) if rows else []
        return Answer(
            tuple(
                Result(rank, item, ranking.scores[row], reason=_reason(ranking, row, its_words))
                for rank, (row, item, its_words) in enumerate(zip(rows, items, matched, strict=True), start=1)
            ),
            method,
            ranking.note,
        )

    # -- what they need -------------------------------------------------------------------------------------
    def _allowed(self, filters: Any) -> Allowed:
        if filters is not None:
            raise OptionError("Search cannot filter yet: leave the filters out.")
        return None

    def _vectors(self) -> tuple[ExactIndex, str]:
        """The index over what is embedded so far, and what to say of it."""
        store = self._store
        if store is None:
            raise NotTrainedError("This catalogue has no embeddings: only search by keyword is possible.")
        with self._lock:
            # The number first: rows that come later are then found at the next search.
            made_of = len(store), "cpu" if self._encoder is None else self._encoder.device
            if self._vector_index is None or self._vector_index[0] != made_of:
                rows = store.rows(self._hashes)
                self._vector_index = made_of, ExactIndex(store.vectors(), rows, device=made_of[1])
            index = self._vector_index[1]
        done, total = len(index), len(self.items)
        note = "" if done == total else f"{done:,} of {total:,} embedded"
        if not done:
            raise NotTrainedError(" ".join(filter(None, [store.damage, f"Nothing is embedded yet ({note})."])))
        return index, " ".join(filter(None, [note, store.damage]))

    def _vector_of(self, query: str) -> npt.NDArray[np.float32]:
        if self._encoder is None:
            raise NotTrainedError("There is no embedding model to understand a query with.")
        with self._lock:
            if query in self._query_vectors:
                self._query_vectors.move_to_end(query)
                return self._query_vectors[query]
        vector: npt.NDArray[np.float32] = self._encoder.encode([query], query=True)[0]
        with self._lock:
            self._query_vectors[query] = vector
            if len(self._query_vectors) > _REMEMBERED_QUERIES:
                self._query_vectors.popitem(last=False)
        return vector

    def _titled(self, query: str, allowed: Allowed) -> list[int]:
        """The items whose title is the query, whatever its case, accents and articles; the most popular first."""
        bare, year = split_year(query.strip())
        rows: list[int] = self._titles.get(title_key(bare), [])
        if year is not None:
            years = self.items.table.column("year").take(rows).to_pylist() if rows else []
            rows = [row for row, its_year in zip(rows, years, strict=True) if its_year in (None, year)]
        if self._popularity is not None:
            popularity = self._popularity
            rows = sorted(rows, key=lambda row: -popularity[row])
        return rows if allowed is None else [row for row in rows if allowed[row]]

    def _index_titles(self) -> dict[str, list[int]]:
        titles: dict[str, list[int]] = {}
        for row, title in enumerate(self.items.titles()):
            titles.setdefault(title_key(split_year(title or "")[0]), []).append(row)
        titles.pop("", None)
        return titles

    @property
    def _titles(self) -> dict[str, list[int]]:
        titles: dict[str, list[int]] = self._made["titles"]
        return titles

    @property
    def _keywords(self) -> KeywordIndex:
        keywords: KeywordIndex = self._made["keywords"]
        return keywords

    @cached_property
    def _hashes(self) -> Hashes:
        from engine.search.store import hash_texts

        return hash_texts(self.items.texts())

    def _once(self, name: str, make: Callable[[], Any]) -> None:
        if name not in self._made:
            with self._making:
                if name not in self._made:
                    self._made[name] = make()


@dataclass
class _Ranking:
    """Items and their scores, best first, and what to say of them."""

    scores: dict[int, float]
    exact: frozenset[int] = frozenset()
    cosines: dict[int, float] = field(default_factory=dict)
    note: str = ""

    def best(self, k: int, note: str | None = None) -> _Ranking:
        """The first ``k``; of equal scores the lower row first."""
        order = sorted(self.scores, key=lambda row: (-self.scores[row], row))[:k]
        scores = {row: self.scores[row] for row in order}
        return _Ranking(scores, self.exact, self.cosines, self.note if note is None else note)


def _reason(ranking: _Ranking, row: int, matched: tuple[str, ...]) -> str:
    parts = []
    if row in ranking.exact:
        parts.append("the title")
    elif matched:
        parts.append(" ".join(f'"{word}"' for word in matched[:5]))
    if row in ranking.cosines:
        parts.append(f"meaning {ranking.cosines[row]:.2f}")
    return " · ".join(parts)
