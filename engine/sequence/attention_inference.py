"""Inference of an attention network with one layer for one sequence, in NumPy.

For one sequence, PyTorch needs several times as long to call its operations as to compute them, and its threads wait
for each other whenever other work keeps the cores busy. The calls of NumPy cost less, and the products here are too
small to be spread over threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

Array = npt.NDArray[np.float32]


class AttentionInference:
    """Computes the final representation of one sequence, without dropout.

    The numbers of the parameters are shared and not copied, so they may change. Where the parameters get other memory,
    as by a conversion or in a copy of the network, another object is needed; see :meth:`shares`.

    Parameters
    ----------
    begin, layer, norm
        The vector of the beginning, the layer and the last normalisation of an
        :class:`engine.sequence.self_attention.AttentionNet`, with float32 parameters on the CPU.

    Notes
    -----
    With a single query q, the dot products with the keys are q · (K y + k) for the normalised states y. They equal
    (qᵀ K) · y up to a constant, which the softmax cancels. The mean of the values is V times the mean of y, plus the
    bias, since the weights of the mean sum to 1. No state is multiplied by a matrix except the last one, so the time is
    proportional to length · width + width² instead of length · width².
    """

    def __init__(self, begin: Tensor, layer: Any, norm: nn.LayerNorm) -> None:
        width, heads = len(begin), layer.num_heads
        self._begin, self._address = _array(begin), begin.data_ptr()
        self._scale = np.float32(math.sqrt(width))
        self._temperature = np.float32(math.sqrt(width // heads))
        weight, bias = _array(layer.queries_keys_values.weight), _array(layer.queries_keys_values.bias)
        self._queries, self._keys, self._values = weight.reshape(3, heads, width // heads, width)
        query_bias, _, self._value_bias = bias.reshape(3, width)
        self._query_bias = query_bias.reshape(heads, -1)
        self._distance_bias, self._reach = _array(layer.distance_bias), layer.reach
        self._output, self._widen, self._narrow = _Linear(layer.output), _Linear(layer.mix[0]), _Linear(layer.mix[2])
        self._norm_attention, self._norm_mix = _Norm(layer.norm_attention), _Norm(layer.norm_mix)
        self._norm = _Norm(norm)

    def shares(self, begin: Tensor) -> bool:
        """Whether the network with this beginning still has its parameters in the same memory."""
        return begin.data_ptr() == self._address

    def final_representation(self, vectors: Array) -> Array:
        """Compute the representation after the items with these vectors, none of which is padding.

        Parameters
        ----------
        vectors
            The vectors of the items, oldest first, ``(length, width)``.

        Returns
        -------
        numpy.ndarray
            The final representation, ``(width,)``.
        """
        states = np.concatenate((self._begin[None], vectors * self._scale))
        normed, state = self._norm_attention(states), states[-1]
        query = self._queries @ normed[-1] + self._query_bias
        weights = (query[:, None] @ self._keys)[:, 0] @ normed.T / self._temperature
        weights += self._distance_bias[:, self._distances(len(states))]
        weights = np.exp(weights - weights.max(1, keepdims=True))
        weights /= weights.sum(1, keepdims=True)
        means = weights @ normed
        state = state + self._output((self._values @ means[:, :, None]).reshape(-1) + self._value_bias)
        mixed = functional.gelu(torch.from_numpy(self._widen(self._norm_mix(state)))).numpy()
        return self._norm(state + self._narrow(mixed))

    def _distances(self, size: int) -> npt.NDArray[np.intp]:
        """The kind of distance from the last of ``size`` steps to each; the first step is the beginning."""
        distances: npt.NDArray[np.intp] = np.minimum(np.arange(size - 1, -1, -1), self._reach - 1)
        distances[0] = self._reach
        return distances


class _Linear:
    """A linear layer, for one state ``(width,)``."""

    def __init__(self, layer: nn.Linear) -> None:
        self.weight, self.bias = _array(layer.weight), _array(layer.bias)

    def __call__(self, state: Array) -> Array:
        result: Array = self.weight @ state + self.bias
        return result


class _Norm:
    """A layer normalisation, for states ``(…, width)``."""

    def __init__(self, layer: nn.LayerNorm) -> None:
        self.weight, self.bias = _array(layer.weight), _array(layer.bias)
        self.eps: Any = np.float32(layer.eps)

    def __call__(self, states: Array) -> Array:
        width: Any = np.float32(states.shape[-1])
        centred = states - np.add.reduce(states, -1, keepdims=True) / width  # sooner than states.mean
        variance = np.add.reduce(centred * centred, -1, keepdims=True) / width
        normed: Array = centred / np.sqrt(variance + self.eps) * self.weight + self.bias
        return normed


def _array(parameter: Tensor) -> Array:
    """The numbers of a parameter, which are shared and not copied."""
    return parameter.detach().numpy()
