from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from engine.layers import BloomEmbedding, ScaledEmbedding, ScaledEmbeddingBag, ZeroEmbedding, rows_of
from engine.losses import (
    adaptive_hinge_loss,
    bpr_loss,
    hinge_loss,
    logistic_loss,
    pointwise_loss,
    poisson_loss,
    regression_loss,
)


def test_losses_on_numbers_worked_out_by_hand():
    positive, negative = torch.tensor([2.0, 0.0]), torch.tensor([0.5, 1.0])
    log_loss = [math.log1p(math.exp(-2.0)) + math.log1p(math.exp(0.5)), math.log(2.0) + math.log1p(math.exp(1.0))]
    assert pointwise_loss(positive, negative).item() == pytest.approx(sum(log_loss) / 2)
    assert bpr_loss(positive, negative).item() == pytest.approx(
        (math.log1p(math.exp(-1.5)) + math.log1p(math.exp(1.0))) / 2
    )
    assert hinge_loss(positive, negative).item() == pytest.approx((0.0 + 2.0) / 2)
    hardest = torch.stack((negative, torch.tensor([3.0, -1.0])))
    assert adaptive_hinge_loss(positive, hardest).item() == pytest.approx((2.0 + 2.0) / 2)
    observed, rate = torch.tensor([3.0, 1.0]), torch.tensor([2.0, 1.0])
    assert regression_loss(observed, rate).item() == pytest.approx(0.5)
    assert poisson_loss(observed, rate).item() == pytest.approx((2.0 - 3.0 * math.log(2.0) + 1.0) / 2)
    signs = torch.tensor([1.0, -1.0])
    assert logistic_loss(signs, positive).item() == pytest.approx((math.log1p(math.exp(-2.0)) + math.log(2.0)) / 2)


@pytest.mark.parametrize("loss", [pointwise_loss, bpr_loss, hinge_loss, regression_loss, poisson_loss, logistic_loss])
def test_masks_and_weights(loss):
    first, second = torch.tensor([1.0, 0.5, 2.0]), torch.tensor([0.5, 2.0, 1.5])
    parts = [loss(first[i : i + 1], second[i : i + 1]).item() for i in range(3)]
    mask, weights = torch.tensor([True, False, True]), torch.tensor([2.0, 1.0, 0.5])
    assert loss(first, second, mask).item() == pytest.approx((parts[0] + parts[2]) / 2)
    assert loss(first, second, mask, weights).item() == pytest.approx((2 * parts[0] + 0.5 * parts[2]) / 2)
    assert loss(first, second, weights=weights).item() == pytest.approx((2 * parts[0] + parts[1] + 0.5 * parts[2]) / 3)
    assert loss(first, second, torch.zeros(3, dtype=torch.bool)).item() == 0


def test_a_badly_wrong_model_still_learns():
    """Where Spotlight's bpr and pointwise losses have no gradient left."""
    for loss in (bpr_loss, pointwise_loss):
        positive = torch.tensor([-30.0], requires_grad=True)
        loss(positive, torch.tensor([30.0])).backward()
        assert positive.grad.item() == pytest.approx(-1.0)


def test_embeddings_start_small_zero_and_with_zero_padding():
    torch.manual_seed(0)
    scaled = ScaledEmbedding(2000, 16, padding_idx=0)
    assert scaled.weight[1:].std().item() == pytest.approx(1 / 16, rel=0.05)
    assert not scaled.weight[0].any()
    assert ScaledEmbeddingBag(2000, 16, mode="sum").weight.std().item() == pytest.approx(1 / 16, rel=0.05)
    assert not ZeroEmbedding(5, 3).weight.any()


@pytest.mark.parametrize("bag", [False, True])
def test_bloom_vectors_are_distinct_in_few_rows(bag):
    layer = BloomEmbedding(1000, 8, compression_ratio=0.2, bag=bag)
    assert sum(parameter.numel() for parameter in layer.parameters()) == 200 * 8
    vectors = layer(torch.arange(1000))
    assert vectors.shape == (1000, 8)
    assert not vectors[0].any()
    assert len(torch.unique(vectors, dim=0)) == 1000
    square = torch.arange(12).reshape(3, 4)
    torch.testing.assert_close(layer(square), vectors[:12].reshape(3, 4, 8))


def test_bloom_bags_and_lookups_agree_and_saved_tables_keep_their_meaning():
    one, other = BloomEmbedding(50, 4, compression_ratio=0.5), BloomEmbedding(50, 4, compression_ratio=0.5, bag=True)
    other.load_state_dict(one.state_dict())
    torch.testing.assert_close(one(torch.arange(50)), other(torch.arange(50)))


def test_bloom_options_out_of_range_are_value_errors():
    with pytest.raises(ValueError, match="99"):
        BloomEmbedding(10, 4, num_hash_functions=99)
    with pytest.raises(ValueError, match="-1"):
        BloomEmbedding(10, 4, compression_ratio=-1)


class Doubled(nn.Embedding):
    """A layer of one's own."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(input)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Embedding(9, 4),
        nn.Embedding(7, 4, max_norm=0.5),
        Doubled(7, 4),
        ScaledEmbedding(7, 4, padding_idx=0),
        BloomEmbedding(7, 4, compression_ratio=0.5),
    ],
)
@torch.no_grad()
def test_all_rows_at_once_are_what_the_layer_says_of_each(layer):
    torch.testing.assert_close(rows_of(layer, None, 7), layer(torch.arange(7)))
