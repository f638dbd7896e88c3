"""Recommendations from a trained model for a data set, by external ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from engine.data.history import History
from engine.data.ranked_pages import RankedPages
from engine.data.results import Result
from engine.data.user_index import UserIndex
from engine.errors import ErrorKind, LearningError, OptionError, RecsysError
from engine.models.numpy_model import NumpyModel
from engine.models.reasons import reasons
from engine.ranking import Scores, confidence_margin, margin_of, top_k

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.data.id_map import ExternalId
    from engine.data.interaction_stats import InteractionStats
    from engine.models.contract import Model
    from engine.models.list_ranker import ListRanker, Method
    from engine.models.ranked_lists import RankedLists

Ids = npt.NDArray[np.int64]

#: The last items of a sequence that an explanation looks at; each costs one prediction.
_LONGEST_EXPLAINED = 50
#: Up to this share, two figures are shown alike.
_SAME = 1e-3


@dataclass(frozen=True, slots=True)
class Known:
    """What a model knows of a data set that was updated after its training.

    Attributes
    ----------
    num_users, num_rated_items
        The numbers of users and of items with interactions that it was trained on; later ones follow them.
    updates
        The number of updates that it knows of.
    """

    num_users: int
    num_rated_items: int
    updates: int = 0


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
    stats
        What is counted over ``dataset.interactions``; None counts when it is needed.
    known
        What the model knows of a data set that was updated after its training; None if it knows all of it.

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
        stats: InteractionStats | None = None,
        known: Known | None = None,
    ) -> None:
        self.dataset = dataset
        self.model = _adapted(model)
        self.rating_range = rating_range
        self.known = known or Known(dataset.num_users, dataset.num_rated_items)
        self._stats = stats
        if user_index is not None:
            self.__dict__["user_index"] = user_index

    @cached_property
    def user_index(self) -> UserIndex:
        """The index over the interactions of the data set."""
        return UserIndex(self.dataset.interactions)

    @cached_property
    def _margin(self) -> Scores:
        if self._stats is None:
            margin = confidence_margin(self.dataset.rated())
        else:
            margin = margin_of(self._stats.rating_std, self._stats.item_rated)
        return margin[: self.known.num_rated_items + 1]

    def is_folded_in(self, user: int) -> bool:
        """Whether the model does not know all interactions of a user, so that it answers for the history instead."""
        updates = self.dataset.user_updates
        if updates is None or int(updates[user]) <= self.known.updates:
            return False
        return user >= self.known.num_users or self.model.capabilities.folds_in

    def fold_in_differs(self, user: int) -> bool:
        """Whether folding in the history of a user, by internal id, gives other figures than the user's own list has.

        A model that learns a vector for each user predicts from that vector, which was learned together with all
        others; folding in computes a vector from the history alone.
        """
        if self.is_folded_in(user):
            return False
        folded = self._folded_in(self.user_index.history(user))
        predicted = np.asarray(self.model.predict(user), dtype=np.float32)
        return not np.allclose(folded, predicted, rtol=_SAME, atol=_SAME, equal_nan=True)

    def recommend(self, user: ExternalId, k: int = 10, filter_seen: bool = True, cautious: bool = True) -> list[Result]:
        """Recommend items to a user, best first.

        Parameters
        ----------
        user
            The external id of the user.
        k
            The number of items; fewer are returned if fewer items remain.
        filter_seen
            Whether to leave out the items that the user has interacted with.
        cautious
            Whether predicted ratings are ordered by their lower confidence bound; otherwise by the predictions
            themselves. A model that does not predict ratings has one order.

        Raises
        ------
        UnknownError
            If there is no such user.
        """
        return list(self.recommend_pages(user, k, filter_seen, cautious).page(0, k))

    def recommend_pages(
        self, user: ExternalId, k: int | None = None, filter_seen: bool = True, cautious: bool = True
    ) -> RankedPages:
        """What :meth:`recommend` gives, of which only the lines that are asked for are made.

        Parameters
        ----------
        user, filter_seen, cautious
            As in :meth:`recommend`.
        k
            The number of items; None for all that the model can rank.

        Raises
        ------
        UnknownError
            If there is no such user.
        """
        internal = self.dataset.users.encode_one(user)
        folded = self.is_folded_in(internal)
        if folded:
            predicted = self._folded_in(self.user_index.history(internal))
        else:
            predicted = np.asarray(self.model.predict(internal), dtype=np.float32)
        bounded = cautious and self.rating_range is not None
        scores = self._rankable(predicted - self._margin if bounded else predicted)
        if filter_seen:
            seen = self.user_index.items(internal)
            scores[seen[seen <= self.known.num_rated_items]] = -np.inf

        def make(best: Ids, rank: int) -> list[Result]:
            why = self._reasons(best, self.user_index.history(internal))
            std = None if folded else self._std(internal, best)
            return self._results(best, scores, rank, predicted=predicted, std=std, reasons=why)

        return RankedPages(top_k(scores, len(scores) if k is None else k), make)

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
        if len(items) and not (items <= self.known.num_rated_items).any():
            raise RecsysError("Nobody has rated any of these items, so no model knows them: name others.")
        return self.recommend_to(History(items, given), k)

    def recommend_to(
        self, history: History, k: int = 10, filter_seen: bool = True, *, liked_from: float | None = None
    ) -> list[Result]:
        """Recommend items to whoever has this history, best first.

        Parameters
        ----------
        history
            The history. Items that nobody has rated are ignored, and so are items without a rating if the model
            predicts ratings.
        k
            The number of items.
        filter_seen
            Whether to leave out the items of the history.
        liked_from
            As of :func:`engine.models.reasons.reasons`.

        Raises
        ------
        UnsupportedError
            If the model answers only for the users that it was trained on.
        """
        return list(self.recommend_to_pages(history, k, filter_seen, liked_from=liked_from).page(0, k))

    def recommend_to_pages(
        self,
        history: History,
        k: int | None = None,
        filter_seen: bool = True,
        excluded: Collection[int] = (),
        *,
        liked_from: float | None = None,
    ) -> RankedPages:
        """What :meth:`recommend_to` gives, of which only the lines that are asked for are made.

        Parameters
        ----------
        history, filter_seen, liked_from
            As in :meth:`recommend_to`.
        k
            The number of items; None for all that the model can rank.
        excluded
            Internal ids of further items to leave out.

        Raises
        ------
        UnsupportedError
            As :meth:`recommend_to`.
        """
        scores, predicted = self.scores_for(history)
        if filter_seen:
            scores[self._known(history).items] = -np.inf
        scores[[item for item in excluded if item < len(scores)]] = -np.inf

        def make(best: Ids, rank: int) -> list[Result]:
            why = self._reasons(best, history, liked_from)
            return self._results(best, scores, rank, predicted=predicted, reasons=why)

        return RankedPages(top_k(scores, len(scores) if k is None else k), make)

    def scores_for(self, history: History) -> tuple[Scores, Scores]:
        """The scores by which items are ranked for whoever has this history, and what the model predicts.

        Returns
        -------
        scores, predicted
            Both ``(num_items,)``. The scores are ``-inf`` for what is never ranked; items of the history are scored.

        Raises
        ------
        UnsupportedError
            If the model answers only for the users that it was trained on.
        """
        predicted = self._folded_in(history)
        return self._rankable(predicted if self.rating_range is None else predicted - self._margin), predicted

    def _folded_in(self, history: History) -> Scores:
        """What the model predicts for whoever has this history, ``(num_items,)``."""
        self.model.require("folds_in")
        return np.asarray(self.model.fold_in(*self._learned_from(history)), dtype=np.float32)

    def explain(self, user: ExternalId, item: ExternalId, k: int = 3) -> list[Result]:
        """The items of a user's history without which an item would be recommended least.

        Parameters
        ----------
        user, item
            The external ids of the user and of the item to explain.
        k
            The number of items; fewer are returned if fewer raise the score.

        Returns
        -------
        list of Result
            Items of the history, the most important first; ``score`` is how much higher the score of the explained item
            is with an item than without it.

        Raises
        ------
        UnknownError
            If there is no such user or item.
        RecsysError
            If the model cannot explain its scores, or nobody has rated the item.
        """
        return self.explain_to(self.user_index.history(self.dataset.users.encode_one(user)), item, k)

    def explain_to(self, history: History, item: ExternalId, k: int = 3) -> list[Result]:
        """The items of a history without which an item would be recommended least; see :meth:`explain`."""
        self.model.require("explains")
        target = self._encode_rated(item)
        items, ratings = self._learned_from(history.without(target))
        parts = np.asarray(self.model.removal_effects(items, ratings, target), dtype=np.float32)
        scores = np.full(self.known.num_rated_items + 1, -np.inf, dtype=np.float32)
        scores[items[parts > 0]] = parts[parts > 0]
        return self._results(top_k(scores, k), scores)

    def next_items(
        self, items: Sequence[int], k: int = 10, filter_seen: bool = True, excluded: Collection[int] = ()
    ) -> list[Result]:
        """The most likely next items of a sequence, best first.

        Parameters
        ----------
        items
            Internal ids, oldest first. Each must occur in the interactions, unless the model uses the items' texts.
        k
            The number of items.
        filter_seen
            Whether to leave out the items of the sequence itself.
        excluded
            Internal ids of further items to leave out.

        Raises
        ------
        RecsysError
            If the sequence is empty, or nobody has rated one of its items and the model does not use texts.
        """
        return list(self.next_pages(items, k, filter_seen, excluded).page(0, k))

    def next_pages(
        self,
        items: Sequence[int],
        k: int | None = None,
        filter_seen: bool = True,
        excluded: Collection[int] = (),
    ) -> RankedPages:
        """What :meth:`next_items` gives, of which only the lines that are asked for are made.

        Parameters
        ----------
        items, filter_seen, excluded
            As in :meth:`next_items`.
        k
            The number of items; None for all that the model can rank.

        Raises
        ------
        RecsysError
            As :meth:`next_items`.
        """
        scores, possible = self.next_scores(items, filter_seen, excluded)
        return RankedPages(
            top_k(scores, len(scores) if k is None else k),
            lambda best, rank: self._results(best, scores, rank, probabilities=possible),
        )

    def next_scores(
        self, items: Sequence[int], filter_seen: bool = True, excluded: Collection[int] = ()
    ) -> tuple[Scores, npt.NDArray[Any]]:
        """The scores by which items are ranked after a sequence, and their probabilities; see :meth:`next_items`.

        Returns
        -------
        scores, probabilities
            Both ``(num_items,)``. The scores are ``-inf`` for what is left out, and its probability is 0.
        """
        if not items:
            raise RecsysError("The sequence is empty: name at least one title to continue from.")
        sequence = np.asarray(items, dtype=np.int64)
        if "texts" not in self.model.capabilities.uses:
            for item in sequence[sequence > self.known.num_rated_items]:
                raise self._unknown(int(item))
        predicted, probabilities = self.model.predict_with_probabilities(sequence)
        scores = self._rankable(predicted)
        if filter_seen:
            scores[sequence] = -np.inf
        if excluded:
            out = np.fromiter(excluded, dtype=np.int64)
            scores[out[out < len(scores)]] = -np.inf
        # Items that are left out cannot come next, so the probabilities of the other items are normalized to 1.
        possible = np.where(np.isfinite(scores), probabilities, 0.0)
        possible = possible / max(float(possible.sum()), 1e-30)
        return scores, possible

    def explain_next(self, items: Sequence[int], item: ExternalId, k: int = 3) -> list[Result]:
        """The items of a sequence without which an item would be less likely to come next.

        The model is asked again for the sequence without each of its items, so the explanation holds for every model
        of sequences, whatever is inside it: weights of attention alone are no reasons (Jain and Wallace, "Attention is
        not Explanation", NAACL 2019).

        Parameters
        ----------
        items
            The sequence, internal ids, oldest first; the last fifty count.
        item
            The external id of the item to explain.
        k
            The number of items; fewer are returned if fewer make it more likely.

        Returns
        -------
        list of Result
            Items of the sequence, the most important first; ``score`` is how much higher the natural logarithm of the
            probability is with an item than without it. A sequence of one item is explained by that item, with 0.

        Raises
        ------
        UnknownError
            If there is no such item.
        RecsysError
            If the sequence is empty.
        """
        if not len(items):
            raise RecsysError("The sequence is empty: name at least one title to continue from.")
        target = self.dataset.items.id_map.encode_one(item)
        sequence = np.asarray(items, dtype=np.int64)[-_LONGEST_EXPLAINED:]
        effects = self.sequence_effects(sequence, target)
        scores = np.full(self.dataset.num_items + 1, -np.inf, dtype=np.float32)
        helps = effects > 0 if len(sequence) > 1 else np.ones(1, dtype=bool)
        # An item that occurs several times counts by its most important place.
        np.maximum.at(scores, sequence[helps], effects[helps])
        return self._results(top_k(scores, k), scores)

    def sequence_effects(self, sequence: Ids, target: int) -> Scores:
        """How much more likely an item is to come next with each item of a sequence than without it.

        Parameters
        ----------
        sequence
            Internal ids, oldest first, shape ``(n,)``.
        target
            The internal id of the item.

        Returns
        -------
        numpy.ndarray
            ``(n,)``, differences of natural logarithms of probabilities; zeros for a sequence of one item.
        """
        if len(sequence) < 2:
            return np.zeros(len(sequence), dtype=np.float32)
        shorter = np.stack([np.delete(sequence, place) for place in range(len(sequence))])
        whole = np.atleast_2d(np.asarray(self.model.probabilities(sequence)))[0, target]
        without = np.atleast_2d(np.asarray(self.model.probabilities(shorter)))[:, target]
        logarithms = np.log(np.maximum(np.append(without, whole), 1e-30))
        effects: Scores = (logarithms[-1] - logarithms[:-1]).astype(np.float32)
        return effects

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
        from engine.models.ranked_lists import batch_size

        return batch_size(self.dataset.num_items + 1, k)

    def recommend_many(self, users: Ids, k: int = 10, filter_seen: bool = True) -> RankedLists:
        """What :meth:`recommend` gives, for several users by their internal ids, without explanations."""
        return self.list_ranker("recommend", k, filter_seen).rank(users)

    def next_many(self, users: Ids, k: int = 10, filter_seen: bool = True) -> RankedLists:
        """The most likely next items after the whole history of several users, by their internal ids."""
        return self.list_ranker("next", k, filter_seen).rank(users)

    def similar_many(self, items: Ids, k: int = 10) -> RankedLists:
        """What :meth:`similar_items` gives, for several items by their internal ids."""
        return self.list_ranker("similar", k).rank(items)

    def list_ranker(self, method: Method, k: int, filter_seen: bool = True) -> ListRanker:
        """What computes the lists of the methods above, apart from the data set.

        Parameters
        ----------
        method
            ``"recommend"``, ``"next"`` or ``"similar"``.
        k, filter_seen
            As of :meth:`recommend_many`.

        Raises
        ------
        UnsupportedError
            If the model does not compare items, and is to.
        RecsysError
            If the model does not know all users and items, since the data set was updated after its training.
        """
        from engine.models.list_ranker import ListRanker

        self._require_all_known(method)
        if method == "similar":
            self.model.require("similar")
            return ListRanker(method, self.model, k)
        rates = method == "recommend" and self.rating_range is not None
        return ListRanker(
            method,
            self.model,
            k,
            self.user_index,
            filter_seen,
            self._margin if rates else None,
            self.rating_range if rates else None,
        )

    def _require_all_known(self, method: str) -> None:
        """Check that the model knows all users and items, and for recommendations all their interactions, too."""
        known, updates = self.known, self.dataset.user_updates
        all_there = (known.num_users, known.num_rated_items) == (self.dataset.num_users, self.dataset.num_rated_items)
        # One list is made for the history of a user whom an update changed; here the vectors of before would count.
        stale = method == "recommend" and updates is not None and bool((updates > known.updates).any())
        if not all_there or stale:
            raise RecsysError(
                f"{self.model.name} was trained before the last update of {self.dataset.name!r} and does not know all "
                "of its users, items and interactions: train it again for lists of all of them.",
                kind=ErrorKind.UNTRAINED,
                name=self.model.name,
                dataset=self.dataset.name,
            )

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
        ranked: Any = self.model.ranked  # a tensor, or an array where torch is not imported
        if ranked is not None:
            copy[~np.asarray(ranked if isinstance(ranked, np.ndarray) else ranked.cpu())] = -np.inf
        return copy

    def _encode_rated(self, item: ExternalId) -> int:
        internal = self.dataset.items.id_map.encode_one(item)
        if internal > self.known.num_rated_items:
            raise self._unknown(internal)
        return internal

    def _unknown(self, item: int) -> RecsysError:
        """The error for an item that the model does not know."""
        title = self.dataset.items[item].title
        if item > self.dataset.num_rated_items:
            return RecsysError(f"Nobody has rated {title!r}, so no model knows it.")
        return RecsysError(
            f"{self.model.name} was trained before anybody rated {title!r}, and does not know it: train it again.",
            name=self.model.name,
        )

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

    def _known(self, history: History) -> History:
        """The part of a history that is in the interactions."""
        return history.select(history.items <= self.known.num_rated_items)

    def _reasons(self, best: Ids, history: History, liked_from: float | None = None) -> list[str] | None:
        if not self.model.capabilities.explains:
            return None
        items, ratings = self._learned_from(history)
        return reasons(self.model, self.dataset.items, best, items, ratings, liked_from=liked_from)

    def _learned_from(self, history: History) -> tuple[Ids, Scores | None]:
        """The items and ratings that the model is given: only rated items for a model that predicts ratings."""
        known = self._known(history)
        if known.ratings is not None and self.rating_range is not None:
            known = known.select(~np.isnan(known.ratings))
        return known.items, known.ratings

    def _std(self, user: int, items: Ids) -> Scores | None:
        """The standard deviation of each predicted rating, if the model estimates it."""
        if not len(items) or self.rating_range is None or not self.model.capabilities.uncertain:
            return None
        return np.asarray(self.model.std(user, items), dtype=np.float32)

    def _results(
        self,
        best: Ids,
        scores: Scores,
        rank: int = 1,
        *,
        predicted: Scores | None = None,
        probabilities: npt.NDArray[Any] | None = None,
        std: Scores | None = None,
        reasons: Sequence[str] | None = None,
    ) -> list[Result]:
        """The result records of items from this rank on; the deviations and the reasons are in their order."""
        shown = None if predicted is None or self.rating_range is None else np.clip(predicted, *self.rating_range)
        return [
            Result(
                rank=rank + place,
                item=item,
                score=float(scores[item.internal_id]),
                predicted_rating=None if shown is None else float(shown[item.internal_id]),
                probability=None if probabilities is None else float(probabilities[item.internal_id]),
                std=None if std is None else float(std[place]),
                reason="" if reasons is None else reasons[place],
            )
            for place, item in enumerate(self.dataset.items.take(best))
        ]


def _adapted(model: Any) -> Model:
    """The model itself if it fulfils the contract, else what wraps it; torch is imported for the second alone."""
    if isinstance(model, NumpyModel):
        return cast("Model", model)
    from engine.models.plug_in import adapt

    return adapt(model)
