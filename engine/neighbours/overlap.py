"""How items go together over the users that they share: products of a sparse matrix with itself, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from engine.factorization.pairs import Pairs
from engine.interactions import Interactions

#: Numbers in one dense piece of columns.
_PIECE = 4_194_304


def compact(interactions: Interactions) -> tuple[Interactions, Tensor, Tensor]:
    """The same interactions over the items that occur only.

    Returns
    -------
    interactions, kept, position
        The items that occur, ascending, ``(kept,)``; and of each item the position among them or -1, ``(num_items,)``.
    """
    kept = np.unique(interactions.item_ids).astype(np.int64)
    position = np.full(interactions.num_items, -1, dtype=np.int64)
    position[kept] = np.arange(len(kept))
    fewer = Interactions(
        interactions.user_ids,
        position[interactions.item_ids],
        interactions.ratings,
        interactions.timestamps,
        interactions.weights,
        num_users=interactions.num_users,
        num_items=len(kept),
    )
    return fewer, torch.from_numpy(kept), torch.from_numpy(position)


class Overlap:
    """``Aᵀ B`` for matrices of users by items that are sparse and have their numbers at the same places.

    Parameters
    ----------
    by_item
        The places, by item.
    num_users
        How many users there are.
    """

    def __init__(self, by_item: Pairs, num_users: int) -> None:
        self._pairs, self._num_users = by_item, num_users
        self._num_items = len(by_item.ends)
        self._places = torch.stack((by_item.rows, by_item.columns))
        self._ends = [0, *by_item.ends.tolist()]

    def pieces(self) -> Iterator[slice]:
        """The columns of the result, in pieces of bounded size."""
        width = max(1, min(256, _PIECE // max(1, self._num_users, self._num_items)))
        for start in range(0, self._num_items, width):
            yield slice(start, min(start + width, self._num_items))

    def left(self, values: Tensor) -> Tensor:
        """``Aᵀ``, sparse, for :meth:`product`; ``values`` belong to the pairs by item."""
        shape = (self._num_items, self._num_users)
        return torch.sparse_coo_tensor(self._places, values, shape, is_coalesced=True, check_invariants=False)

    def right(self, values: Tensor, piece: slice) -> Tensor:
        """Some columns of ``B``, dense, ``(num_users, width)``."""
        part = slice(self._ends[piece.start], self._ends[piece.stop])
        dense = torch.zeros(self._num_users, piece.stop - piece.start, device=values.device)
        dense[self._pairs.columns[part], self._places[0, part] - piece.start] = values[part]
        return dense
