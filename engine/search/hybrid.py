"""Search over one catalogue: by words, by meaning, or both joined; and items like another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.popularity import item_popularity, log_popularity
from engine.data.results import Answer, Result
from engine.errors import NotTrainedError, OptionError, RecsysError
from engine.ranking import top_k
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.search.filters.fields import Fields
from engine.search.filters.parser import Filter, mask, require_filters
from engine.search.fusion import KNOWN_WEIGHT, Ranking, join_hybrid, join_ranks
from engine.search.lexical.inverted_index import CacheFile, InvertedIndex
from engine.search.mmr import rerank_by_similarity
from engine.search.modes import LIKE_BY, MODES
from engine.search.semantic.semantic_index import SemanticIndex
from engine.text.normalize import split_year

if TYPE_CHECKING:
    from engine.data.items import Item, ItemTable
    from engine.search.encoder.encoder import Encoder
    from engine.search.semantic.vector_store import VectorStore

Allowed = npt.NDArray[np.bool_] | None
Scores = npt.NDArray[np.float32]

#: How far down each list is looked when two are joined, or one is reordered.
_DEPTH = 100
#: Of how many a varied list is chosen, at least and for each place: from further down comes what fits no longer.
_LEAST_VARIED, _VARIED = 30, 3


class SearchIndex:
    """Finds items by a query, or by another item.

    Nothing is computed before it is needed: words are indexed at the first search by words (about two seconds for 45
    thousand items, once if they are kept), the model is loaded at the first search by meaning. Any thread may search,
    also while another one embeds.

    Parameters
    ----------
    items
        The catalogue.
    store
        Its vectors; without them there is only search by words.
    encoder
        The model for queries; without it only ``like`` goes by meaning. Vectors are compared on its device.
    popularity
        Interactions of each item by internal id: which of several equal titles comes first.
    taste
        Gives for a internal id how alike the internal ids from 0 on are by who liked them, as
        :meth:`engine.search.co_occurrence.CoOccurrence.likeness`; None where there are no interactions.
    facts
        Numbers of each item to filter by, beyond the catalogue's own columns.
    kept_words
        Where the index of words is kept from one start to the next.
    trouble
        Why there is neither a store nor an encoder, where there should be: raised where one is needed.

    Attributes
    ----------
    fields
        What can be filtered by.
    meaning
        The vectors: how much is embedded, and embedding the rest.
    """

    def __init__(
        self,
        items: ItemTable,
        store: VectorStore | None = None,
        encoder: Encoder | None = None,
        *,
        popularity: npt.NDArray[Any] | None = None,
        taste: Callable[[int], Scores] | None = None,
        facts: Mapping[str, npt.NDArray[Any]] | None = None,
        kept_words: CacheFile | None = None,
        trouble: RecsysError | None = None,
    ) -> None:
        self.items = items
        self.fields = Fields(items, facts)
        self.meaning = SemanticIndex(items, store, encoder, trouble)
        self._popularity = popularity
        self._taste = taste
        self._making = threading.Lock()
        self._kept_words = kept_words
        self._word_index: InvertedIndex | None = None

    def search(
        self,
        query: str = "",
        k: int = 10,
        mode: str = "hybrid",
        filters: str | Sequence[Filter] | None = None,
        *,
        like: int | None = None,
        like_by: str | None = None,
        diversity: float = 0.0,
        job: Job | None = None,
    ) -> Answer:
        """Items like these words, best first.

        Parameters
        ----------
        query
            Any text; nothing in it is taken for a filter.
        k
            How many; fewer come back if fewer fit.
        mode
            ``"keyword"`` for BM25 scores, ``"semantic"`` for the cosine of the embeddings, ``"hybrid"`` for both lists
            joined by reciprocal rank, with what stands out by words before the rest. By words and in hybrid a title
            equal to the query comes first. While not all items are embedded, those that are take part, and the
            answer's note says how many.
        filters
            What must hold of each result: ``"genre:comedy year:>=2010"`` or filters that
            :func:`engine.search.filters.parser.parse` found. With filters and neither a query nor ``like``, all that
            fits, the most popular first.
        like
            The internal id of an item to find others like it; a query, if there is one as well, shifts the search by
            meaning its way.
        like_by
            ``"meaning"``, ``"taste"`` (who liked it) or ``"both"`` joined by reciprocal rank; None for both where
            both are known of the item, else the one that is.
        diversity
            From 0, the order of likeness alone, to 1: how much a result counts less for being like those before it.
        job
            Asked from time to time whether to stop.

        Raises
        ------
        RecsysError
            If there is nothing to search for.
        OptionError
            If the mode does not exist, ``k`` is below 1, or a filter cannot be understood.
        NotTrainedError
            If the search must go by meaning and nothing (or not the item ``like``) is embedded yet.
        """
        if mode not in MODES:
            raise OptionError(f"There is no search mode {mode!r}: choose {', '.join(MODES)}.")
        if like_by is not None and like_by not in LIKE_BY:
            raise OptionError(f"Items cannot be alike by {like_by!r}: choose {', '.join(LIKE_BY)}.")
        if k < 1:
            raise OptionError(f"{k} results cannot be shown: ask for at least 1.")
        if not 0 <= diversity <= 1:
            raise OptionError(f"A diversity of {diversity:g} is impossible: it goes from 0 to 1.")
        wanted = () if filters is None else require_filters(filters, self.fields)
        if not query.strip() and like is None and not wanted:
            raise RecsysError("There is nothing to search for: type some words.")
        allowed = mask(wanted, self.fields)
        depth = k if diversity == 0 else max(_LEAST_VARIED, _VARIED * k)
        if like is not None:
            if mode == "keyword":
                raise OptionError(
                    "Items like another are found by meaning or taste, not by keyword: choose another mode."
                )
            ranking = self._like(like, query, depth, allowed, like_by)
        elif not query.strip():
            return self.popular(k, allowed)
        elif mode == "keyword":
            ranking = self._by_words(query, depth, allowed, job)
        elif mode == "semantic":
            ranking = self._by_meaning(query, depth, allowed)
        else:
            ranking = self._hybrid(query, depth, allowed, job)
        return self._answer(self._varied(ranking, k, diversity), query)

    def popular(self, k: int = 10, allowed: Allowed = None) -> Answer:
        """The best known items, of those that are allowed; needs neither words nor vectors.

        Parameters
        ----------
        k
            How many.
        allowed
            Which items are wanted, shape (num_items,); None for all.
        """
        rows = top_k(self._item_popularity if allowed is None else np.where(allowed, self._item_popularity, -np.inf), k)
        found = self.items.take(rows + 1)
        scores = self._item_popularity[rows].tolist()
        results = [Result(rank, item, score) for rank, (item, score) in enumerate(zip(found, scores, strict=True), 1)]
        return Answer(tuple(results), "popular")

    def meant(self, query: str) -> str:
        """The words whose meaning a hybrid search looks for: the query's, or what they are probably misspelt for."""
        return query if self._word_index is None else self._word_index.keywords.corrected(query)

    def prepare_keywords(self, job: Job | None = None) -> None:
        """Index the words now rather than at the first search."""
        if self._word_index is None:
            with self._making:
                if self._word_index is None:
                    self._word_index = InvertedIndex.of(self.items, self._log_popularity, self._kept_words, job)

    # -- by a query -----------------------------------------------------------------------------------------
    def _by_words(self, query: str, k: int, allowed: Allowed, job: Job | None) -> Ranking:
        self.prepare_keywords(job)
        rows, scores = self._words.keywords.search(query, k, allowed)
        found = dict(zip(rows.tolist(), scores.tolist(), strict=True))
        top = max(found.values(), default=0.0)
        exact, as_typed = self._titled(query, allowed)
        for row in reversed(exact[:k]):
            top = found[row] = top + 1.0  # above everything else, in their own order
        titled = "the title" if as_typed else "nearly the title"
        return Ranking(found, "keyword", exact=frozenset(exact[:k]), titled=titled).best(k)

    def _by_meaning(self, query: str, k: int, allowed: Allowed) -> Ranking:
        index, note = self.meaning.index()
        rows, cosines = index.search(self.meaning.of_query(query)[None], k, allowed)
        found = dict(zip(rows[0].tolist(), cosines[0].tolist(), strict=True))
        return Ranking(found, "semantic", cosines=found, note=note, meant=query)

    def _hybrid(self, query: str, k: int, allowed: Allowed, job: Job | None) -> Ranking:
        depth = max(_DEPTH, k)
        by_words = self._by_words(query, depth, allowed, job)
        if job is not None:
            job.checkpoint()
        try:
            by_meaning = self._by_meaning(self.meant(query), depth, allowed)
        except RecsysError as error:  # nothing embedded, or no model to be had: words are better than nothing
            return by_words.best(k, note=f"By keyword only: {error}")
        if not by_words.scores and not by_meaning.note:
            by_meaning.note = "No word of it was found: by meaning only"
        return join_hybrid(by_words, by_meaning.raised(KNOWN_WEIGHT * self._log_popularity)).best(k)

    # -- by another item ------------------------------------------------------------------------------------
    def _like(self, internal_id: int, query: str, k: int, allowed: Allowed, by: str | None) -> Ranking:
        item = self.items[internal_id]
        others = np.ones(len(self.items), dtype=bool) if allowed is None else allowed.copy()
        others[internal_id - 1] = False
        if by == "taste":
            return self._like_by_taste(item, k, others)
        depth = max(_DEPTH, 2 * k)
        by_taste = None
        if by != "meaning":
            try:
                by_taste = self._like_by_taste(item, depth, others)
            except RecsysError as error:
                if by == "both":
                    return self._like_by_meaning(item, query, k, others).best(k, note=f"By meaning only: {error}")
        try:
            by_meaning = self._like_by_meaning(item, query, depth, others)
        except RecsysError as error:
            if by_taste is None:
                raise
            return by_taste.best(k, note=f"By taste only: {error}")
        if by_taste is None:
            return by_meaning.best(k)
        joined = replace(by_meaning, scores=join_ranks([by_taste.scores, by_meaning.scores]), tastes=by_taste.scores)
        return replace(joined, method="meaning and taste").best(k)

    def _like_by_meaning(self, item: Item, query: str, k: int, others: npt.NDArray[np.bool_]) -> Ranking:
        index, note = self.meaning.index()
        vector = index.vector(item.internal_id - 1)
        if vector is None:
            raise NotTrainedError(f"{item.title!r} is not embedded yet ({note}): embed the catalogue first.")
        if query.strip():
            vector = vector + self.meaning.of_query(query)
            vector /= max(float(np.linalg.norm(vector)), 1e-12)
        rows, cosines = index.search(vector[None], k, others)
        found = dict(zip(rows[0].tolist(), cosines[0].tolist(), strict=True))
        return Ranking(found, "meaning", cosines=found, note=note, like=item)

    def _like_by_taste(self, item: Item, k: int, others: npt.NDArray[np.bool_]) -> Ranking:
        scores = np.full(len(self.items), -np.inf, dtype=np.float32)
        if self._taste is not None:
            known = self._taste(item.internal_id)[1:]
            scores[: len(known)] = np.where(known > 0, known, -np.inf)
        if self._popularity is not None and not self._popularity.any():
            raise NotTrainedError("There are no ratings in this data set to tell by what people like together.")
        if not (scores > 0).any():
            raise NotTrainedError(f"Nobody who liked {item.title!r} is known to have liked anything else.")
        rows = top_k(np.where(others, scores, np.float32(-np.inf)), k)
        found = dict(zip(rows.tolist(), scores[rows].tolist(), strict=True))
        return Ranking(found, "taste", tastes=found, like=item)

    # -- answers --------------------------------------------------------------------------------------------
    def _varied(self, ranking: Ranking, k: int, diversity: float) -> Ranking:
        """The best ``k``, each weighed against those before it."""
        if diversity == 0 or len(ranking.scores) < 2:
            return ranking.best(k)
        rows = list(ranking.scores)
        titles = self.items.table.column("title").take(rows).to_pylist()
        vectors: npt.NDArray[np.float32] | None = None
        if ranking.cosines:
            index = self.meaning.index()[0]
            none = np.zeros_like(index.vector(next(iter(ranking.cosines))))
            vectors = np.stack([none if (one := index.vector(row)) is None else one for row in rows])
        order = rerank_by_similarity(
            titles, np.array(list(ranking.scores.values()), dtype=np.float32), vectors, k, diversity
        )
        # What is exactly asked for stays first.
        order.sort(key=lambda position: rows[position] not in ranking.exact)
        return ranking.keep([rows[position] for position in order])

    def _answer(self, ranking: Ranking, query: str) -> Answer:
        rows = list(ranking.scores)
        asked = self._words.keywords.understood(query) if ranking.method in ("hybrid", "keyword") else []
        items = self.items.take(row + 1 for row in rows) if rows else []
        near: Sequence[str] = ()
        if ranking.like is not None:
            near = ranking.like.genres
        elif ranking.cosines:
            near = self.meaning.genres_near(ranking.meant, items)
        return Answer(
            tuple(
                Result(rank, item, ranking.scores[row], reason=ranking.reason(item, asked, near))
                for rank, (row, item) in enumerate(zip(rows, items, strict=True), start=1)
            ),
            ranking.method,
            ranking.note,
        )

    # -- what they need -------------------------------------------------------------------------------------
    @locked_property
    def _item_popularity(self) -> npt.NDArray[np.float64]:
        return item_popularity(self.items, self._popularity)

    @locked_property
    def _log_popularity(self) -> npt.NDArray[np.float64]:
        return log_popularity(self.items, self._popularity)

    def _titled(self, query: str, allowed: Allowed) -> tuple[list[int], bool]:
        """The items whose title is the query, or nearly so, the most popular first; and whether it is spelt so."""
        rows, as_typed = self._words.titles.find(query)
        year = split_year(query.strip())[1]
        if year is not None and rows:
            years = self.items.table.column("year").take(rows).to_pylist()
            rows = [row for row, its_year in zip(rows, years, strict=True) if its_year in (None, year)]
        known = self._item_popularity
        rows = sorted(rows, key=lambda row: -known[row])
        return rows if allowed is None else [row for row in rows if allowed[row]], as_typed

    @property
    def _words(self) -> InvertedIndex:
        assert self._word_index is not None
        return self._word_index
