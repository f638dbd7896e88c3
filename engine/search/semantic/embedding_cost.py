"""What it costs to embed texts with a model, estimated before the model is loaded."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.data.results import EmbeddingCost
from engine.runtime.thread_pool import usable_cores

if TYPE_CHECKING:
    from engine.search.encoder.model_card import ModelCard

#: The characters of a token, on average over English texts, and the tokens that a model puts around a text.
_CHARACTERS, _AROUND = 4.3, 2
#: The number of tokens that are read of a text, if the model's folder does not tell.
_MAX_TOKENS = 512
#: A vector is stored as float32, beside a hash of its text.
_BYTES_PER_NUMBER, _BYTES_PER_HASH = 4, 8
#: A token takes two operations for each parameter.
_OPERATIONS = 2.0
#: The share of the speed of matrix products that a sentence model reaches, with its tokenising and its batches of short
#: texts. It was measured with the packaged model.
_EFFICIENCY = 0.4
#: The side of a matrix whose product one core computes alone, in some microseconds: between two pauses that other
#: processes force on it. The fastest product within so many seconds shows the free speed.
_SIDE, _SECONDS = 64, 0.02


def estimate_cost(card: ModelCard, lengths: npt.NDArray[np.integer], speed: float) -> EmbeddingCost:
    """What it costs to embed texts of some lengths.

    Parameters
    ----------
    card
        What is known of the model.
    lengths
        The number of characters of each text that is still to be embedded.
    speed
        The floating point operations a second of the processor; see :func:`processor_speed`.
    """
    size = seconds = None
    if card.dim is not None:
        size = len(lengths) * (card.dim * _BYTES_PER_NUMBER + _BYTES_PER_HASH)
    if card.parameters is not None:
        tokens = np.minimum(lengths / _CHARACTERS + _AROUND, card.max_tokens or _MAX_TOKENS).sum()
        # Of the table of token vectors one row a token is read; a model that is only such a table takes that long.
        used = max(card.parameters - (card.embedding_parameters or 0), card.dim or 0)
        seconds = float(tokens * used * _OPERATIONS / (speed * _EFFICIENCY))
    return EmbeddingCost(
        card.name, card.multilingual, card.size, card.parameters, card.dim, len(lengths), size, seconds
    )


@cache
def processor_speed() -> float:
    """The floating point operations a second that all usable cores reach together in matrix products of float32."""
    matrix = np.ones((_SIDE, _SIDE), dtype=np.float32)
    product = np.empty_like(matrix)
    fastest, now = float("inf"), time.perf_counter()
    end = now + _SECONDS
    while now < end or fastest == float("inf"):
        begin = time.perf_counter()
        np.matmul(matrix, matrix, out=product)
        now = time.perf_counter()
        fastest = min(fastest, now - begin)
    return usable_cores() * 2.0 * _SIDE**3 / max(fastest, 1e-9)
