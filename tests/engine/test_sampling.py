from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.sampling import NegativeSampler, sample_items


@given(
    pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=40),
    candidates=st.sets(st.integers(0, 9), min_size=1),
    seed=st.integers(0, 3),
)
def test_negatives_are_free_items_and_all_of_them(pairs, candidates, seed):
    columns = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2)
    sampler = NegativeSampler(columns[:, 0], columns[:, 1], 4, torch.tensor(sorted(candidates)))
    generator = torch.Generator().manual_seed(seed)
    drawn = sampler.sample(torch.arange(4).repeat_interleave(300), generator).view(4, 300)
    for group in range(4):
        free = candidates - {item for one, item in pairs if one == group}
        assert set(drawn[group].tolist()) == (free or candidates)


def test_free_items_are_equally_likely():
    sampler = NegativeSampler(torch.zeros(3, dtype=torch.long), torch.tensor([2, 5, 7]), 1, torch.arange(1, 10))
    drawn = sampler.sample(torch.zeros(60_000, dtype=torch.long), torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn, minlength=10) / 60_000
    assert shares[[0, 2, 5, 7]].sum() == 0
    torch.testing.assert_close(shares[[1, 3, 4, 6, 8, 9]], torch.full((6,), 1 / 6), atol=0.01, rtol=0)


def test_known_items_can_be_drawn_on_request():
    sampler = NegativeSampler(
        torch.zeros(2, dtype=torch.long), torch.tensor([1, 2]), 1, torch.arange(1, 4), exclude_known=False
    )
    drawn = sampler.sample(torch.zeros(200, dtype=torch.long), torch.Generator().manual_seed(0))
    assert set(drawn.tolist()) == {1, 2, 3}


def test_no_candidates_is_an_error_that_says_so():
    nothing = torch.zeros(0, dtype=torch.long)
    with pytest.raises(ValueError, match="no item"):
        NegativeSampler(nothing, nothing, 1, nothing)


def test_sampled_items_leave_the_padding_out():
    items = sample_items(5, (100, 3), random_state=np.random.RandomState(0))
    assert items.shape == (100, 3)
    assert set(items.ravel().tolist()) == {1, 2, 3, 4}
    assert 0 in sample_items(5, 100, random_state=np.random.RandomState(0), first=0)
