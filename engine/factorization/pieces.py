"""The rows of ratings grouped by entity, in pieces of bounded size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

#: The number of elements in the largest tensor of a piece of work. It bounds memory and the delay of a cancellation.
PIECE = 1_000_000
#: The largest ratio of the numbers of ratings of two entities in one piece.
_MAX_RATIO = 1.35


@dataclass(frozen=True, slots=True)
class Piece:
    """Entities with similar numbers of ratings, padded to the same number.

    Attributes
    ----------
    entities
        The entities, shape ``(b,)``.
    rows
        The rows of their ratings, shape ``(b, n)``. Padding has the row behind the last rating.
    padding
        The row behind the last rating.
    """

    entities: Tensor
    rows: Tensor
    padding: int

    @property
    def real(self) -> Tensor:
        """1 for ratings and 0 for padding, shape ``(b, n)``. It is not stored: it would double a piece."""
        return (self.rows != self.padding).float()


def pad_by_entity(ids: npt.NDArray[np.integer], count: int, width: int, device: torch.device) -> list[Piece]:
    """Group rows by entity. Entities with similar numbers of rows share a piece, so padding adds about a third at most.

    Parameters
    ----------
    ids
        The entity of each row, shape ``(N,)``.
    count
        The number of entities.
    width
        The length of a vector. A piece has at most :data:`PIECE` elements ``b * n * width``, or it is one entity.
    device
        The device of the pieces.
    """
    order = np.argsort(ids, kind="stable")
    sizes = np.bincount(ids, minlength=count)
    starts = np.cumsum(sizes) - sizes
    by_size = np.argsort(sizes, kind="stable")
    sorted_sizes = sizes[by_size]
    pieces = []
    kind = index_type(len(ids))
    begin = int(np.searchsorted(sorted_sizes, 1))
    while begin < count:
        smallest = int(sorted_sizes[begin])
        end = int(np.searchsorted(sorted_sizes, max(smallest, int(smallest * _MAX_RATIO)), side="right"))
        longest = int(sorted_sizes[end - 1])
        end = min(end, begin + max(1, PIECE // (longest * width)))
        entities = by_size[begin:end]
        longest = int(sorted_sizes[end - 1])
        position = np.arange(longest)
        real = position < sizes[entities][:, None]
        rows = np.where(real, order[np.minimum(starts[entities][:, None] + position, len(ids) - 1)], len(ids))
        pieces.append(
            Piece(torch.from_numpy(entities).to(device), torch.from_numpy(rows.astype(kind)).to(device), len(ids))
        )
        begin = end
    return pieces


def index_type(largest: int) -> type[np.integer]:
    """Return the type of indices up to ``largest``: 32 bits wherever they suffice, for the memory."""
    return np.int32 if largest <= np.iinfo(np.int32).max else np.int64
