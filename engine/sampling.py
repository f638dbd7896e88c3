"""Negative samples: items that somebody did not choose."""

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
    """Items drawn uniformly from ``first`` to ``num_items - 1``, int64.

    Spotlight draws from 0, which is the padding; ``first=0`` does that.
    """
    state = random_state if random_state is not None else np.random.RandomState()
    return state.randint(first, num_items, shape, dtype=np.int64)


class NegativeSampler:
    """Draws items uniformly from those that a group (a user, or a sequence) is not known to have chosen.

    Exact and without rejection. Let ``p_0 < p_1 < …`` be a group's known items: ``p_j - j`` items below ``p_j`` are
    free, so the free item with ``r`` free ones below it is ``r`` plus the number of ``j`` with ``p_j - j <= r``.
    One binary search over all groups' sorted items finds that for every draw at once.

    Parameters
    ----------
    groups, items
        The known pairs, any order, repeated or not, ``(n,)`` each. Ignored items (below ``first``) may be there.
    num_groups, num_items
        Sizes.
    first
        The smallest item to draw: 1 where item 0 is padding.
    exclude_known
        False draws from all items, as Spotlight does.

    Notes
    -----
    A group that has chosen every item has no negative: it gets any item.
    """

    def __init__(
        self,
        groups: Tensor,
        items: Tensor,
        num_groups: int,
        num_items: int,
        first: int = 1,
        exclude_known: bool = True,
    ) -> None:
        self.first = first
        self.num_candidates = num_items - first
        if self.num_candidates < 1:
            raise ValueError(f"no item to draw from: num_items is {num_items} and the first one is {first}")
        self._stride = num_items + 1
        device = groups.device
        if exclude_known:
            real = items >= first
            pairs = torch.unique(groups.long()[real] * self._stride + (items.long()[real] - first))
            owner = pairs // self._stride
            known = torch.bincount(owner, minlength=num_groups)
            self._start = torch.cumsum(known, 0) - known
            nth_of_owner = torch.arange(len(pairs), device=device) - self._start[owner]
            self._keys = pairs - nth_of_owner
        else:
            known = torch.zeros(num_groups, dtype=torch.long, device=device)
            self._start = known
            self._keys = torch.empty(0, dtype=torch.long, device=device)
        free = self.num_candidates - known
        self._full = free == 0
        self._any_full = bool(self._full.any())
        self._free = free.clamp_min(1)

    def to(self, device: torch.device) -> NegativeSampler:
        """Move to another device."""
        for name in ("_start", "_keys", "_full", "_free"):
            setattr(self, name, getattr(self, name).to(device))
        return self

    def sample(self, groups: Tensor, generator: torch.Generator) -> Tensor:
        """One item for each group of ``groups``, in its shape, int64."""
        exact = torch.float32 if groups.device.type == "mps" else torch.float64
        chance = torch.rand(groups.shape, generator=generator, device=groups.device, dtype=exact)
        free = self._free[groups]
        rank = torch.minimum((chance * free).long(), free - 1)
        below = torch.searchsorted(self._keys, groups * self._stride + rank, right=True) - self._start[groups]
        drawn = self.first + rank + below
        if self._any_full:
            drawn = torch.where(self._full[groups], self.first + (chance * self.num_candidates).long(), drawn)
        return drawn
