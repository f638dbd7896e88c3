"""Self-attention over one sequence, in NumPy.

One sequence is little work: PyTorch takes several times as long to call its operations as to carry them out. NumPy's
calls are cheaper, and what training is done with can be multiplied out before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

Array = npt.NDArray[np.float32]


class OneSequence:
    """The layers of an :class:`engine.sequence.self_attention.AttentionNet` on the CPU, as they are now.

    Parameters
    ----------
    layers
        Of the net.
    norm
        What follows them.
    """

    def __init__(self, layers: nn.ModuleList, norm: nn.LayerNorm) -> None:
        self._layers = [_Layer(layer) for layer in layers]
        self._gain, self._shift, self._eps = _numbers(norm.weight), _numbers(norm.bias), norm.eps

    def last_state(self, states: Array) -> Array:
        """What the last step knows, ``(1, width)``.

        Parameters
        ----------
        states
            The vectors of the beginning and of the items, none of them padding, ``(length + 1, width)``.
        """
        *lower, last = self._layers
        for layer in lower:
            states = layer(states, 0)
        states = last(states, len(states) - 1)
        result: Array = (states - states.mean()) * _scale(states, self._eps) * self._gain + self._shift
        return result


class _Layer:
    """One layer; what it normalises by and what it multiplies with are one matrix."""

    def __init__(self, layer: Any) -> None:
        self.heads, self.reach, self.bias = layer.num_heads, layer.reach, _numbers(layer.distance_bias)
        self.eps = layer.norm_attention.eps
        self.mix_in, self.mix_in_bias = _after_norm(layer.norm_mix, layer.mix[0])
        self.mix_out, self.mix_out_bias = _numbers(layer.mix[2].weight).T, _numbers(layer.mix[2].bias)
        self.parts, self.parts_bias = _after_norm(layer.norm_attention, layer.queries_keys_values)
        width = len(self.parts)
        shrink = np.float32(1.0 / math.sqrt(width // self.heads))
        self.parts[:, :width] *= shrink
        self.parts_bias[:width] *= shrink
        self.output, self.output_bias = _numbers(layer.output.weight).T, _numbers(layer.output.bias)

    def __call__(self, states: Array, first: int) -> Array:
        """The next states of the steps from ``first`` on."""
        size, width = states.shape
        parts = (states @ self.parts) * _scale(states, self.eps) + self.parts_bias
        queries, keys, values = parts.reshape(size, 3, self.heads, -1).transpose(1, 2, 0, 3)
        distance = np.arange(first, size)[:, None] - np.arange(size)
        kind = np.clip(distance, 0, self.reach - 1)
        kind[:, 0] = self.reach
        weights = queries[:, first:] @ keys.transpose(0, 2, 1)
        weights += self.bias[:, kind]
        if first < size - 1:
            weights[:, distance < 0] = -np.inf
        np.exp(weights - weights.max(-1, keepdims=True), out=weights)
        weights /= weights.sum(-1, keepdims=True)
        seen = (weights @ values).transpose(1, 0, 2).reshape(size - first, width)
        states = states[first:] + seen @ self.output + self.output_bias
        wide: Array = (states @ self.mix_in) * _scale(states, self.eps) + self.mix_in_bias
        wide = functional.gelu(torch.from_numpy(wide)).numpy()
        result: Array = states + wide @ self.mix_out + self.mix_out_bias
        return result


def _after_norm(norm: nn.LayerNorm, linear: nn.Linear) -> tuple[Array, Array]:
    """The matrix and the bias that do for states divided by their spread what both layers do for states."""
    weight, gain, shift = _numbers(linear.weight), _numbers(norm.weight), _numbers(norm.bias)
    matrix = weight * gain
    return np.ascontiguousarray((matrix - matrix.mean(1, keepdims=True)).T), _numbers(linear.bias) + weight @ shift


def _scale(states: Array, eps: float) -> Array:
    """One divided by the spread of each row, ``(rows, 1)``."""
    width = np.float32(states.shape[1])
    mean = states.sum(1) / width
    variance = np.einsum("ij,ij->i", states, states) / width - mean * mean
    scale: Array = (1.0 / np.sqrt(np.maximum(variance, 0) + np.float32(eps)))[:, None]
    return scale


def _numbers(tensor: torch.Tensor) -> Array:
    return tensor.detach().numpy()
