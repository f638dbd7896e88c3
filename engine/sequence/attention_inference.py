"""Inference of an attention network with one layer for one sequence, in NumPy.

For one sequence, PyTorch needs several times as long to call its operations as to compute them, and its threads wait
for each other whenever other work keeps the cores busy. The calls of NumPy cost less, and the products here are too
small to be spread over threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Parameters = Mapping[str, Array]

#: What torch adds to a variance before it divides by its root.
_EPSILON: Any = np.float32(1e-5)
_erf = np.frompyfunc(math.erf, 1, 1)


class AttentionInference:
    """Computes the final representation of one sequence, without dropout.

    The arrays are shared and not copied, so their numbers may change.

    Parameters
    ----------
    parameters
        The parameters of an :class:`engine.sequence.self_attention.AttentionNet` of one layer by their names in it,
        float32.

    Notes
    -----
    With a single query q, the dot products with the keys are q · (K y + k) for the normalised states y. They equal
    (qᵀ K) · y up to a constant, which the softmax cancels. The mean of the values is V times the mean of y, plus the
    bias, since the weights of the mean sum to 1. No state is multiplied by a matrix except the last one, so the time is
    proportional to length · width + width² instead of length · width².
    """

    def __init__(self, parameters: Parameters) -> None:
        self._begin = parameters["begin"]
        self._distance_bias = parameters["layers.0.distance_bias"]
        (heads, kinds), width = self._distance_bias.shape, len(self._begin)
        self.reach: int = kinds - 1
        self._scale = np.float32(math.sqrt(width))
        self._temperature = np.float32(math.sqrt(width // heads))
        joined = "layers.0.queries_keys_values"
        weight, bias = parameters[f"{joined}.weight"], parameters[f"{joined}.bias"]
        self._queries, self._keys, self._values = weight.reshape(3, heads, width // heads, width)
        query_bias, _, self._value_bias = bias.reshape(3, width)
        self._query_bias = query_bias.reshape(heads, -1)
        self._output, self._widen, self._narrow = (
            _Linear(parameters, f"layers.0.{name}") for name in ("output", "mix.0", "mix.2")
        )
        self._norm_attention, self._norm_mix, self._norm = (
            _Norm(parameters, name) for name in ("layers.0.norm_attention", "layers.0.norm_mix", "norm")
        )

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
        return self._norm(state + self._narrow(_gelu(self._widen(self._norm_mix(state)))))

    def _distances(self, size: int) -> npt.NDArray[np.intp]:
        """The kind of distance from the last of ``size`` steps to each; the first step is the beginning."""
        distances: npt.NDArray[np.intp] = np.minimum(np.arange(size - 1, -1, -1), self.reach - 1)
        distances[0] = self.reach
        return distances


class _Linear:
    """A linear layer, for one state ``(width,)``."""

    def __init__(self, parameters: Parameters, name: str) -> None:
        self.weight, self.bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]

    def __call__(self, state: Array) -> Array:
        result: Array = self.weight @ state + self.bias
        return result


class _Norm:
    """A layer normalisation, for states ``(…, width)``."""

    def __init__(self, parameters: Parameters, name: str) -> None:
        self.weight, self.bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]

    def __call__(self, states: Array) -> Array:
        width: Any = np.float32(states.shape[-1])
        centred = states - np.add.reduce(states, -1, keepdims=True) / width  # sooner than states.mean
        variance = np.add.reduce(centred * centred, -1, keepdims=True) / width
        normed: Array = centred / np.sqrt(variance + _EPSILON) * self.weight + self.bias
        return normed


def _gelu(state: Array) -> Array:
    """The exact Gaussian error linear unit (Hendrycks and Gimpel, 2016)."""
    share = 0.5 * (1.0 + _erf(state / math.sqrt(2.0)).astype(np.float32))
    return np.asarray(state * share, np.float32)
