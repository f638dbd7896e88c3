from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.errors import CancelledError, NotTrainedError
from engine.evaluation import sequence_mrr_score
from engine.interactions import SequenceInteractions
from engine.layers import BloomEmbedding
from engine.runtime.job import Job
from engine.sequence.implicit import ImplicitSequenceModel
from engine.sequence.representations import CNNNet, LSTMNet, MixtureLSTMNet, PoolNet

NETS = {"pooling": PoolNet, "cnn": CNNNet, "lstm": LSTMNet, "mixture": MixtureLSTMNet}

LOSSES = ("pointwise", "bpr", "hinge", "adaptive_hinge")


@pytest.fixture(scope="module")
def counting() -> SequenceInteractions:
    """Sequences in which item n + 1 follows item n, and 1 follows 12. Some sequences are short."""
    starts = np.arange(200) % 12
    sequences = (starts[:, None] + np.arange(8)) % 12 + 1
    sequences[::5, :3] = 0
    return SequenceInteractions(sequences, num_items=13)


@pytest.mark.parametrize("representation", ["cnn", "lstm", "mixture"])
@pytest.mark.parametrize("loss", LOSSES)
def test_what_follows_is_learnt(counting, representation, loss):
    model = ImplicitSequenceModel(
        loss=loss, representation=representation, n_iter=40, batch_size=32, random_state=1, num_negative_samples=3
    )
    model.fit(counting)
    assert [int(model.predict([n - 2, n - 1, n]).argmax()) for n in range(3, 12)] == list(range(4, 13))


@pytest.mark.parametrize("loss", LOSSES)
def test_pooling_learns_what_goes_together(loss):
    """Eight groups of three items in random order. Two items of a group predict the third."""
    rng = np.random.RandomState(0)
    sequences = np.array([rng.permutation(3) + 1 + 3 * (row % 8) for row in range(400)])
    model = ImplicitSequenceModel(loss=loss, n_iter=60, batch_size=64, random_state=1)
    model.fit(SequenceInteractions(sequences, num_items=25))
    scores = model.predict([[1 + 3 * family, 2 + 3 * family] for family in range(8)])
    assert all(3 + 3 * family in np.argsort(-row)[:3] for family, row in enumerate(scores))


@pytest.mark.parametrize("representation", list(NETS))
def test_a_step_sees_the_items_before_it_only(representation):
    net = NETS[representation](20)
    whole = torch.tensor([[0, 3, 5, 7, 9, 2]])
    changed = torch.tensor([[0, 3, 5, 8, 1, 4]])
    before, after = (net.user_representation(one)[0] for one in (whole, changed))
    torch.testing.assert_close(before[:, :, :4], after[:, :, :4])
    assert not torch.allclose(before[:, :, 4], after[:, :, 4])


@pytest.mark.parametrize("representation", list(NETS))
def test_the_final_representation_is_that_of_the_step_after(representation):
    net = NETS[representation](20).eval()
    steps, _ = net.user_representation(torch.tensor([[3, 5, 7, 9]]))
    _, final = net.user_representation(torch.tensor([[3, 5, 7]]))
    torch.testing.assert_close(steps[:, :, 3], final)


@pytest.mark.parametrize("representation", list(NETS))
def test_scoring_all_items_at_once_is_scoring_each(representation):
    net = NETS[representation](20).eval()
    net.item_biases.weight.data.normal_()
    _, final = net.user_representation(torch.tensor([[3, 5, 7], [0, 0, 2]]))
    together = net.score_all(final, torch.arange(20))
    one_by_one = torch.stack([net(row.expand(20, -1), torch.arange(20)) for row in final])
    torch.testing.assert_close(together, one_by_one)


def test_a_convolution_in_the_usual_form_gives_the_same():
    net = CNNNet(20, 8, kernel_width=(3, 2), dilation=(1, 2), num_layers=2, nonlinearity="relu")
    sequence = torch.tensor([[3, 5, 7, 9, 11, 2]])
    states = nn.functional.pad(net.item_embeddings(sequence).transpose(1, 2), (1, 0))
    for layer, width, dilation in zip(net.cnn_layers, (3, 2), (1, 2), strict=True):
        kernel = layer.weight.view(8, width, 8).transpose(1, 2)
        padded = nn.functional.pad(states, ((width - 1) * dilation, 0))
        convolved = nn.functional.conv1d(padded, kernel, layer.bias, dilation=dilation)
        states = torch.relu(convolved) + states
    steps, final = net.user_representation(sequence)
    torch.testing.assert_close(torch.cat((steps, final.unsqueeze(-1)), -1), states)


def test_shapes_of_predictions(counting):
    model = ImplicitSequenceModel(representation="cnn", n_iter=1, random_state=1)
    model.fit(counting)
    one = model.predict(np.array([3, 4, 5]))
    assert one.shape == (13,)
    np.testing.assert_array_equal(one, model.predict(np.array([[3, 4, 5]])))
    np.testing.assert_array_equal(one[[2, 7]], model.predict([3, 4, 5], np.array([2, 7])))
    np.testing.assert_array_equal(one[[2, 7]], model.predict([3, 4, 5], np.array([[2], [7]])))
    many = model.predict(np.array([[3, 4, 5], [0, 1, 2]]))
    assert many.shape == (2, 13)
    np.testing.assert_allclose(many[0], one, rtol=1e-5)
    np.testing.assert_allclose(model.predict([0, 0, 3, 4, 5]), one, rtol=1e-5)
    assert model.predict(np.array([], dtype=np.int64)).shape == (13,)
    assert one.argmin() == 0
    assert np.isfinite(one).all()


def test_probabilities_sum_to_one_and_order_as_scores(counting):
    model = ImplicitSequenceModel(loss="bpr", representation="cnn", n_iter=5, random_state=1)
    model.fit(counting)
    probabilities = model.probabilities([3, 4, 5])
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    assert probabilities[0] == 0
    assert (np.argsort(-probabilities) == np.argsort(-model.predict([3, 4, 5]))).all()
    assert model.probabilities([3, 4, 5], temperature=0.5).max() > probabilities.max()


@pytest.mark.parametrize("loss", ["pointwise", "bpr"])
@pytest.mark.parametrize("exclude_known", [True, False])
def test_probabilities_are_those_of_the_data(loss, exclude_known):
    """Item 2 follows item 1 in three of four sequences, and item 3 in one."""
    sequences = np.array([[1, 2], [1, 2], [1, 2], [1, 3]] * 50)
    model = ImplicitSequenceModel(
        loss=loss,
        representation="cnn",
        n_iter=200,
        batch_size=64,
        random_state=1,
        learning_rate=3e-3,
        exclude_known=exclude_known,
    )
    model.fit(SequenceInteractions(sequences, num_items=6))
    probabilities = model.probabilities([1])
    assert probabilities[2] == pytest.approx(0.75, abs=0.1)
    assert probabilities[3] == pytest.approx(0.25, abs=0.1)


class OwnNet(nn.Module):
    """A network as a user of Spotlight may have written it: without score_all, and with its own squeezes."""

    def __init__(self, num_items: int, dim: int) -> None:
        super().__init__()
        self.items = nn.Embedding(num_items, dim, padding_idx=0)

    def user_representation(self, item_sequences):
        states = nn.functional.pad(self.items(item_sequences).transpose(1, 2), (1, 0))
        return states[:, :, :-1], states[:, :, -1:]

    def forward(self, user_representations, targets):
        return (user_representations * self.items(targets).transpose(1, 2)).sum(1).squeeze()


def test_a_net_of_ones_own(counting):
    model = ImplicitSequenceModel(loss="hinge", representation=OwnNet(13, 16), n_iter=30, random_state=1)
    model.fit(counting)
    assert model.losses_by_epoch[-1] < model.losses_by_epoch[0]
    assert model.predict([1, 2, 3]).shape == (13,)
    assert model.predict([[1, 2, 3], [2, 3, 4]]).shape == (2, 13)


@pytest.mark.parametrize("bag", [False, True])
def test_bloom_embeddings_serve_as_item_layer(counting, bag):
    layer = BloomEmbedding(13, 16, compression_ratio=0.8, num_hash_functions=3, bag=bag)
    model = ImplicitSequenceModel(
        loss="bpr", representation=CNNNet(13, 16, item_embedding_layer=layer), n_iter=40, batch_size=32, random_state=1
    )
    model.fit(counting)
    assert [int(model.predict([n - 1, n]).argmax()) for n in range(2, 12)] == list(range(3, 13))


class TiedNet(PoolNet):
    """A network that also uses the embedding table as a matrix."""

    def forward(self, user_representations, targets):
        shrunk = 1e-3 * self.item_embeddings.weight.square().sum()
        return super().forward(user_representations, targets) - shrunk


@pytest.mark.parametrize("net", [PoolNet, TiedNet])
def test_tables_get_the_gradient_that_automatic_differentiation_gives(counting, net, monkeypatch):
    def scores():
        torch.manual_seed(0)
        model = ImplicitSequenceModel(loss="bpr", representation=net(13, 8), n_iter=3, random_state=1)
        model.fit(counting)
        return model.predict([3, 4, 5])

    quick = scores()
    none = {"_layers": [], "_gradients": []}
    monkeypatch.setattr(
        "engine.training.autograd._EmbeddingGradients.__init__", lambda self, net: self.__dict__.update(none)
    )
    np.testing.assert_allclose(quick, scores(), rtol=1e-3, atol=1e-5)


def test_sparse_tables_learn_too(counting):
    model = ImplicitSequenceModel(representation="cnn", sparse=True, n_iter=3, random_state=1)
    model.fit(counting)
    assert model.losses_by_epoch[-1] < model.losses_by_epoch[0]


def test_a_cancelled_fit_is_completed_by_the_next(counting):
    class StopsAfter(Job):
        left = 9

        def checkpoint(self):
            self.left -= 1
            if self.left < 0:
                self.cancel()
            super().checkpoint()

    options = {"loss": "adaptive_hinge", "representation": "lstm", "n_iter": 3, "batch_size": 40, "random_state": 1}
    whole, stopped = ImplicitSequenceModel(**options), ImplicitSequenceModel(**options)
    whole.fit(counting)
    with pytest.raises(CancelledError):
        stopped.fit(counting, job=StopsAfter())
    stopped.predict([1, 2])
    stopped.fit(counting)
    np.testing.assert_array_equal(whole.predict([1, 2]), stopped.predict([1, 2]))


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_count(loss):
    """A continuation of weight 0 is not learnt. If both continuations have weights, both are learnt."""
    sequences = np.array([[1, 2], [1, 3], [4, 5], [4, 2]] * 60)
    weights = np.array([[1.0, 1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]] * 60)
    model = ImplicitSequenceModel(loss=loss, representation="cnn", n_iter=40, batch_size=32, random_state=1)
    model.fit(SequenceInteractions(sequences, num_items=6, weights=weights))
    scores = model.predict([1])
    assert scores.argmax() == 2
    assert scores[3] < scores[2] - 0.9
    assert set(np.argsort(-model.predict([4]))[:2]) == {2, 5}


@pytest.mark.parametrize(
    "options", [{"kernel_width": [3, 2], "dilation": [1, 2]}, {"nonlinearity": "relu"}, {"residual_connections": False}]
)
def test_every_option_of_the_convolutions_learns(counting, options):
    torch.manual_seed(0)
    net = CNNNet(13, 16, num_layers=2, **options)
    model = ImplicitSequenceModel(loss="bpr", representation=net, n_iter=40, batch_size=32, random_state=1)
    model.fit(counting)
    assert [int(model.predict([n - 2, n - 1, n]).argmax()) for n in range(3, 12)] == list(range(4, 13))


@pytest.mark.parametrize("representation", list(NETS))
def test_the_same_seed_gives_the_same_model_and_leaves_torchs_own_alone(counting, representation):
    def scores(seed):
        model = ImplicitSequenceModel(loss="hinge", representation=representation, n_iter=2, random_state=seed)
        model.fit(counting)
        return model.predict([1, 2, 3])

    before = torch.get_rng_state()
    first = scores(5)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    np.testing.assert_array_equal(scores(5), first)
    assert not np.array_equal(scores(6), first)


def test_of_one_negative_the_hardest_is_that_one(counting):
    def scores(**options):
        model = ImplicitSequenceModel(representation="cnn", n_iter=2, random_state=1, **options)
        model.fit(counting)
        return model.predict([1, 2])

    hinge = scores(loss="hinge")
    np.testing.assert_array_equal(scores(loss="adaptive_hinge", num_negative_samples=1), hinge)
    assert not np.array_equal(scores(loss="adaptive_hinge", num_negative_samples=4), hinge)


@pytest.mark.parametrize("representation", list(NETS))
@pytest.mark.parametrize("loss", LOSSES)
def test_products_in_bfloat16_lose_nothing(counting, representation, loss, monkeypatch):
    """Wide networks train in bfloat16 on a GPU. This test uses bfloat16 on the CPU."""
    if representation in ("lstm", "mixture") and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this processor has no bfloat16 LSTM")

    def fitted():
        model = ImplicitSequenceModel(
            loss=loss, representation=representation, n_iter=25, batch_size=32, random_state=1, learning_rate=3e-3
        )
        model.fit(counting)
        return model

    exact = fitted()
    monkeypatch.setattr("engine.sequence.implicit.mixed_precision_pays", lambda device, width: True)
    rounded = fitted()
    assert rounded._net.item_embeddings.weight.dtype == torch.float32
    assert rounded.predict([1, 2]).dtype == np.float32
    mrr = [sequence_mrr_score(model, counting).mean() for model in (exact, rounded)]
    assert mrr[1] == pytest.approx(mrr[0], abs=0.05)
    if representation != "pooling":
        assert not np.array_equal(exact.predict([1, 2]), rounded.predict([1, 2]))


def test_wrong_uses_are_value_errors_that_name_the_value(counting):
    with pytest.raises(ValueError, match="gru"):
        ImplicitSequenceModel(representation="gru")
    with pytest.raises(ValueError, match="warp"):
        ImplicitSequenceModel(loss="warp")
    with pytest.raises(ValueError, match="elu"):
        CNNNet(10, nonlinearity="elu")
    with pytest.raises(ValueError, match="3"):
        CNNNet(10, num_layers=3, dilation=(1, 2))
    with pytest.raises(ValueError, match=r"2\.5"):
        ImplicitSequenceModel(num_negative_samples=2.5)
    with pytest.raises(NotTrainedError):
        ImplicitSequenceModel().predict([1])
    model = ImplicitSequenceModel(n_iter=1)
    model.fit(counting)
    with pytest.raises(ValueError, match="13"):
        model.predict([1, 13])
    with pytest.raises(ValueError, match="20"):
        model.fit(SequenceInteractions([[1, 20]]))
