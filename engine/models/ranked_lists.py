"""Ranked lists of many users, sequences or items, without torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.ranking import CHUNK, Scores

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RankedLists:
    """Ranked lists of equal length.

    Attributes
    ----------
    items
        The internal ids of the items, best first, 0 at the end of a shorter list, ``(num_lists, k)``.
    scores
        The numbers by which the lists are ordered, ``(num_lists, k)``.
    values
        The predicted ratings, or the probabilities of being the next item, ``(num_lists, k)``; None for neither.
    """

    items: npt.NDArray[np.int32]
    scores: Scores
    values: Scores | None = None


def batch_size(num_items: int, k: int) -> int:
    """The number of lists to compute at a time, so that the memory they take is bounded."""
    return max(1, CHUNK // max(1, num_items, k))
