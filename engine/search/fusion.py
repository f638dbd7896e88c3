"""Ranked lists of search results, and their fusion by reciprocal rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.search import explanations

if TYPE_CHECKING:
    from engine.data.items import Item
    from engine.search.evidence import Evidence

#: The constant k of reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009), in which a rank scores
#: 1 / (k + rank).
_RRF_K = 60
#: What is said of a result that comes first because somebody pinned it.
PINNED = "pinned"


@dataclass
class Ranking:
    """Rows of a catalogue with their scores, best first, and what is needed to explain them.

    Attributes
    ----------
    scores
        The score of each row.
    method
        The name of the search method, as it is shown.
    exact, nearly
        The rows whose title is the query, which always come first, and those whose title differs by one or two letters.
    cosines, co_occurrences
        The cosine and the co-occurrence of each row, as far as they were computed.
    note
        The note of the answer.
    like
        The item whose similar items were searched for; None if there was none.
    encoded_query
        The query that was encoded, perhaps with its spelling corrected.
    is_sorted
        Whether the rows are in another order than by their scores.
    pinned
        The rows that come first because somebody pinned them.
    is_nudged
        Whether the rows are in the order of their scores as nudged by a person's taste; the scores are not nudged.
    evidence
        What the scores of a search by words were made of; None for other searches.
    """

    scores: dict[int, float]
    method: str
    exact: frozenset[int] = frozenset()
    nearly: frozenset[int] = frozenset()
    cosines: dict[int, float] = field(default_factory=dict)
    co_occurrences: dict[int, float] = field(default_factory=dict)
    note: str = ""
    like: Item | None = None
    encoded_query: str = ""
    is_sorted: bool = False
    pinned: frozenset[int] = frozenset()
    is_nudged: bool = False
    evidence: Evidence | None = None

    def best(self, k: int, note: str | None = None) -> Ranking:
        """The first ``k`` rows; rows with equal scores are in ascending order."""
        ordered = list(self.scores.items())
        if not (self.is_sorted or self.is_nudged):
            ordered.sort(key=lambda one: (-one[1], one[0]))
        return replace(self, scores=dict(ordered[:k]), note=self.note if note is None else note)

    def keep(self, rows: Sequence[int]) -> Ranking:
        """Only the given rows, in the given order."""
        return replace(self, scores={row: self.scores[row] for row in rows})

    def explanation(self, item: Item, match: explanations.ItemMatch, genres: Sequence[str]) -> str:
        """Why an item is in the list: the matching terms, its cosine, and which of the given genres it has."""
        row = item.internal_id - 1
        if row in self.exact or row in self.nearly:
            parts = ["the title" if row in self.exact else "nearly the title"]
        else:
            parts = [match.reason]
        if row in self.cosines:
            shared = [genre for genre in genres if genre in item.genres]
            parts.append(explanations.explain_semantic(self.cosines[row], shared))
        if row in self.co_occurrences:
            parts.append("liked by the same people")
        if row in self.pinned:
            parts.insert(0, PINNED)
        return " · ".join(filter(None, parts))


def fuse_ranks(rankings: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """Reciprocal rank fusion of lists of equal quality that are sorted best first."""
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            fused[row] = fused.get(row, 0.0) + 1.0 / (_RRF_K + rank)
    return fused
