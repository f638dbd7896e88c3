"""The sequence model with self-attention and cross-entropy, under one name and with options that suit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from torch import Tensor, nn

from engine.errors import OptionError
from engine.sequence.implicit import ImplicitSequenceModel
from engine.sequence.self_attention import AttentionNet


class AttentionModel(ImplicitSequenceModel):
    """Self-attention over the items so far, trained to tell the next item from all others.

    Parameters
    ----------
    num_layers, num_heads, dropout
        See :class:`engine.sequence.self_attention.AttentionNet`.
    num_negatives
        How many items, shared by a batch, each next item is told from; 0 means all items, up to ten thousand.
    embedding_dim, n_iter, batch_size, l2, learning_rate, optimizer_func, random_state, device
        See :class:`engine.estimator.Estimator`.

    Notes
    -----
    With full cross-entropy such a net is the best known of its kind (Klenitskiy and Vasilev, "Turning dross into gold
    loss: is BERT4Rec really better than SASRec?", RecSys 2023).
    """

    name: ClassVar[str] = "attention"
    #: The length of sequences that suits the model, in training and where it is asked.
    sequence_length: ClassVar[int] = 50

    def __init__(
        self,
        embedding_dim: int = 64,
        num_layers: int = 1,
        num_heads: int = 2,
        dropout: float = 0.3,
        n_iter: int = 15,
        batch_size: int = 32,
        l2: float = 0.0,
        learning_rate: float = 2e-3,
        num_negatives: int = 0,
        *,
        optimizer_func: object = None,
        random_state: np.random.RandomState | int | None = None,
        device: str | None = None,
    ) -> None:
        if int(num_negatives) != num_negatives or num_negatives < 0:
            raise OptionError(f"num_negatives must be a whole number from 0 on, not {num_negatives!r}.")
        if not 0.0 <= dropout < 1.0:
            raise OptionError(f"dropout must be at least 0 and below 1, not {dropout!r}.")
        super().__init__(
            loss="cross_entropy",
            representation="attention",
            embedding_dim=embedding_dim,
            n_iter=n_iter,
            batch_size=batch_size,
            l2=l2,
            learning_rate=learning_rate,
            optimizer_func=optimizer_func,  # type: ignore[arg-type]
            random_state=random_state,
            device=device,
        )
        self.num_layers, self.num_heads, self.dropout = int(num_layers), int(num_heads), float(dropout)
        self.num_negatives = int(num_negatives)
        AttentionNet.check(self.embedding_dim, self.num_layers, self.num_heads)

    def _rebuild(self) -> nn.Module:
        return AttentionNet(
            self._num_items,
            self.embedding_dim,
            self.num_layers,
            self.num_heads,
            self.dropout,
            self.sequence_length,
        )

    def _shared_negatives(self, num_items: int) -> int:
        return self.num_negatives or super()._shared_negatives(num_items)

    # -- as a part of another model -------------------------------------------------------------------------------
    def tensors(self) -> dict[str, Tensor]:
        """What is stored of the model beside its options."""
        return {"seen": self._seen, **self._trained().state_dict()}

    def take(self, num_items: int, tensors: Mapping[str, Tensor]) -> None:
        """Become the model whose :meth:`tensors` these are; it can answer, and learn only anew."""
        self._num_items = num_items
        net = self._rebuild()
        net.load_state_dict({name: tensor for name, tensor in tensors.items() if name != "seen"})
        self._net, self._seen = net.to(self.device).eval(), tensors["seen"].to(self.device)
