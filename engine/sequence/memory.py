"""The memory that training a sequence model takes, from counts; see :mod:`engine.factorization.memory`."""

from __future__ import annotations

from engine.factorization.memory import WORKSPACE, Options
from engine.models.counts import Counts

#: The lengths of the sequences that the models are trained on; see their declarations.
_WHOLE, _ATTENTION, _SHORT = 200, 50, 10
#: The bytes an interaction while the interactions are sorted into sequences, and while the places of items are counted.
_SORTING, _COUNTING = 60, 33
#: What libraries and blocks of bounded size take beside it.
_SMALL = 2_000_000
#: The number of windows on which settings are compared, and the number of their scores that exist at a time.
_WINDOWS, _CHUNK = 600, 4_194_304


def markov(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.sequence.markov.MarkovModel`."""
    cells = counts.sequences * _WHOLE
    # The sequences, and a copy of those that are not held out, while the settings are compared on the windows.
    held_out = options["held_out"]
    sequences = 4 * cells * (2 - held_out if held_out else 1)
    comparing = 44 * min(_WINDOWS * counts.items, _CHUNK) if held_out else 0
    counting = sequences + max(_COUNTING * counts.interactions, comparing)
    return float(_SMALL + max(_SORTING * counts.interactions, counting))


def sequence(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.sequence.implicit.ImplicitSequenceModel`."""
    return _network(counts, options, _SHORT, counts.sequences)


def attention(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.sequence.attention.AttentionModel`."""
    return _network(counts, options, _ATTENTION, counts.sequences)


def blend(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.sequence.blend.BlendModel`."""
    cells = counts.sequences * _WHOLE
    pieces = min(cells // _ATTENTION, counts.interactions // _ATTENTION + counts.sequences)
    # Beside the votes that markov compares, the scores of attention and their mean.
    comparing = 68 * min(_WINDOWS * counts.items, _CHUNK) if options["held_out"] else 0
    training = _network(counts, options, _ATTENTION, pieces)
    return float(_SMALL + 8 * cells + max(training, comparing, _COUNTING * counts.interactions))


def _network(counts: Counts, options: Options, length: int, sequences: int) -> float:
    cells = sequences * length
    row = 4 * (options["embedding_dim"] + 1)
    tables = 4 * row * counts.items  # weights, gradients and both moments
    # The same of the layers; those of self-attention, the largest kind, have twelve times the square of the width.
    layers = 4 * 12 * row * options["embedding_dim"] * options.get("num_layers", 1)
    step = 18 * row * options["batch_size"] * length  # the network's layers and their gradients
    training = (4 + 8 + 24) * cells + step  # the sequences in 32 and in 64 bits, and the items that occur, sorted
    return float(WORKSPACE + tables + layers + max(_SORTING * counts.interactions, training))
