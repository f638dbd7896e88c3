"""Recommendations from a trained model for a data set, by external ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.results import Result
from engine.data.user_index import UserIndex
from engine.errors import ErrorKind, LearningError, OptionError, RecsysError
from engine.models import batch_ranking
from engine.models.batch_ranking import RankedLists
from engine.models.plug_in import adapt
from engine.ranking import Scores, confidence_margin, top_k

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.data.id_map import ExternalId
    from engine.models.contract import Model

Ids = npt.NDArray[np.int64]

#: The number of items of a history that the explanation of a recommendation names.
_EXPLAINED_BY = 2


class Recommender:
    """Ranked lists from one trained model.

    Parameters
    ----------
    dataset
        The data set that the model was trained on.
    model
        A fitted model that follows :class:`engine.models.contract.Model`, or an object that can be adapted to it.
    user_index
        An index over ``dataset.interactions``; None creates one when it is first needed.
    rating_range
        The smallest and the largest rating; shown predictions are clipped to this range. None for a model that does
        not predict ratings.

    Notes
    -----
    Where ratings are predicted, items are ranked by a lower confidence bound: the prediction minus
    :func:`engine.ranking.confidence_margin`.
    """

    def __init__(
        self,
        dataset: Dataset,
        model: Model | Any,
        *,
        user_index: UserIndex | None = None,
        rating_range: tuple[float, float] | None = None,
    ) -> None:
        self.dataset = dataset
        self.model = adapt(model)
        self.rating_range = rating_range
        if user_index is not None:
            self.__dict__["user_index"] = user_index

    @cached_property
    def user_index(self) -> UserIndex:
        """The index over the interactions of the data set."""
        return UserIndex(self.dataset.interactions)

    @cached_property
    def _margin(self) -> Scores:
        return confidence_margin(self.dataset.rated())

    def recommend(self, user: ExternalId, k: int = 10, filter_seen: bool = True) -> list[Result]:
        """Recommend items to a user, best first.

        Parameters
        ----------
        user
            The external id of the user.
        k
            The number of items; fewer are returned if fewer items remain.
        filter_seen
            Whether to leave out the items that the user has interacted with.

        Raises
        ------
        UnknownError
            If there is no such user.
        """
        internal = self.dataset.users.encode_one(user)
        predicted = np.asarray(self.model.predict(internal), dtype=np.float32)
        scores = self._rankable(predicted if self.rating_range is None else predicted - self._margin)
        if filter_seen:
            scores[self.user_index.items(internal)] = -np.inf
        best = top_k(scores, k)
        reasons = self._reasons(best, *self._history(internal)) if self.model.capabilities.explains else None
        return self._results(best, scores, predicted=predicted, std=self._std(internal, best), reasons=reasons)

    def fold_in(self, ratings: Mapping[ExternalId, float] | Sequence[ExternalId], k: int = 10) -> list[Result]:
        """Recommend items to a user who is not in the training data, best first, without the given items.

        Parameters
        ----------
        ratings
            The user's ratings by external item id, or the external ids of items that the user likes; a model that
            learns from ratings treats these as rated with the highest rating. Items that nobody has rated are ignored.
        k
            The number of items.

        Raises
        ------
        UnknownError
            If there is no such item.
        OptionError
            If a rating is outside the data set's range.
        RecsysError
            If the model cannot fold in a new user, or nobody has rated any of the items.
        """
        self.model.require("folds_in")
        items = np.array([self.dataset.items.id_map.encode_one(one) for one in ratings], dtype=np.int64)
        given = self._given_ratings(ratings)
        known = items <= self.dataset.num_rated_items
        if len(items) and not known.any():
            raise RecsysError("Nobody has rated any of these items, so no model knows them: name others.")
        items, given = items[known], None if given is None else given[known]
        predicted = np.asarray(self.model.fold_in(items, given), dtype=np.float32)
        scores = self._rankable(predicted if self.rating_range is None else predicted - self._margin)
        scores[items] = -np.inf
        best = top_k(scores, k)
        return self._results(best, scores, predicted=predicted, reasons=self._reasons(best, items, given))

    def explain(self, user: ExternalId, item: ExternalId, k: int = 3) -> list[Result]:
        """The items of a user's history that contribute most to the score of an item.

        Parameters
        ----------
        user, item
            The external ids of the user and of the item to explain.
        k
            The number of items; fewer are returned if fewer have a positive contribution.

        Returns
        -------
        list of Result
            Items of the history, the largest contribution first; ``score`` is what an item contributes to the score of
            the explained item.

        Raises
        ------
        UnknownError
            If there is no such user or item.
        RecsysError
            If the model cannot explain its scores, or nobody has rated the item.
        """
        self.model.require("explains")
        internal = self.dataset.users.encode_one(user)
        target = self._encode_rated(item)
        items, ratings = self._history(internal)
        others = items != target
        items, ratings = items[others], None if ratings is None else ratings[others]
        parts = np.asarray(self.model.contributions(items, ratings, target), dtype=np.float32)
        scores = np.full(self.dataset.num_rated_items + 1, -np.inf, dtype=np.float32)
        scores[items[parts > 0]] = parts[parts > 0]
        return self._results(top_k(scores, k), scores)

    def next_items(self, items: Sequence[int], k: int = 10, filter_seen: bool = True) -> list[Result]:
        """The most likely next items of a sequence, best first.

        Parameters
        ----------
        items
            Internal ids, oldest first. Each must occur in the interactions, unless the model uses the items' texts.
        k
            The number of items.
        filter_seen
            Whether to leave out the items of the sequence itself.

        Raises
        ------
        RecsysError
            If the sequence is empty, or nobody has rated one of its items and the model does not use texts.
        """
        if not items:
            raise RecsysError("The sequence is empty: name at least one title to continue from.")
        sequence = np.asarray(items, dtype=np.int64)
        if "texts" not in self.model.capabilities.uses:
            for item in sequence[sequence > self.dataset.num_rated_items]:
                raise RecsysError(f"Nobody has rated {self.dataset.items[item].title!r}, so no model knows it.")
        predicted, probabilities = self.model.predict_with_probabilities(sequence)
        scores = self._rankable(predicted)
        if filter_seen:
            scores[sequence] = -np.inf
        # Items that are left out cannot come next, so the probabilities of the other items are normalized to 1.
        possible = np.where(np.isfinite(scores), probabilities, 0.0)
        return self._results(top_k(scores, k), scores, probabilities=possible / max(float(possible.sum()), 1e-30))

    def similar_items(self, item: ExternalId, k: int = 10) -> list[Result]:
        """The items most similar to an item, by the model's own measure or by the cosine of its item vectors.

        Parameters
        ----------
        item
            The external id of the item.
        k
            The number of items; fewer are returned if fewer have a positive similarity.

        Raises
        ------
        UnknownError
            If there is no such item.
        RecsysError
            If the model cannot compare items, or nobody has rated the item.
        """
        self.model.require("similar")
        internal = self._encode_rated(item)
        similarities = self._rankable(self.model.similarities(internal))
        similarities[similarities <= 0] = -np.inf
        similarities[internal] = -np.inf
        return self._results(top_k(similarities, k), similarities)

    # -- many lists at a time -------------------------------------------------------------------------------------
    def batch_size(self, k: int) -> int:
        """The number of lists to ask the following methods for at a time, so that the memory they take is bounded."""
        return batch_ranking.batch_size(self.dataset.num_items + 1, k)

    def recommend_many(self, users: Ids, k: int = 10, filter_seen: bool = True) -> RankedLists:
        """What :meth:`recommend` gives, for several users by their internal ids, without explanations."""
        return batch_ranking.rank_for_users(
            self.model,
            users,
            k,
            seen=self.user_index if filter_seen else None,
            margin=None if self.rating_range is None else self._margin,
            rating_range=self.rating_range,
        )

    def next_many(self, users: Ids, k: int = 10, filter_seen: bool = True) -> RankedLists:
        """The most likely next items after the whole history of several users, by their internal ids."""
        return batch_ranking.rank_next(self.model, users, k, history=self.user_index, filter_seen=filter_seen)

    def similar_many(self, items: Ids, k: int = 10) -> RankedLists:
        """What :meth:`similar_items` gives, for several items by their internal ids."""
        self.model.require("similar")
        return batch_ranking.rank_similar(self.model, items, k)

    # -- one list -------------------------------------------------------------------------------------------------
    def _rankable(self, scores: Any) -> Scores:
        """A copy in which the padding, and what the model cannot score, can never be ranked.

        Raises
        ------
        LearningError
            If all scores are NaN, as those of a model that diverged.
        """
        copy: Scores = np.array(scores, dtype=np.float32)
        if len(copy) > 1 and np.isnan(copy[1:]).all():
            raise LearningError(
                f"The model {self.model.name} on {self.dataset.name} gives no numbers, because its training diverged; "
                "it must be trained again.",
                kind=ErrorKind.NO_NUMBERS,
                name=self.model.name,
                dataset=self.dataset.name,
            )
        copy[0] = -np.inf
        ranked = self.model.ranked
        if ranked is not None:
            copy[~np.asarray(ranked.cpu())] = -np.inf
        return copy

    def _encode_rated(self, item: ExternalId) -> int:
        internal = self.dataset.items.id_map.encode_one(item)
        if internal > self.dataset.num_rated_items:
            raise RecsysError(f"Nobody has rated {self.dataset.items[internal].title!r}, so no model knows it.")
        return internal

    def _given_ratings(self, ratings: Mapping[ExternalId, float] | Sequence[ExternalId]) -> Scores | None:
        """The given ratings after a check of their range; the highest rating for items that were given without one."""
        if self.rating_range is None:
            return np.array(list(ratings.values()), dtype=np.float32) if isinstance(ratings, Mapping) else None
        lowest, highest = self.rating_range
        if not isinstance(ratings, Mapping):
            return np.full(len(ratings), highest, dtype=np.float32)
        for item, rating in ratings.items():
            if not lowest <= rating <= highest:  # this also rejects NaN
                raise OptionError(f"The rating {rating:g} of {item!r} is not between {lowest:g} and {highest:g}.")
        return np.array(list(ratings.values()), dtype=np.float32)

    def _history(self, user: int) -> tuple[Ids, Scores | None]:
        """A user's distinct items and their mean ratings; only rated items for a model that predicts ratings."""
        rows, log = self.user_index.rows(user), self.dataset.interactions
        ratings = None if log.ratings is None else log.ratings[rows]
        if ratings is not None and self.rating_range is not None:
            rows, ratings = rows[~np.isnan(ratings)], ratings[~np.isnan(ratings)]
        items, position = np.unique(log.item_ids[rows], return_inverse=True)
        if ratings is None:
            return items.astype(np.int64), None
        means = np.bincount(position, ratings, minlength=len(items)) / np.bincount(position, minlength=len(items))
        return items.astype(np.int64), means.astype(np.float32)

    def _std(self, user: int, items: Ids) -> Scores | None:
        """The standard deviation of each predicted rating, if the model estimates it."""
        if not len(items) or self.rating_range is None or not self.model.capabilities.uncertain:
            return None
        return np.asarray(self.model.std(user, items), dtype=np.float32)

    def _reasons(self, items: Ids, history: Ids, ratings: Scores | None) -> list[str] | None:
        """For each item, the items of the history that contribute most to its score, as a phrase."""
        if not len(items) or not len(history):
            return None
        parts = np.asarray(self.model.contributions(history, ratings, items))
        best = np.argsort(-parts, axis=1, kind="stable")[:, :_EXPLAINED_BY]
        titles = {one.internal_id: one.title for one in self.dataset.items.take(np.unique(history[best]))}
        named = (
            [titles[int(history[place])] for place in row if part[place] > 0]
            for row, part in zip(best, parts, strict=True)
        )
        return [f"because of {' and '.join(names)}" if names else "" for names in named]

    def _results(
        self,
        best: Ids,
        scores: Scores,
        *,
        predicted: Scores | None = None,
        probabilities: npt.NDArray[Any] | None = None,
        std: Scores | None = None,
        reasons: Sequence[str] | None = None,
    ) -> list[Result]:
        """The result records of the best items; the deviations and the reasons are in their order."""
        shown = None if predicted is None or self.rating_range is None else np.clip(predicted, *self.rating_range)
        return [
            Result(
                rank=place + 1,
                item=item,
                score=float(scores[item.internal_id]),
                predicted_rating=None if shown is None else float(shown[item.internal_id]),
                probability=None if probabilities is None else float(probabilities[item.internal_id]),
                std=None if std is None else float(std[place]),
                reason="" if reasons is None else reasons[place],
            )
            for place, item in enumerate(self.dataset.items.take(best))
        ]
