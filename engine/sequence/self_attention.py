"""The causal self-attention network."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import OptionError
from engine.models.option_checks import require_whole
from engine.sequence.attention_inference import AttentionInference
from engine.sequence.representations import PADDING_IDX, ItemNet


class AttentionNet(ItemNet):
    """Layers of causal self-attention (Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018).

    The network normalises before each layer instead of after it. Instead of position vectors it has a learnt bias for
    each distance between two items (Raffel et al., JMLR 2020), so the result does not depend on where a sequence was
    cut. A separate token, which every step attends to, marks the beginning.

    Parameters
    ----------
    num_items, embedding_dim, item_embedding_layer, sparse
        See :class:`engine.sequence.representations.PoolNet`.
    num_layers, num_heads
        The numbers of layers and of attention heads. ``embedding_dim`` must be a multiple of ``num_heads``.
    dropout
        The dropout rate of every layer.
    reach
        The number of distances with their own bias. All larger distances share the last bias.

    Raises
    ------
    ValueError
        If ``num_layers`` or ``num_heads`` is impossible.
    """

    def __init__(
        self,
        num_items: int,
        embedding_dim: int = 32,
        num_layers: int = 1,
        num_heads: int = 2,
        dropout: float = 0.3,
        reach: int = 50,
        item_embedding_layer: nn.Module | None = None,
        sparse: bool = False,
    ) -> None:
        super().__init__(num_items, embedding_dim, item_embedding_layer, sparse)
        self.check(embedding_dim, num_layers, num_heads)
        self.begin = nn.Parameter(torch.empty(embedding_dim))
        nn.init.normal_(self.begin, std=1 / math.sqrt(embedding_dim))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(_Layer(embedding_dim, num_heads, dropout, reach) for _ in range(num_layers))
        self.norm = nn.LayerNorm(embedding_dim)
        self._inference: AttentionInference | None = None
        #: Where the numbers of ``_inference`` are. A conversion or a copy of the network has them elsewhere.
        self._address = 0

    @staticmethod
    def check(embedding_dim: int, num_layers: int, num_heads: int) -> None:
        """Raise ValueError if these options are impossible."""
        require_whole(num_layers=num_layers, num_heads=num_heads)
        if embedding_dim % num_heads:
            raise OptionError(f"embedding_dim ({embedding_dim}) must be a multiple of num_heads ({num_heads}).")

    def user_representation(self, item_sequences: Tensor) -> tuple[Tensor, Tensor]:
        """See :mod:`engine.sequence.representations`."""
        states = self._states(item_sequences, only_last=False).transpose(1, 2)
        return states[:, :, :-1], states[:, :, -1]

    @torch.no_grad()
    def final_representation(self, item_sequences: Tensor) -> Tensor:
        """See :mod:`engine.sequence.representations`. The result has no gradients."""
        if len(item_sequences) == 1 and self._is_plain() and item_sequences.all():
            address = self.begin.data_ptr()
            if self._inference is None or address != self._address:
                parameters = {name: one.detach().numpy() for name, one in self.named_parameters()}
                self._inference, self._address = AttentionInference(parameters), address
            vectors = self.item_embeddings(item_sequences[0]).numpy()
            return torch.from_numpy(self._inference.final_representation(vectors)).unsqueeze(0)
        return self._states(item_sequences, only_last=True)[:, -1]

    def _is_plain(self) -> bool:
        """Whether :class:`AttentionInference` can replace the layers."""
        begin = self.begin
        return (
            not self.training and len(self.layers) == 1 and begin.device.type == "cpu" and begin.dtype == torch.float32
        )

    def _vectors(self, item_sequences: Tensor) -> Tensor:
        """Return the vectors of the beginning and of the items, ``(batch, length + 1, embedding_dim)``."""
        vectors = self.item_embeddings(item_sequences) * math.sqrt(self.embedding_dim)
        return torch.cat((self.begin.expand(len(vectors), 1, -1), vectors), 1)

    def _states(self, item_sequences: Tensor, only_last: bool) -> Tensor:
        """Compute the states of all steps or of the last one, ``(batch, length + 1 or 1, embedding_dim)``."""
        states = self.dropout(self._vectors(item_sequences))
        size = states.shape[1]
        steps = torch.arange(size, device=states.device)
        # Each step attends to itself, to the items before it and to the beginning, but not to padding.
        padded = functional.pad(item_sequences == PADDING_IDX, (1, 0))[:, None, None]
        for number, layer in enumerate(self.layers, 1):
            first = size - 1 if only_last and number == len(self.layers) else 0
            distance = steps[first:].unsqueeze(1) - steps
            hidden = padded if first else padded | (distance < 0)
            states = layer(states, hidden, distance, first)
        final: Tensor = self.norm(states)
        return final


class _Layer(nn.Module):
    def __init__(self, width: int, num_heads: int, dropout: float, reach: int) -> None:
        super().__init__()
        self.num_heads, self.reach = num_heads, reach
        self.norm_attention, self.norm_mix = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        #: The bias of each distance for each head; the last one is that of the beginning.
        self.distance_bias = nn.Parameter(torch.zeros(num_heads, reach + 1))
        self.mix = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, hidden: Tensor, distance: Tensor, first: int = 0) -> Tensor:
        """Compute the new states of the steps from ``first`` on; ``hidden`` and ``distance`` have a row for each."""
        batch, size, width = states.shape
        parts = self.queries_keys_values(self.norm_attention(states))
        queries, keys, values = parts.view(batch, size, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        kind = distance.clamp(0, self.reach - 1)
        kind[:, 0] = self.reach
        states, queries = states[:, first:], queries[:, :, first:]
        weights = queries @ keys.transpose(2, 3) / math.sqrt(width // self.num_heads) + self.distance_bias[:, kind]
        weights = weights.masked_fill(hidden, -torch.inf).softmax(-1)
        seen = (weights @ values).transpose(1, 2).reshape(batch, size - first, width)
        states = states + self.dropout(self.output(seen))
        mixed: Tensor = states + self.dropout(self.mix(self.norm_mix(states)))
        return mixed
