"""Spotlight's explicit factorisation model, which predicts ratings."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from engine.errors import LearningError
from engine.factorization import objectives, specs
from engine.factorization.base import FactorizationModel
from engine.factorization.rating_scale import RatingScale
from engine.interactions import Interactions
from engine.losses import logistic_loss, poisson_loss, regression_loss
from engine.models.estimator import OptimizerFunc, RandomState
from engine.models.factors import Link
from engine.models.spec import ModelSpec
from engine.training.autograd import Batch

_LOSSES = {"regression": regression_loss, "poisson": poisson_loss, "logistic": logistic_loss}


class ExplicitFactorizationModel(FactorizationModel):
    """Predicts ratings by the dot product of a user's and an item's vector, plus their biases.

    Parameters
    ----------
    loss
        The loss function: ``regression`` (squared error; ratings on any scale, see Notes), ``poisson`` (counts;
        predictions are positive) or ``logistic`` (ratings of 1 and -1; predictions are the probability of 1).
    embedding_dim, n_iter, batch_size, l2, learning_rate, optimizer_func, use_cuda, representation, sparse, \
random_state, device
        See :class:`engine.models.estimator.Estimator`. The defaults are Spotlight's.
    center
        Whether to standardise the ratings of a ``regression`` by the mean and the standard deviation of the first fit,
        and to add to the scores the logarithm of the mean for ``poisson`` and its log odds for ``logistic``. Biases
        then need not learn the mean, and ``l2`` shrinks predictions towards it instead of 0. None, the default, does so
        unless ``representation`` is given. False gives the behaviour of Spotlight, which has no such option.

    Notes
    -----
    The model differs from Spotlight's in three ways. The ``weights`` of the interactions multiply the loss. The default
    optimiser updates only the rows of a batch (:class:`~engine.factorization.row_adam.RowAdam`), which is faster and
    overfits less; Spotlight's is ``optimizer_func=lambda parameters: torch.optim.Adam(parameters, lr=1e-2)``. If no
    interaction has the item id 0, that id is padding, and its prediction is the lowest rating of the training data.

    A centred ``regression`` learns standardised ratings, so ``learning_rate`` and ``l2`` mean the same on every scale
    of ratings. ``losses_by_epoch`` and predictions have the unit of the ratings. Counts and ratings of 1 and -1 are
    learnt as they are. Predictions can exceed the ratings of the training data, as in Spotlight, since they also rank
    the items. The recommender and the evaluation clip them to :attr:`rating_range`.

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
        self._offset, self._unit = 0.0, 1.0
        self._lowest = 0.0
        self._highest: float | None = None
        self._earlier: ExplicitFactorizationModel | None = None

    def start_from(self, earlier: Any) -> bool:
        """Let the next fit begin from the parameters of an earlier model, with an optimiser of its own.

        Returns
        -------
        bool
            False if the earlier model has another loss or other parameters, or was fitted with a network of the caller.
        """
        ours, theirs = self.options(), earlier.options()
        form = ("loss", "embedding_dim", "center", "representation")
        if any(ours[name] != theirs[name] for name in form) or self.representation is not None:
            return False
        self._earlier = earlier
        return True

    def _check(self, interactions: Interactions) -> None:
        super()._check(interactions)
        ratings = interactions.ratings
        if ratings is None:
            raise LearningError("An explicit model learns from ratings, and these interactions have none.")
        if not np.isfinite(ratings).all():
            raise LearningError("There are ratings that are not a number or infinite: leave those interactions out.")
        if self.loss == "logistic" and not np.isin(ratings, (-1, 1)).all():
            wrong = ratings[~np.isin(ratings, (-1, 1))][0]
            raise LearningError(f"The logistic loss needs ratings of 1 and -1, but there is {wrong}.")
        if self.loss == "poisson" and (ratings < 0).any():
            raise LearningError(f"The poisson loss needs ratings of 0 or more, but there is {ratings.min()}.")

    def _build(self, interactions: Interactions) -> nn.Module:
        assert interactions.ratings is not None
        self._offset, self._unit = 0.0, 1.0
        if self._centered and self.loss == "regression":
            self._offset, self._unit = RatingScale.of(interactions.ratings)
        elif self._centered:
            self._offset = _link(self.loss, float(interactions.ratings.mean(dtype=np.float64)))
        self._lowest = float(interactions.ratings.min()) if self.loss != "logistic" else 0.0
        net = super()._build(interactions)
        if self._earlier is not None:
            # The parameters are in the earlier model's unit, which therefore stays.
            self._offset, self._unit = self._earlier._offset, self._earlier._unit
            known, wanted = self._earlier._trained().state_dict(), net.state_dict()
            for name, values in wanted.items():
                values[: len(known[name])] = known[name].to(values.device)
            self._earlier = None
        return net

    @property
    def rating_range(self) -> tuple[float, float] | None:
        """The smallest and the largest rating of the training data; None for the ``logistic`` loss.

        See :attr:`engine.models.closed_form.ClosedFormUserModel.rating_range`.
        """
        return None if self.loss == "logistic" or self._highest is None else (self._lowest, self._highest)

    def _observed(self, interactions: Interactions) -> Tensor | None:
        assert interactions.ratings is not None
        if self.loss != "logistic":  # later fits may have other ratings than the first
            self._lowest = min(self._lowest, float(interactions.ratings.min()))
            largest = float(interactions.ratings.max())
            self._highest = largest if self._highest is None else max(self._highest, largest)
        if self.loss != "regression":
            return self._tensor(interactions.ratings, np.float32)
        return self._tensor(self._scale.standardize(interactions.ratings.astype(np.float64)), np.float32)

    @property
    def _scale(self) -> RatingScale:
        """The scale of the ratings of a regression."""
        return RatingScale(self._offset, self._unit)

    @property
    def _centered(self) -> bool:
        return self.representation is None if self.center is None else self.center

    def _objective(self) -> objectives.Objective:
        objective, offset, unit = super()._objective(), self._offset, self._unit

        def in_ratings(scores: Tensor, observed: Tensor | None, weights: Tensor | None) -> tuple[Tensor, Tensor]:
            loss, gradient = objective(scores, observed, weights)
            return loss * unit**2, gradient

        def from_offset(scores: Tensor, observed: Tensor | None, weights: Tensor | None) -> tuple[Tensor, Tensor]:
            return objective(scores + offset, observed, weights)

        return in_ratings if self.loss == "regression" else from_offset

    def _batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        scores = net(batch["groups"], batch["items"]).reshape(-1)
        if self.loss != "regression":
            scores = scores + self._offset
        predicted = scores.exp() if self.loss == "poisson" else scores
        loss: Tensor = _LOSSES[self.loss](batch["observed"], predicted, weights=batch.get("weights"))
        # The loss is reported in the unit of the ratings. The gradient stays that of the standardised loss.
        return loss if self._unit == 1.0 else loss + (self._unit**2 - 1.0) * loss.detach()

    def _output(self, scores: Tensor) -> Tensor:
        if self.loss == "regression":
            restored: Tensor = self._scale.restore(scores)
            return restored
        scores = scores + self._offset
        return scores.exp() if self.loss == "poisson" else scores.sigmoid()

    def _score_scale(self) -> tuple[float, float, Link]:
        links: dict[str, Link] = {"regression": "identity", "poisson": "exp", "logistic": "sigmoid"}
        return self._offset, self._unit if self.loss == "regression" else 1.0, links[self.loss]

    def _hide(self, scores: Tensor, items: Tensor | None) -> Tensor:
        if self._seen[0]:
            return scores
        if items is None:
            scores[..., 0] = self._lowest
            return scores
        return scores.masked_fill(items == 0, self._lowest)

    def _fold_in_targets(self, ratings: Tensor | None, offsets: Tensor) -> Tensor:
        assert ratings is not None
        if self.loss == "regression":
            standardized: Tensor = self._scale.standardize(ratings)
            return standardized - offsets
        ratings = ratings.clamp_min(0.5).log() if self.loss == "poisson" else 2.0 * ratings.sign()
        return ratings - self._offset - offsets

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        return self._unit * super()._contributions(items, ratings, targets)

    def _removal_effects(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        return self._unit * super()._removal_effects(items, ratings, targets)

    def _noise(self) -> float:
        # The loss of a regression is this variance. For log counts and log odds a variance of 1 is assumed.
        return max(self.losses_by_epoch[-1] / self._unit**2, 1e-3) if self.loss == "regression" else 1.0

    def _sizes(self) -> dict[str, float]:
        return {**super()._sizes(), "_offset": self._offset, "_unit": self._unit, "_lowest": self._lowest} | (
            {} if self._highest is None else {"_highest": self._highest}
        )


def _link(loss: str, mean: float) -> float:
    """Return the score that predicts ``mean``. The mean is clipped so that the score is finite."""
    if loss == "poisson":
        return math.log(max(mean, 1e-3))
    if loss == "logistic":
        share = min(max((mean + 1.0) / 2.0, 1e-3), 1.0 - 1e-3)
        return math.log(share / (1.0 - share))
    return mean
