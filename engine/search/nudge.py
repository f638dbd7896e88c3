"""The nudge of a search by a person's taste: of results that fit about equally well, what they would like comes first.

A nudge is a bounded prior. It is added to the weighted sums by which the results are ordered, and never to the match,
which goes on to say how well an item fits the query.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

#: What the nudge adds at most to the logit of a match: a match of 50 % then counts as one of 62 %, so that an item
#: whose match is clearly better stays ahead.
MOST = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Nudge:
    """How much each item is raised by a person's taste.

    Attributes
    ----------
    values
        From 0 (not at all) to 1, shape (num_items,).
    origin
        By what it is known, to be shown: ``"nudged by your ratings (als)"``.
    """

    values: Numbers
    origin: str

    def logits(self, rows: npt.NDArray[np.int64]) -> Numbers:
        """What is added to the logits of the matches of some items."""
        return MOST * self.values[rows]


def raise_by_rank(scores: npt.NDArray[np.floating]) -> Numbers:
    """How much items are raised by what a person would think of them, from 0 to 1.

    The logarithm of an item's rank counts, so that the difference between the first and the tenth item counts as much
    as that between the tenth and the hundredth: most results of a search are among the first anyway. Of items with
    equal scores all have the last of their ranks.

    Parameters
    ----------
    scores
        The predicted scores, shape (num_items,); an item whose score is not finite is not raised.

    Examples
    --------
    >>> raise_by_rank(np.array([3.0, 1.0, -np.inf, 2.0, 1.0])).round(2).tolist()
    [1.0, 0.0, 0.0, 0.5, 0.0]
    """
    raised = np.zeros(len(scores))
    is_known = np.isfinite(scores)
    known = scores[is_known]
    if len(known) > 1:
        ranks = len(known) - np.searchsorted(np.sort(known), known, side="left")
        raised[is_known] = 1.0 - np.log(ranks) / np.log(len(known))
    return raised
