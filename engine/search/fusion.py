"""Ranked lists of search results, and their fusion by reciprocal rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.search import explanations

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.data.items import Item

#: The constant k of reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009), in which a rank scores
#: 1 / (k + rank). The authors' 60 suits lists of equal quality, such as two lists of similar items. For keyword and
#: semantic search 10 does better on the judged queries (benchmarks/search/quality.py).
HYBRID_RRF_K, SIMILAR_RRF_K = 10, 60
#: The weight of a keyword rank relative to a semantic rank, and the weight of the keyword lead (see fuse_hybrid).
KEYWORD_WEIGHT, LEAD_WEIGHT = 0.7, 4.0
#: In hybrid search the cosine of the most popular item is raised by this much, and less the less popular an item is.
POPULARITY_WEIGHT = 0.06


@dataclass
class Ranking:
    """Rows of a catalogue with their scores, best first, and what is needed to explain them.

    Attributes
    ----------
    scores
        The score of each row.
    method
        The name of the search method, as it is shown.
    exact
        The rows whose title is the query; they always come first.
    cosines, co_occurrences
        The cosine and the co-occurrence of each row, as far as they were computed.
    note
        The note of the answer.
    like
        The item whose similar items were searched for; None if there was none.
    exact_label
        The explanation of the rows in ``exact``.
    encoded_query
        The query that was encoded, perhaps with its spelling corrected.
    """

    scores: dict[int, float]
    method: str
    exact: frozenset[int] = frozenset()
    cosines: dict[int, float] = field(default_factory=dict)
    co_occurrences: dict[int, float] = field(default_factory=dict)
    note: str = ""
    like: Item | None = None
    exact_label: str = "the title"
    encoded_query: str = ""

    def best(self, k: int, note: str | None = None) -> Ranking:
        """The first ``k`` rows; rows with equal scores are in ascending order."""
        ordered = sorted(self.scores.items(), key=lambda one: (-one[1], one[0]))
        return replace(self, scores=dict(ordered[:k]), note=self.note if note is None else note)

    def boosted(self, boosts: npt.NDArray[np.float64]) -> Ranking:
        """The ranking after a boost, shape (num_items,), is added to the score of each row."""
        scores = {row: score + float(boosts[row]) for row, score in self.scores.items()}
        return replace(self, scores=scores).best(len(scores))

    def keep(self, rows: Sequence[int]) -> Ranking:
        """Only the given rows, in the given order."""
        return replace(self, scores={row: self.scores[row] for row in rows})

    def explanation(self, item: Item, terms: Sequence[explanations.QueryTerm], genres: Sequence[str]) -> str:
        """Why an item is in the list: the matching terms, its cosine, and which of the given genres it has."""
        row = item.internal_id - 1
        parts = [self.exact_label if row in self.exact else explanations.explain_keyword(item, terms)]
        if row in self.cosines:
            shared = [genre for genre in genres if genre in item.genres]
            parts.append(explanations.explain_semantic(self.cosines[row], shared))
        if row in self.co_occurrences:
            parts.append("liked by the same people")
        return " · ".join(filter(None, parts))


def fuse_hybrid(keyword: Ranking, semantic: Ranking) -> Ranking:
    """Fuse a keyword ranking and a semantic ranking by reciprocal rank, with a boost for a clear keyword winner.

    Ranks alone do not show that the first item has all of the words and the second only one of them. Such an item is
    most likely the wanted one, searched for by its misspelt title or by words of its plot. The first keyword result is
    therefore raised in proportion to its lead over the second: the difference of their scores, divided by its own.
    """
    fused = fuse_ranks([keyword.scores, semantic.scores], HYBRID_RRF_K, [KEYWORD_WEIGHT, 1.0])
    others = [row for row in keyword.scores if row not in keyword.exact][:2]
    if others:
        first, second = keyword.scores[others[0]], keyword.scores[others[1]] if len(others) > 1 else 0.0
        fused[others[0]] += LEAD_WEIGHT * (1.0 - second / first) / (HYBRID_RRF_K + 1)
    top = max(fused.values(), default=0.0)
    for rank, row in enumerate(keyword.scores, start=1):
        if row in keyword.exact:
            fused[row] = top + 1.0 / (HYBRID_RRF_K + rank)  # before all others, with scores of the same magnitude
    return replace(semantic, scores=fused, method="hybrid", exact=keyword.exact, exact_label=keyword.exact_label)


def fuse_ranks(
    rankings: Sequence[Mapping[int, float]], k: int = SIMILAR_RRF_K, weights: Sequence[float] = (1.0, 1.0)
) -> dict[int, float]:
    """Reciprocal rank fusion of lists that are sorted best first."""
    fused: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, row in enumerate(ranking, start=1):
            fused[row] = fused.get(row, 0.0) + weight / (k + rank)
    return fused
