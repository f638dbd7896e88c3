"""Factorisation of ratings."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from torch import Tensor, nn

from engine.errors import LearningError
from engine.factorization import objectives, specs
from engine.factorization.base import FactorizationModel
from engine.interactions import Interactions
from engine.losses import logistic_loss, poisson_loss, regression_loss
from engine.models.estimator import OptimizerFunc, RandomState
from engine.models.spec import ModelSpec
from engine.training.autograd import Batch

_LOSSES = {"regression": regression_loss, "poisson": poisson_loss, "logistic": logistic_loss}


class ExplicitFactorizationModel(FactorizationModel):
    """Predicts ratings by the dot product of a user's and an item's vector, plus their biases.

    Parameters
    ----------
    loss
        ``regression`` (squared error; ratings on any scale), ``poisson`` (counts; predictions are positive) or
        ``logistic`` (ratings of 1 and -1; predictions are the probability of 1).
    embedding_dim, n_iter, batch_size, l2, learning_rate, optimizer_func, use_cuda, representation, sparse, \
random_state, device
        See :class:`engine.models.estimator.Estimator`. The defaults are Spotlight's.
    center
        Let scores count from the mean rating of the first fit (its logarithm for ``poisson``, its log odds for
        ``logistic``), so that biases need not learn it and ``l2`` pulls towards it rather than towards 0. None, the
        default, does so unless ``representation`` is given. Not in Spotlight; False is as it was there.

    Notes
    -----
    Differs from Spotlight in three ways. ``weights`` of the interactions count. The default optimiser moves the rows
    that a batch touches only (:class:`~engine.factorization.row_adam.RowAdam`), which is faster and overfits less;
    ``optimizer_func=lambda parameters: torch.optim.Adam(parameters, lr=1e-2)`` is Spotlight's. Where no interaction
    has the item id 0, it is the padding, and its prediction is the lowest rating of the training data.

    Examples
    --------
    >>> from engine.datasets import synthetic
    >>> model = ExplicitFactorizationModel(n_iter=1, random_state=0)
    >>> model.fit(synthetic.generate_sequential(num_users=20, num_items=30, num_interactions=500, random_state=0))
    >>> model.predict(3).shape, model.predict(np.array([3, 4]), np.array([1, 2])).shape
    ((30,), (2,))
    """

    spec: ClassVar[ModelSpec] = specs.EXPLICIT
    losses: ClassVar[tuple[str, ...]] = tuple(_LOSSES)
    _objectives = objectives.EXPLICIT

    def __init__(
        self,
        loss: str = "regression",
        embedding_dim: int = 32,
        n_iter: int = 10,
        batch_size: int = 256,
        l2: float = 0.0,
        learning_rate: float = 1e-2,
        optimizer_func: OptimizerFunc | None = None,
        use_cuda: bool = False,
        representation: nn.Module | None = None,
        sparse: bool = False,
        random_state: RandomState = None,
        *,
        center: bool | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(
            loss,
            embedding_dim,
            n_iter,
            batch_size,
            l2,
            learning_rate,
            optimizer_func,
            use_cuda,
            representation,
            sparse,
            random_state,
            device,
        )
        self.center = center
        self._offset = 0.0
        self._lowest = 0.0

    def _check(self, interactions: Interactions) -> None:
        super()._check(interactions)
        ratings = interactions.ratings
        if ratings is None:
            raise LearningError("An explicit model learns from ratings, and these interactions have none.")
        if not np.isfinite(ratings).all():
            raise LearningError("There are ratings that are not a number or infinite: leave those interactions out.")
        if self.loss == "logistic" and not np.isin(ratings, (-1, 1)).all():
            wrong = ratings[~np.isin(ratings, (-1, 1))][0]
            raise LearningError(f"The logistic loss wants ratings of 1 and -1, and there is {wrong}.")
        if self.loss == "poisson" and (ratings < 0).any():
            raise LearningError(f"The poisson loss wants ratings from 0 on, and there is {ratings.min()}.")

    def _build(self, interactions: Interactions) -> nn.Module:
        assert interactions.ratings is not None
        mean = float(interactions.ratings.mean(dtype=np.float64))
        self._offset = _link(self.loss, mean) if self._centered else 0.0
        self._lowest = float(interactions.ratings.min()) if self.loss != "logistic" else 0.0
        return super()._build(interactions)

    def _observed(self, interactions: Interactions) -> Tensor | None:
        assert interactions.ratings is not None
        return self._tensor(interactions.ratings, np.float32)

    @property
    def _centered(self) -> bool:
        return self.representation is None if self.center is None else self.center

    def _objective(self) -> objectives.Objective:
        objective, offset = super()._objective(), self._offset

        def from_offset(scores: Tensor, observed: Tensor | None, weights: Tensor | None) -> tuple[Tensor, Tensor]:
            return objective(scores + offset, observed, weights)

        return from_offset

    def _batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        scores = net(batch["groups"], batch["items"]).reshape(-1) + self._offset
        predicted = scores.exp() if self.loss == "poisson" else scores
        return _LOSSES[self.loss](batch["observed"], predicted, weights=batch.get("weights"))

    def _output(self, scores: Tensor) -> Tensor:
        scores = scores + self._offset
        if self.loss == "poisson":
            return scores.exp()
        return scores.sigmoid() if self.loss == "logistic" else scores

    def _hide(self, scores: Tensor, items: Tensor | None) -> Tensor:
        if self._seen[0]:
            return scores
        if items is None:
            scores[..., 0] = self._lowest
            return scores
        return scores.masked_fill(items == 0, self._lowest)

    def _wanted(self, ratings: Tensor | None, offsets: Tensor) -> Tensor:
        assert ratings is not None
        if self.loss == "poisson":
            ratings = ratings.clamp_min(0.5).log()
        elif self.loss == "logistic":
            ratings = 2.0 * ratings.sign()
        return ratings - self._offset - offsets

    def _noise(self) -> float:
        # In regression the loss is this variance; a count's logarithm and a log odds stray by about 1.
        return max(self.losses_by_epoch[-1], 1e-3) if self.loss == "regression" else 1.0

    def _sizes(self) -> dict[str, float]:
        return {**super()._sizes(), "_offset": self._offset, "_lowest": self._lowest}


def _link(loss: str, mean: float) -> float:
    """The score that predicts ``mean``; kept away from the infinities of one-sided data."""
    if loss == "poisson":
        return math.log(max(mean, 1e-3))
    if loss == "logistic":
        share = min(max((mean + 1.0) / 2.0, 1e-3), 1.0 - 1e-3)
        return math.log(share / (1.0 - share))
    return mean
