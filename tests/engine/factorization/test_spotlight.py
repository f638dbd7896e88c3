from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import models
from engine.datasets import synthetic
from engine.errors import CancelledError, NotTrainedError
from engine.factorization import objectives
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.factorization.representations import BilinearNet
from engine.interactions import Interactions
from engine.layers import BloomEmbedding
from engine.losses import (
    adaptive_hinge_loss,
    bpr_loss,
    hinge_loss,
    logistic_loss,
    pointwise_loss,
    poisson_loss,
    regression_loss,
)
from engine.runtime.job import Job

EXPLICIT = ("regression", "poisson", "logistic")
IMPLICIT = ("pointwise", "bpr", "hinge", "adaptive_hinge")


@pytest.fixture(scope="module")
def ratings() -> Interactions:
    """Ratings of two groups of users, who like two different groups of items."""
    rng = np.random.RandomState(0)
    users, items = rng.randint(0, 40, 1500), rng.randint(1, 31, 1500)
    likes = (users % 2 == items % 2).astype(np.float32)
    return Interactions(users, items, ratings=1.0 + 3.0 * likes, num_users=40, num_items=31)


def _for_loss(interactions: Interactions, loss: str) -> Interactions:
    assert interactions.ratings is not None
    values = np.where(interactions.ratings > 2, 1, -1) if loss == "logistic" else interactions.ratings
    return Interactions(interactions.user_ids, interactions.item_ids, ratings=values, num_users=40, num_items=31)


@pytest.mark.parametrize("loss", EXPLICIT)
def test_explicit_models_learn_who_likes_what(ratings, loss):
    model = ExplicitFactorizationModel(loss=loss, n_iter=30, batch_size=64, random_state=1)
    model.fit(_for_loss(ratings, loss))
    predicted = model.predict(4)
    assert predicted[2:31:2].min() > predicted[1:31:2].max()


@pytest.mark.parametrize("loss", IMPLICIT)
def test_implicit_models_learn_who_likes_what(ratings, loss):
    liked = ratings.select(ratings.ratings > 2)
    model = ImplicitFactorizationModel(loss=loss, n_iter=40, batch_size=64, random_state=1)
    model.fit(liked)
    scores = model.predict(np.arange(40))
    right = [np.mean(np.argsort(-row)[:15] % 2 == user % 2) for user, row in enumerate(scores)]
    assert np.mean(right) > 0.95
    assert (scores.argmin(1) == 0).all()


@pytest.mark.parametrize("loss", EXPLICIT)
@pytest.mark.parametrize("weighted", [False, True])
def test_written_out_gradients_are_those_of_the_explicit_losses(loss, weighted):
    rng = torch.Generator().manual_seed(0)
    scores = torch.randn(1, 9, generator=rng).requires_grad_()
    observed = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0])
    observed = observed if loss == "logistic" else observed + 2
    weights = torch.rand(9, generator=rng) if weighted else None
    reference = {"regression": regression_loss, "poisson": poisson_loss, "logistic": logistic_loss}[loss]
    predicted = scores[0].exp() if loss == "poisson" else scores[0]
    expected = reference(observed, predicted, weights=weights)
    (slope,) = torch.autograd.grad(expected, scores)
    value, gradient = objectives.EXPLICIT[loss](scores.detach(), observed, weights)
    torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(gradient, slope)


@pytest.mark.parametrize("loss", IMPLICIT)
@pytest.mark.parametrize("weighted", [False, True])
def test_written_out_gradients_are_those_of_the_implicit_losses(loss, weighted):
    rng = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 9, generator=rng).requires_grad_()
    weights = torch.rand(9, generator=rng) if weighted else None
    losses = {"pointwise": pointwise_loss, "bpr": bpr_loss, "hinge": hinge_loss, "adaptive_hinge": adaptive_hinge_loss}
    against = scores[1].unsqueeze(0) if loss == "adaptive_hinge" else scores[1]
    expected = losses[loss](scores[0], against, weights=weights)
    (slope,) = torch.autograd.grad(expected, scores)
    value, gradient = objectives.IMPLICIT[loss](scores.detach(), None, weights)
    torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(gradient, slope)


@pytest.mark.parametrize("model_class", [ExplicitFactorizationModel, ImplicitFactorizationModel])
def test_shapes_and_equality_of_predictions(ratings, model_class):
    model = model_class(n_iter=2, random_state=3)
    model.fit(ratings)
    items = np.arange(31)
    one = model.predict(7)
    assert one.shape == (31,)
    np.testing.assert_array_equal(one, model.predict(np.full(31, 7), items))
    np.testing.assert_array_equal(one[[3, 5]], model.predict(7, np.array([3, 5])))
    np.testing.assert_array_equal(one[[3, 5]], model.predict(np.array([7, 7]), np.array([3, 5])))
    many = model.predict(np.array([7, 2, 9]))
    assert many.shape == (3, 31)
    np.testing.assert_allclose(many[0], one, rtol=1e-5, atol=1e-5)
    assert isinstance(one, np.ndarray)


def test_the_same_seed_gives_the_same_model(ratings):
    def predictions(seed):
        model = ImplicitFactorizationModel(loss="bpr", n_iter=2, random_state=np.random.RandomState(seed))
        model.fit(ratings)
        return model.predict(3)

    np.testing.assert_array_equal(predictions(5), predictions(5))
    assert not np.array_equal(predictions(5), predictions(6))


@pytest.mark.parametrize("model_class", [ExplicitFactorizationModel, ImplicitFactorizationModel])
def test_two_threads_learn_the_same_as_one(monkeypatch, ratings, model_class):
    def tables(threads):
        monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
        model = model_class(n_iter=2, embedding_dim=512, batch_size=2048, random_state=0)
        model.fit(ratings)
        return dict(model._net.named_parameters())

    alone, together = tables(1), tables(2)
    assert alone.keys() == together.keys()
    assert all(torch.equal(alone[name], together[name]) for name in alone)


def test_fitting_again_goes_on(ratings):
    whole, halves = (ExplicitFactorizationModel(n_iter=n, random_state=1) for n in (6, 3))
    whole.fit(ratings)
    halves.fit(ratings)
    halves.fit(ratings)
    np.testing.assert_array_equal(whole.predict(1), halves.predict(1))
    assert len(whole.losses_by_epoch) == 6


class _StopsAfter(Job):
    def __init__(self, checkpoints: int) -> None:
        super().__init__()
        self._left = checkpoints

    def checkpoint(self) -> None:
        if self._left == 0:
            self.cancel()
        self._left -= 1
        super().checkpoint()


@pytest.mark.parametrize("own_optimizer", [False, True])
def test_a_cancelled_fit_is_usable_and_completed_by_the_next(ratings, own_optimizer):
    optimizer = (lambda parameters: torch.optim.Adam(parameters, lr=1e-2)) if own_optimizer else None
    options = {"loss": "hinge", "n_iter": 4, "batch_size": 100, "random_state": 1, "optimizer_func": optimizer}
    whole, stopped = ImplicitFactorizationModel(**options), ImplicitFactorizationModel(**options)
    whole.fit(ratings)
    with pytest.raises(CancelledError):
        stopped.fit(ratings, job=_StopsAfter(checkpoints=23))
    assert stopped.predict(1).shape == (31,)
    assert not np.array_equal(stopped.predict(1), whole.predict(1))
    stopped.fit(ratings)
    np.testing.assert_array_equal(stopped.predict(1), whole.predict(1))
    assert stopped.losses_by_epoch == pytest.approx(whole.losses_by_epoch)


def test_an_unfinished_model_that_is_stored_twice_is_completed_the_same(ratings, tmp_path):
    whole, stopped = (ExplicitFactorizationModel(n_iter=4, batch_size=100, random_state=1) for _ in range(2))
    whole.fit(ratings)
    with pytest.raises(CancelledError):
        stopped.fit(ratings, job=_StopsAfter(checkpoints=23))
    for name in ("first", "second"):
        stopped.save(tmp_path / name)
        stopped = models.load(tmp_path / name)
    stopped.fit(ratings)
    np.testing.assert_array_equal(stopped.predict(1), whole.predict(1))


def test_progress_counts_batches(ratings):
    reports = []
    model = ExplicitFactorizationModel(n_iter=2, batch_size=500, random_state=1)
    model.fit(ratings, job=Job(reports.append))
    assert reports[-1].stage == "training explicit"
    assert (reports[-1].done, reports[-1].total, reports[-1].unit) == (6, 6, "batches")
    assert reports[-1].values["epoch"] == 2
    assert reports[-1].values["loss"] == pytest.approx(model.losses_by_epoch[-1])


@pytest.mark.parametrize("model_class", [ExplicitFactorizationModel, ImplicitFactorizationModel])
def test_a_representation_and_an_optimiser_of_ones_own(ratings, model_class):
    torch.manual_seed(0)  # the model does not seed a network that is made outside of it
    net = BilinearNet(40, 31, 8, item_embedding_layer=BloomEmbedding(31, 8, compression_ratio=0.5))

    def sgd(parameters):
        return torch.optim.SGD(parameters, lr=0.5)

    model = model_class(representation=net, n_iter=8, random_state=1, optimizer_func=sgd)
    model.fit(ratings)
    assert model.losses_by_epoch[-1] < 0.99 * model.losses_by_epoch[0]
    np.testing.assert_array_equal(model.predict(2), model.predict(np.full(31, 2), np.arange(31)))


class OwnNet(BilinearNet):
    """A subclass of BilinearNet, which is trained by automatic differentiation."""


def test_tables_with_sparse_gradients_serve_optimisers_that_take_them(ratings):
    def sparse_adam(parameters):
        return torch.optim.SparseAdam(list(parameters), lr=1e-2)

    model = ExplicitFactorizationModel(sparse=True, optimizer_func=sparse_adam, n_iter=3, random_state=1)
    model.fit(ratings)
    assert model._net.item_embeddings.sparse
    assert model.losses_by_epoch[-1] < model.losses_by_epoch[0]
    own = ExplicitFactorizationModel(representation=OwnNet(40, 31, 8, sparse=True), n_iter=2, random_state=1)
    own.fit(ratings)
    assert own.losses_by_epoch[1] < own.losses_by_epoch[0]
    with pytest.raises(ValueError, match=r"0\.5.*sparse"):
        ExplicitFactorizationModel(representation=OwnNet(40, 31, 8, sparse=True), l2=0.5).fit(ratings)
    same = [ExplicitFactorizationModel(sparse=sparse, n_iter=1, random_state=1) for sparse in (False, True)]
    for one in same:
        one.fit(ratings)
    np.testing.assert_array_equal(same[0].predict(1), same[1].predict(1))


def test_of_one_negative_the_hardest_is_that_one(ratings):
    def scores(**options):
        model = ImplicitFactorizationModel(n_iter=2, random_state=1, **options)
        model.fit(ratings)
        return model.predict(1)

    hinge = scores(loss="hinge")
    np.testing.assert_array_equal(scores(loss="adaptive_hinge", num_negative_samples=1), hinge)
    assert not np.array_equal(scores(loss="adaptive_hinge", num_negative_samples=4), hinge)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("loss", EXPLICIT)
def test_weights_count(ratings, loss, own):
    """An interaction of weight 0 has the same effect as no interaction."""
    ratings = _for_loss(ratings, loss)
    contrary = ratings.ratings.max() + ratings.ratings.min() - ratings.ratings
    doubled = Interactions(
        np.tile(ratings.user_ids, 2),
        np.tile(ratings.item_ids, 2),
        ratings=np.concatenate((ratings.ratings, contrary)),
        weights=np.repeat([1.0, 0.0], len(ratings)),
    )
    net = {"representation": OwnNet(40, 31, 32)} if own else {}
    model = ExplicitFactorizationModel(loss=loss, n_iter=30, batch_size=64, random_state=1, **net)
    model.fit(doubled)
    predicted = model.predict(4)
    assert predicted[2:31:2].min() > predicted[1:31:2].max()


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("loss", IMPLICIT)
def test_choices_of_weight_0_teach_nothing(ratings, loss, own):
    weighted = Interactions(ratings.user_ids, ratings.item_ids, weights=(ratings.ratings > 2).astype(float))
    net = {"representation": OwnNet(40, 31, 32)} if own else {}
    model = ImplicitFactorizationModel(loss=loss, n_iter=40, batch_size=64, random_state=1, exclude_known=False, **net)
    model.fit(weighted)
    right = [np.mean(np.argsort(-row)[:15] % 2 == user % 2) for user, row in enumerate(model.predict(np.arange(40)))]
    assert np.mean(right) > 0.9


@pytest.mark.parametrize("model_class", [ExplicitFactorizationModel, ImplicitFactorizationModel])
def test_weights_of_1_change_nothing(ratings, model_class):
    weighted = ratings.select(slice(None))
    weighted.weights = np.ones(len(ratings))
    plain, other = (model_class(n_iter=2, random_state=1) for _ in range(2))
    plain.fit(ratings)
    other.fit(weighted)
    np.testing.assert_array_equal(plain.predict(3), other.predict(3))


def test_raw_ids_with_gaps_learn_the_same_as_dense_ones(ratings):
    spread = Interactions(ratings.user_ids * 7, ratings.item_ids * 1000, ratings=ratings.ratings)
    dense, raw = (ExplicitFactorizationModel(n_iter=30, batch_size=64, random_state=1) for _ in range(2))
    dense.fit(ratings)
    raw.fit(spread)
    errors = [
        np.sqrt(np.mean((model.predict(data.user_ids, data.item_ids) - data.ratings) ** 2))
        for model, data in ((dense, ratings), (raw, spread))
    ]
    assert errors[1] == pytest.approx(errors[0], abs=0.1)


def test_wrong_uses_are_value_errors_that_name_the_value(ratings):
    with pytest.raises(ValueError, match="nonsense"):
        ExplicitFactorizationModel(loss="nonsense")
    with pytest.raises(ValueError, match="-3"):
        ExplicitFactorizationModel(learning_rate=-3)
    with pytest.raises(ValueError, match="ratings"):
        ExplicitFactorizationModel().fit(Interactions([0], [1]))
    with pytest.raises(ValueError, match="4"):
        ExplicitFactorizationModel(loss="logistic").fit(ratings)
    with pytest.raises(NotTrainedError):
        ExplicitFactorizationModel().predict(1)
    model = ExplicitFactorizationModel(n_iter=1)
    model.fit(ratings)
    with pytest.raises(ValueError, match="40"):
        model.predict(40)
    with pytest.raises(ValueError, match="31"):
        model.predict(0, np.array([31]))
    with pytest.raises(ValueError, match="2 user_ids and 3"):
        model.predict(np.array([0, 1]), np.array([1, 2, 3]))
    with pytest.raises(ValueError, match="50"):
        model.fit(Interactions([50], [1], ratings=[1.0]))


def test_a_loss_that_is_no_number_stops_with_advice(ratings):
    model = ExplicitFactorizationModel(loss="poisson", learning_rate=1e6, n_iter=5, random_state=1)
    with pytest.raises(ValueError, match="learning_rate"):
        model.fit(ratings)
    with pytest.raises(NotTrainedError):
        model.predict(1)


def test_the_tutorials_explicit_program_runs():
    interactions = synthetic.generate_sequential(num_users=30, num_items=50, num_interactions=800)
    model = ExplicitFactorizationModel(n_iter=1)
    model.fit(interactions, verbose=False)
    assert model._net.user_embeddings.weight.shape == (30, 32)
