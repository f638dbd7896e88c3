"""Stored models of neighbours that answer for one user without torch; see :mod:`engine.models.numpy_model`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.models.numpy_model import Array, Arrays, Header, Ids, NumpyUserModel, Scores
from engine.ranking import MASKED_SCORE


class _NumpyNeighbours(NumpyUserModel):
    """What both models keep: the items that occur, and the items of each user as positions among them."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        self.num_users, self.num_items = header["plain"]["num_users"], header["plain"]["num_items"]
        self._kept, self._position, self._ends = arrays["kept"], arrays["position"], arrays["ends"]
        self._history, self._weights = arrays["history"], arrays["weights"]

    def _part(self, user: int) -> slice:
        """Where the items of a user are in the history."""
        return slice(int(self._ends[user - 1]) if user else 0, int(self._ends[user]))


class NumpyEase(_NumpyNeighbours):
    """Answers for :class:`engine.neighbours.ease.EaseModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        super()._restore(header, arrays)
        values = arrays.get("history_values", ())
        self._values = values if len(values) else None

    @property
    def ranked(self) -> npt.NDArray[np.bool_]:
        """Which items can be ranked, ``(num_items,)``: those that training has met."""
        return self._position >= 0

    def _score(self, user: int) -> Array:
        part = self._part(user)
        rows = self._weights[self._history[part]]
        return self._expand(rows.sum(0) if self._values is None else self._values[part] @ rows)

    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        places = self._position[items]
        return self._expand(self._weights[places[places >= 0]].sum(0))

    def _expand(self, scores: Array) -> Array:
        """Expand the scores of the items that occur to all items."""
        whole = np.full(self.num_items, MASKED_SCORE, np.float32)
        whole[self._kept] = scores
        return whole

    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        rows, columns = self._position[items], self._position[targets][:, None]
        return np.where((rows >= 0) & (columns >= 0), self._weights[np.maximum(rows, 0), np.maximum(columns, 0)], 0.0)


class NumpyKnn(_NumpyNeighbours):
    """Answers for :class:`engine.neighbours.knn.NeighboursModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        super()._restore(header, arrays)
        self._mean: float = header["plain"]["mean"]
        self._items, self._ratings = arrays["items"], arrays["ratings"]
        self._stops, self._targets = arrays["stops"], arrays["targets"]
        weights = arrays.get("history_weights", ())
        self._history_weights: Any = weights if len(weights) else None

    def _score(self, user: int) -> Array:
        part = self._part(user)
        weights = None if self._history_weights is None else self._history_weights[part]
        return self._scores_after(self._history[part], self._ratings[part], weights)

    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        places = self._position[items]
        return self._scores_after(places[places >= 0], np.asarray(ratings)[places >= 0])

    def _scores_after(self, places: Ids, ratings: Array, weights: Array | None = None) -> Array:
        offset, residuals = self._residuals(places, ratings, weights)
        entries, lengths = self._entries(places)
        targets, similarities = self._targets[entries], self._weights[entries]
        if weights is not None:
            similarities = similarities * np.repeat(weights, lengths)
        size = len(self._kept)
        total = np.bincount(targets, similarities * np.repeat(residuals, lengths), size)
        known = total / (np.bincount(targets, similarities, size) + self._options["damping"])
        scores = np.full(self.num_items, self._mean + offset)
        scores[self._kept] += self._items + known
        return scores

    def _residuals(self, places: Ids, ratings: Array, weights: Array | None = None) -> tuple[float, Array]:
        """Compute the user's offset and the residuals of the ratings."""
        residuals = ratings - self._mean - self._items[places]
        if weights is None:
            weights = np.ones(len(places))
        offset = float((weights * residuals).sum() / max(weights.sum() + self._options["l2_user"], 1e-12))
        return offset, residuals - offset

    def _entries(self, places: Ids) -> tuple[Ids, Ids]:
        """Return the indices of these items' weights, one item after another, and each item's number of weights."""
        stops = self._stops[places]
        lengths = stops - np.where(places > 0, self._stops[places - 1], 0)
        first = np.repeat(stops - lengths.cumsum(), lengths)
        return first + np.arange(len(first)), lengths

    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        places = self._position[items]
        known = np.flatnonzero(places >= 0)
        matrix = self._weights_between(places[known], self._position[targets])
        _, residuals = self._residuals(places[known], np.asarray(ratings)[known])
        effects = np.zeros((len(targets), len(items)))
        effects[:, known] = matrix * residuals / (matrix.sum(1, keepdims=True) + self._options["damping"])
        return effects

    def _weights_between(self, places: Ids, asked: Ids) -> Array:
        """Return the weight of each item as a neighbour of each item in ``asked``, ``(len(asked), len(places))``."""
        entries, lengths = self._entries(places)
        # An item without neighbours has the place -1, which selects the extra element at the end. Of an item that is
        # asked for twice, one row is filled, and taken for both.
        row_of_place = np.full(len(self._kept) + 1, -1)
        row_of_place[asked] = np.arange(len(asked))
        rows = row_of_place[self._targets[entries]]
        found = np.flatnonzero(rows >= 0)
        matrix = np.zeros((len(asked), len(places)))
        matrix[rows[found], np.repeat(np.arange(len(places)), lengths)[found]] = self._weights[entries[found]]
        between: Array = matrix[row_of_place[asked]]
        return between
