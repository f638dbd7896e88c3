"""Reranking by maximal marginal relevance, so that a list is not ten sequels."""

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


def rerank(scores: Scores, similarity: Callable[[int], Scores], k: int, diversity: float) -> list[int]:
    """Choose the ``k`` best positions by maximal marginal relevance (Carbonell and Goldstein, 1998).

    Each step chooses the candidate with the largest ``(1 - diversity) * score - diversity * similarity``, where the
    similarity is that to the most similar candidate that was chosen before.

    Parameters
    ----------
    scores
        The scores of the candidates, best first, shape (num_candidates,). They are scaled to the range from 0 to 1.
    similarity
        A function that takes the position of a candidate and returns its similarity to all candidates, from 0 to 1,
        shape (num_candidates,).
    k
        The number of candidates to choose.
    diversity
        0 keeps the order, 1 considers the similarity alone.
    """
    k = min(k, len(scores))
    if diversity <= 0 or k <= 1:
        return list(range(k))
    lowest, highest = float(scores.min()), float(scores.max())
    relevance = (scores - lowest) / max(highest - lowest, 1e-12)
    redundancy = np.zeros(len(scores), dtype=np.float32)
    chosen: list[int] = []
    for _ in range(k):
        marginal = (1 - diversity) * relevance - diversity * redundancy
        marginal[chosen] = -np.inf
        best = int(np.argmax(marginal))
        chosen.append(best)
        np.maximum(redundancy, similarity(best), out=redundancy)
    return chosen


def rerank_by_similarity(
    titles: Sequence[str], scores: Scores, vectors: Scores | None, k: int, diversity: float
) -> list[int]:
    """Choose the ``k`` best positions of a list of items, so that one series does not fill the list.

    Parameters
    ----------
    titles, scores
        The title and the score of each item, best first.
    vectors
        The embeddings of the items, zeros for an item that is not embedded, shape (len(titles), dim); None compares
        titles alone.
    k, diversity
        See :func:`rerank`.
    """
    same_series = series_similarity(titles)
    # The similarity that all items share says nothing about two of them, so it is subtracted.
    common = 0.0 if vectors is None else float(np.median(vectors @ vectors.mean(0)))

    def similarity(position: int) -> Scores:
        by_title = same_series(position)
        if vectors is None:
            return by_title
        by_embedding: Scores = (vectors @ vectors[position] - common) / max(1.0 - common, 1e-6)
        return np.maximum(by_title, by_embedding)

    return rerank(scores, similarity, k, diversity)


def series_similarity(titles: Sequence[str]) -> Callable[[int], Scores]:
    """A function that tells how likely the title at a position and each other one belong to the same series.

    The similarity is 1 if one title begins with the part of the other before its first colon, dash or numeral: "The
    Godfather" and "The Godfather Part II". Otherwise it is the number of first words that both share, divided by the
    number of words of the shorter title: ½ for "Star Wars" and "Star Trek".
    """
    bare = [split_year(title or "")[0] for title in titles]
    keys = [title_key(title).split(" ") for title in bare]
    series = [title_key(_SERIES_END.split(title, maxsplit=1)[0]).split(" ") for title in bare]

    def compare(a: int, b: int) -> float:
        shared = next((n for n, (x, y) in enumerate(zip(keys[a], keys[b], strict=False)) if x != y), None)
        if shared is None or keys[b][: len(series[a])] == series[a] or keys[a][: len(series[b])] == series[b]:
            return 1.0
        return shared / min(len(keys[a]), len(keys[b]))

    return lambda position: np.array([compare(position, other) for other in range(len(keys))], dtype=np.float32)
