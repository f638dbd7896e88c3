"""The interactions as sparse tensors, by user and by item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
        from scipy.sparse import coo_array

        shape = interactions.num_users, interactions.num_items
        where = interactions.user_ids, interactions.item_ids

        def summed(of_each: npt.NDArray[Any]) -> Any:
            return coo_array((of_each, where), shape=shape).tocsr()  # sorts, and adds those of the same pair

        if values is None:
            matrix = summed(np.ones(len(interactions), np.float32))
            matrix.data.fill(1.0)
        else:
            counts = np.ones(len(interactions)) if weights is None else weights.astype(np.float64)
            matrix = summed(values * counts)
            matrix.data = (matrix.data / summed(counts).data).astype(np.float32)
        by_user = cls._of(matrix, device)
        matrix = matrix.tocsc()
        return by_user, cls._of(matrix, device)

    @classmethod
    def _of(cls, matrix: Any, device: torch.device) -> Pairs:
        """The rows of a compressed sparse row matrix of scipy, or the columns of a compressed sparse column matrix."""
        return cls(
            torch.from_numpy(matrix.indptr[1:].astype(np.int64)).to(device),
            torch.from_numpy(matrix.indices.astype(np.int64)).to(device),
            torch.from_numpy(matrix.data).to(device),
        )

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
