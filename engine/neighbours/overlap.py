"""Item-item matrix products over common users, one block of columns at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from engine.factorization.pairs import Pairs
from engine.interactions import Interactions

#: The number of elements in one dense block of columns.
_PIECE = 4_194_304


def compact(interactions: Interactions) -> tuple[Interactions, Tensor, Tensor]:
    """Renumber the items so that only those that occur have an id.

    An interaction with the weight 0 does not occur.

    Returns
    -------
    interactions, kept, position
        The interactions with the new ids, the items that occur in ascending order, ``(kept,)``, and for each item its
        position among them or -1, ``(num_items,)``.
    """
    if interactions.weights is not None and not interactions.weights.all():
        interactions = interactions.select(interactions.weights != 0)
    kept = np.unique(interactions.item_ids).astype(np.int64)
    position = np.full(interactions.num_items, -1, dtype=np.int64)
    position[kept] = np.arange(len(kept))
    compacted = Interactions(
        interactions.user_ids,
        position[interactions.item_ids],
        interactions.ratings,
        interactions.timestamps,
        interactions.weights,
        num_users=interactions.num_users,
        num_items=len(kept),
    )
    return compacted, torch.from_numpy(kept), torch.from_numpy(position)


class Overlap:
    """The product ``Aᵀ B`` of two sparse matrices, users by items, with the same sparsity pattern.

    Parameters
    ----------
    by_item
        The sparsity pattern, by item.
    num_users
        The number of users.
    """

    def __init__(self, by_item: Pairs, num_users: int) -> None:
        self._pairs, self._num_users = by_item, num_users
        self._num_items = len(by_item.ends)
        self._places = torch.stack((by_item.rows, by_item.columns))
        self._ends = [0, *by_item.ends.tolist()]

    def pieces(self) -> Iterator[slice]:
        """Yield the columns of the result, in blocks of limited size."""
        width = max(1, min(256, _PIECE // max(1, self._num_users, self._num_items)))
        for start in range(0, self._num_items, width):
            yield slice(start, min(start + width, self._num_items))

    def left(self, values: Tensor) -> Tensor:
        """Return the sparse matrix ``Aᵀ``. The ``values`` are in the order of the pattern."""
        shape = (self._num_items, self._num_users)
        return torch.sparse_coo_tensor(self._places, values, shape, is_coalesced=True, check_invariants=False)

    def right(self, values: Tensor, piece: slice) -> Tensor:
        """Return some columns of ``B`` as a dense matrix, ``(num_users, width)``."""
        part = slice(self._ends[piece.start], self._ends[piece.stop])
        dense = torch.zeros(self._num_users, piece.stop - piece.start, device=values.device)
        dense[self._pairs.columns[part], self._places[0, part] - piece.start] = values[part]
        return dense
