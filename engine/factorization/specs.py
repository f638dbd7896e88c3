"""Declarations of the factorisation models.

This module does not import torch, so models can be listed before torch is loaded. The defaults were chosen on
validation sets (``benchmarks/defaults.py``).
"""

from __future__ import annotations

from typing import Any

from engine.factorization import memory
from engine.models.contract import Capabilities
from engine.models.spec import COMMON_OPTIONS, ModelSpec, Option, Range

#: The losses that compare a positive item with sampled negatives.
RANKING_LOSSES = ("pointwise", "bpr", "hinge", "adaptive_hinge")
#: The options of models that sample negatives.
NEGATIVE_SAMPLING = {
    "num_negative_samples": Option(5, "negatives per positive, of which adaptive_hinge takes the hardest"),
    "exclude_known": Option(True, "sample no known positives as negatives"),
}
_EMBEDDING_DIM = "embedding dimension"
_L2_USER, _L2_ITEM = "regularisation of the user biases", "regularisation of the item biases"


def gradient_options(
    embedding_dim: int, n_iter: int, batch_size: int, l2: float, learning_rate: float
) -> dict[str, Option]:
    """Return the options that all models trained by stochastic gradient descent share."""
    return {
        "embedding_dim": Option(embedding_dim, _EMBEDDING_DIM, search=(16, 32, 64, 128)),
        "n_iter": Option(n_iter, "epochs", search=Range(5, 60)),
        "batch_size": Option(batch_size, "batch size"),
        "l2": Option(l2, "weight decay", search=Range(1e-7, 1e-2, log=True)),
        "learning_rate": Option(learning_rate, "learning rate of Adam", search=Range(1e-3, 3e-2, log=True)),
        **COMMON_OPTIONS,
    }


def large_batches(num_interactions: int, num_items: int) -> dict[str, Any]:
    """Return larger batches for large data sets, where many small steps cost more than they gain."""
    return {"batch_size": 8192, "n_iter": 10} if num_interactions >= 2_000_000 else {}


def _fewer_sweeps(num_interactions: int, num_items: int) -> dict[str, Any]:
    """Return fewer sweeps for large data sets, where single samples are close to the mean of many."""
    return {"n_iter": 40, "burn_in": 8, "num_samples": 16} if num_interactions >= 5_000_000 else {}


BAYESIAN = ModelSpec(
    "bayesian",
    "Rating prediction with uncertainty: Bayesian matrix factorisation with history, time and item features.",
    "engine.factorization.bayesian:BayesianFactorizationModel",
    Capabilities(
        "user",
        needs=("ratings",),
        uses=("ratings", "times", "features"),
        predicts_ratings=True,
        predicts_at_times=True,
        uncertain=True,
        folds_in=True,
        explains=True,
        similar=True,
        factorizes=True,
        distributes=True,
    ),
    {
        "embedding_dim": Option(16, _EMBEDDING_DIM, search=(8, 12, 16, 24, 32)),
        "n_iter": Option(80, "Gibbs sweeps"),
        "burn_in": Option(10, "first sweeps that are discarded"),
        "likelihood": Option("gaussian", "likelihood of ratings", ("gaussian", "ordinal")),
        "history": Option(True, "use implicit feedback (who rated what)"),
        "time": Option(True, "use timestamps"),
        "side_features": Option(True, "use item features (genres, year, votes …)"),
        "concentration": Option(
            8.0, "shape of the Gamma prior of the users' noise precision", search=Range(1.0, 50.0, log=True)
        ),
        "num_samples": Option(48, "posterior samples that are kept"),
        **COMMON_OPTIONS,
    },
    for_size=_fewer_sweeps,
    memory=memory.bayesian,
    numpy="engine.factorization.numpy_models:NumpyBayesian",
)

SVD = ModelSpec(
    "svd",
    "Rating prediction: biased matrix factorisation by stochastic gradient descent.",
    "engine.factorization.svd:BiasedFactorizationModel",
    Capabilities(
        "user",
        needs=("ratings",),
        predicts_ratings=True,
        folds_in=True,
        explains=True,
        similar=True,
        factorizes=True,
        warm_starts=True,
    ),
    {
        "embedding_dim": Option(32, _EMBEDDING_DIM, search=(8, 16, 32, 64)),
        "n_iter": Option(20, "epochs", search=Range(10, 60)),
        "batch_size": Option(8192, "batch size"),
        "learning_rate": Option(0.1, "initial learning rate", search=Range(0.01, 0.2, log=True)),
        "l2": Option(1.3, "regularisation of the factors", search=Range(0.3, 5, log=True)),
        "l2_user": Option(5.0, _L2_USER, search=Range(1, 30, log=True)),
        "l2_item": Option(2.0, _L2_ITEM, search=Range(0.5, 30, log=True)),
        "scale": Option(0.1, "standard deviation of the initial factors"),
        **COMMON_OPTIONS,
    },
    for_size=lambda ratings, _: {"batch_size": 131_072} if ratings >= 2_000_000 else {},
    memory=memory.svd,
    numpy="engine.factorization.numpy_models:NumpySvd",
)

EXPLICIT = ModelSpec(
    "explicit",
    "Rating prediction: matrix factorisation with biases (Spotlight's explicit model).",
    "engine.factorization.explicit:ExplicitFactorizationModel",
    Capabilities(
        "user",
        needs=("ratings",),
        predicts_ratings=True,
        folds_in=True,
        explains=True,
        similar=True,
        factorizes=True,
        distributes=True,
        warm_starts=True,
    ),
    {
        "loss": Option("regression", "loss function", ("regression", "poisson", "logistic")),
        **gradient_options(embedding_dim=64, n_iter=40, batch_size=1024, l2=4e-4, learning_rate=1e-2),
        "center": Option(True, "subtract the mean rating"),
    },
    for_size=large_batches,
    memory=memory.explicit,
    numpy="engine.factorization.numpy_models:NumpyExplicit",
)

ALS = ModelSpec(
    "als",
    "Top-N ranking from implicit feedback: alternating least squares (iALS).",
    "engine.factorization.als:AlternatingLeastSquaresModel",
    Capabilities(
        "user",
        uses=("ratings",),
        folds_in=True,
        explains=True,
        similar=True,
        factorizes=True,
        distributes=True,
        warm_starts=True,
    ),
    {
        "embedding_dim": Option(64, _EMBEDDING_DIM, search=(32, 64, 128, 256)),
        "n_iter": Option(15, "sweeps"),
        "alpha": Option(0.2, "weight of unobserved pairs", search=Range(1e-3, 1, log=True)),
        "l2": Option(0.018, "regularisation", search=Range(1e-4, 0.1, log=True)),
        "nu": Option(1.0, "exponent of the frequency-scaled regularisation", search=(0.5, 0.75, 1.0)),
        "confidence": Option(0.0, "extra weight of the highest rating over the lowest"),
        "scale": Option(0.1, "standard deviation of the initial factors"),
        **COMMON_OPTIONS,
    },
    memory=memory.als,
    numpy="engine.factorization.numpy_models:NumpyAls",
)

IMPLICIT = ModelSpec(
    "implicit",
    "Top-N ranking from implicit feedback: matrix factorisation with sampled negatives (Spotlight's implicit model).",
    "engine.factorization.implicit:ImplicitFactorizationModel",
    Capabilities("user", folds_in=True, explains=True, similar=True, factorizes=True, distributes=True),
    {
        "loss": Option("adaptive_hinge", "loss function", RANKING_LOSSES, search=RANKING_LOSSES),
        **gradient_options(embedding_dim=64, n_iter=30, batch_size=1024, l2=2e-4, learning_rate=1e-2),
        **NEGATIVE_SAMPLING,
    },
    for_size=large_batches,
    memory=memory.implicit,
    numpy="engine.factorization.numpy_models:NumpyImplicit",
)

BASELINE = ModelSpec(
    "baseline",
    "Rating prediction: global mean plus user and item biases.",
    "engine.factorization.baseline:BaselineModel",
    Capabilities("user", needs=("ratings",), predicts_ratings=True, folds_in=True, explains=True),
    {
        "l2_user": Option(5.0, _L2_USER, search=Range(1, 30, log=True)),
        "l2_item": Option(3.0, _L2_ITEM, search=Range(0.5, 30, log=True)),
        **COMMON_OPTIONS,
    },
    memory=memory.baseline,
    numpy="engine.factorization.numpy_models:NumpyBaseline",
)

POPULAR = ModelSpec(
    "popular",
    "Top-N ranking: the most popular items, the same for every user.",
    "engine.factorization.popular:PopularModel",
    Capabilities("user", uses=("times",), folds_in=True, explains=True),
    {
        "half_life": Option(0.0, "half-life of an interaction in days; 0 for no decay"),
        **COMMON_OPTIONS,
    },
    memory=memory.popular,
    numpy="engine.factorization.numpy_models:NumpyPopular",
)
