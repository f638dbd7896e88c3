"""Items like another item, by the meaning of their texts and by the people who liked both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import NotTrainedError, RecsysError
from engine.ranking import top_k
from engine.search.fusion import Ranking, fuse_ranks
from engine.search.mmr import rerank_by_similarity

if TYPE_CHECKING:
    from engine.data.items import Item, ItemTable
    from engine.search.semantic.semantic_index import SemanticIndex

Mask = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float32]

#: The length of each list that is fused with another one.
_DEPTH = 100


class SimilarItems:
    """Finds items like another one, and varies lists whose items are too much alike.

    Parameters
    ----------
    items
        The catalogue.
    semantic
        Its embeddings.
    co_occurrence
        See :class:`engine.search.hybrid.SearchIndex`.
    popularity
        The number of interactions of each item, shape (num_items,); None if it is unknown.
    """

    def __init__(
        self,
        items: ItemTable,
        semantic: SemanticIndex,
        co_occurrence: Callable[[int], Scores] | None,
        popularity: npt.NDArray[Any] | None,
    ) -> None:
        self._items = items
        self._semantic = semantic
        self._co_occurrence = co_occurrence
        self._popularity = popularity

    def like(self, internal_id: int, query: str, k: int, allowed: Mask | None, by: str | None) -> Ranking:
        """The items most like another one.

        Parameters
        ----------
        internal_id
            The internal id of the other item.
        query
            Words that move the search towards their meaning; may be empty.
        k
            The number of results.
        allowed
            A mask of the items that may be found, shape (num_items,); None allows all.
        by
            See :meth:`engine.search.hybrid.SearchIndex.search`.

        Raises
        ------
        NotTrainedError
            If nothing is known by which items could be compared with this one.
        """
        item = self._items[internal_id]
        others = np.ones(len(self._items), dtype=bool) if allowed is None else allowed.copy()
        others[internal_id - 1] = False
        if by == "taste":
            return self._like_by_co_occurrence(item, k, others)
        depth = max(_DEPTH, 2 * k)
        co_occurring = None
        if by != "meaning":
            try:
                co_occurring = self._like_by_co_occurrence(item, depth, others)
            except RecsysError as error:
                if by == "both":
                    return self._like_by_embedding(item, query, k, others).best(k, note=f"By meaning only: {error}")
        try:
            semantic = self._like_by_embedding(item, query, depth, others)
        except RecsysError as error:
            if co_occurring is None:
                raise
            return co_occurring.best(k, note=f"By taste only: {error}")
        if co_occurring is None:
            return semantic.best(k)
        fused = fuse_ranks([co_occurring.scores, semantic.scores])
        return replace(semantic, scores=fused, co_occurrences=co_occurring.scores, method="meaning and taste").best(k)

    def _like_by_embedding(self, item: Item, query: str, k: int, others: Mask) -> Ranking:
        index, note = self._semantic.index()
        vector = index.vector(item.internal_id - 1)
        if vector is None:
            raise NotTrainedError(f"{item.title!r} is not embedded yet ({note}): embed the catalogue first.")
        if query.strip():
            vector = vector + self._semantic.encode_query(query)
            vector /= max(float(np.linalg.norm(vector)), 1e-12)
        rows, cosines = index.like(vector, k, others)
        found = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
        return Ranking(found, "meaning", cosines=found, note=note, like=item)

    def _like_by_co_occurrence(self, item: Item, k: int, others: Mask) -> Ranking:
        scores = np.full(len(self._items), -np.inf, dtype=np.float32)
        if self._co_occurrence is not None:
            known = self._co_occurrence(item.internal_id)[1:]
            scores[: len(known)] = np.where(known > 0, known, -np.inf)
        if self._popularity is not None and not self._popularity.any():
            raise NotTrainedError("This data set has no ratings, so it cannot tell which items the same people like.")
        if not (scores > 0).any():
            raise NotTrainedError(f"Nobody who liked {item.title!r} is known to have liked anything else.")
        rows = top_k(np.where(others, scores, np.float32(-np.inf)), k)
        found = dict(zip(rows.tolist(), scores[rows].tolist(), strict=True))
        return Ranking(found, "taste", co_occurrences=found, like=item)

    def varied(self, ranking: Ranking, k: int, diversity: float) -> Ranking:
        """The best ``k`` by maximal marginal relevance.

        Parameters
        ----------
        ranking
            The list.
        k
            The number of results.
        diversity
            From 0 (the list as it is) to 1: the penalty for a result that resembles those above it.
        """
        if diversity == 0 or ranking.is_sorted or len(ranking.scores) < 2:
            return ranking.best(k)  # an order that was asked for is kept
        rows = list(ranking.scores)
        titles = self._items.table.column("title").take(rows).to_pylist()
        vectors: npt.NDArray[np.float32] | None = None
        if ranking.cosines:
            index = self._semantic.index()[0]
            none = np.zeros_like(index.vector(next(iter(ranking.cosines))))
            vectors = np.stack([none if (one := index.vector(row)) is None else one for row in rows])
        scores = np.array(list(ranking.scores.values()), dtype=np.float32)
        if ranking.is_nudged:  # the place in the list counts
            scores = np.sort(scores)[::-1]
        order = rerank_by_similarity(titles, scores, vectors, k, diversity)
        # Items whose title is the query stay first.
        order.sort(key=lambda position: rows[position] not in ranking.exact)
        return ranking.keep([rows[position] for position in order])
