"""Lists in which ten sequels do not take all the places."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from engine.text.normalize import split_year, title_key

Scores = npt.NDArray[np.float32]

_SERIES_END = re.compile(
    r"(?<=\w)\s*[:(]|\s[-–—]\s|,?\s(?:part|vol(?:ume)?|season|episode|chapter|movie)\b|\s(?:\d+|[ivx]{2,5})\b", re.I
)


def rerank(scores: Scores, likeness: Callable[[int], Scores], k: int, diversity: float) -> list[int]:
    """The ``k`` best positions, each weighed against those before it: maximal marginal relevance.

    Carbonell and Goldstein, 1998: next comes whatever has most of ``(1 - diversity) * score - diversity * likeness``,
    likeness being that to the most alike of those that are already there.

    Parameters
    ----------
    scores
        Best first; only their proportions matter. Shape (num_candidates,).
    likeness
        Of the candidate at a position to all candidates: 0 to 1, shape (num_candidates,).
    k
        How many to choose.
    diversity
        0 keeps the order, 1 looks at nothing but likeness.
    """
    k = min(k, len(scores))
    if diversity <= 0 or k <= 1:
        return list(range(k))
    least, most = float(scores.min()), float(scores.max())
    merit = (scores - least) / max(most - least, 1e-12)
    nearest = np.zeros(len(scores), dtype=np.float32)
    chosen: list[int] = []
    for _ in range(k):
        worth = (1 - diversity) * merit - diversity * nearest
        worth[chosen] = -np.inf
        best = int(np.argmax(worth))
        chosen.append(best)
        np.maximum(nearest, likeness(best), out=nearest)
    return chosen


def rerank_by_similarity(
    titles: Sequence[str], scores: Scores, vectors: Scores | None, k: int, diversity: float
) -> list[int]:
    """The ``k`` best positions of a list of items, so that one series does not take all places.

    Parameters
    ----------
    titles, scores
        Of each item, best first.
    vectors
        Their embeddings, zero where there is none; None if meaning does not matter. Shape (len(titles), dim).
    k, diversity
        As :func:`rerank`.
    """
    series = series_likeness(titles)
    # What all of them have in common makes none of them alike.
    common = 0.0 if vectors is None else float(np.median(vectors @ vectors.mean(0)))

    def likeness(position: int) -> Scores:
        alike = series(position)
        if vectors is None:
            return alike
        near: Scores = (vectors @ vectors[position] - common) / max(1.0 - common, 1e-6)
        return np.maximum(alike, near)

    return rerank(scores, likeness, k, diversity)


def series_likeness(titles: Sequence[str]) -> Callable[[int], Scores]:
    """How much two titles look like one series: 1 for "The Godfather" and "The Godfather Part II".

    It is 1 if what stands before a colon, a dash or a numeral in one begins the other; else the words that both begin
    with, as a share of the shorter one's: ½ for "Star Wars" and "Star Trek".
    """
    bare = [split_year(title or "")[0] for title in titles]
    keys = [title_key(title).split(" ") for title in bare]
    series = [title_key(_SERIES_END.split(title, maxsplit=1)[0]).split(" ") for title in bare]

    def alike(a: int, b: int) -> float:
        shared = next((n for n, (x, y) in enumerate(zip(keys[a], keys[b], strict=False)) if x != y), None)
        if shared is None or keys[b][: len(series[a])] == series[a] or keys[a][: len(series[b])] == series[b]:
            return 1.0
        return shared / min(len(keys[a]), len(keys[b]))

    return lambda position: np.array([alike(position, other) for other in range(len(keys))], dtype=np.float32)
