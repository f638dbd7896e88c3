"""Ranked lists of search, and how several become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.search import explanations as reasons

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.data.items import Item

#: Reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009): a rank counts 1 / (this + rank). The authors' 60 is
#: for lists of equal worth; for words and meaning 10 is better by the judged queries (benchmarks/search/quality.py).
RRF, RRF_OF_LIKE = 10, 60
#: What a rank by words counts beside one by meaning, and what the lead of the first by words over the second does.
WORDS_WEIGHT, LEAD_WEIGHT = 0.7, 4.0
#: What the best known item of a catalogue is raised by in the list by meaning, as a cosine, when it is joined.
KNOWN_WEIGHT = 0.06


@dataclass
class Ranking:
    """Rows of a catalogue and their scores, best first, and what to say of them.

    Attributes
    ----------
    scores
        By row.
    method
        How they were found.
    exact
        Rows whose title is what was asked for; always before the others.
    cosines, tastes
        By row, where these were looked at.
    note
        For the answer.
    like
        The item that others are wanted like.
    titled
        What to say of the rows in ``exact``.
    meant
        The words whose meaning was looked for, corrected perhaps.
    """

    scores: dict[int, float]
    method: str
    exact: frozenset[int] = frozenset()
    cosines: dict[int, float] = field(default_factory=dict)
    tastes: dict[int, float] = field(default_factory=dict)
    note: str = ""
    like: Item | None = None
    titled: str = "the title"
    meant: str = ""

    def best(self, k: int, note: str | None = None) -> Ranking:
        """The first ``k``; of equal scores the lower row first."""
        ordered = sorted(self.scores.items(), key=lambda one: (-one[1], one[0]))
        return replace(self, scores=dict(ordered[:k]), note=self.note if note is None else note)

    def raised(self, by: npt.NDArray[np.float64]) -> Ranking:
        """With something added to the score of each row, and in the order that this makes."""
        scores = {row: score + float(by[row]) for row, score in self.scores.items()}
        return replace(self, scores=scores).best(len(scores))

    def keep(self, rows: Sequence[int]) -> Ranking:
        """These rows alone, in this order."""
        return replace(self, scores={row: self.scores[row] for row in rows})

    def reason(self, item: Item, asked: Sequence[reasons.QueryWord], near: Sequence[str]) -> str:
        """Why an item is in the list: its words, how near it is, and which of its genres are ``near``."""
        row = item.internal_id - 1
        parts = [self.titled if row in self.exact else reasons.by_words(item, asked)]
        if row in self.cosines:
            parts.append(reasons.by_meaning(self.cosines[row], [genre for genre in near if genre in item.genres]))
        if row in self.tastes:
            parts.append("liked by the same people")
        return " · ".join(filter(None, parts))


def join_hybrid(by_words: Ranking, by_meaning: Ranking) -> Ranking:
    """Words and meaning as one list: by reciprocal rank, with what stands out by words before the rest.

    Ranks alone forget that one item has all of the words and the next just one of them. Then it is that one which is
    looked for, by its misspelt title or by words of its plot: so the first by words is raised by its lead over the
    second, as a share of its score.
    """
    joined = join_ranks([by_words.scores, by_meaning.scores], RRF, [WORDS_WEIGHT, 1.0])
    others = [row for row in by_words.scores if row not in by_words.exact][:2]
    if others:
        first, second = by_words.scores[others[0]], by_words.scores[others[1]] if len(others) > 1 else 0.0
        joined[others[0]] += LEAD_WEIGHT * (1.0 - second / first) / (RRF + 1)
    top = max(joined.values(), default=0.0)
    for rank, row in enumerate(by_words.scores, start=1):
        if row in by_words.exact:
            joined[row] = top + 1.0 / (RRF + rank)  # before all others, and yet of their kind
    return replace(by_meaning, scores=joined, method="hybrid", exact=by_words.exact, titled=by_words.titled)


def join_ranks(
    rankings: Sequence[Mapping[int, float]], k: int = RRF_OF_LIKE, weights: Sequence[float] = (1.0, 1.0)
) -> dict[int, float]:
    """Reciprocal rank fusion of lists that are best first."""
    joined: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, row in enumerate(ranking, start=1):
            joined[row] = joined.get(row, 0.0) + weight / (k + rank)
    return joined
