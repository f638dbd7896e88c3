from __future__ import annotations

import numpy as np
import pytest

from engine.cross_validation import (
    _murmur3,
    random_train_test_split,
    shuffle_interactions,
    user_based_train_test_split,
)
from engine.interactions import Interactions


@pytest.fixture
def interactions() -> Interactions:
    rng = np.random.RandomState(0)
    users, items = rng.randint(0, 50, 1000), rng.randint(1, 30, 1000)
    rows = np.arange(1000)
    return Interactions(users, items, ratings=rows * 1.0, timestamps=rows, weights=rows + 0.5)


def _rows(*parts: Interactions) -> list[tuple[float, ...]]:
    return sorted(
        row
        for part in parts
        for row in zip(
            part.user_ids.tolist(),
            part.item_ids.tolist(),
            part.ratings.tolist(),
            part.timestamps.tolist(),
            part.weights.tolist(),
            strict=True,
        )
    )


@pytest.mark.parametrize("split", [random_train_test_split, user_based_train_test_split])
def test_every_interaction_is_whole_and_in_one_part(interactions, split):
    train, test = split(interactions, test_percentage=0.3, random_state=np.random.RandomState(1))
    assert _rows(train, test) == _rows(interactions)
    assert 0.1 < len(test) / len(interactions) < 0.5
    for part in (train, test):
        assert (part.num_users, part.num_items) == (interactions.num_users, interactions.num_items)
    again = split(interactions, test_percentage=0.3, random_state=np.random.RandomState(1))
    assert _rows(again[1]) == _rows(test)


def test_users_are_not_torn_apart(interactions):
    train, test = user_based_train_test_split(interactions, random_state=np.random.RandomState(1))
    assert not set(train.user_ids.tolist()) & set(test.user_ids.tolist())


def test_shuffling_keeps_rows_together(interactions):
    shuffled = shuffle_interactions(interactions, random_state=np.random.RandomState(1))
    assert _rows(shuffled) == _rows(interactions)
    assert shuffled.user_ids.tolist() != interactions.user_ids.tolist()


def test_the_random_split_cuts_where_spotlight_does():
    train, test = random_train_test_split(Interactions(np.zeros(100_004, int), np.zeros(100_004, int)))
    assert (len(train), len(test)) == (80_003, 20_001)


def test_the_hash_is_murmur3():
    """Values of the published function for four-byte keys."""
    assert int(_murmur3(np.array([0]), 0)[0]) == 0x2362F9DE
    assert int(_murmur3(np.array([0x87654321]), 0)[0]) == 0xF55B516B
    assert int(_murmur3(np.array([0x87654321]), 0x5082EDEE)[0]) == 0x2362F9DE


def test_impossible_shares_are_value_errors(interactions):
    with pytest.raises(ValueError, match=r"1\.5"):
        random_train_test_split(interactions, test_percentage=1.5)
