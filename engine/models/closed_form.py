"""The base classes of models that are solved in closed form, counted or sampled."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.data.ids import as_ids
from engine.errors import LearningError, NotTrainedError, OptionError
from engine.interactions import Interactions
from engine.models.base import BaseModel, Scores, misfit, require_finite
from engine.models.fold_in import FoldInMixin
from engine.ranking import CHUNK, finite_pairs, finite_scores
from engine.runtime.job import Job


class ClosedFormModel(BaseModel):
    """A model that consists of a few tensors and numbers.

    A subclass lists in ``_tensors`` and ``_plain`` the names of the attributes that :meth:`fit` sets and that are
    stored: tensors, and plain data. Files of earlier versions may lack some: ``_plain_defaults`` gives the values of
    such plain data, and the tensors in ``_later_tensors`` are then empty.
    """

    _tensors: ClassVar[tuple[str, ...]]
    _later_tensors: ClassVar[tuple[str, ...]] = ()
    _plain: ClassVar[tuple[str, ...]] = ()
    _plain_defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *, random_state: int | None = None, device: str | None = None) -> None:
        super().__init__(random_state=random_state, device=device)
        self._fitted = False

    def _require_fitted(self) -> None:
        if not self._fitted:
            raise NotTrainedError(f"The model {self.name} is not trained yet: call fit first.")

    def _complete_fit(self) -> None:
        """Declare the model fitted. Raise LearningError if what was learnt is not finite."""
        self._fitted = True
        try:
            require_finite(self.name, self._pack_tensors())
        except LearningError:
            self._fitted = False
            raise

    def _end_epoch(self, job: Job, epoch: int, **learnt: Any) -> None:
        """Let the job of :meth:`fit` measure the model after an epoch.

        Parameters
        ----------
        job
            The job.
        epoch
            The number of epochs that have ended.
        **learnt
            What the model would consist of if it was not trained further, by the names of the attributes.
        """
        if not job.watches_epochs:
            return
        before = {name: getattr(self, name) for name in ("_fitted", *learnt)}
        vars(self).update(learnt, _fitted=True)
        try:
            job.epoch_ended(epoch, self)
        finally:
            vars(self).update(before)

    # -- storage ------------------------------------------------------------------------------------------------
    def _pack(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        self._require_fitted()
        return self._pack_tensors(), {"plain": {name.lstrip("_"): getattr(self, name) for name in self._plain}}

    def _pack_tensors(self) -> dict[str, Tensor]:
        """Return the tensors to store, by name."""
        return {name.lstrip("_"): getattr(self, name) for name in self._tensors}

    def _unpack_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Set the tensors that :meth:`_pack_tensors` returned."""
        for name in self._tensors:
            key = name.lstrip("_")
            stored = torch.zeros(0) if name in self._later_tensors and key not in tensors else tensors[key]
            setattr(self, name, stored.to(self.device))

    @classmethod
    def restore(
        cls, tensors: Mapping[str, Tensor], header: Mapping[str, Any], where: str, *, device: str | None = None
    ) -> Self:
        """Make a model from the result of :func:`engine.storage.serialization.read`, for :func:`engine.models.load`."""
        try:
            model = cls(**header["options"], device=device)
            plain = {name.lstrip("_"): value for name, value in cls._plain_defaults.items()} | header["plain"]
            for name in cls._plain:
                setattr(model, name, plain[name.lstrip("_")])
            model._unpack_tensors(tensors)
            model.metadata = dict(header["metadata"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise misfit(where, error) from error
        model._fitted = True
        return model


class ClosedFormUserModel(FoldInMixin, ClosedFormModel):
    """A closed-form model that scores items for users. :meth:`fit` sets ``num_users`` and ``num_items``.

    A subclass also overrides :meth:`_fold_in` and :meth:`_contributions` of
    :class:`engine.models.fold_in.FoldInMixin`.
    """

    _plain: ClassVar[tuple[str, ...]] = ("num_users", "num_items", "_rating_range")
    _plain_defaults: ClassVar[Mapping[str, Any]] = {"_rating_range": None}

    num_users = 0
    num_items = 0
    _rating_range: tuple[float, float] | None = None

    # -- what a model implements ------------------------------------------------------------------------------------
    @abstractmethod
    def _fit(self, interactions: Interactions, job: Job) -> None:
        """Train. ``num_users`` and ``num_items`` are already set. Call ``job.checkpoint()`` between pieces of work."""

    @abstractmethod
    def _score_users(self, users: Tensor) -> Tensor:
        """Return the scores of all items for these users, ``(len(users), num_items)``."""

    def _score_pairs(self, users: Tensor, items: Tensor) -> Tensor:
        """Return the scores of pairs, ``(len(users),)``. A model with a faster way overrides this method."""
        distinct, position = torch.unique(users, return_inverse=True)
        scores = torch.empty(len(users), device=self.device)
        piece = max(1, CHUNK // max(1, self.num_items))
        for start in range(0, len(distinct), piece):
            part = (position >= start) & (position < start + piece)
            scores[part] = self._score_users(distinct[start : start + piece])[position[part] - start, items[part]]
        return scores

    def _size(self) -> int:
        self._require_fitted()
        return self.num_items

    # -- training ------------------------------------------------------------------------------------------------
    def fit(self, interactions: Interactions, verbose: bool = False, job: Job | None = None) -> None:
        """Train on interactions. Each call starts from scratch.

        Parameters
        ----------
        interactions
            The training data.
        verbose
            Has no effect. It exists because all models have the same signature.
        job
            The job that receives progress and may cancel. A model whose fit was cancelled is untrained.

        Raises
        ------
        CancelledError
            If the job was cancelled.
        ValueError
            If there are no interactions, or the model predicts ratings and there are none, or a weight is negative or
            not finite, or what was learnt is not finite. In the latter case the model is untrained.
        """
        if len(interactions) == 0:
            raise LearningError("There are no interactions to learn from.")
        ratings = require_ratings(interactions) if self.capabilities.predicts_ratings else None
        require_weights(interactions)
        self._fitted = False
        self._rating_range = None if ratings is None else (float(ratings.min()), float(ratings.max()))
        self.num_users, self.num_items = interactions.num_users, interactions.num_items
        self._fit(interactions, job or Job())
        self._complete_fit()

    # -- predicting ---------------------------------------------------------------------------------------------
    @property
    def rating_range(self) -> tuple[float, float] | None:
        """The smallest and the largest rating of the training data; None for a model that predicts no ratings.

        The recommender and the evaluation clip predicted ratings to this range. :meth:`predict`, :meth:`scores` and
        :meth:`fold_in` do not: they rank items, and all items above the largest rating would be equal.
        """
        return None if self._rating_range is None else (self._rating_range[0], self._rating_range[1])

    @torch.no_grad()
    def predict(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike | None = None) -> Scores:
        """Scores of pairs, or of all items.

        Parameters
        ----------
        user_ids
            One user, or several.
        item_ids
            Items; None means all.

        Returns
        -------
        numpy.ndarray
            One user: ``(len(item_ids),)`` or ``(num_items,)``. ``n`` users and as many items: the pairs' scores,
            ``(n,)``. ``n`` users without items: ``(n, num_items)``. Where a model cannot score an item, as one that
            training has not met or the padding, it gets a number just below all other scores of the same user:
            it comes last, and means and plots stay readable. Predicted ratings can exceed :attr:`rating_range`.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If an id is out of range, or the lengths do not match.
        """
        self._require_fitted()
        users = as_ids(user_ids, self.num_users, "user").reshape(-1).to(self.device)
        if item_ids is None:
            piece = max(1, CHUNK // max(1, self.num_items))
            parts = [self._score_users(part).float().cpu().numpy() for part in torch.split(users, piece)]
            whole = finite_scores(np.concatenate(parts) if parts else np.empty((0, self.num_items), np.float32))
            return whole[0] if len(users) == 1 else whole
        items = as_ids(item_ids, self.num_items, "item").reshape(-1).to(self.device)
        if len(users) == 1:
            users = users.expand(len(items))
        elif len(users) != len(items):
            raise OptionError(f"{len(users)} user_ids and {len(items)} item_ids make no pairs: give as many of each.")
        pairs: Scores = self._score_pairs(users, items).float().cpu().numpy()
        return finite_pairs(pairs, users, self.predict)

    @torch.no_grad()
    def scores(self, user_ids: npt.ArrayLike, item_ids: Tensor | None = None) -> Tensor:
        """Return the scores of items for several users, ``(len(user_ids), items)``, on the model's device.

        The caller bounds the number of users, and leaves out the padding (id 0). An item that must not be ranked has
        :data:`engine.ranking.MASKED_SCORE`. ``item_ids`` are on the model's device; None means all.
        """
        self._require_fitted()
        scores = self._score_users(as_ids(user_ids, self.num_users, "user").reshape(-1).to(self.device)).float()
        return scores if item_ids is None else scores[:, item_ids]


def require_ratings(interactions: Interactions) -> npt.NDArray[Any]:
    """Return the ratings of interactions.

    Raises
    ------
    ValueError
        If there are no ratings, or one is not a finite number.
    """
    if interactions.ratings is None:
        raise LearningError("This model learns from ratings, and these interactions have none.")
    if not np.isfinite(interactions.ratings).all():
        raise LearningError("There are ratings that are not a number or infinite: leave those interactions out.")
    return interactions.ratings


def require_weights(interactions: Interactions) -> None:
    """Check the weights of interactions, if there are any.

    Raises
    ------
    ValueError
        If a weight is negative or not a finite number, or all weights are 0.
    """
    weights = interactions.weights
    if weights is None:
        return
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise LearningError("There are weights that are negative or not finite: leave those interactions out.")
    if not weights.any():
        raise LearningError("All interactions have the weight 0, which counts as absent, so there is nothing to learn.")
