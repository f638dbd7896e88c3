"""The BERT family's forward pass over a few texts in NumPy: a query has its vector before torch would be imported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.search.semantic.low_precision import has_bfloat16, pack_bfloat16, times_bfloat16

Array = npt.NDArray[Any]
Tokens = npt.NDArray[np.int64]

_FEW, _ROWS = 32, 16


class Affine(NamedTuple):
    """A linear layer or a layer normalisation.

    Attributes
    ----------
    weight
        What is multiplied by, of shape (out, in) or (size,).
    bias
        What is added.
    packed
        A linear layer's weight in bfloat16 as well, if that is to be used; see :func:`in_bfloat16`.
    """

    weight: Array
    bias: Array
    packed: Any = None

    def of(self, states: Array) -> Array:
        """The linear layer's outputs for some rows."""
        outputs, inputs = self.weight.shape
        product: Array
        if self.packed is not None:
            product = times_bfloat16(states, self.packed)
        elif len(states) <= _FEW and outputs % _ROWS == 0:
            # For a handful of tokens BLAS is quickest in small pieces: it neither rearranges the weights first nor
            # splits the work among threads, which wait long for each other where cores are busy.
            product = (self.weight.reshape(-1, _ROWS, inputs) @ states.T).reshape(outputs, -1).T
        else:
            product = states @ self.weight.T
        added: Array = np.add(product, self.bias, order="C")
        return added


class Layer(NamedTuple):
    """One block of attention and feed-forward, each followed by its normalisation (Devlin et al., 2019)."""

    qkv: Affine
    out: Affine
    norm: Affine
    up: Affine
    down: Affine
    last_norm: Affine


@dataclass(frozen=True, slots=True)
class BertWeights:
    """A BERT-like encoder: BERT, RoBERTa, XLM-R, CamemBERT, DistilBERT and MPNet all come down to this.

    Attributes
    ----------
    words, positions
        Embedding tables; the constant token type is added into the positions.
    norm
        Of the embeddings.
    layers
        Its blocks.
    heads
        Of the attention.
    eps
        Of the normalisations.
    pad
        The padding token where positions are counted from behind it, as RoBERTa's; None where they begin at 0.
    distances
        Bias of the attention by relative position, of shape (32, heads), as in MPNet; None for the others.
    """

    words: Array
    positions: Array
    norm: Affine
    layers: tuple[Layer, ...]
    heads: int
    eps: float
    pad: int | None = None
    distances: Array | None = field(default=None)

    @property
    def dim(self) -> int:
        """Numbers in a token's vector."""
        return int(self.words.shape[1])

    def places(self, tokens: Tokens) -> Tokens:
        """The row of :attr:`positions` for each token of a text."""
        if self.pad is None:
            return np.arange(len(tokens))
        counts = tokens != self.pad
        places: Tokens = np.cumsum(counts) * counts + self.pad
        return places

    def attention_bias(self, length: int) -> Array | None:
        """What is added to the attention of a text of this length, shape (heads, length, length); None if nothing."""
        if self.distances is None:
            return None
        table = self.distances[_bucket(np.arange(length)[None] - np.arange(length)[:, None])]
        return np.ascontiguousarray(table.transpose(2, 0, 1))


def vectors_of(weights: BertWeights, texts: Sequence[Tokens], pooling: str) -> npt.NDArray[np.float32]:
    """The vectors of some texts, of unit length.

    Parameters
    ----------
    weights
        The model.
    texts
        The tokens of each, best with those of equal length together; all are worked on at once, without padding.
    pooling
        ``"mean"`` over the tokens, or ``"cls"``: the first token.

    Returns
    -------
    float32 array of shape (len(texts), dim)
    """
    lengths = [len(tokens) for tokens in texts]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    states = weights.words[np.concatenate(texts)] + weights.positions[np.concatenate([*map(weights.places, texts)])]
    states = _normalise(states, weights.norm, weights.eps)
    groups = list(runs(lengths))
    for layer in weights.layers:
        context = np.empty_like(states)
        qkv = layer.qkv.of(states)
        for first, count, length in groups:
            rows = slice(starts[first], starts[first + count])
            context[rows] = _attention(qkv[rows], count, length, weights)
        states = _normalise(states + layer.out.of(context), layer.norm, weights.eps)
        inner = _gelu(layer.up.of(states))
        states = _normalise(states + layer.down.of(inner), layer.last_norm, weights.eps)
    pooled = states[starts[:-1]] if pooling == "cls" else np.add.reduceat(states, starts[:-1])  # length comes later
    vectors: npt.NDArray[np.float32] = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
    return vectors


def in_bfloat16(weights: BertWeights) -> BertWeights:
    """The same model with its linear layers in bfloat16, where this processor is the quicker for it.

    Half the memory is read for each text. Vectors move a little, and more the deeper the model is: with MiniLM's 6
    layers a vector keeps a cosine of .99997 with that in float32, with 24 layers one of .9997.
    """
    if not has_bfloat16():
        return weights
    layers = (
        Layer(*(one._replace(packed=pack_bfloat16(one.weight)) if one.weight.ndim == 2 else one for one in layer))
        for layer in weights.layers
    )
    return replace(weights, layers=tuple(layers))


def runs(lengths: Sequence[int]) -> Any:
    """Neighbours of equal length: where they begin, how many, how long."""
    first = 0
    for length, run in groupby(lengths):
        count = len(list(run))
        yield first, count, length
        first += count


def _normalise(states: Array, by: Affine, eps: float) -> Array:
    # A product with equal shares is a mean, and for a handful of rows the quickest.
    shares = np.full(states.shape[1], 1 / states.shape[1], dtype=np.float32)
    states = states - (states @ shares)[:, None]
    variance = (states * states) @ shares
    variance += np.float32(eps)
    states /= np.sqrt(variance)[:, None]
    states *= by.weight
    states += by.bias
    return states


def _attention(qkv: Array, count: int, length: int, weights: BertWeights) -> Array:
    dim, heads = weights.dim, weights.heads
    query, key, value = qkv.reshape(count, length, 3, heads, dim // heads).transpose(2, 0, 3, 1, 4)
    scores = query @ key.swapaxes(-1, -2)
    scores *= np.float32(1 / math.sqrt(dim // heads))
    bias = weights.attention_bias(length)
    if bias is not None:
        scores += bias
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    context: Array = (scores @ value).transpose(0, 2, 1, 3).reshape(count * length, dim)
    return context


def _gelu(x: Array) -> Array:
    """``x / 2 * (1 + erf(x / sqrt 2))`` (Hendrycks and Gimpel, 2016).

    The error function is formula 7.1.26 of Abramowitz and Stegun (1964), right to 1.5e-7: NumPy has none.
    """
    z = np.abs(x)
    z *= np.float32(math.sqrt(0.5))
    t = z * np.float32(0.3275911)
    t += 1
    np.divide(1, t, out=t)
    series = t * np.float32(1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series += np.float32(coefficient)
        series *= t
    z *= z
    np.negative(z, out=z)
    np.exp(z, out=z)
    series *= z
    erf: Array = np.subtract(1, series, out=series)
    np.copysign(erf, x, out=erf)
    erf += 1
    erf *= x
    erf *= np.float32(0.5)
    return erf


def _bucket(offsets: Tokens, buckets: int = 32, far: int = 128) -> Tokens:
    """Which of the learnt distances an offset is: each small one its own, larger ones by their logarithm (T5)."""
    half, exact = buckets // 2, buckets // 4
    distance = np.abs(offsets)
    logarithm = np.log(np.maximum(distance, 1).astype(np.float32) / exact) / math.log(far / exact)
    large = np.minimum(exact + (logarithm * (half - exact)).astype(np.int64), half - 1)
    found: Tokens = np.where(offsets > 0, half, 0) + np.where(distance < exact, distance, large)
    return found
