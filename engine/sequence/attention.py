"""Self-attention sequence model with cross-entropy (SASRec-like)."""

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
from engine.models.base import load_net
from engine.models.contract import Capabilities
from engine.models.option_checks import require_not_negative, require_whole
from engine.models.spec import ModelSpec
from engine.runtime.executor import Executor
from engine.runtime.job import Job
from engine.sequence import specs
from engine.sequence.described import DescribedEmbedding
from engine.sequence.implicit import ImplicitSequenceModel
from engine.sequence.memory import FULL_ON_CPU, SAMPLED_ON_CPU
from engine.sequence.representations import PADDING_IDX
from engine.sequence.self_attention import AttentionNet


class AttentionModel(ImplicitSequenceModel):
    """Self-attention over the previous items, trained by cross-entropy of the next item among all items.

    Parameters
    ----------
    num_layers, num_heads, dropout
        See :class:`engine.sequence.self_attention.AttentionNet`.
    num_negatives
        The number of negatives of the softmax, which a batch shares. 0 means all items, or a sample if there are more
        than ten thousand items on an accelerator or two thousand on the CPU.
    texts
        Whether ``fit`` requires item vectors. It accepts them in any case.
    embedding_dim, n_iter, batch_size, l2, learning_rate, optimizer_func, random_state, device
        See :class:`engine.models.estimator.Estimator`.

    Notes
    -----
    With full cross-entropy, self-attention networks outperform those trained with sampled binary cross-entropy
    (Klenitskiy and Vasilev, "Turning dross into gold loss: is BERT4Rec really better than SASRec?", RecSys 2023).
    """

    spec: ClassVar[ModelSpec] = specs.ATTENTION
    #: The number of latest items that the model uses, in training and for predictions.
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
        require_whole(num_layers=num_layers, num_heads=num_heads)
        require_whole(0, num_negatives=num_negatives)
        require_not_negative(dropout=dropout)
        if dropout >= 1:
            raise OptionError(f"dropout must be below 1, not {dropout!r}.")
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
        """What this model can do. Without ``texts`` it scores only items that occur in the training data."""
        declared = super().capabilities
        return declared if self.texts else replace(declared, uses=())

    def fit(
        self,
        interactions: SequenceInteractions,
        verbose: bool = False,
        job: Job | None = None,
        checkpoint: str | Path | None = None,
        item_vectors: npt.NDArray[np.float32] | None = None,
        *,
        executor: Executor | None = None,
    ) -> None:
        """Train on sequences; see :meth:`engine.models.estimator.Estimator.fit`.

        Parameters
        ----------
        interactions, verbose, job, checkpoint, executor
            See :meth:`engine.models.estimator.Estimator.fit`.
        item_vectors
            Vectors that describe the items, such as embeddings of their texts, ``(num_items, d)``. A row of zeros
            stands for no description. With them, items without interactions can be recommended too. Only the first
            call uses them.
        """
        if self._net is None and item_vectors is None and self.texts:
            raise OptionError(f"The model {self.name} has texts=True, so fit needs item_vectors.")
        if self._net is None and item_vectors is not None:
            vectors = np.asarray(item_vectors, dtype=np.float32)
            if vectors.ndim != 2 or len(vectors) != interactions.num_items or not np.isfinite(vectors).all():
                raise OptionError(
                    f"item_vectors must be {interactions.num_items} rows of finite numbers, one for each item and the "
                    f"padding, not of shape {vectors.shape}."
                )
            self._described, self._num_described, self.texts = vectors, vectors.shape[1], True
        super().fit(interactions, verbose, job, checkpoint, executor=executor)

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
        # An item without interactions has only its description. Its bias, too, is predicted from the description.
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

    # -- storage as a part of another model ---------------------------------------------------------------------
    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of the model that are stored, by name."""
        return {"seen": self._seen, **self._trained().state_dict()}

    def take(self, num_items: int, tensors: Mapping[str, Tensor]) -> None:
        """Load the result of :meth:`tensors`. The model can then predict, but cannot continue its training."""
        self._num_items = num_items
        described = tensors.get("item_embeddings.descriptions")
        self._num_described = 0 if described is None else described.shape[1]
        net = load_net(self._rebuild, {name: tensor for name, tensor in tensors.items() if name != "seen"})
        self._net, self._seen = net.to(self.device).eval(), tensors["seen"].to(self.device)


def _ridge(known: Tensor, values: Tensor, new: Tensor) -> Tensor:
    """Predict the values at new points by ridge regression around the mean, ``(len(new), 1)``."""
    mean = values.mean()
    square = known.T @ known + torch.eye(known.shape[1], dtype=known.dtype, device=known.device)
    expected: Tensor = mean + new @ torch.linalg.solve(square, known.T @ (values - mean))
    return expected
