"""Item vectors that are learnt, and given by what is known of the items, such as the meaning of their texts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.layers import ScaledEmbedding


class DescribedEmbedding(nn.Module):
    """A learnt vector for each item, plus a learnt linear map of its description.

    In training the learnt vectors of some items, drawn anew at each step, are left out, so that the descriptions learn
    to stand alone, as they must for an item that training never meets (Volkovs et al., "DropoutNet", NeurIPS 2017).

    Parameters
    ----------
    num_items, embedding_dim
        As of ``torch.nn.Embedding``; item 0 is the padding.
    num_described
        The length of a description.
    leave_out
        The share of items whose learnt vector is left out at a step.
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
        """Take the descriptions, ``(num_items, num_described)``; a row of zeros says nothing of its item."""
        known = descriptions.norm(dim=1, keepdim=True)
        # Of length 1, and their common part taken out, which says nothing of what differs between items.
        unit = descriptions / known.clamp_min(1e-12)
        centre = unit.sum(0) / (known > 0).sum().clamp_min(1)
        self.descriptions.copy_(torch.where(known > 0, unit - centre, 0.0))

    def train(self, mode: bool = True) -> DescribedEmbedding:
        """See ``torch.nn.Module``; what is computed once for all answers is forgotten."""
        self._table = None
        return super().train(mode)

    def forward(self, indices: Tensor) -> Tensor:
        """The vectors of ids of any shape: ``indices.shape + (embedding_dim,)``."""
        if self.training:
            kept = self.keep(torch.ones(self.own.num_embeddings, device=indices.device)) > 0
            own: Tensor = self.own(indices) * kept[indices].unsqueeze(-1)
            described: Tensor = self.projection(self.descriptions[indices])
            return own + described
        if self._table is None:
            self._table = self.own.weight + self.projection(self.descriptions)
        vectors: Tensor = self._table[indices]
        return vectors
