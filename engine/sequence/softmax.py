"""Full and sampled softmax cross-entropy over the next item."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class SharedNegatives:
    """Draws negatives by popularity. All steps of a batch share them.

    Parameters
    ----------
    counts
        The number of interactions of each item, ``(num_items,)``. Items without any are never drawn.
    power
        The exponent of the counts: an item's probability is proportional to its count to this power.
    """

    def __init__(self, counts: Tensor, power: float = 0.5) -> None:
        probability = counts.double().pow(power).masked_fill_(counts == 0, 0.0)
        self.log_chance = (probability / probability.sum()).log().float()
        self._cumulative = probability.cumsum(0).div_(probability.sum())

    def to(self, device: torch.device) -> SharedNegatives:
        """Move the sampler to another device."""
        self.log_chance, self._cumulative = self.log_chance.to(device), self._cumulative.to(device)
        return self

    def sample(self, groups: Tensor, generator: torch.Generator) -> Tensor:
        """Draw items in the shape of the first two dimensions of ``groups``: examples, and items for each."""
        shape, dtype = groups.shape[:2], self._cumulative.dtype
        uniform = torch.rand(shape, generator=generator, device=groups.device, dtype=dtype)
        return torch.searchsorted(self._cumulative, uniform, right=True).clamp_(max=len(self._cumulative) - 1)


def softmax_loss(
    net: Any,
    representations: Tensor,
    targets: Tensor,
    mask: Tensor,
    candidates: Tensor,
    log_chance: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Compute the mean of ``-log p(target)`` over the steps in the mask.

    Parameters
    ----------
    net
        The network, with ``score_all``; see :mod:`engine.sequence.representations`.
    representations, targets
        The representations ``(batch, width, length)`` and the target items ``(batch, length)``.
    mask
        The steps that are included, ``(batch, length)``.
    candidates
        The items that targets are compared with. If ``log_chance`` is None, these are all items that occur, in
        ascending order.
    log_chance
        The log probability of each item in a draw of a candidate, ``(num_items,)``. The sum over all negatives is then
        estimated from the drawn ones by importance sampling (Bengio and Senécal, 2008).
    weights
        The weight of each step, in the shape of ``targets``.
    """
    states, masked_targets = representations.transpose(1, 2)[mask], targets[mask]
    scores = net.score_all(states, candidates).float()
    if log_chance is None:
        position = torch.searchsorted(candidates, masked_targets)
        loss = functional.cross_entropy(scores, position, reduction="none")
    else:
        own = net(states, masked_targets).float().unsqueeze(1)
        # Each negative is weighted by its inverse expected count. A candidate that is the target is no negative.
        log_expected_count = log_chance[candidates] + math.log(len(candidates))
        negatives = (scores - log_expected_count).masked_fill_(candidates == masked_targets.unsqueeze(1), -torch.inf)
        loss = -torch.cat((own, negatives), 1).log_softmax(1)[:, 0]
    if weights is None:
        return loss.mean()
    return (loss * weights[mask]).sum() / max(1, len(loss))
