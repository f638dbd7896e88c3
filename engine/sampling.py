"""Negative sampling: drawing items that a user is not known to have chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def sample_items(
    num_items: int,
    shape: int | tuple[int, ...],
    random_state: np.random.RandomState | None = None,
    first: int = 1,
) -> npt.NDArray[Any]:
    """Draw items uniformly from ``first`` to ``num_items - 1``.

    Parameters
    ----------
    num_items
        The number of items.
    shape
        The shape of the result.
    random_state
        The source of random numbers.
    first
        The lowest item. Spotlight draws from 0, which is the padding; ``first=0`` does that too.

    Returns
    -------
    numpy.ndarray
        Item ids, int64.
    """
    state = random_state if random_state is not None else np.random.RandomState()
    return state.randint(first, num_items, shape, dtype=np.int64)


class NegativeSampler:
    """Draws items uniformly from those that a group is not known to have chosen. A group is a user, for example.

    The draw is exact, and nothing is rejected. Number the candidates, and let ``p_0 < p_1 < …`` be the known ones of a
    group. Then ``p_j - j`` candidates below ``p_j`` are free, and the free candidate with ``r`` free ones below it has
    the number ``r`` plus the count of ``j`` with ``p_j - j <= r``. One binary search over the sorted items of all
    groups finds this number for every draw at once.

    Parameters
    ----------
    groups, items
        The known pairs, ``(n,)`` each, in any order. Repeated pairs and items that are no candidates are allowed.
    num_groups
        The number of groups.
    candidates
        The items to draw from, ascending.
    exclude_known
        Whether to leave out known items; False draws from all candidates, as Spotlight does.

    Raises
    ------
    ValueError
        If there are no candidates.

    Notes
    -----
    A group that has chosen every candidate has no negative. It gets any of the candidates.
    """

    def __init__(
        self, groups: Tensor, items: Tensor, num_groups: int, candidates: Tensor, exclude_known: bool = True
    ) -> None:
        if len(candidates) == 0:
            raise ValueError("there is no item to draw as a negative")
        self._candidates = candidates.long()
        self._stride = len(candidates) + 1
        device = groups.device
        if exclude_known:
            number = torch.searchsorted(self._candidates, items.long().contiguous()).clamp_(max=len(candidates) - 1)
            real = self._candidates[number] == items
            pairs = torch.unique(groups[real].long() * self._stride + number[real])
            owner = pairs // self._stride
            known = torch.bincount(owner, minlength=num_groups)
            self._start = torch.cumsum(known, 0) - known
            self._keys = pairs - (torch.arange(len(pairs), device=device) - self._start[owner])
        else:
            known = torch.zeros(num_groups, dtype=torch.long, device=device)
            self._start = known
            self._keys = torch.empty(0, dtype=torch.long, device=device)
        free = len(candidates) - known
        self._full = free == 0
        self._any_full = bool(self._full.any())
        self._free = free.clamp_min(1)

    def to(self, device: torch.device) -> NegativeSampler:
        """Move the sampler to another device, and return it."""
        for name in ("_candidates", "_start", "_keys", "_full", "_free"):
            setattr(self, name, getattr(self, name).to(device))
        return self

    def sample(self, groups: Tensor, generator: torch.Generator) -> Tensor:
        """Draw one item for each element of ``groups``; the result is int64 and has the shape of ``groups``."""
        exact = torch.float32 if groups.device.type == "mps" else torch.float64
        chance = torch.rand(groups.shape, generator=generator, device=groups.device, dtype=exact)
        free = self._free[groups]
        rank = torch.minimum((chance * free).long(), free - 1)
        below = torch.searchsorted(self._keys, groups * self._stride + rank, right=True) - self._start[groups]
        drawn = rank + below
        if self._any_full:
            any_of_them = (chance * len(self._candidates)).long().clamp_(max=len(self._candidates) - 1)
            drawn = torch.where(self._full[groups], any_of_them, drawn)
        return self._candidates[drawn]
