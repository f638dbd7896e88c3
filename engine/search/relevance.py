"""The estimate of how well an item fits a query, from 0 to 1, by which results are ordered.

The estimate means the same in every mode and for every query: of the results with a match of 0.7, about seven in ten
were judged to fit. It is a logistic function of a weighted sum of the features in :mod:`engine.search.evidence`. The
weights were fitted on the tuning part of the judged queries by ``benchmarks/search/fit.py``: those of the sum so that
fitting items come first (ListNet; Cao et al., 2007), those of the logistic function so that it is calibrated
(Platt, 1999; by words alone with beta calibration after it, Kull et al., 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.search.evidence import FEATURES

if TYPE_CHECKING:
    from engine.search.evidence import Evidence
    from engine.search.nudge import Nudge

Numbers = npt.NDArray[np.float64]

#: The weights of the features for a search by words and meaning.
WEIGHTS: Mapping[str, float] = {
    "words": 2.79,
    "words in title": 2.09,
    "words in names": 5.06,
    "all words": 0.02,
    "keyword score": 0.10,
    "exact title": 0.71,
    "nearly the title": 0.83,
    "cosine": 4.00,
    "cosine lead": 4.58,
    "cosine of long query": 7.97,
    "words of long query": 3.09,
    "genre": 0.99,
    "genre lead": 2.06,
    "known": 4.45,
    "known and words": 1.64,
    "undescribed": -0.56,
    "mood": 1.61,
}
#: The slope and offset of the logistic function, and the weight of the share of the query that the catalogue knows.
CALIBRATION = (0.543, -4.140, -1.319)
#: The weights of the features for a search by words alone.
WORD_WEIGHTS: Mapping[str, float] = {
    "words": 2.41,
    "words in title": 1.60,
    "words in names": 1.19,
    "all words": 0.10,
    "keyword score": 2.91,
    "exact title": 0.98,
    "nearly the title": 0.20,
    "words of long query": 5.20,
    "known": 4.29,
    "known and words": 0.69,
    "undescribed": 0.10,
    "mood": 2.31,
}
WORD_CALIBRATION = (0.774, -5.824, -1.414)
#: By words alone the logistic function is too low in the middle and too high at its end, since few words can match well
#: without being meant. Its logits are therefore bent: the slopes of low and of high logits, and an offset. In five-fold
#: cross-validation on the tuning part that takes the expected calibration error from 0.084 to 0.053.
WORD_BEND = (2.007, 0.0, 1.812)
#: What a standard deviation of a cross-encoder's logits adds to the weighted sum, and the most standard deviations that
#: count. The weight is chosen by hand, not fitted. The logits are standardised over the items that the model has read,
#: so that models of any scale can be used, and the mean match of these items stays what it was calibrated to be.
RERANKED, _MOST_DEVIATIONS = 1.0, 3.0
#: The slope and offset of the logistic function of a cosine.
COSINE_CALIBRATION = (6.791, -4.601)


def weighted(evidence: Evidence) -> Numbers:
    """The weighted sums of the features of some items, by which they are ordered, shape (num_rows,)."""
    weights = WORD_WEIGHTS if evidence.cosines is None else WEIGHTS
    sums: Numbers = evidence.features @ np.array([weights.get(name, 0.0) for name in FEATURES])
    return sums


def of_logits(logits: Numbers) -> Numbers:
    """What the logits of a cross-encoder add to the weighted sums; NaN, for an item that was not read, adds nothing.

    Examples
    --------
    >>> of_logits(np.array([3.0, 1.0, np.nan])).tolist()
    [1.0, -1.0, 0.0]
    """
    is_read = np.isfinite(logits)
    added = np.zeros(len(logits))
    deviation = float(np.std(logits[is_read])) if is_read.any() else 0.0
    if deviation > 1e-6:
        standard = (logits[is_read] - logits[is_read].mean()) / deviation
        added[is_read] = RERANKED * np.clip(standard, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
    return added


def match(evidence: Evidence, sums: Numbers) -> Numbers:
    """The probability that items fit, in the order of their weighted sums, shape (num_rows,).

    Parameters
    ----------
    evidence
        The evidence for the items.
    sums
        Their weighted sums, lowered or raised by what the query asks for besides its words.
    """
    slope, offset, known = WORD_CALIBRATION if evidence.cosines is None else CALIBRATION
    logits = slope * sums + offset + known * evidence.coverage.known
    return _logistic(bent(logits, *WORD_BEND) if evidence.cosines is None else logits)


def bent(logits: Numbers, low: float, high: float, offset: float) -> Numbers:
    """Logits bent for beta calibration (Kull et al., 2017), which keeps their order.

    Parameters
    ----------
    logits
        The logits.
    low, high
        The slopes far below and far above 0, neither below 0 and not both 0; both 1 leave the logits as they are.
    offset
        What is added.

    Examples
    --------
    >>> bent(np.array([-2.0, 3.0]), 1.0, 1.0, 0.5).round(6).tolist()
    [-1.5, 3.5]
    """
    result: Numbers = high * np.logaddexp(0.0, logits) - low * np.logaddexp(0.0, -logits) + offset
    return result


def of_nudge(evidence: Evidence, nudge: Nudge) -> Numbers:
    """What a person's taste adds to the weighted sums, by which it counts as much in every mode."""
    slope = (WORD_CALIBRATION if evidence.cosines is None else CALIBRATION)[0]
    return nudge.logits(evidence.rows) / slope


def match_of_cosine(cosines: npt.NDArray[np.floating]) -> Numbers:
    """The probability that items fit by their cosine with the query alone."""
    slope, offset = COSINE_CALIBRATION
    return _logistic(slope * cosines.astype(np.float64) + offset)


def nudged_cosines(cosines: npt.NDArray[np.floating], rows: npt.NDArray[np.int64], nudge: Nudge) -> Numbers:
    """Cosines raised by a person's taste, for the order of a search by meaning alone."""
    return cosines.astype(np.float64) + nudge.logits(rows) / COSINE_CALIBRATION[0]


def contributions(evidence: Evidence, place: int) -> dict[str, float]:
    """How much each feature adds to the weighted sum of one item, compared with the mean of all candidates."""
    weights = WORD_WEIGHTS if evidence.cosines is None else WEIGHTS
    features = evidence.features
    above = features[place] - features.mean(axis=0)
    return {name: weights.get(name, 0.0) * float(above[number]) for number, name in enumerate(FEATURES)}


def _logistic(sums: Numbers) -> Numbers:
    result: Numbers = 1.0 / (1.0 + np.exp(-np.clip(sums, -60.0, 60.0)))
    return result
