"""Losses on predicted scores, in their textbook forms.

Spotlight's ``bpr_loss`` is the mean of 1 - σ(positive - negative) and its ``pointwise_loss`` of 1 - σ(positive) and
σ(negative): where a model is badly wrong their gradients vanish. Here both are the logarithmic losses of the papers.
Every function takes a ``mask`` (which positions count at all) and ``weights`` (how much each counts), both of the
shape of the positive or observed values; Spotlight has no weights. Each gives the weighted sum over the positions
that count, divided by their number, as a scalar.
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
    """Log loss of telling positives from negatives: ``-log σ(positive) - log σ(-negative)``."""
    loss = functional.softplus(-positive_predictions) + functional.softplus(negative_predictions)
    return _mean(loss, mask, weights)


def bpr_loss(
    positive_predictions: Tensor,
    negative_predictions: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Bayesian personalised ranking: ``-log σ(positive - negative)`` (Rendle et al., UAI 2009)."""
    return _mean(functional.softplus(negative_predictions - positive_predictions), mask, weights)


def hinge_loss(
    positive_predictions: Tensor,
    negative_predictions: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Hinge: ``max(0, 1 - (positive - negative))``."""
    return _mean(functional.relu(negative_predictions - positive_predictions + 1.0), mask, weights)


def adaptive_hinge_loss(
    positive_predictions: Tensor,
    negative_predictions: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Hinge against the hardest of a positive's own negatives, which stands in for WARP (Weston et al., 2011).

    Parameters
    ----------
    positive_predictions
        Any shape.
    negative_predictions
        ``(num_negatives,)`` + that shape: row ``k`` holds the k-th negative of each positive.
    """
    hardest = negative_predictions.amax(0)
    return hinge_loss(positive_predictions, hardest, mask, weights)


def regression_loss(
    observed_ratings: Tensor,
    predicted_ratings: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Squared error."""
    return _mean((observed_ratings - predicted_ratings).square(), mask, weights)


def poisson_loss(
    observed_ratings: Tensor,
    predicted_ratings: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Negative Poisson log-likelihood, up to a constant, of counts given their predicted rates (positive)."""
    return _mean(predicted_ratings - observed_ratings * predicted_ratings.log(), mask, weights)


def logistic_loss(
    observed_ratings: Tensor,
    predicted_ratings: Tensor,
    mask: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Log loss of observations of 1 and -1 given scores before the sigmoid."""
    return _mean(functional.softplus(-observed_ratings * predicted_ratings), mask, weights)


def _mean(loss: Tensor, mask: Tensor | None, weights: Tensor | None) -> Tensor:
    if weights is not None:
        loss = loss * weights
    if mask is None:
        return loss.mean()
    mask = mask.to(loss.dtype)
    return (loss * mask).sum() / mask.sum().clamp_min(torch.finfo(loss.dtype).tiny)
