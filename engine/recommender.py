"""A data set and a trained model together, speaking external ids: the answers that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.results import Result
from engine.data.user_index import UserIndex
from engine.errors import OptionError, RecsysError
from engine.models.plug_in import adapt
from engine.ranking import Scores, confidence_margin, top_k

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.data.id_map import ExternalId
    from engine.models.contract import Model

#: Items of a history that a recommendation's reason names.
_NAMED = 2


class Recommender:
    """Ranked lists from one trained model.

    Parameters
    ----------
    dataset
        The data set that the model was trained on.
    model
        A model with ``predict`` as in the registry.
    user_index
        An index over ``dataset.interactions``; made here if none is given.
    rating_range
        The smallest and the largest rating: predicted ratings are shown clipped to it. None for a model that does
        not predict ratings.

    Notes
    -----
    Where ratings are predicted, items are ordered by a lower bound: the prediction less :func:`confidence_margin`.
    Ordered by the prediction alone, a list fills with items that one or two people rated highly: of thousands of
    uncertain predictions the highest are mostly chance.
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
            self.__dict__["histories"] = user_index

    @cached_property
    def user_index(self) -> UserIndex:
        """Who interacted with what."""
        return UserIndex(self.dataset.interactions)

    @cached_property
    def _margin(self) -> Scores:
        return confidence_margin(self.dataset.rated())

    def recommend(self, user: ExternalId, k: int = 10, filter_seen: bool = True) -> list[Result]:
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
        internal = self.dataset.users.encode_one(user)
        predicted = np.asarray(self.model.predict(internal), dtype=np.float32)
        scores = self._rankable(predicted if self.rating_range is None else predicted - self._margin)
        if filter_seen:
            scores[self.user_index.items(internal)] = -np.inf
        shown = None if self.rating_range is None else np.clip(predicted, *self.rating_range)
        results = self._with_std(self._results(scores, k, predicted_ratings=shown), internal)
        return self._with_reasons(results, *self._history(internal)) if self.model.capabilities.explains else results

    def fold_in(self, ratings: Mapping[ExternalId, float] | Sequence[ExternalId], k: int = 10) -> list[Result]:
        """What a person in no training set would like, best first, without the items that are given.

        Parameters
        ----------
        ratings
            The person's ratings by item id; or items that the person likes, which count as rated as high as can be
            where the model learns from ratings. Items that nobody has rated are passed over.
        k
            How many.

        Raises
        ------
        UnknownError
            If there is no such item.
        OptionError
            If a rating is none of the data set's scale.
        RecsysError
            If the model cannot place a new person, or nobody has rated any of the items.
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
        shown = None if self.rating_range is None else np.clip(predicted, *self.rating_range)
        return self._with_reasons(self._results(scores, k, predicted_ratings=shown), items, given)

    def explain(self, user: ExternalId, item: ExternalId, k: int = 3) -> list[Result]:
        """The items of a user's history that speak most for an item, and how much.

        Parameters
        ----------
        user, item
            The ids in the source files.
        k
            How many; fewer come back if fewer speak for it, none from a model that goes by no history.

        Returns
        -------
        list of Result
            ``score`` is what the item adds to the score of the item in question.

        Raises
        ------
        UnknownError
            If there is no such user or item.
        RecsysError
            If the model cannot tell, or nobody has rated the item.
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
        return self._results(scores, k)

    def next_items(self, items: Sequence[int], k: int = 10, filter_seen: bool = True) -> list[Result]:
        """What comes after a sequence, best first.

        Parameters
        ----------
        items
            Internal ids, oldest first; each must occur in the interactions, except for a model that goes by texts.
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
        if "texts" not in self.model.capabilities.uses:
            for item in sequence[sequence > self.dataset.num_rated_items]:
                raise RecsysError(f"Nobody has rated {self.dataset.items[item].title!r}, so no model knows it.")
        scores = self._rankable(self.model.predict(sequence))
        if filter_seen:
            scores[sequence] = -np.inf
        # Over what can be in the list: what is left out can not come next, so its share goes to the others.
        possible = np.where(np.isfinite(scores), self.model.probabilities(sequence), 0.0)
        return self._results(scores, k, probabilities=possible / max(float(possible.sum()), 1e-30))

    def similar_items(self, item: ExternalId, k: int = 10) -> list[Result]:
        """Items that the model holds to be alike: by its own measure, or by the cosine of their vectors.

        Raises
        ------
        RecsysError
            If the model compares no items, or nobody has rated the item.
        """
        self.model.require("similar")
        internal = self._encode_rated(item)
        likeness = self._rankable(self.model.similarities(internal))
        likeness[likeness <= 0] = -np.inf
        likeness[internal] = -np.inf
        return self._results(likeness, k)

    def _rankable(self, scores: Any) -> Scores:
        """A copy in which the padding, and what the model cannot score, can never be ranked."""
        copy: Scores = np.array(scores, dtype=np.float32)
        copy[0] = -np.inf
        if self.model.ranked is not None:
            copy[~np.asarray(self.model.ranked.cpu())] = -np.inf
        return copy

    def _encode_rated(self, item: ExternalId) -> int:
        internal = self.dataset.items.id_map.encode_one(item)
        if internal > self.dataset.num_rated_items:
            raise RecsysError(f"Nobody has rated {self.dataset.items[internal].title!r}, so no model knows it.")
        return internal

    def _given_ratings(self, ratings: Mapping[ExternalId, float] | Sequence[ExternalId]) -> Scores | None:
        """A person's own ratings, checked; the highest for each item where there are none and the model needs them."""
        if self.rating_range is None:
            return np.array(list(ratings.values()), dtype=np.float32) if isinstance(ratings, Mapping) else None
        lowest, highest = self.rating_range
        if not isinstance(ratings, Mapping):
            return np.full(len(ratings), highest, dtype=np.float32)
        for item, rating in ratings.items():
            if not lowest <= rating <= highest:  # nor is "not a number"
                raise OptionError(f"The rating {rating:g} of {item!r} is not between {lowest:g} and {highest:g}.")
        return np.array(list(ratings.values()), dtype=np.float32)

    def _history(self, user: int) -> tuple[npt.NDArray[np.int64], Scores | None]:
        """A user's items, each once, and the mean of what the user rated each; rated ones only for ratings."""
        rows, log = self.user_index.rows(user), self.dataset.interactions
        ratings = None if log.ratings is None else log.ratings[rows]
        if ratings is not None and self.rating_range is not None:
            rows, ratings = rows[~np.isnan(ratings)], ratings[~np.isnan(ratings)]
        items, position = np.unique(log.item_ids[rows], return_inverse=True)
        if ratings is None:
            return items.astype(np.int64), None
        means = np.bincount(position, ratings, minlength=len(items)) / np.bincount(position, minlength=len(items))
        return items.astype(np.int64), means.astype(np.float32)

    def _with_std(self, results: list[Result], user: int) -> list[Result]:
        """The same results, each with how far off its predicted rating may be, if the model tells."""
        if not results or self.rating_range is None or not self.model.capabilities.uncertain:
            return results
        deviations = self.model.std(user, [result.item.internal_id for result in results])
        return [replace(result, std=float(one)) for result, one in zip(results, deviations, strict=True)]

    def _with_reasons(
        self, results: list[Result], items: npt.NDArray[np.int64], ratings: Scores | None
    ) -> list[Result]:
        """The same results, each with the items of the history that speak most for it."""
        if not results or not len(items):
            return results
        parts = np.asarray(self.model.contributions(items, ratings, [result.item.internal_id for result in results]))
        best = np.argsort(-parts, axis=1, kind="stable")[:, :_NAMED]
        titles = {one.internal_id: one.title for one in self.dataset.items.take(np.unique(items[best]))}
        named = (
            [titles[int(items[place])] for place in row if part[place] > 0]
            for row, part in zip(best, parts, strict=True)
        )
        return [
            replace(result, reason=f"because of {' and '.join(names)}" if names else "")
            for result, names in zip(results, named, strict=True)
        ]

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
                score=float(scores[item.internal_id]),
                predicted_rating=None if predicted_ratings is None else float(predicted_ratings[item.internal_id]),
                probability=None if probabilities is None else float(probabilities[item.internal_id]),
            )
            for rank, item in enumerate(self.dataset.items.take(best), start=1)
        ]
