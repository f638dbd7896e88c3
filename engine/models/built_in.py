"""The models of this package as the registry knows them, with defaults chosen on validation parts."""

from __future__ import annotations

from typing import Any

from engine.models.spec import ModelSpec, Option, Range


def _shared(embedding_dim: int, n_iter: int, batch_size: int, l2: float, learning_rate: float) -> dict[str, Option]:
    return {
        "embedding_dim": Option(embedding_dim, "the length of the vectors", search=(16, 32, 64, 128)),
        "n_iter": Option(n_iter, "epochs", search=Range(5, 60)),
        "batch_size": Option(batch_size, "examples a step"),
        "l2": Option(l2, "weight decay", search=Range(1e-7, 1e-2, log=True)),
        "learning_rate": Option(learning_rate, "of Adam", search=Range(1e-3, 3e-2, log=True)),
        "random_state": Option(42, "the seed"),
        "device": Option("auto", "auto, cpu, cuda or mps"),
    }


def _of_size(num_interactions: int, num_items: int) -> dict[str, Any]:
    """Many steps of a small batch cost more than they bring where there is much to learn from."""
    return {"batch_size": 8192, "n_iter": 10} if num_interactions >= 2_000_000 else {}


def _sweeps(num_interactions: int, num_items: int) -> dict[str, Any]:
    """The more ratings, the less a draw differs from the mean of many."""
    return {"n_iter": 40, "burn_in": 8, "num_samples": 16} if num_interactions >= 5_000_000 else {}


_RANKING = ("pointwise", "bpr", "hinge", "adaptive_hinge")
_NETS = ("pooling", "cnn", "lstm", "mixture")
_NEGATIVES = {
    "num_negative_samples": Option(5, "negatives among which adaptive_hinge takes the hardest"),
    "exclude_known": Option(True, "draw negatives from what was not chosen"),
}

_SEEDED = {"random_state": Option(42, "the seed"), "device": Option("auto", "auto, cpu, cuda or mps")}

_MARKOV = {
    "lags": Option(12, "how many items before a place are looked at", search=Range(3, 40)),
    "decay": Option(0.88, "what an item one step further away counts for", search=Range(0.5, 1.0)),
    "ahead": Option(0.5, "what an item after a place counts for, against one before it", search=Range(0, 1)),
    "alignment": Option(0.5, "what it adds that items stand in the same order", search=Range(0, 2)),
    "sharpness": Option(2.5, "1 counts transitions; above, places that agree more count more", search=Range(1, 4)),
}
_ATTENTION = {
    "embedding_dim": Option(64, "the length of the vectors", search=(32, 64, 128)),
    "dropout": Option(0.4, "the share of numbers that a training step leaves out", search=Range(0, 0.7)),
    "n_iter": Option(12, "epochs", search=Range(5, 60)),
    "batch_size": Option(32, "sequences of up to fifty items a step"),
    "learning_rate": Option(2e-3, "of Adam", search=Range(3e-4, 1e-2, log=True)),
    "num_negatives": Option(0, "items that each next one is told from; 0: all, or a sample of many"),
    "texts": Option(False, "go also by what the items' texts mean, and recommend items that nobody has chosen"),
}

# In the order in which they answer where none is asked for: the first trained one of a task does. For users those that
# predict ratings come first, by their error, then those that only rank, by their lists, and last the two that tell all
# people the same; measured on validation parts.
SPECS = (
    ModelSpec(
        "bayesian",
        "user",
        "Predicts ratings best, and how sure they are: the mean of many factorisations, with history, time, features.",
        "engine.factorization.bayesian:BayesianFactorizationModel",
        needs=("ratings",),
        uses=("ratings", "times", "features"),
        options={
            "embedding_dim": Option(16, "the length of the vectors", search=(8, 12, 16, 24, 32)),
            "n_iter": Option(80, "sweeps over all vectors"),
            "burn_in": Option(10, "of them, thrown away"),
            "likelihood": Option("gaussian", "how ratings come from scores", ("gaussian", "ordinal")),
            "history": Option(True, "use who rated what"),
            "time": Option(True, "use when it was rated"),
            "side_features": Option(True, "use genres, year, votes … of the items"),
            "concentration": Option(8.0, "how alike users are in their whims", search=Range(1.0, 50.0, log=True)),
            "num_samples": Option(48, "samples kept for times and spreads"),
            **_SEEDED,
        },
        for_size=_sweeps,
    ),
    ModelSpec(
        "knn",
        "user",
        "Predicts ratings by those that the same person gave to like items.",
        "engine.neighbours.knn:NeighboursModel",
        needs=("ratings",),
        options={
            "neighbors": Option(300, "neighbours that an item keeps", search=(100, 300, 1000)),
            "shrinkage": Option(200.0, "common raters at which a likeness counts half", search=Range(10, 500, True)),
            "power": Option(2.0, "of a likeness; higher lets close neighbours count more", search=Range(1, 3)),
            "damping": Option(0.01, "how little weak neighbours alone say", search=Range(1e-3, 0.3, log=True)),
            "l2_user": Option(5.0, "ratings of the mean with which each user starts", search=Range(1, 30, log=True)),
            "l2_item": Option(2.0, "ratings of the mean with which each item starts", search=Range(0.5, 30, log=True)),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "svd",
        "user",
        "Predicts ratings: a vector and a bias for each user and item, by gradient descent.",
        "engine.factorization.svd:BiasedFactorizationModel",
        needs=("ratings",),
        options={
            "embedding_dim": Option(32, "the length of the vectors", search=(8, 16, 32, 64)),
            "n_iter": Option(20, "epochs", search=Range(10, 60)),
            "batch_size": Option(8192, "ratings a step"),
            "learning_rate": Option(0.1, "of rows with few ratings, at first", search=Range(0.01, 0.2, log=True)),
            "l2": Option(1.3, "the strength of the vectors' regularisation", search=Range(0.3, 5, log=True)),
            "l2_user": Option(5.0, "ratings of the mean with which each user starts", search=Range(1, 30, log=True)),
            "l2_item": Option(2.0, "ratings of the mean with which each item starts", search=Range(0.5, 30, log=True)),
            "scale": Option(0.1, "the length of the first vectors"),
            **_SEEDED,
        },
        for_size=lambda ratings, _: {"batch_size": 131_072} if ratings >= 2_000_000 else {},
    ),
    ModelSpec(
        "explicit",
        "user",
        "Predicts ratings: a vector and a bias for each user and item (Spotlight's).",
        "engine.factorization.explicit:ExplicitFactorizationModel",
        needs=("ratings",),
        options={
            "loss": Option("regression", "what is minimised", ("regression", "poisson", "logistic")),
            **_shared(embedding_dim=64, n_iter=40, batch_size=1024, l2=4e-4, learning_rate=1e-2),
            "center": Option(True, "count scores from the mean rating"),
        },
        for_size=_of_size,
    ),
    ModelSpec(
        "als",
        "user",
        "Ranks items by who chose what, with vectors solved for in turn (iALS).",
        "engine.factorization.als:AlternatingLeastSquaresModel",
        options={
            "embedding_dim": Option(64, "the length of the vectors", search=(32, 64, 128, 256)),
            "n_iter": Option(15, "sweeps"),
            "alpha": Option(0.2, "the weight of a pair that was not chosen", search=Range(1e-3, 1, log=True)),
            "l2": Option(0.018, "the strength of the regularisation", search=Range(1e-4, 0.1, log=True)),
            "nu": Option(1.0, "how it grows with the number of interactions", search=(0.5, 0.75, 1.0)),
            "confidence": Option(0.0, "by how much the highest rating weighs more than the lowest"),
            "scale": Option(0.1, "the length of the first vectors"),
            **_SEEDED,
        },
        uses=("ratings",),
    ),
    ModelSpec(
        "ease",
        "user",
        "Ranks items by those that the same people chose; memory grows with the square of the items.",
        "engine.neighbours.ease:EaseModel",
        options={
            "l2": Option(300.0, "the strength of the regularisation", search=Range(10, 3000, log=True)),
            "double": Option(False, "solve in double precision"),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "implicit",
        "user",
        "Ranks items by who chose what, without ratings (Spotlight's).",
        "engine.factorization.implicit:ImplicitFactorizationModel",
        options={
            "loss": Option("adaptive_hinge", "what is minimised", _RANKING, search=_RANKING),
            **_shared(embedding_dim=64, n_iter=30, batch_size=1024, l2=2e-4, learning_rate=1e-2),
            **_NEGATIVES,
        },
        for_size=_of_size,
    ),
    ModelSpec(
        "baseline",
        "user",
        "Predicts ratings by what is usual for the user and for the item.",
        "engine.factorization.baseline:BaselineModel",
        needs=("ratings",),
        options={
            "l2_user": Option(5.0, "ratings of the mean with which each user starts", search=Range(1, 30, log=True)),
            "l2_item": Option(3.0, "ratings of the mean with which each item starts", search=Range(0.5, 30, log=True)),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "popular",
        "user",
        "The most chosen items, for everybody alike.",
        "engine.factorization.popular:PopularModel",
        options={
            "half_life": Option(0.0, "days after which an interaction counts half; 0: never"),
            **_SEEDED,
        },
        uses=("times",),
    ),
    ModelSpec(
        "blend",
        "sequence",
        "Ranks what comes next by markov and attention together; the most accurate of the three.",
        "engine.sequence.blend:BlendModel",
        needs=("times",),
        options={
            "held_out": Option(0.1, "the share of people by whom the two are weighed"),
            **_ATTENTION,
            **_MARKOV,
            **_SEEDED,
        },
        uses=("texts",),
    ),
    ModelSpec(
        "attention",
        "sequence",
        "Ranks what comes next by self-attention over the items so far; needs many histories.",
        "engine.sequence.attention:AttentionModel",
        needs=("times",),
        options={
            "num_layers": Option(1, "layers of attention", search=(1, 2)),
            "num_heads": Option(2, "heads of attention", search=(1, 2, 4)),
            **_ATTENTION,
            "l2": Option(0.0, "weight decay", search=Range(1e-7, 1e-2, log=True)),
            **_SEEDED,
        },
        uses=("texts",),
    ),
    ModelSpec(
        "markov",
        "sequence",
        "Ranks what came next in the most similar places of all histories; learns in a second.",
        "engine.sequence.markov:MarkovModel",
        needs=("times",),
        options={
            **_MARKOV,
            "rarity": Option(0.1, "how much more a rare item tells than a popular one", search=Range(0, 0.5)),
            "popularity": Option(0.05, "how much popular items are held back", search=Range(0, 0.5)),
            "smoothing": Option(0.1, "votes given to items by their popularity", search=Range(0.001, 10, log=True)),
            "held_out": Option(0.1, "the share of people by whom it is judged whether order is strict"),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "sequence",
        "sequence",
        "Ranks what comes next after a few items, with no user (Spotlight's).",
        "engine.sequence.implicit:ImplicitSequenceModel",
        needs=("times",),
        options={
            "loss": Option("bpr", "what is minimised", _RANKING, search=_RANKING),
            "representation": Option("cnn", "the net", _NETS, search=_NETS),
            **_shared(embedding_dim=32, n_iter=20, batch_size=256, l2=1e-5, learning_rate=1e-2),
            **_NEGATIVES,
        },
        for_size=_of_size,
    ),
)
