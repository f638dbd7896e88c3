"""The memory that training a sequence model takes, from counts; see :mod:`engine.factorization.memory`."""

from __future__ import annotations

from engine.factorization.memory import WORKSPACE, Options
from engine.models.counts import Counts
from engine.ranking import CHUNK

#: The lengths of the sequences that the models are trained on; see their declarations.
_WHOLE, _ATTENTION, _SHORT = 200, 50, 10
#: On the CPU the softmax of attention is over all items if there are at most so many, and else over a sample of this
#: size. The softmax over many more items would take minutes.
FULL_ON_CPU, SAMPLED_ON_CPU = 2_000, 512
#: The bytes an interaction while the interactions are sorted into sequences, and while the places of items are counted.
_SORTING, _COUNTING = 60, 33
#: What libraries and blocks of bounded size take beside it.
_SMALL = 2_000_000
#: The largest number of held-out windows on which the settings of markov, and the shares of blend, are compared.
MARKOV_WINDOWS, BLEND_WINDOWS = 600, 4_000


def markov(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.sequence.markov.MarkovModel`."""
    cells = counts.sequences * _WHOLE
    # The sequences, and a copy of those that are not held out, while the settings are compared on the windows.
    held_out = options["held_out"]
    sequences = 4 * cells * (2 - held_out if held_out else 1)
    comparing = 32 * min(MARKOV_WINDOWS * counts.items, CHUNK) if held_out else 0
    counting = sequences + max(_COUNTING * counts.interactions, comparing)
    return float(_SMALL + max(_SORTING * counts.interactions, counting))


def sequence(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.sequence.implicit.ImplicitSequenceModel`."""
    return _network(counts, options, _SHORT, counts.sequences)


def attention(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.sequence.attention.AttentionModel`."""
    return _network(counts, options, _ATTENTION, counts.sequences, _candidates(counts, options))


def blend(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.sequence.blend.BlendModel`."""
    cells = counts.sequences * _WHOLE
    pieces = min(cells // _ATTENTION, counts.interactions // _ATTENTION + counts.sequences)
    # Beside the votes that markov compares, the scores of attention and their mean.
    comparing = 45 * min(BLEND_WINDOWS * counts.items, CHUNK) if options["held_out"] else 0
    training = _network(counts, options, _ATTENTION, pieces, _candidates(counts, options))
    return float(_SMALL + 8 * cells + max(training, comparing, _COUNTING * counts.interactions))


def _candidates(counts: Counts, options: Options) -> int:
    """The number of items that the softmax of attention compares, on the CPU."""
    chosen = options.get("num_negatives") or SAMPLED_ON_CPU
    return int(chosen if options.get("num_negatives") or counts.items > FULL_ON_CPU + 1 else counts.items)


def _network(counts: Counts, options: Options, length: int, sequences: int, candidates: int = 0) -> float:
    cells = sequences * length
    row = 4 * (options["embedding_dim"] + 1)
    tables = 4 * row * counts.items  # weights, gradients and both moments
    # The same of the layers; those of self-attention, the largest kind, have twelve times the square of the width.
    layers = 4 * 12 * row * options["embedding_dim"] * options.get("num_layers", 1)
    step = 18 * row * options["batch_size"] * length  # the network's layers and their gradients
    # The scores of the candidates at the steps that are no padding, their softmax and their gradients.
    steps = options["batch_size"] * length * min(1.0, counts.interactions / max(1, cells))
    scores = 12 * steps * candidates
    # The sequences in 32 and in 64 bits, and beside them first the items that occur, sorted, and then a step.
    training = (4 + 8) * cells + max(24 * cells, step + scores)
    return float(tables + layers + max(WORKSPACE / 2 + _SORTING * counts.interactions, WORKSPACE + training))
