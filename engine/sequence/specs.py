"""Declarations of the sequence models.

This module does not import torch, so models can be listed before torch is loaded. The defaults were chosen on
validation sets (``benchmarks/defaults.py``).
"""

from __future__ import annotations

from engine.factorization.specs import NEGATIVE_SAMPLING, RANKING_LOSSES, gradient_options, large_batches
from engine.models.contract import Capabilities
from engine.models.spec import COMMON_OPTIONS, ModelSpec, Option, Range
from engine.sequence import memory

#: A sequence length that contains the whole history of nearly every user.
WHOLE_HISTORY = 200
_NETS = ("pooling", "cnn", "lstm", "mixture")

_MARKOV = {
    "lags": Option(12, "number of lags", search=Range(3, 40)),
    "decay": Option(0.88, "decay of the weights per lag", search=Range(0.5, 1.0)),
    "ahead": Option(0.5, "weight of later items relative to earlier ones", search=Range(0, 1)),
    "alignment": Option(0.5, "bonus for items in the same order", search=Range(0, 2)),
    "sharpness": Option(2.5, "exponent of the match score; 1 counts transitions", search=Range(1, 4)),
}
_ATTENTION = {
    "embedding_dim": Option(64, "embedding dimension", search=(32, 64, 128)),
    "dropout": Option(0.4, "dropout rate", search=Range(0, 0.7)),
    "n_iter": Option(12, "epochs", search=Range(5, 60)),
    "batch_size": Option(32, "batch size, in sequences of up to 50 items"),
    "learning_rate": Option(2e-3, "learning rate of Adam", search=Range(3e-4, 1e-2, log=True)),
    "num_negatives": Option(0, "negatives of the softmax; 0 for all items, or a sample if there are many"),
    "texts": Option(False, "use text embeddings of the items, also for items without interactions"),
}
_HELD_OUT = "share of the users held out to choose the weights"

BLEND = ModelSpec(
    "blend",
    "Next-item prediction: weighted ensemble of markov and attention; the most accurate sequence model here.",
    "engine.sequence.blend:BlendModel",
    Capabilities("sequence", needs=("times",), uses=("texts",), sequence_length=WHOLE_HISTORY),
    {
        "held_out": Option(0.1, _HELD_OUT),
        **_ATTENTION,
        **_MARKOV,
        **COMMON_OPTIONS,
    },
    memory=memory.blend,
    numpy="engine.sequence.numpy_models:NumpyBlend",
)

ATTENTION = ModelSpec(
    "attention",
    "Next-item prediction: self-attention with cross-entropy (SASRec-like); needs many histories.",
    "engine.sequence.attention:AttentionModel",
    Capabilities("sequence", needs=("times",), uses=("texts",), sequence_length=50, distributes=True),
    {
        "num_layers": Option(1, "attention layers", search=(1, 2)),
        "num_heads": Option(2, "attention heads", search=(1, 2, 4)),
        **_ATTENTION,
        "l2": Option(0.0, "weight decay", search=Range(1e-7, 1e-2, log=True)),
        **COMMON_OPTIONS,
    },
    memory=memory.attention,
    numpy="engine.sequence.numpy_models:NumpyAttention",
)

MARKOV = ModelSpec(
    "markov",
    "Next-item prediction: decayed higher-order Markov chain with nearest-neighbour matching; trains in a second.",
    "engine.sequence.markov:MarkovModel",
    Capabilities("sequence", needs=("times",), sequence_length=WHOLE_HISTORY),
    {
        **_MARKOV,
        "rarity": Option(0.1, "exponent that raises the weight of rare items as evidence", search=Range(0, 0.5)),
        "popularity": Option(0.05, "exponent of the popularity penalty", search=Range(0, 0.5)),
        "smoothing": Option(0.1, "popularity smoothing, in votes", search=Range(0.001, 10, log=True)),
        "held_out": Option(0.1, "share of the users held out to test whether order is strict"),
        **COMMON_OPTIONS,
    },
    memory=memory.markov,
    numpy="engine.sequence.numpy_models:NumpyMarkov",
)

SEQUENCE = ModelSpec(
    "sequence",
    "Next-item prediction: pooling, CNN, LSTM or mixture network (Spotlight's sequence model).",
    "engine.sequence.implicit:ImplicitSequenceModel",
    Capabilities("sequence", needs=("times",), distributes=True),
    {
        "loss": Option("bpr", "loss function", RANKING_LOSSES, search=RANKING_LOSSES),
        "representation": Option("cnn", "network", _NETS, search=_NETS),
        **gradient_options(embedding_dim=32, n_iter=20, batch_size=256, l2=1e-5, learning_rate=1e-2),
        **NEGATIVE_SAMPLING,
    },
    for_size=large_batches,
    memory=memory.sequence,
)
