"""The BERT family's forward pass over many texts in torch: for the whole catalogue, on whatever device there is."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.search.encoder.bert_numpy import Affine, BertWeights, Tokens, runs

Vectors = npt.NDArray[np.float32]

#: Half precision is used where every vector of a sample keeps this cosine with its full precision.
_FAITHFUL = 0.998
_MUST_GAIN = 0.9


class TorchBert:
    """A BERT-like encoder on a device.

    Texts are packed: there is no padding, and the attention works on neighbours of equal length together. So batches
    should be sorted by length.

    Parameters
    ----------
    weights
        As read.
    pooling
        ``"mean"`` or ``"cls"``.
    device
        A torch device.
    """

    def __init__(self, weights: BertWeights, pooling: str, device: str) -> None:
        self._weights = weights
        self._pooling = pooling
        self._device = torch.device(device)
        self._words, self._positions = self._tensor(weights.words), self._tensor(weights.positions)
        self._full = _Blocks(weights, self._device, torch.float32)
        self._quick: _Blocks | None = None
        self._choosing = threading.Lock()

    def vectors(self, texts: Sequence[Tokens], *, exact: bool = False) -> Vectors:
        """The vectors of some texts, of unit length.

        Parameters
        ----------
        texts
            The tokens of each.
        exact
            Whether to compute in full precision. Otherwise half precision is taken where this device gains by it and
            it is as good: both are measured on the first batch that has something to measure.
        """
        if exact:
            return self._embed(texts, self._full)
        if self._quick is None:
            with self._choosing:
                if self._quick is None:
                    return self._choose(texts)
        return self._embed(texts, self._quick)

    def _choose(self, texts: Sequence[Tokens]) -> Vectors:
        exact = self._embed(texts, self._full)
        kind = _half_precision(self._device)
        if kind is None:
            self._quick = self._full
        elif len(texts) > 1:
            half = _Blocks(self._weights, self._device, kind)
            cosines = np.einsum("ij,ij->i", self._embed(texts, half), exact)
            seconds = [min(self._seconds(texts, blocks) for _ in range(2)) for blocks in (half, self._full)]
            gains = cosines.min() >= _FAITHFUL and seconds[0] < _MUST_GAIN * seconds[1]
            self._quick = half if gains else self._full
        return exact

    def _seconds(self, texts: Sequence[Tokens], blocks: _Blocks) -> float:
        begun = time.perf_counter()
        self._embed(texts, blocks)
        return time.perf_counter() - begun

    @torch.inference_mode()
    def _embed(self, texts: Sequence[Tokens], blocks: _Blocks) -> Vectors:
        weights, device = self._weights, self._device
        lengths = [len(tokens) for tokens in texts]
        tokens = torch.from_numpy(np.concatenate(texts)).to(device)
        places = torch.from_numpy(np.concatenate([*map(weights.places, texts)])).to(device)
        states = blocks.embed(self._words[tokens] + self._positions[places])
        groups = list(runs(lengths))
        # Each length's bias is the same in every block.
        biases = [blocks.tensor(weights.attention_bias(length)) for _, _, length in groups]
        for layer in blocks.layers:
            states = blocks.forward(states, layer, groups, biases)
        begins = torch.tensor([0, *np.cumsum(lengths)[:-1]], device=device)
        if self._pooling == "cls":
            pooled = states[begins]
        else:
            owners = torch.repeat_interleave(torch.tensor(lengths, device=device))
            pooled = states.new_zeros(len(texts), states.shape[1]).index_add_(0, owners, states)
        vectors: Vectors = functional.normalize(pooled, dim=1).cpu().numpy()
        return vectors

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)


class _Blocks:
    """The blocks of a model, whose products are computed in one precision.

    What passes from block to block, and its normalisation, is always in full precision: it costs no time, and half
    precision then moves a cosine by a third as much.
    """

    def __init__(self, weights: BertWeights, device: torch.device, kind: torch.dtype) -> None:
        self.kind, self.device = kind, device
        self.heads, self.dim, self.eps = weights.heads, weights.dim, weights.eps
        self.norm = self._affine(weights.norm, torch.float32)
        self.layers = [
            [self._affine(one, torch.float32 if one.weight.ndim == 1 else kind) for one in layer]
            for layer in weights.layers
        ]

    def tensor(self, array: npt.NDArray[Any] | None) -> Tensor | None:
        return None if array is None else torch.from_numpy(array).to(self.device, self.kind)

    def embed(self, states: Tensor) -> Tensor:
        return self._normalise(states, self.norm)

    def forward(
        self, states: Tensor, layer: Sequence[tuple[Tensor, Tensor]], groups: Sequence[Any], biases: Sequence[Any]
    ) -> Tensor:
        qkv, out, norm, up, down, last_norm = layer
        joined = functional.linear(states.to(self.kind), *qkv)
        parts, start = [], 0
        for (_, count, length), bias in zip(groups, biases, strict=True):
            query, key, value = (
                joined[start : start + count * length]
                .view(count, length, 3, self.heads, self.dim // self.heads)
                .permute(2, 0, 3, 1, 4)
            )
            context = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
            parts.append(context.transpose(1, 2).reshape(count * length, self.dim))
            start += count * length
        context = parts[0] if len(parts) == 1 else torch.cat(parts)
        states = self._normalise(states + functional.linear(context, *out), norm)
        inner = functional.gelu(functional.linear(states.to(self.kind), *up))
        return self._normalise(states + functional.linear(inner, *down), last_norm)

    def _affine(self, one: Affine, kind: torch.dtype) -> tuple[Tensor, Tensor]:
        weight, bias = (torch.from_numpy(part).to(self.device, kind) for part in (one.weight, one.bias))
        return weight, bias

    def _normalise(self, states: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return functional.layer_norm(states, (self.dim,), *norm, self.eps)


def _half_precision(device: torch.device) -> torch.dtype | None:
    """The 16-bit type that this device computes in; None where it would only imitate it."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
    if device.type != "cpu":
        return None
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)  # by AVX-512 at least
    return torch.bfloat16 if supported is not None and supported() else None
