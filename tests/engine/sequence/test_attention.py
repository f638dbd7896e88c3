from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from engine import models
from engine.cross_validation import user_based_train_test_split
from engine.datasets import synthetic
from engine.errors import CancelledError, LearningError, OptionError
from engine.evaluation import sequence_mrr_score
from engine.interactions import SequenceInteractions
from engine.runtime.job import Job
from engine.sequence.attention import AttentionModel
from engine.sequence.blend import BlendModel
from engine.sequence.implicit import ImplicitSequenceModel
from engine.sequence.self_attention import AttentionNet
from engine.sequence.softmax import SharedNegatives, softmax_loss


@pytest.fixture(scope="module")
def counting() -> SequenceInteractions:
    """Sequences in which item n + 1 follows item n, and 1 follows 12. Some sequences are short."""
    starts = np.arange(200) % 12
    sequences = (starts[:, None] + np.arange(8)) % 12 + 1
    sequences[::5, :3] = 0
    return SequenceInteractions(sequences, user_ids=np.arange(200) // 2, num_items=14)


SMALL = {"embedding_dim": 16, "dropout": 0.1, "n_iter": 12, "batch_size": 16, "random_state": 1}


# -- the net ------------------------------------------------------------------------------------------------------
@pytest.fixture
def net() -> AttentionNet:
    torch.manual_seed(1)
    made = AttentionNet(20, 8, num_layers=2).eval()
    for layer in made.layers:
        nn.init.normal_(layer.distance_bias)
    nn.init.normal_(made.item_biases.weight)
    return made


def test_a_later_item_never_changes_what_stands_before_it(net):
    whole, changed = torch.tensor([[0, 3, 5, 7, 9, 2]]), torch.tensor([[0, 3, 5, 8, 1, 4]])
    before, after = (net.user_representation(one)[0] for one in (whole, changed))
    torch.testing.assert_close(before[:, :, :4], after[:, :, :4])
    assert not torch.allclose(before[:, :, 4], after[:, :, 4])


def test_the_final_representation_is_that_of_the_step_after(net):
    steps, _ = net.user_representation(torch.tensor([[3, 5, 7, 9]]))
    _, final = net.user_representation(torch.tensor([[3, 5, 7]]))
    torch.testing.assert_close(steps[:, :, 3], final)


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("items", [[], [0], [0, 0], [7], [0, 0, 5, 6], [3, 0, 4], list(range(1, 20)) * 4])
def test_one_sequence_alone_has_the_representation_that_it_has_among_others(num_layers, items):
    torch.manual_seed(num_layers)
    net = AttentionNet(20, 32, num_layers, 2, reach=8).eval()
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.3)
    sequence = torch.tensor([items or [0]])
    alone = net.final_representation(sequence)
    among = net.final_representation(sequence.expand(3, -1))
    whole = net.user_representation(sequence)[1]
    torch.testing.assert_close(alone, whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(among, whole.expand(3, -1), rtol=1e-5, atol=1e-5)


def test_one_sequence_alone_has_the_representation_of_the_parameters_as_they_are_now():
    torch.manual_seed(1)
    net, sequence = AttentionNet(20, 32).eval(), torch.tensor([[3, 5, 7]])

    def assert_equal() -> None:
        alone, whole = net.final_representation(sequence), net.user_representation(sequence)[1].detach()
        torch.testing.assert_close(alone, whole, rtol=1e-5, atol=1e-5)

    assert_equal()
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.3)
    assert_equal()
    net.load_state_dict(AttentionNet(20, 32).state_dict(), assign=True)
    assert_equal()
    net = copy.deepcopy(net)
    nn.init.normal_(net.begin)
    assert_equal()
    net.double()
    assert net.final_representation(sequence).dtype == torch.float64
    net.float()
    assert_equal()


def test_padding_changes_nothing(net):
    _, bare = net.user_representation(torch.tensor([[3, 5, 7]]))
    _, padded = net.user_representation(torch.tensor([[0, 0, 0, 3, 5, 7]]))
    torch.testing.assert_close(bare, padded)
    _, nothing = net.user_representation(torch.tensor([[0, 0, 0]]))
    assert torch.isfinite(nothing).all()


def test_order_matters_up_to_the_reach(net):
    _, one = net.user_representation(torch.tensor([[3, 5, 7]]))
    _, other = net.user_representation(torch.tensor([[5, 3, 7]]))
    assert not torch.allclose(one, other)


# -- the loss -----------------------------------------------------------------------------------------------------
def test_the_whole_loss_is_that_of_a_softmax_over_the_items_that_occur(net):
    sequences = torch.tensor([[0, 3, 5], [7, 9, 2]])
    users, _ = net.user_representation(sequences)
    candidates = torch.tensor([2, 3, 5, 7, 9, 11])
    loss = softmax_loss(net, users, sequences, sequences != 0, candidates)
    by_hand = []
    for row in range(2):
        for step in range(3):
            if sequences[row, step]:
                scores = net(users[row, :, step].expand(20, -1), torch.arange(20))
                by_hand.append(torch.logsumexp(scores[candidates], 0) - scores[sequences[row, step]])
    torch.testing.assert_close(loss, torch.stack(by_hand).mean())
    weights = torch.tensor([[9.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    weighted = softmax_loss(net, users, sequences, sequences != 0, candidates, weights=weights)
    torch.testing.assert_close(weighted, (by_hand[0] + 2 * by_hand[4]) / 5)


def test_the_sampled_loss_estimates_the_whole_one(net):
    """The sampled loss agrees with the full loss if there are many negatives, even with uneven probabilities."""
    sequences = torch.randint(1, 20, (40, 3), generator=torch.Generator().manual_seed(2))
    counts = torch.bincount(sequences.reshape(-1), minlength=20)
    occurring = counts.nonzero()[:, 0]
    users, _ = net.user_representation(sequences)
    whole = softmax_loss(net, users, sequences, sequences != 0, occurring)
    sampler = SharedNegatives(counts, power=1.0)
    drawn = sampler.sample(torch.zeros(100, 100, 3), torch.Generator().manual_seed(3)).reshape(-1)
    assert set(drawn.tolist()) == set(occurring.tolist())
    estimate = softmax_loss(net, users, sequences, sequences != 0, drawn, sampler.log_chance)
    torch.testing.assert_close(estimate, whole, rtol=0.02, atol=0.02)


# -- the model ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("num_negatives", [0, 64])
def test_what_follows_is_learnt(counting, num_negatives):
    model = AttentionModel(**{**SMALL, "n_iter": 30, "num_negatives": num_negatives, "learning_rate": 1e-2})
    model.fit(counting)
    assert [int(model.predict([n - 2, n - 1, n]).argmax()) for n in range(3, 12)] == list(range(4, 13))
    assert model.probabilities([3, 4])[5] > 0.8
    assert model.predict([3, 4])[13] == model.predict([3, 4])[0] < model.predict([3, 4])[1:13].min()


@pytest.mark.parametrize("representation", ["pooling", "cnn", "lstm", "mixture", "attention"])
def test_cross_entropy_suits_every_net(counting, representation):
    options = {"n_iter": 8, "batch_size": 32, "random_state": 1}
    model = ImplicitSequenceModel("cross_entropy", representation, **options)
    model.fit(counting)
    assert model.losses_by_epoch[-1] < model.losses_by_epoch[0]


def test_attention_is_a_representation_for_the_other_losses(counting):
    model = ImplicitSequenceModel("bpr", "attention", n_iter=30, batch_size=32, random_state=1)
    model.fit(counting)
    assert [int(model.predict([n - 1, n]).argmax()) for n in range(2, 12)] == list(range(3, 13))


@pytest.mark.parametrize("name", ["attention", "blend"])
def test_a_stored_model_says_the_same(counting, name, tmp_path):
    model = models.create(name, **{**SMALL, "n_iter": 2}, device="cpu")
    model.fit(counting)
    model.save(tmp_path / "model", {"note": 1})
    again = models.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict([[1, 2], [0, 3]]), model.predict([[1, 2], [0, 3]]))
    assert again.options() == model.options()
    assert again.metadata == {"note": 1}


@pytest.mark.parametrize("name", ["attention", "blend"])
def test_the_same_seed_gives_the_same_model(counting, name):
    one, two, other = (models.create(name, **{**SMALL, "n_iter": 2, "random_state": seed}) for seed in (1, 1, 2))
    for model in (one, two, other):
        torch.rand(5)  # random numbers drawn elsewhere have no effect
        model.fit(counting)
    np.testing.assert_array_equal(one.predict([1, 2]), two.predict([1, 2]))
    assert not np.array_equal(one.predict([1, 2]), other.predict([1, 2]))


class StopsAfter(Job):
    left = 9

    def checkpoint(self):
        self.left -= 1
        if self.left < 0:
            self.cancel()
        super().checkpoint()


def test_a_cancelled_fit_is_completed_by_the_next(counting):
    whole, stopped = AttentionModel(**{**SMALL, "n_iter": 2}), AttentionModel(**{**SMALL, "n_iter": 2})
    whole.fit(counting)
    with pytest.raises(CancelledError):
        stopped.fit(counting, job=StopsAfter())
    stopped.fit(counting)
    np.testing.assert_array_equal(whole.predict([1, 2]), stopped.predict([1, 2]))


@pytest.mark.parametrize(
    "options", [{"num_layers": 0}, {"num_heads": 3}, {"dropout": 1.0}, {"num_negatives": -1}, {"n_iter": 0}]
)
def test_impossible_options_are_named(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        AttentionModel(**options)
    with pytest.raises(OptionError, match="held_out"):
        BlendModel(held_out=0.0)


# -- the blend ----------------------------------------------------------------------------------------------------
def test_the_blend_is_the_geometric_mean_of_two_probabilities(counting):
    model = BlendModel(**{**SMALL, "n_iter": 2})
    model.fit(counting)
    assert 0 <= model.share <= 1
    counted, learnt = (part.probabilities([3, 4, 5]).astype(float)[1:13] for part in model.parts)
    for share in (0.0, 0.25, 1.0):
        model.share = share
        product = counted ** (1 - share) * learnt**share
        np.testing.assert_allclose(model.probabilities([3, 4, 5])[1:13], product / product.sum(), rtol=1e-3, atol=1e-6)


def test_a_stored_blend_counts_as_it_was_trained(tmp_path):
    """Markov finds on people held out that order is strict here, and counts by other options than it was given."""
    strict = synthetic.generate_sequential(num_items=50, order=1, random_state=np.random.RandomState(1)).to_sequence(
        20, min_sequence_length=2
    )
    model = BlendModel(n_iter=1, embedding_dim=4, random_state=1)
    model.fit(strict)
    counting, _ = model.parts
    assert counting.counting != (model.decay, model.ahead, model.sharpness)
    model.save(tmp_path / "blend")
    loaded, light = models.load(tmp_path / "blend", device="cpu"), models.load_numpy(tmp_path / "blend")
    np.testing.assert_array_equal(loaded.predict([3, 4, 5]), model.predict([3, 4, 5]))
    np.testing.assert_allclose(
        light.predict_with_probabilities(np.array([3, 4, 5]))[1], model.probabilities([3, 4, 5]), rtol=2e-4
    )


@pytest.mark.parametrize("sequences", [[[1, 2]], [[1], [2]], [[1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]]])
def test_next_to_nothing_to_learn_from(sequences):
    model = BlendModel(n_iter=1, embedding_dim=4, random_state=1)
    model.fit(SequenceInteractions(sequences))
    assert model.probabilities([1]).sum() == pytest.approx(1, abs=1e-5)


def test_one_item_and_nothing_at_all_are_said_plainly():
    with pytest.raises(LearningError, match="only one item"):
        BlendModel().fit(SequenceInteractions([[1, 1]]))
    with pytest.raises(LearningError, match="no sequences"):
        AttentionModel().fit(SequenceInteractions(np.zeros((2, 3), dtype=int)))


@pytest.mark.slow
def test_synthetic_sequences():
    """The data of Spotlight's tests, which require an MRR above .65 of its best network, cnn."""
    data = synthetic.generate_sequential(
        num_users=100,
        num_items=100,
        num_interactions=10_000,
        concentration_parameter=1e-3,
        order=2,
        random_state=np.random.RandomState(123),
    )
    train, test = user_based_train_test_split(data, random_state=np.random.RandomState(123))
    mrr = {}
    for name in ("markov", "attention", "blend"):
        options = {} if name == "markov" else {"n_iter": 25, "dropout": 0.0, "batch_size": 16}
        model = models.create(name, device="cpu", **options)
        model.fit(train.to_sequence(model.capabilities.sequence_length))
        mrr[name] = sequence_mrr_score(model, test.to_sequence(10)).mean()
    assert mrr["attention"] > 0.65
    assert mrr["blend"] > max(mrr["markov"], mrr["attention"]) - 0.02


# -- descriptions -------------------------------------------------------------------------------------------------
def test_an_item_never_met_is_recommended_by_its_description(counting, tmp_path):
    """Items 13 and 14 are in no sequence. Item 13 has the description of item 5, and item 14 has none."""
    vectors = np.random.RandomState(0).randn(15, 8).astype(np.float32)
    vectors[13], vectors[14] = vectors[5], 0.0
    sequences = SequenceInteractions(counting.sequences, num_items=15)
    model = AttentionModel(**{**SMALL, "n_iter": 40, "learning_rate": 1e-2})
    model.fit(sequences, item_vectors=vectors)
    scores = model.predict([2, 3, 4])
    assert set(np.argsort(-scores)[:2]) == {5, 13}
    assert scores[14] == scores[0] < scores[1:14].min()
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(models.load(tmp_path / "model").predict([2, 3, 4]), scores)
    blend = BlendModel(**{**SMALL, "n_iter": 10, "learning_rate": 1e-2})
    blend.fit(sequences, item_vectors=vectors)
    assert blend.probabilities([2, 3, 4])[13] > 0
    blend.save(tmp_path / "blend")
    np.testing.assert_array_equal(models.load(tmp_path / "blend").predict([2, 3, 4]), blend.predict([2, 3, 4]))
    with pytest.raises(OptionError, match="15 rows"):
        AttentionModel().fit(sequences, item_vectors=vectors[1:])
