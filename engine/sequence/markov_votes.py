"""The votes of training sequences for the next item: what the model ``markov`` computes, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

#: At most so many occurrences of an item are compared, evenly spread over all. It bounds the time of a prediction.
MOST_PLACES = 4_000

#: A power of more factors is computed by logarithms.
_MOST_FACTORS = 8

#: The decay, ``ahead`` and the sharpness in use.
Counting = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class MarkovVotes:
    """The training sequences, and how they vote. For the options see :class:`engine.sequence.markov.MarkovModel`.

    Attributes
    ----------
    items
        All training sequences, one after another, with ``lags`` zeros before, between and after them.
    weights
        The weight of each position in ``items``; None if all weights are equal.
    num_items
        The largest item id plus one.
    """

    items: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32] | None
    num_items: int
    lags: int
    alignment: float
    rarity: float
    popularity: float
    smoothing: float

    @cached_property
    def counts(self) -> npt.NDArray[np.float64]:
        """The number of interactions of each item, or the sum of their weights, ``(num_items,)``."""
        counts = np.bincount(self.items, self.weights, minlength=self.num_items).astype(np.float64)
        counts[0] = 0.0
        return counts

    @cached_property
    def _scale(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The popularity discount of each item's votes, and each item's smoothing votes, ``(num_items,)``."""
        counts = self.counts
        return np.maximum(counts, 1.0) ** -self.popularity, self.smoothing * counts / max(counts.sum(), 1e-30)

    @cached_property
    def _places(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The positions sorted by item, and the start of each item's positions, ``(num_items + 1,)``."""
        from scipy.sparse import csr_matrix

        # Transposing a matrix of one row sorts it by counting, which is stable and takes a tenth of the time of a sort.
        places = np.arange(len(self.items), dtype=np.int32 if len(self.items) < 1 << 31 else np.int64)
        by_item = csr_matrix((places, self.items, [0, len(self.items)]), shape=(1, self.num_items)).tocsc()
        return by_item.data, by_item.indptr

    def smoothed(self, sequence: npt.NDArray[Any], counting: Counting) -> npt.NDArray[np.float32]:
        """The discounted and smoothed votes for each item after a sequence, whose logarithms are scores.

        Parameters
        ----------
        sequence
            Items, oldest first; zeros are padding.
        counting
            The decay, ``ahead`` and the sharpness.

        Returns
        -------
        numpy.ndarray
            ``(num_items,)``; 0 for an item that cannot be next.
        """
        discount, prior = self._scale
        return (self._votes(sequence, counting) * discount + prior).astype(np.float32)

    def _votes(self, sequence: npt.NDArray[Any], counting: Counting) -> npt.NDArray[np.float64]:
        """Count the votes for each item, ``(num_items,)``."""
        decay, ahead, sharpness = counting
        recent = sequence[sequence > 0][::-1][: self.lags]
        order, starts = self._places
        offsets, distance_weights = _offsets(self.lags, decay, ahead)
        bounds = zip(starts[recent], starts[recent + 1], strict=True)
        found = [order[begin : end : -(-(end - begin) // MOST_PLACES) or 1] for begin, end in bounds]
        places = np.concatenate(found) if found else np.empty(0, dtype=np.intp)
        if not len(places):
            return np.zeros(self.num_items)
        # The weight of the evidence, by the item's recency and rarity (rows) and by its distance (columns).
        steps = np.arange(len(recent))
        weight = decay**steps * np.maximum(self.counts[recent], 1e-30) ** -self.rarity
        evidence = weight[:, None] * distance_weights
        evidence[steps, steps] += weight * self.alignment
        targets = (places[:, None] + offsets).reshape(-1)
        added = np.repeat(evidence.astype(np.float32), [len(one) for one in found], axis=0).reshape(-1)
        similarity = np.zeros(len(self.items), dtype=np.float32)
        np.add.at(similarity, targets, added)
        dense = len(similarity) < 5 * len(targets)
        touched = np.flatnonzero(similarity > 0) if dense else _distinct(targets, len(similarity))
        votes = similarity[touched]
        if sharpness != 1:
            votes = _power(votes, sharpness)
        if self.weights is not None:
            votes = votes * self.weights[touched]
        counted: npt.NDArray[Any] = np.bincount(self.items[touched], votes, self.num_items)
        counted[0] = 0.0
        return counted


def _offsets(lags: int, decay: float, ahead: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The distances from an item to the positions that it is evidence for, and the weights at these distances."""
    distance = np.arange(1, lags + 1)
    weights = np.float64(decay) ** (distance - 1)
    if ahead == 0:
        return distance, weights
    return np.concatenate([distance, -distance]), np.concatenate([weights, ahead * weights])


def _power(values: npt.NDArray[np.float32], exponent: float) -> npt.NDArray[np.float32]:
    """A power of positive numbers, several times as fast as NumPy's if the exponent is a half or a whole number."""
    if not float(2 * exponent).is_integer() or exponent > _MOST_FACTORS:
        result: npt.NDArray[np.float32] = np.exp(exponent * np.log(values))
        return result
    whole = int(exponent)
    powered = np.sqrt(values) if exponent > whole else values.copy()
    for _ in range(whole if exponent > whole else whole - 1):
        powered *= values
    return powered


def _distinct(places: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Return the distinct positions in any order. The time depends on their number and not on ``size``."""
    kind = np.int32 if len(places) < 1 << 31 else np.int64
    number = np.arange(len(places), dtype=kind)
    last = np.empty(size, dtype=kind)
    last[places] = number
    distinct: npt.NDArray[Any] = places[last[places] == number]
    return distinct
