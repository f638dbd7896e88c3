"""Item embeddings with a learnt part and a part computed from item descriptions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.layers import ScaledEmbedding


class DescribedEmbedding(nn.Module):
    """A learnt vector for each item, plus a learnt linear map of its description.

    Each training step drops the learnt vectors of some random items. The map of the descriptions thus learns to work
    alone, as it must for items without interactions (Volkovs et al., "DropoutNet", NeurIPS 2017).

    Parameters
    ----------
    num_items, embedding_dim
        The sizes of the table, as in ``torch.nn.Embedding``. Item 0 is the padding.
    num_described
        The length of a description.
    leave_out
        The share of items whose learnt vectors are dropped at a step.
    """

    descriptions: Tensor
    _table: Tensor | None

    def __init__(self, num_items: int, embedding_dim: int, num_described: int, leave_out: float = 0.2) -> None:
        super().__init__()
        self.own = ScaledEmbedding(num_items, embedding_dim, padding_idx=0)
        self.projection = nn.Linear(num_described, embedding_dim, bias=False)
        self.keep = nn.Dropout(leave_out)
        self.register_buffer("descriptions", torch.zeros(num_items, num_described))
        self.register_buffer("_table", None, persistent=False)

    def describe(self, descriptions: Tensor) -> None:
        """Set the descriptions, ``(num_items, num_described)``. A row of zeros stands for no description."""
        known = descriptions.norm(dim=1, keepdim=True)
        # Scaled to length 1, minus their mean, which does not distinguish items.
        unit = descriptions / known.clamp_min(1e-12)
        centre = unit.sum(0) / (known > 0).sum().clamp_min(1)
        self.descriptions.copy_(torch.where(known > 0, unit - centre, 0.0))

    def train(self, mode: bool = True) -> DescribedEmbedding:
        """Set the mode as ``torch.nn.Module`` does, and discard the cached vectors."""
        self._table = None
        return super().train(mode)

    def forward(self, indices: Tensor) -> Tensor:
        """Return the vectors of ids of any shape, ``indices.shape + (embedding_dim,)``."""
        if self.training:
            kept = self.keep(torch.ones(self.own.num_embeddings, device=indices.device)) > 0
            own: Tensor = self.own(indices) * kept[indices].unsqueeze(-1)
            described: Tensor = self.projection(self.descriptions[indices])
            return own + described
        if self._table is None:
            self._table = self.own.weight + self.projection(self.descriptions)
        vectors: Tensor = self._table[indices]
        return vectors
