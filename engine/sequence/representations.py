"""Networks that compute a user's representation from the sequence of items.

All networks implement this interface, and custom modules can implement it too:

- ``user_representation(item_sequences)`` takes ids ``(batch, length)``, padded with 0 on the left, and returns a pair.
  The first are representations ``(batch, width, length)``; the one at step ``t`` depends only on the items before
  ``t``. The second is the final representation ``(batch, width)``, which depends on all items.
- ``forward(user_representations, targets)`` returns the scores of targets: representations ``(batch, width, length)``
  with targets ``(batch, length)``, or ``(batch, width)`` with ``(batch,)``.
- ``score_all(final, item_ids=None)`` is optional. It returns the scores of ``m`` items, or of all, for ``n`` final
  representations, ``(n, m)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.layers import ScaledEmbedding, ZeroEmbedding, rows_of

#: The id that pads sequences.
PADDING_IDX = 0


class ItemNet(nn.Module):
    """The base class of networks with a vector and a bias for each item.

    The score of a target is the dot product of its vector and the representation, plus its bias.
    """

    def __init__(
        self, num_items: int, embedding_dim: int, item_embedding_layer: nn.Module | None, sparse: bool
    ) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.item_embeddings = (
            ScaledEmbedding(num_items, embedding_dim, padding_idx=PADDING_IDX, sparse=sparse)
            if item_embedding_layer is None
            else item_embedding_layer
        )
        self.item_biases = ZeroEmbedding(num_items, 1, padding_idx=PADDING_IDX, sparse=sparse)

    def forward(self, user_representations: Tensor, targets: Tensor) -> Tensor:
        """See the module's contract."""
        if user_representations.dim() == 2:
            return self.forward(user_representations.unsqueeze(-1), targets.reshape(-1, 1)).squeeze(-1)
        vectors = self.item_embeddings(targets)
        scores: Tensor = (user_representations.transpose(1, 2) * vectors).sum(-1)
        return scores.add_(self.item_biases(targets).squeeze(-1))

    def user_representation(self, item_sequences: Tensor) -> tuple[Tensor, Tensor]:
        """See the module's contract."""
        raise NotImplementedError

    def final_representation(self, item_sequences: Tensor) -> Tensor:
        """Return the final representation only, ``(batch, width)``. A network with a faster way overrides this."""
        return self.user_representation(item_sequences)[1]

    def score_all(self, final: Tensor, item_ids: Tensor | None = None) -> Tensor:
        """See the module's contract."""
        vectors, biases = self._items(item_ids)
        scores: Tensor = final @ vectors.T
        return scores.add_(biases.T)

    def _items(self, item_ids: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the vectors and the biases of items, ``(m, embedding_dim)`` and ``(m, 1)``; None means all items."""
        size = self.item_biases.num_embeddings
        return rows_of(self.item_embeddings, item_ids, size), rows_of(self.item_biases, item_ids, size)


class PoolNet(ItemNet):
    """The mean of the vectors of the previous items (as in Covington et al., RecSys 2016).

    Parameters
    ----------
    num_items
        The number of items, padding included.
    embedding_dim
        The length of the vectors.
    item_embedding_layer
        A layer to use instead of :class:`~engine.layers.ScaledEmbedding`.
    sparse
        Whether the tables get sparse gradients.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 32,
        item_embedding_layer: nn.Module | None = None,
        sparse: bool = False,
    ) -> None:
        super().__init__(num_items, embedding_dim, item_embedding_layer, sparse)

    def user_representation(self, item_sequences: Tensor) -> tuple[Tensor, Tensor]:
        """See the module's contract."""
        vectors = functional.pad(self.item_embeddings(item_sequences), (0, 0, 1, 0))
        real = functional.pad((item_sequences != PADDING_IDX).to(vectors.dtype), (1, 0))
        # The extra 1 in the denominator shrinks the mean towards 0 if there are few items.
        means = vectors.cumsum(1) / (real.cumsum(1) + 1.0).unsqueeze(-1)
        means = means.transpose(1, 2)
        return means[:, :, :-1], means[:, :, -1]


class LSTMNet(ItemNet):
    """The hidden state of an LSTM over the previous items (as in Hidasi et al., ICLR 2016).

    The parameters are those of :class:`PoolNet`.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 32,
        item_embedding_layer: nn.Module | None = None,
        sparse: bool = False,
    ) -> None:
        super().__init__(num_items, embedding_dim, item_embedding_layer, sparse)
        self.lstm = nn.LSTM(embedding_dim, embedding_dim, batch_first=True)

    def user_representation(self, item_sequences: Tensor) -> tuple[Tensor, Tensor]:
        """See the module's contract."""
        states = _shifted_states(self.lstm, self.item_embeddings(item_sequences))
        return states[:, :, :-1], states[:, :, -1]


class MixtureLSTMNet(ItemNet):
    """A mixture of tastes: each taste scores a target, and a softmax weights the tastes (Kula, arXiv:1711.08379).

    The state of an LSTM gives two vectors for each of ``num_mixtures`` tastes. One scores the target, the other gives
    the weight of the taste for this target. The score is the mean of the tastes' scores under the softmax of the
    weights.

    Parameters
    ----------
    num_mixtures
        The number of tastes. The other parameters are those of :class:`PoolNet`.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 32,
        num_mixtures: int = 4,
        item_embedding_layer: nn.Module | None = None,
        sparse: bool = False,
    ) -> None:
        super().__init__(num_items, embedding_dim, item_embedding_layer, sparse)
        self.num_mixtures = num_mixtures
        self.lstm = nn.LSTM(embedding_dim, embedding_dim, batch_first=True)
        self.projection = nn.Linear(embedding_dim, 2 * num_mixtures * embedding_dim)

    def user_representation(self, item_sequences: Tensor) -> tuple[Tensor, Tensor]:
        """See the module's contract; the width is ``2 * num_mixtures * embedding_dim``."""
        states = _shifted_states(self.lstm, self.item_embeddings(item_sequences))
        mixtures: Tensor = self.projection(states.transpose(1, 2)).transpose(1, 2)
        return mixtures[:, :, :-1], mixtures[:, :, -1]

    def forward(self, user_representations: Tensor, targets: Tensor) -> Tensor:
        """See the module's contract."""
        if user_representations.dim() == 2:
            return self.forward(user_representations.unsqueeze(-1), targets.reshape(-1, 1)).squeeze(-1)
        batch, _, length = user_representations.shape
        parts = user_representations.transpose(1, 2).reshape(batch, length, 2, self.num_mixtures, self.embedding_dim)
        scores = (parts * self.item_embeddings(targets)[:, :, None, None, :]).sum(-1)
        tastes, taste_weights = scores.unbind(2)
        mixed: Tensor = (taste_weights.softmax(-1) * tastes).sum(-1)
        return mixed.add_(self.item_biases(targets).squeeze(-1))

    def score_all(self, final: Tensor, item_ids: Tensor | None = None) -> Tensor:
        """See the module's contract."""
        vectors, biases = self._items(item_ids)
        parts = final.reshape(len(final), 2, self.num_mixtures, self.embedding_dim)
        scores: Tensor = parts @ vectors.T
        tastes, taste_weights = scores.unbind(1)
        mixed: Tensor = (taste_weights.softmax(1) * tastes).sum(1)
        return mixed.add_(biases.T)


class CNNNet(ItemNet):
    """Causal convolutions over the previous items (as in WaveNet, van den Oord et al., arXiv:1609.03499).

    Parameters
    ----------
    num_items, embedding_dim, sparse, item_embedding_layer
        See :class:`PoolNet`.
    kernel_width
        The number of steps in a kernel: one number for all layers, or one for each layer.
    dilation
        The distance between the steps of a kernel: one number for all layers, or one for each layer.
    num_layers
        The number of layers.
    nonlinearity
        The activation function: ``tanh`` or ``relu``.
    residual_connections
        Whether to add each layer's input to its output.
    benchmark
        Has no effect. In Spotlight it tunes cuDNN, but no cuDNN convolution is used here.

    Raises
    ------
    ValueError
        If the number of widths or dilations is not that of the layers, or the nonlinearity is unknown.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 32,
        kernel_width: int | Sequence[int] = 3,
        dilation: int | Sequence[int] = 1,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        residual_connections: bool = True,
        sparse: bool = False,
        benchmark: bool = True,
        item_embedding_layer: nn.Module | None = None,
    ) -> None:
        super().__init__(num_items, embedding_dim, item_embedding_layer, sparse)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity must be tanh or relu, not {nonlinearity!r}")
        self.kernel_width = _per_layer(kernel_width, num_layers, "kernel_width")
        self.dilation = _per_layer(dilation, num_layers, "dilation")
        self.num_layers = num_layers
        self.nonlinearity = nonlinearity
        self.residual_connections = residual_connections
        # Each convolution is one matrix product over its concatenated taps, which is several times faster on the CPU.
        self.cnn_layers = nn.ModuleList(nn.Linear(width * embedding_dim, embedding_dim) for width in self.kernel_width)

    def user_representation(self, item_sequences: Tensor) -> tuple[Tensor, Tensor]:
        """See the module's contract."""
        activate = torch.tanh if self.nonlinearity == "tanh" else torch.relu
        # Shifted by one step, so that the state at step t depends only on the items before t.
        states = functional.pad(self.item_embeddings(item_sequences), (0, 0, 1, 0))
        for layer, width, dilation in zip(self.cnn_layers, self.kernel_width, self.dilation, strict=True):
            reach = (width - 1) * dilation
            padded = functional.pad(states, (0, 0, reach, 0))
            length = states.shape[1]
            taps = [padded[:, tap * dilation : tap * dilation + length] for tap in range(width)]
            output = activate(layer(torch.cat(taps, -1)))
            states = output + states if self.residual_connections else output
        states = states.transpose(1, 2)
        return states[:, :, :-1], states[:, :, -1]


def _shifted_states(lstm: nn.LSTM, vectors: Tensor) -> Tensor:
    """Return the LSTM's states ``(batch, width, length + 1)``. The first one depends on no item."""
    states: Tensor = lstm(functional.pad(vectors, (0, 0, 1, 0)))[0]
    return states.transpose(1, 2)


def _per_layer(value: int | Sequence[int], num_layers: int, name: str) -> tuple[int, ...]:
    values = tuple(int(one) for one in value) if isinstance(value, Iterable) else (int(value),) * num_layers
    if len(values) != num_layers or num_layers < 1 or any(one < 1 for one in values):
        raise ValueError(f"{name} must be one number from 1 on for each of the {num_layers} layers, not {value!r}")
    return values
