"""A program written for Spotlight runs after changing its imports; and the figures of Spotlight's own tests hold.

The thresholds are those of Spotlight's test suite (its last state: tests/factorization, tests/sequence), tolerance
included, and the options are the same: MovieLens 100K, 80/20, 10 epochs, batches of 1024; made-up sequences of 100
users and 100 items. The measured figures stand beside, for whoever wants to know the margin.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import evaluation
from engine.cross_validation import random_train_test_split, shuffle_interactions, user_based_train_test_split
from engine.datasets import amazon, goodbooks, movielens, synthetic
from engine.evaluation import (
    mrr_score,
    precision_recall_score,
    rmse_score,
    sequence_mrr_score,
    sequence_precision_recall_score,
)
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.factorization.representations import BilinearNet
from engine.interactions import Interactions, SequenceInteractions
from engine.layers import BloomEmbedding, ScaledEmbedding, ScaledEmbeddingBag, ZeroEmbedding
from engine.losses import adaptive_hinge_loss
from engine.recommender import Recommender
from engine.sampling import sample_items
from engine.search import SearchIndex
from engine.sequence.implicit import ImplicitSequenceModel
from engine.sequence.representations import PADDING_IDX, CNNNet, LSTMNet, MixtureLSTMNet, PoolNet

_SHARED = {
    "embedding_dim": 32,
    "n_iter": 10,
    "batch_size": 256,
    "l2": 0.0,
    "learning_rate": 1e-2,
    "optimizer_func": None,
    "use_cuda": False,
    "sparse": False,
    "random_state": None,
}
_SURFACE = {
    Interactions: {"ratings": None, "timestamps": None, "weights": None, "num_users": None, "num_items": None},
    Interactions.to_sequence: {"max_sequence_length": 10, "min_sequence_length": None, "step_size": None},
    SequenceInteractions: {"user_ids": None, "num_items": None},
    ExplicitFactorizationModel: {"loss": "regression", "representation": None, **_SHARED},
    ImplicitFactorizationModel: {
        "loss": "pointwise",
        "representation": None,
        "num_negative_samples": 5,
        **_SHARED,
    },
    ImplicitSequenceModel: {"loss": "pointwise", "representation": "pooling", "num_negative_samples": 5, **_SHARED},
    BilinearNet: {
        "embedding_dim": 32,
        "user_embedding_layer": None,
        "item_embedding_layer": None,
        "sparse": False,
    },
    PoolNet: {"embedding_dim": 32, "item_embedding_layer": None, "sparse": False},
    LSTMNet: {"embedding_dim": 32, "item_embedding_layer": None, "sparse": False},
    MixtureLSTMNet: {"embedding_dim": 32, "num_mixtures": 4, "item_embedding_layer": None, "sparse": False},
    CNNNet: {
        "embedding_dim": 32,
        "kernel_width": 3,
        "dilation": 1,
        "num_layers": 1,
        "nonlinearity": "tanh",
        "residual_connections": True,
        "sparse": False,
        "benchmark": True,
        "item_embedding_layer": None,
    },
    BloomEmbedding: {"compression_ratio": 0.2, "num_hash_functions": 4, "bag": False, "padding_idx": 0},
    mrr_score: {"train": None},
    precision_recall_score: {"train": None, "k": 10},
    sequence_mrr_score: {"exclude_preceding": False},
    sequence_precision_recall_score: {"k": 10, "exclude_preceding": False},
    shuffle_interactions: {"random_state": None},
    random_train_test_split: {"test_percentage": 0.2, "random_state": None},
    user_based_train_test_split: {"test_percentage": 0.2, "random_state": None},
    movielens.get_movielens_dataset: {"variant": "100K"},
    amazon.get_amazon_dataset: {"min_user_interactions": 10, "min_item_interactions": 10},
    synthetic.generate_sequential: {
        "num_users": 100,
        "num_items": 1000,
        "num_interactions": 10000,
        "concentration_parameter": 0.1,
        "order": 3,
        "random_state": None,
    },
}


@pytest.mark.parametrize("thing", list(_SURFACE), ids=lambda thing: thing.__qualname__)
def test_options_and_defaults_are_spotlights(thing):
    parameters = inspect.signature(thing).parameters
    for option, default in _SURFACE[thing].items():
        assert parameters[option].default == default, option


#: What other people's programs import: the module, and the names that it must have.
_PLACES = {
    "engine.interactions": "Interactions SequenceInteractions",
    "engine.cross_validation": "random_train_test_split user_based_train_test_split shuffle_interactions",
    "engine.factorization.explicit": "ExplicitFactorizationModel",
    "engine.factorization.implicit": "ImplicitFactorizationModel",
    "engine.factorization.representations": "BilinearNet",
    "engine.sequence.implicit": "ImplicitSequenceModel",
    "engine.sequence.representations": "PADDING_IDX PoolNet CNNNet LSTMNet MixtureLSTMNet",
    "engine.layers": "ScaledEmbedding ScaledEmbeddingBag ZeroEmbedding BloomEmbedding",
    "engine.losses": "pointwise_loss bpr_loss hinge_loss adaptive_hinge_loss regression_loss poisson_loss "
    "logistic_loss",
    "engine.sampling": "sample_items",
    "engine.evaluation": "rmse_score mrr_score precision_recall_score sequence_mrr_score "
    "sequence_precision_recall_score",
    "engine.datasets": "read synthetic movielens",
    "engine.datasets.movielens": "VARIANTS get_movielens_dataset",
    "engine.datasets.synthetic": "generate_sequential",
    "engine.datasets.amazon": "get_amazon_dataset",
    "engine.datasets.goodbooks": "get_goodbooks_dataset",
    "engine.models": "available create load",
    "engine.recommender": "Recommender",
    "engine.search": "SearchIndex",
    "engine.data.dataset": "Dataset",
}


@pytest.mark.parametrize("module", _PLACES)
def test_what_others_import_is_where_they_import_it_from(module):
    for name in _PLACES[module].split():
        scope: dict[str, object] = {}
        exec(f"from {module} import {name}", scope)
        assert scope[name] is not None


def test_the_methods_that_others_call_are_there():
    recommender = ("recommend", "similar_items", "next_items", "explain", "fold_in")
    assert all(callable(getattr(Recommender, method)) for method in recommender)
    assert list(inspect.signature(Recommender.recommend).parameters)[1:] == ["user", "k", "filter_seen", "cautious"]
    assert list(inspect.signature(SearchIndex.search).parameters)[1:5] == ["query", "k", "mode", "filters"]


def test_the_scores_are_imported_only_when_asked_for():
    """They need torch; their package must not bring it into a program that only names it."""
    program = (
        "import sys, engine.evaluation as face; before = 'torch' in sys.modules; "
        "assert 'mrr_score' in face.__all__; face.mrr_score; print(before, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="no attribute 'auc_score'"):
        evaluation.auc_score  # noqa: B018 - asking for it is the test


def test_the_variants_of_movielens_are_a_tuple_of_names():
    assert movielens.VARIANTS == ("100K", "1M", "10M", "20M")
    assert isinstance(movielens.VARIANTS, tuple)


def test_a_model_refuses_ids_that_were_changed_after_its_first_fit():
    """Spotlight's tests write an id into the arrays of interactions, which are not copied."""
    interactions = Interactions(np.array([0, 1, 2]), np.array([1, 2, 3]), ratings=np.ones(3, np.float32))
    for kind, columns in ((ExplicitFactorizationModel, "user_ids"), (ImplicitFactorizationModel, "item_ids")):
        model = kind(n_iter=1)
        model.fit(interactions)
        ids = getattr(interactions, columns)
        kept, ids[0] = int(ids[0]), ids.max() + 1
        with pytest.raises(ValueError, match="is not below"):
            model.fit(interactions)
        ids[0] = kept


def test_one_user_gets_exactly_the_scores_of_an_array_of_that_user():
    """The items that training has not met are among them: item 0, and item 4 here."""
    interactions = Interactions(np.array([0, 1, 2, 1]), np.array([1, 2, 3, 5]), ratings=np.ones(4, np.float32))
    items = np.arange(interactions.num_items)
    for kind in (ExplicitFactorizationModel, ImplicitFactorizationModel):
        model = kind(n_iter=1, random_state=1)
        model.fit(interactions)
        alone = model.predict(1)
        np.testing.assert_array_equal(model.predict(1, items), alone)
        np.testing.assert_array_equal(model.predict(np.full(len(items), 1), items), alone)
        np.testing.assert_array_equal(model.predict(1.0, items.astype(float)), alone)


def test_a_plot_of_a_sequence_models_scores_shows_something():
    """The film tutorial plots and averages ``predict``: with raw film ids most of them never occur."""
    interactions = Interactions(np.repeat(np.arange(9), 4), np.tile([5, 300, 7, 1000], 9), timestamps=np.arange(36))
    model = ImplicitSequenceModel(n_iter=2, random_state=1)
    model.fit(interactions.to_sequence(4))
    scores = model.predict([5, 300])
    met = np.zeros(len(scores), dtype=bool)
    met[[5, 7, 300, 1000]] = True
    assert scores[met].min() - 0.01 < scores.mean() < scores[met].max()
    assert set(np.argsort(-scores)[:4]) == {5, 7, 300, 1000}


def test_the_other_names_are_there():
    assert PADDING_IDX == 0
    assert all(callable(one) for one in (ScaledEmbedding, ScaledEmbeddingBag, ZeroEmbedding, sample_items))
    assert all(callable(one) for one in (adaptive_hinge_loss, movielens.get_movielens_dataset))
    assert all(callable(one) for one in (amazon.get_amazon_dataset, goodbooks.get_goodbooks_dataset))


def test_the_tutorials_program_runs_under_our_imports(tmp_path):
    """Both parts of the film tutorial: an explicit model, then a sequence model, on made-up data."""
    random_state = np.random.RandomState(42)
    rng = np.random.RandomState(0)
    user_ids, movie_ids = rng.randint(1, 60, 3000), rng.choice([1, 31, 1029, 1061, 5000], 3000)
    ratings, timestamps = rng.randint(1, 11, 3000) / 2, rng.randint(1, 10**9, 3000)

    explicit_interactions = Interactions(
        user_ids=np.array(user_ids, dtype=np.int32),
        item_ids=np.array(movie_ids, dtype=np.int32),
        ratings=np.array(ratings, dtype=np.float32),
        timestamps=np.array(timestamps, dtype=np.int32),
    )
    train, test = random_train_test_split(explicit_interactions, random_state=random_state)
    model = ExplicitFactorizationModel(
        loss="regression",
        embedding_dim=32,
        n_iter=2,
        batch_size=256,
        l2=0.0,
        learning_rate=1e-2,
        use_cuda=False,
        random_state=random_state,
    )
    model.fit(train, verbose=False)
    rmse = rmse_score(model, test)
    assert 0 < rmse < 3
    predictions = model.predict(user_ids=7)
    assert predictions.shape == (5001,)
    known = np.unique(movie_ids)
    np.testing.assert_array_equal(model.predict(7, known), predictions[known])

    train, test = user_based_train_test_split(explicit_interactions, random_state=random_state)
    train, test = train.to_sequence(max_sequence_length=10), test.to_sequence(max_sequence_length=10)
    net = CNNNet(train.num_items, embedding_dim=32, kernel_width=3, dilation=1, num_layers=1)
    for representation in ("cnn", net):
        model = ImplicitSequenceModel(
            loss="bpr",
            representation=representation,
            embedding_dim=32,
            n_iter=1,
            use_cuda=False,
            random_state=random_state,
        )
        model.fit(train)
        mrr = sequence_mrr_score(model, test)
        assert mrr.shape == (len(test.sequences),)
        assert model.predict(sequences=np.array([31, 1029]))[known].argmax() in range(5)


@pytest.fixture(scope="module")
def ml_100k(request: pytest.FixtureRequest) -> Interactions:
    data: Path = request.getfixturevalue("real_data")
    return movielens.get_movielens_dataset("100K", path=data / "ml-100k" / "u.data")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "l2", "threshold"),
    [("regression", 1e-5, 1.005), ("poisson", 1e-6, 1.005), ("logistic", 1e-6, 1.05)],  # measured: .96, .94, 1.03
)
def test_ratings_are_predicted_as_well_as_spotlights_tests_ask(ml_100k, loss, l2, threshold):
    random_state = np.random.RandomState(42)
    train, test = random_train_test_split(ml_100k, random_state=random_state)
    if loss == "logistic":
        for part in (train, test):
            part.ratings = np.where(part.ratings > 3, 1.0, -1.0)
    model = ExplicitFactorizationModel(
        loss=loss, n_iter=10, batch_size=1024, learning_rate=1e-3, l2=l2, random_state=random_state
    )
    model.fit(train)
    assert rmse_score(model, test) < threshold


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "threshold"),
    [("pointwise", 0.045), ("bpr", 0.065), ("hinge", 0.065), ("adaptive_hinge", 0.065)],  # .089, .090, .087, .099
)
def test_choices_are_ranked_as_well_as_spotlights_tests_ask(ml_100k, loss, threshold):
    random_state = np.random.RandomState(42)
    train, test = random_train_test_split(ml_100k, random_state=random_state)
    model = ImplicitFactorizationModel(
        loss=loss, n_iter=10, batch_size=1024, learning_rate=1e-2, l2=1e-6, random_state=random_state
    )
    model.fit(train)
    assert mrr_score(model, test, train=train).mean() > threshold


@pytest.mark.slow
def test_an_optimiser_of_ones_own_ranks_as_well_as_spotlights_tests_ask(ml_100k):
    def adagrad(parameters):
        return torch.optim.Adagrad(parameters, lr=1e-2, weight_decay=1e-6)

    random_state = np.random.RandomState(42)
    train, test = random_train_test_split(ml_100k, random_state=random_state)
    model = ImplicitFactorizationModel(
        loss="bpr", n_iter=10, batch_size=1024, optimizer_func=adagrad, random_state=random_state
    )
    model.fit(train)
    assert mrr_score(model, test, train=train).mean() > 0.045


@pytest.mark.slow
@pytest.mark.parametrize(("ratio", "most", "least"), [(0.5, 1.505, 0.025), (1.0, 1.505, 0.035)])
def test_bloom_embeddings_of_users_and_items_serve_factorisations(ml_100k, ratio, most, least):
    train, test = random_train_test_split(ml_100k, random_state=np.random.RandomState(42))

    def options(l2):
        torch.manual_seed(42)
        layers = [BloomEmbedding(size, 32, ratio, num_hash_functions=2) for size in (train.num_users, train.num_items)]
        net = BilinearNet(train.num_users, train.num_items, 32, *layers)
        return {"representation": net, "n_iter": 10, "batch_size": 1024, "l2": l2, "random_state": 42}

    explicit = ExplicitFactorizationModel(loss="regression", **options(1e-5))
    explicit.fit(train)
    assert rmse_score(explicit, test) < most
    implicit = ImplicitFactorizationModel(loss="bpr", **options(1e-6))
    implicit.fit(train)
    assert mrr_score(implicit, test, train=train).mean() > least


def _sequences(num_interactions: int, random_state: np.random.RandomState):
    interactions = synthetic.generate_sequential(
        num_users=100,
        num_items=100,
        num_interactions=num_interactions,
        concentration_parameter=1e-3,
        order=2,
        random_state=random_state,
    )
    train, test = user_based_train_test_split(interactions, random_state=random_state)
    return train.to_sequence(max_sequence_length=10), test.to_sequence(max_sequence_length=10)


def _sequence_mrr(num_interactions: int = 10_000, **options) -> float:
    random_state = np.random.RandomState(42)
    train, test = _sequences(num_interactions, random_state)
    model = ImplicitSequenceModel(**{"loss": "bpr", "batch_size": 128, "random_state": random_state, **options})
    model.fit(train)
    return float(sequence_mrr_score(model, test).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "threshold"),
    [
        ({"representation": "pooling", "learning_rate": 1e-1, "l2": 1e-9, "n_iter": 5}, 0.18),
        ({"representation": "lstm", "learning_rate": 1e-2, "l2": 1e-7, "n_iter": 25}, 0.61),
        ({"representation": "mixture", "learning_rate": 1e-2, "l2": 1e-7, "n_iter": 50}, 0.30),
    ],
    ids=["pooling", "lstm", "mixture"],
)
def test_sequences_are_continued_as_well_as_spotlights_tests_ask(options, threshold):
    assert _sequence_mrr(**options) > threshold


@pytest.mark.slow
@pytest.mark.parametrize(
    ("interactions", "options", "epochs"),
    [
        (10_000, {"kernel_width": 5}, 25),
        (20_000, {"dilation": (1,)}, 25),
        (20_000, {"dilation": (1, 2), "num_layers": 2}, 50),
    ],
    ids=["wide", "near", "dilated"],
)
def test_convolutions_continue_sequences_as_well_as_spotlights_tests_ask(interactions, options, epochs):
    torch.manual_seed(42)
    net = CNNNet(100, **options)
    assert _sequence_mrr(interactions, representation=net, n_iter=epochs, learning_rate=1e-2) > 0.65


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "threshold"), [("pointwise", 0.15), ("hinge", 0.16), ("bpr", 0.18), ("adaptive_hinge", 0.16)]
)
def test_losses_on_pooling(loss, threshold):
    assert _sequence_mrr(loss=loss, representation="pooling", n_iter=5, learning_rate=1e-1, l2=1e-9) > threshold


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "hashes", "options", "thresholds"),
    [
        (CNNNet, 2, {"n_iter": 5}, (0.14, 0.30, 0.50)),
        (LSTMNet, 4, {"n_iter": 25, "l2": 1e-7}, (0.18, 0.40, 0.60)),
        (PoolNet, 2, {"n_iter": 25, "l2": 1e-7}, (0.06, 0.07, 0.13)),
    ],
)
def test_bloom_embeddings_lose_no_more_than_in_spotlights_tests(net, hashes, options, thresholds):
    for ratio, threshold in zip((0.2, 0.5, 1.0), thresholds, strict=True):
        torch.manual_seed(42)
        layer = BloomEmbedding(100, 32, compression_ratio=ratio, num_hash_functions=hashes)
        made = net(100, item_embedding_layer=layer)
        assert _sequence_mrr(20_000, representation=made, learning_rate=1e-2, **options) > threshold, ratio


@pytest.mark.slow
def test_the_tutorials_figures_on_its_own_data(real_data):
    """RMSE 1.109 with internal ids and MRR .0132 are Spotlight's, on the same splits."""
    columns = np.genfromtxt(real_data / "ratings_small.csv", delimiter=",", skip_header=1)
    users, movies = columns[:, 0].astype(int), np.unique(columns[:, 1], return_inverse=True)[1] + 1
    interactions = Interactions(users, movies, ratings=columns[:, 2].astype(np.float32), timestamps=columns[:, 3])
    train, test = random_train_test_split(interactions, random_state=np.random.RandomState(42))
    model = ExplicitFactorizationModel(random_state=np.random.RandomState(42))
    model.fit(train)
    assert rmse_score(model, test) < 1.0  # measured: .96

    train, test = user_based_train_test_split(interactions, random_state=np.random.RandomState(42))
    train, test = train.to_sequence(max_sequence_length=10), test.to_sequence(max_sequence_length=10)
    assert len(test.sequences) == 1651
    model = ImplicitSequenceModel(loss="bpr", representation="cnn", random_state=np.random.RandomState(42))
    model.fit(train)
    assert sequence_mrr_score(model, test).mean() > 0.0132  # measured: .016 to .019
