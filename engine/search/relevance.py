"""The estimate of how well an item fits a query, from 0 to 1, by which results are ordered.

The estimate means the same in every mode and for every query: of the results with a match of 0.7, about seven in ten
were judged to fit. It is a logistic function of a weighted sum of the features in :mod:`engine.search.evidence`. The
weights were fitted on the tuning part of the judged queries by ``benchmarks/search/fit.py``: those of the sum so that
fitting items come first (ListNet; Cao et al., 2007), those of the logistic function so that it is calibrated
(Platt, 1999).
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
    "words": 3.03,
    "words in title": 1.82,
    "words in names": 4.96,
    "exact title": 0.63,
    "nearly the title": 0.68,
    "cosine": 4.10,
    "cosine lead": 4.57,
    "cosine of long query": 10.16,
    "words of long query": 3.84,
    "genre": 0.72,
    "genre lead": 1.63,
    "known": 3.65,
    "known and words": 1.59,
    "known, of long query": 3.86,
    "undescribed": -0.63,
    "mood": 1.77,
}
#: The slope and offset of the logistic function, and the weights of the share of the query that the catalogue knows and
#: of its length: more speaks for every candidate of a long query, whether it fits or not.
CALIBRATION = (0.601, -3.357, -1.117, -5.419)
#: The weights of the features for a search by words alone.
WORD_WEIGHTS: Mapping[str, float] = {
    "words": 2.01,
    "words in title": 1.06,
    "words in names": 0.57,
    "keyword score": 3.83,
    "exact title": 1.00,
    "nearly the title": 0.07,
    "words of long query": 7.87,
    "known": 4.59,
    "undescribed": 0.08,
    "mood": 2.40,
}
WORD_CALIBRATION = (0.731, -4.728, -0.870, -4.355)
#: What a standard deviation of a cross-encoder's logits adds to the weighted sum, and the most standard deviations that
#: count. The weight is chosen by hand, not fitted. The logits are standardised over the items that the model has read,
#: so that models of any scale can be used, and the mean match of these items stays what it was calibrated to be.
RERANKED, _MOST_DEVIATIONS = 1.0, 3.0
#: The slope and offset of the logistic function of a cosine.
COSINE_CALIBRATION = (6.841, -4.604)


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
    slope, offset, known, long = WORD_CALIBRATION if evidence.cosines is None else CALIBRATION
    return _logistic(slope * sums + offset + known * evidence.coverage.known + long * evidence.length)


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
