"""A data set and a trained model together, speaking outside ids: the answers that people read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import RecsysError
from engine.histories import Histories, item_counts
from engine.ranking import top_k
from engine.results import Result

if TYPE_CHECKING:
    from engine.dataset import Dataset
    from engine.interactions import Interactions
    from engine.vocabulary import OutsideId

Scores = npt.NDArray[np.float32]

#: Standard deviations between a predicted rating and the bound that items are ordered by.
_DEVIATIONS = 2.0


def rating_doubt(rated: Interactions) -> Scores:
    """How far below its prediction each item's rating may well be: 2 σ/√n, shape ``(num_items,)``.

    Parameters
    ----------
    rated
        The ratings that the predicting model learnt from: σ is their standard deviation, n an item's number of them.
    """
    assert rated.ratings is not None
    deviation = np.std(rated.ratings) / np.sqrt(np.maximum(item_counts(rated), 1))
    doubt: Scores = (_DEVIATIONS * deviation).astype(np.float32)
    return doubt


class Recommender:
    """Ranked lists from one trained model.

    Parameters
    ----------
    dataset
        The data set that the model was trained on.
    model
        A model with ``predict`` as in the registry.
    histories
        An index over ``dataset.interactions``; made here if none is given.
    rating_range
        The smallest and the largest rating: predicted ratings are shown clipped to it. None for a model that does
        not predict ratings.

    Notes
    -----
    Where ratings are predicted, items are ordered by a lower bound: the prediction less :func:`rating_doubt`. Ordered
    by the prediction alone, a list fills with items that one or two people rated highly: of thousands of uncertain
    predictions the highest are mostly chance.
    """

    def __init__(
        self,
        dataset: Dataset,
        model: Any,
        *,
        histories: Histories | None = None,
        rating_range: tuple[float, float] | None = None,
    ) -> None:
        self.dataset = dataset
        self.model = model
        self.rating_range = rating_range
        if histories is not None:
            self.__dict__["histories"] = histories

    @cached_property
    def histories(self) -> Histories:
        """Who interacted with what."""
        return Histories(self.dataset.interactions)

    @cached_property
    def _doubt(self) -> Scores:
        return rating_doubt(self.dataset.rated())

    def recommend(self, user: OutsideId, k: int = 10, filter_seen: bool = True) -> list[Result]:
        """What a user would like, best first.

        Parameters
        ----------
        user
            The id in the source file.
        k
            How many; fewer come back if fewer are left.
        filter_seen
            Whether to leave out what the user has interacted with.

        Raises
        ------
        UnknownError
            If there is no such user.
        """
        dense = self.dataset.users.encode_one(user)
        predicted = np.asarray(self.model.predict(dense), dtype=np.float32)
        scores = _rankable(predicted if self.rating_range is None else predicted - self._doubt)
        if filter_seen:
            scores[self.histories.items(dense)] = -np.inf
        shown = None if self.rating_range is None else np.clip(predicted, *self.rating_range)
        return self._results(scores, k, predicted_ratings=shown)

    def next_items(self, items: Sequence[int], k: int = 10, filter_seen: bool = True) -> list[Result]:
        """What comes after a sequence, best first.

        Parameters
        ----------
        items
            Dense ids, oldest first; each must occur in the interactions.
        k
            How many.
        filter_seen
            Whether to leave out the items of the sequence itself.

        Raises
        ------
        RecsysError
            If the sequence is empty.
        """
        if not items:
            raise RecsysError("The sequence is empty: name at least one title to go on from.")
        sequence = np.asarray(items, dtype=np.int64)
        scores = _rankable(self.model.predict(sequence))
        if filter_seen:
            scores[sequence] = -np.inf
        # Over what can be in the list: what is left out can not come next, so its share goes to the others.
        possible = np.where(np.isfinite(scores), self.model.probabilities(sequence), 0.0)
        return self._results(scores, k, probabilities=possible / max(float(possible.sum()), 1e-30))

    def similar_items(self, item: OutsideId, k: int = 10) -> list[Result]:
        """Items that the model holds to be alike, by the cosine of their vectors.

        Raises
        ------
        RecsysError
            If the model keeps no item vectors, or nobody has rated the item.
        """
        dense = self.dataset.items.vocabulary.encode_one(item)
        if not hasattr(self.model, "item_vectors"):
            raise RecsysError(f"{type(self.model).__name__} keeps no item vectors to compare.")
        if dense > self.dataset.num_rated_items:
            raise RecsysError(f"Nobody has rated {self.dataset.items[dense].title!r}, so no model knows it.")
        vectors = np.asarray(self.model.item_vectors(), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1)
        cosine = _rankable(vectors @ vectors[dense] / np.maximum(lengths * lengths[dense], 1e-12))
        cosine[dense] = -np.inf
        return self._results(cosine, k)

    def _results(
        self,
        scores: Scores,
        k: int,
        *,
        predicted_ratings: npt.NDArray[Any] | None = None,
        probabilities: npt.NDArray[Any] | None = None,
    ) -> list[Result]:
        best = top_k(scores, k)
        return [
            Result(
                rank=rank,
                item=item,
                score=float(scores[item.dense_id]),
                predicted_rating=None if predicted_ratings is None else float(predicted_ratings[item.dense_id]),
                probability=None if probabilities is None else float(probabilities[item.dense_id]),
            )
            for rank, item in enumerate(self.dataset.items.take(best), start=1)
        ]


def _rankable(scores: Any) -> Scores:
    """A copy to mask, in which the padding can never be ranked."""
    copy: Scores = np.array(scores, dtype=np.float32)
    copy[0] = -np.inf
    return copy
