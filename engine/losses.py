"""Losses on predicted scores, in their textbook forms.

Spotlight's ``bpr_loss`` is the mean of 1 - σ(positive - negative), and its ``pointwise_loss`` is the mean of
1 - σ(positive) + σ(negative). Their gradients vanish where the model is badly wrong. Here both are the logarithmic
losses of the papers.

Every function takes a ``mask``, which says which positions count, and ``weights``, the weight of each position; both
have the shape of the positive or observed values. Spotlight has no weights. The result is a scalar: the weighted sum
over the positions that count, divided by the number of these positions.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def pointwise_loss(
    positive_predictions: Tensor,
    negative_predictions: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The log loss of classifying positives and negatives: ``-log σ(positive) - log σ(-negative)``."""
    loss = functional.softplus(-positive_predictions) + functional.softplus(negative_predictions)
    return _mean(loss, mask, weights)


def bpr_loss(
    positive_predictions: Tensor,
    negative_predictions: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The loss of Bayesian personalised ranking: ``-log σ(positive - negative)`` (Rendle et al., UAI 2009)."""
    return _mean(functional.softplus(negative_predictions - positive_predictions), mask, weights)


def hinge_loss(
    positive_predictions: Tensor,
    negative_predictions: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The hinge loss: ``max(0, 1 - (positive - negative))``."""
    return _mean(functional.relu(negative_predictions - positive_predictions + 1.0), mask, weights)


def adaptive_hinge_loss(
    positive_predictions: Tensor,
    negative_predictions: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The hinge loss against the negative with the highest score, an approximation of WARP (Weston et al., 2011).

    Parameters
    ----------
    positive_predictions
        Any shape.
    negative_predictions
        The shape of the positives with ``num_negatives`` before it: row ``k`` holds the k-th negative of each
        positive.
    """
    hardest = negative_predictions.amax(0)
    return hinge_loss(positive_predictions, hardest, mask, weights)


def regression_loss(
    observed_ratings: Tensor,
    predicted_ratings: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The mean squared error."""
    return _mean((observed_ratings - predicted_ratings).square(), mask, weights)


def poisson_loss(
    observed_ratings: Tensor,
    predicted_ratings: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The negative Poisson log-likelihood of counts, up to a constant, given their predicted positive rates."""
    return _mean(predicted_ratings - observed_ratings * predicted_ratings.log(), mask, weights)


def logistic_loss(
    observed_ratings: Tensor,
    predicted_ratings: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The log loss of observations of 1 and -1, given scores before the sigmoid."""
    return _mean(functional.softplus(-observed_ratings * predicted_ratings), mask, weights)


def _mean(loss: Tensor, mask: Tensor | None, weights: Tensor | None) -> Tensor:
    if weights is not None:
        loss = loss * weights
    if mask is None:
        return loss.mean()
    mask = mask.to(loss.dtype)
    return (loss * mask).sum() / mask.sum().clamp_min(torch.finfo(loss.dtype).tiny)
