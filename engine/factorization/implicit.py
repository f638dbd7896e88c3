"""Spotlight's implicit factorisation model, which ranks items."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from engine.factorization import objectives, specs
from engine.factorization.base import FactorizationModel
from engine.losses import adaptive_hinge_loss, bpr_loss, hinge_loss, pointwise_loss
from engine.models.estimator import OptimizerFunc, RandomState
from engine.models.option_checks import require_whole
from engine.models.spec import ModelSpec
from engine.ranking import MASKED_SCORE
from engine.sampling import NegativeSampler
from engine.training.autograd import Batch

_LOSSES = {"pointwise": pointwise_loss, "bpr": bpr_loss, "hinge": hinge_loss}


class ImplicitFactorizationModel(FactorizationModel):
    """Ranks items by the dot product of a user's and an item's vector, trained with sampled negatives.

    Parameters
    ----------
    loss
        The loss function: ``pointwise`` (log loss), ``bpr``, ``hinge`` or ``adaptive_hinge``.
    embedding_dim, n_iter, batch_size, l2, learning_rate, optimizer_func, use_cuda, representation, sparse, \
random_state, device
        See :class:`engine.models.estimator.Estimator`. The defaults are Spotlight's.
    num_negative_samples
        The number of negatives from which ``adaptive_hinge`` takes the hardest. The other losses use one negative.
    exclude_known
        Whether to draw a user's negatives only from items that the user has not interacted with. False draws from all
        items, as Spotlight does, which has no such option.

    Notes
    -----
    The model differs from Spotlight's in these ways:

    - ``bpr`` and ``pointwise`` are the logarithmic losses (see :mod:`engine.losses`).
    - The adaptive hinge loss compares a positive with negatives of the same user.
    - Negatives are items that occur in the interactions and, by default, are not known positives.
    - An item without interactions (the padding, a gap in the ids) comes after all others.
    - The ``weights`` of the interactions multiply the loss.
    - The default optimiser is :class:`~engine.factorization.row_adam.RowAdam`.
    """

    spec: ClassVar[ModelSpec] = specs.IMPLICIT
    losses: ClassVar[tuple[str, ...]] = (*_LOSSES, "adaptive_hinge")
    _objectives = objectives.IMPLICIT

    def __init__(
        self,
        loss: str = "pointwise",
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
        num_negative_samples: int = 5,
        *,
        exclude_known: bool = True,
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
        require_whole(num_negative_samples=num_negative_samples)
        self.num_negative_samples = int(num_negative_samples)
        self.exclude_known = exclude_known

    @property
    def ranked(self) -> Tensor:
        """The items that the model can rank, as a mask ``(num_items,)``: those that occur in the training data."""
        return self._seen

    @property
    def _num_negatives(self) -> int:
        return self.num_negative_samples if self.loss == "adaptive_hinge" else 1

    def _sampler(self, users: Tensor, items: Tensor, candidates: Tensor) -> NegativeSampler | None:
        return NegativeSampler(users, items, self._num_users, candidates, self.exclude_known)

    def _batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        users, negatives = batch["groups"], batch["negatives"]
        positive = net(users, batch["items"]).reshape(-1)
        negative_scores = torch.stack([net(users, one).reshape(-1) for one in negatives.unbind(1)])
        if self.loss == "adaptive_hinge":
            return adaptive_hinge_loss(positive, negative_scores, weights=batch.get("weights"))
        return _LOSSES[self.loss](positive, negative_scores[0], weights=batch.get("weights"))

    def _fold_in_targets(self, ratings: Tensor | None, offsets: Tensor) -> Tensor:
        # The losses separate positives from negatives by about 1, whatever the item's bias is.
        return torch.ones_like(offsets)

    def _noise(self) -> float:
        return 1.0

    def _hide(self, scores: Tensor, items: Tensor | None) -> Tensor:
        return torch.where(self._seen if items is None else self._seen[items], scores, MASKED_SCORE)
