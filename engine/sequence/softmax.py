"""Cross-entropy over the items that may come next: all of them, or a sample that a batch shares."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class SharedNegatives:
    """Draws items by how often they were chosen, for all steps of a batch together.

    Parameters
    ----------
    counts
        How often each item was chosen, ``(num_items,)``; items with none are never drawn.
    power
        Items are drawn in proportion to their counts to this power.
    """

    def __init__(self, counts: Tensor, power: float = 0.5) -> None:
        chance = counts.double().pow(power).masked_fill_(counts == 0, 0.0)
        self.log_chance = (chance / chance.sum()).log().float()
        self._ladder = chance.cumsum(0).div_(chance.sum())

    def to(self, device: torch.device) -> SharedNegatives:
        """Move to another device."""
        self.log_chance, self._ladder = self.log_chance.to(device), self._ladder.to(device)
        return self

    def sample(self, groups: Tensor, generator: torch.Generator) -> Tensor:
        """Items of the first two dimensions of ``groups``, which are a batch's examples and how many for each."""
        chance = torch.rand(groups.shape[:2], generator=generator, device=groups.device, dtype=self._ladder.dtype)
        return torch.searchsorted(self._ladder, chance, right=True).clamp_(max=len(self._ladder) - 1)


def softmax_loss(
    net: Any,
    representations: Tensor,
    targets: Tensor,
    mask: Tensor,
    candidates: Tensor,
    log_chance: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """The mean of ``-log p(target)`` over the steps that count.

    Parameters
    ----------
    net
        With ``score_all``, see :mod:`engine.sequence.representations`.
    representations, targets
        ``(batch, width, length)`` and ``(batch, length)``.
    mask
        Which steps count, ``(batch, length)``.
    candidates
        The items that targets are compared with. Without ``log_chance``: all items that occur, ascending.
    log_chance
        The logarithm of each item's chance at each draw of a candidate, ``(num_items,)``. The sum over all rivals is
        then estimated from those drawn, each divided by its chance (Bengio and Senécal, 2008).
    weights
        How much each step counts, in the shape of ``targets``.
    """
    states, wanted = representations.transpose(1, 2)[mask], targets[mask]
    scores = net.score_all(states, candidates).float()
    if log_chance is None:
        place = torch.searchsorted(candidates, wanted)
        loss = functional.cross_entropy(scores, place, reduction="none")
    else:
        own = net(states, wanted).float().unsqueeze(1)
        # A rival stands for as many items as it was unlikely to be drawn; the target, met by chance, is no rival.
        stands_for = log_chance[candidates] + math.log(len(candidates))
        rivals = (scores - stands_for).masked_fill_(candidates == wanted.unsqueeze(1), -torch.inf)
        loss = -torch.cat((own, rivals), 1).log_softmax(1)[:, 0]
    if weights is None:
        return loss.mean()
    return (loss * weights[mask]).sum() / max(1, len(loss))
