"""The interactions as sparse tensors, by user and by item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.interactions import Interactions


@dataclass(frozen=True, slots=True)
class Pairs:
    """A sparse matrix in compressed row form.

    Attributes
    ----------
    ends
        The end of each row in ``columns`` and ``values``, int64, ``(num_rows,)``.
    columns
        The columns, ascending within a row, int64, ``(n,)``.
    values
        The values, float32, ``(n,)``.
    """

    ends: Tensor
    columns: Tensor
    values: Tensor

    @classmethod
    def of(
        cls,
        interactions: Interactions,
        values: npt.NDArray[np.float32] | None,
        device: torch.device,
        weights: npt.NDArray[np.float32] | None = None,
    ) -> tuple[Pairs, Pairs]:
        """Collect the distinct pairs of users and items, by user and by item.

        A pair that occurs several times gets the mean of its values, weighted by ``weights`` (above 0) if they are
        given. If ``values`` is None, each value is 1.
        """
        key = interactions.user_ids.astype(np.int64) * interactions.num_items + interactions.item_ids
        distinct, position, counts = np.unique(key, return_inverse=True, return_counts=True)
        users, items = np.divmod(distinct, interactions.num_items)
        if weights is not None and values is not None:
            counts, values = np.bincount(position, weights), weights * values
        means = np.ones(len(distinct)) if values is None else np.bincount(position, values) / counts
        by_item = np.argsort(items, kind="stable")
        values32 = means.astype(np.float32)
        sides = (
            (users, items, values32, interactions.num_users),
            (items[by_item], users[by_item], values32[by_item], interactions.num_items),
        )
        by_user, flipped = (
            cls(
                torch.from_numpy(np.cumsum(np.bincount(rows, minlength=size))).to(device),
                torch.from_numpy(columns).to(device),
                torch.from_numpy(kept).to(device),
            )
            for rows, columns, kept, size in sides
        )
        return by_user, flipped

    @property
    def lengths(self) -> Tensor:
        """The number of pairs in each row, ``(num_rows,)``."""
        return torch.diff(self.ends, prepend=self.ends.new_zeros(1))

    @property
    def rows(self) -> Tensor:
        """The row of each pair, ``(n,)``."""
        return torch.repeat_interleave(self.lengths)

    def row(self, row: int) -> tuple[Tensor, Tensor]:
        """Return the columns and the values of a row."""
        start = int(self.ends[row - 1]) if row else 0
        part = slice(start, int(self.ends[row]))
        return self.columns[part], self.values[part]

    def padded(self, budget: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield rows of similar length, the longest first: ``rows (r,)``, ``columns (r, l)``, ``values (r, l)``.

        Rows without pairs are left out. Padding has the column -1 and the value 0. ``r * l`` is at most ``budget``
        unless a single row is longer.
        """
        lengths, order = torch.sort(self.lengths, descending=True, stable=True)
        order = order[lengths > 0]
        known = lengths[lengths > 0].tolist()
        ends = self.ends.index_select(0, order)
        start = 0
        while start < len(known):
            longest = known[start]
            stop = start + max(1, budget // longest)
            rows = order[start:stop]
            steps = torch.arange(longest, device=order.device)
            inside = steps < lengths[start:stop][: len(rows), None]
            places = (ends[start:stop] - lengths[start:stop][: len(rows)])[:, None] + steps
            places = torch.where(inside, places, 0)
            yield (
                rows,
                torch.where(inside, self.columns[places], -1),
                torch.where(inside, self.values[places], 0.0),
            )
            start = stop
