"""The sequence model with self-attention and cross-entropy, under one name and with options that suit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.errors import OptionError
from engine.interactions import SequenceInteractions
from engine.models.contract import Capabilities
from engine.models.spec import ModelSpec
from engine.runtime.job import Job
from engine.sequence import specs
from engine.sequence.described import DescribedEmbedding
from engine.sequence.implicit import ImplicitSequenceModel
from engine.sequence.representations import PADDING_IDX
from engine.sequence.self_attention import AttentionNet

#: On the CPU, where all of many items would take minutes: up to so many all, beyond as many drawn for each batch.
FULL_ON_CPU, SAMPLED_ON_CPU = 2_000, 512


class AttentionModel(ImplicitSequenceModel):
    """Self-attention over the items so far, trained to tell the next item from all others.

    Parameters
    ----------
    num_layers, num_heads, dropout
        See :class:`engine.sequence.self_attention.AttentionNet`.
    num_negatives
        How many items, shared by a batch, each next item is told from; 0 means all items, up to ten thousand of them
        on an accelerator and two thousand on the CPU, and a sample beyond.
    texts
        Whether ``fit`` must be given item vectors. It takes them in any case.
    embedding_dim, n_iter, batch_size, l2, learning_rate, optimizer_func, random_state, device
        See :class:`engine.models.estimator.Estimator`.

    Notes
    -----
    With full cross-entropy such a net is the best known of its kind (Klenitskiy and Vasilev, "Turning dross into gold
    loss: is BERT4Rec really better than SASRec?", RecSys 2023).
    """

    spec: ClassVar[ModelSpec] = specs.ATTENTION
    #: The length of sequences that suits the model, in training and for predictions.
    sequence_length: ClassVar[int] = specs.ATTENTION.capabilities.sequence_length

    def __init__(
        self,
        embedding_dim: int = 64,
        num_layers: int = 1,
        num_heads: int = 2,
        dropout: float = 0.4,
        n_iter: int = 12,
        batch_size: int = 32,
        l2: float = 0.0,
        learning_rate: float = 2e-3,
        num_negatives: int = 0,
        texts: bool = False,
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
        self.num_negatives, self.texts = int(num_negatives), bool(texts)
        self._described: npt.NDArray[np.float32] | None = None
        self._num_described = 0
        AttentionNet.check(self.embedding_dim, self.num_layers, self.num_heads)

    @property
    def capabilities(self) -> Capabilities:
        """Without ``texts`` the model scores only items that training met."""
        declared = super().capabilities
        return declared if self.texts else replace(declared, uses=())

    def fit(
        self,
        interactions: SequenceInteractions,
        verbose: bool = False,
        job: Job | None = None,
        checkpoint: str | Path | None = None,
        item_vectors: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """See :meth:`engine.models.estimator.Estimator.fit`.

        Parameters
        ----------
        interactions, verbose, job, checkpoint
            As there.
        item_vectors
            What is known of the items, such as the vectors of their texts, ``(num_items, d)``: a row of zeros says
            nothing. With them, items that training never meets can be recommended too. Counts at the first call only.
        """
        if self._net is None and item_vectors is None and self.texts:
            raise OptionError(f"{self.name} was told to go by texts: fit it with the item_vectors of these.")
        if self._net is None and item_vectors is not None:
            vectors = np.asarray(item_vectors, dtype=np.float32)
            if vectors.ndim != 2 or len(vectors) != interactions.num_items or not np.isfinite(vectors).all():
                raise OptionError(
                    f"item_vectors must be {interactions.num_items} rows of finite numbers, one for each item and the "
                    f"padding, not of shape {vectors.shape}."
                )
            self._described, self._num_described, self.texts = vectors, vectors.shape[1], True
        super().fit(interactions, verbose, job, checkpoint)

    def _build(self, interactions: SequenceInteractions) -> nn.Module:
        net = super()._build(interactions)
        assert isinstance(net, AttentionNet)
        layer = net.item_embeddings
        if isinstance(layer, DescribedEmbedding) and self._described is not None:
            layer.describe(torch.from_numpy(self._described))
            self._described = None
        return net

    def _rebuild(self) -> nn.Module:
        layer = None
        if self._num_described:
            layer = DescribedEmbedding(self._num_items, self.embedding_dim, self._num_described)
        return AttentionNet(
            self._num_items,
            self.embedding_dim,
            self.num_layers,
            self.num_heads,
            self.dropout,
            self.sequence_length,
            layer,
        )

    def _sizes(self) -> dict[str, float]:
        return {**super()._sizes(), "_num_described": self._num_described}

    @torch.no_grad()
    def _finish(self, net: nn.Module) -> None:
        if not isinstance(net, AttentionNet) or not isinstance(net.item_embeddings, DescribedEmbedding):
            return
        layer = net.item_embeddings
        # Of an item that was never met only the description speaks; also of how popular it will be.
        described = layer.descriptions.any(1).to(self._seen.device)
        new = described & ~self._seen
        new[PADDING_IDX] = False
        layer.own.weight[new] = 0.0
        met = described & self._seen
        if met.any():
            biases = net.item_biases.weight
            biases[new] = _ridge(layer.descriptions[met], biases[met], layer.descriptions[new])
        self._seen = self._seen | new

    def _shared_negatives(self, num_items: int) -> int:
        if self.num_negatives or self.device.type != "cpu" or num_items <= FULL_ON_CPU:
            return self.num_negatives or super()._shared_negatives(num_items)
        return SAMPLED_ON_CPU

    # -- as a part of another model -------------------------------------------------------------------------------
    def tensors(self) -> dict[str, Tensor]:
        """What is stored of the model beside its options."""
        return {"seen": self._seen, **self._trained().state_dict()}

    def take(self, num_items: int, tensors: Mapping[str, Tensor]) -> None:
        """Become the model whose :meth:`tensors` these are; it can answer, and learn only anew."""
        self._num_items = num_items
        described = tensors.get("item_embeddings.descriptions")
        self._num_described = 0 if described is None else described.shape[1]
        net = self._rebuild()
        net.load_state_dict({name: tensor for name, tensor in tensors.items() if name != "seen"})
        self._net, self._seen = net.to(self.device).eval(), tensors["seen"].to(self.device)


def _ridge(known: Tensor, values: Tensor, new: Tensor) -> Tensor:
    """What is expected at new points by ridge regression around the mean, ``(len(new), 1)``."""
    mean = values.mean()
    square = known.T @ known + torch.eye(known.shape[1], dtype=known.dtype, device=known.device)
    expected: Tensor = mean + new @ torch.linalg.solve(square, known.T @ (values - mean))
    return expected
