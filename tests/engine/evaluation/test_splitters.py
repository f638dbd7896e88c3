from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OptionError, RecsysError
from engine.evaluation.splitters import PROTOCOLS, split
from engine.interactions import Interactions


def log(seed: int = 0, count: int = 400, users: int = 100) -> Interactions:
    random = np.random.RandomState(seed)
    return Interactions(
        random.randint(0, users, count).astype(np.int32),
        random.randint(1, 50, count).astype(np.int32),
        ratings=np.arange(count, dtype=np.float32),  # a distinct timestamp identifies each interaction
        timestamps=random.randint(0, 1000, count),
        num_users=users,
        num_items=50,
    )


@given(st.sampled_from(sorted(PROTOCOLS)), st.integers(0, 100))
def test_the_parts_are_the_whole(protocol: str, seed: int) -> None:
    whole = log(seed)
    parts = split(whole, protocol, seed)
    assert sorted([*parts.train.ratings, *parts.test.ratings]) == list(whole.ratings)
    assert (parts.train.num_users, parts.test.num_items) == (100, 50)


def test_the_user_protocol_keeps_users_whole() -> None:
    parts = split(log(), "user", 1)
    assert not set(parts.train.user_ids) & set(parts.test.user_ids)


def test_leave_one_out_takes_each_users_latest_and_the_last_of_equal_times() -> None:
    whole = Interactions(
        np.array([0, 0, 0, 1, 2, 2]), np.array([1, 2, 3, 1, 4, 5]), timestamps=np.array([5, 9, 9, 1, 7, 3]), num_items=6
    )
    parts = split(whole, "leave-one-out", 0)
    assert parts.test.item_ids.tolist() == [3, 4], "user 1 has one interaction only, and keeps it"


def test_temporal_takes_the_latest() -> None:
    parts = split(log(), "temporal", 0)
    assert len(parts.test) == 80
    assert parts.train.timestamps.max() <= parts.test.timestamps.min()


@pytest.mark.parametrize("protocol", ["leave-one-out", "temporal"])
def test_times_are_needed_where_order_is(protocol: str) -> None:
    with pytest.raises(OptionError, match="needs times"):
        split(Interactions(np.array([0, 0]), np.array([1, 2])), protocol, 0)


def test_too_little_to_part_is_said() -> None:
    with pytest.raises(RecsysError, match="too small"):
        split(Interactions(np.array([0]), np.array([1]), timestamps=np.array([1])), "leave-one-out", 0)
