"""A data set and a trained model together, speaking outside ids: the answers that people read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import RecsysError
from engine.histories import Histories
from engine.ranking import top_k
from engine.results import Result

if TYPE_CHECKING:
    from engine.dataset import Dataset
    from engine.vocabulary import OutsideId

Scores = npt.NDArray[np.float32]


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
        scores = _rankable(self.model.predict(dense))
        if filter_seen:
            scores[self.histories.items(dense)] = -np.inf
        low, high = self.rating_range or (0.0, 0.0)
        shown = (lambda score: min(max(score, low), high)) if self.rating_range else None
        return self._results(scores, k, predicted_rating=shown)

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
        predicted_rating: Callable[[float], float] | None = None,
        probabilities: npt.NDArray[Any] | None = None,
    ) -> list[Result]:
        best = top_k(scores, k)
        return [
            Result(
                rank=rank,
                item=item,
                score=float(scores[item.dense_id]),
                predicted_rating=None if predicted_rating is None else predicted_rating(float(scores[item.dense_id])),
                probability=None if probabilities is None else float(probabilities[item.dense_id]),
            )
            for rank, item in enumerate(self.dataset.items.take(best), start=1)
        ]


def _rankable(scores: Any) -> Scores:
    """A copy to mask, in which the padding can never be ranked."""
    copy: Scores = np.array(scores, dtype=np.float32)
    copy[0] = -np.inf
    return copy
