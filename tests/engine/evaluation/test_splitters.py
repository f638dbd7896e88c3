from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OptionError, RecsysError
from engine.evaluation.config import PROTOCOLS
from engine.evaluation.splitters import shuffle_ties, split
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


@given(st.integers(0, 50))
def test_shuffled_ties_move_equal_times_of_one_user_only(seed: int) -> None:
    whole = log(seed)
    whole.timestamps //= 300
    shuffled = shuffle_ties(whole, seed)
    np.testing.assert_array_equal(shuffled.user_ids, whole.user_ids)
    np.testing.assert_array_equal(shuffled.timestamps, whole.timestamps)
    assert sorted(shuffled.ratings) == list(whole.ratings)
    assert (shuffled.item_ids == whole.item_ids[shuffled.ratings.astype(int)]).all(), "columns move together"
    assert (shuffled.num_users, shuffled.num_items) == (100, 50)


def tied(users: int = 200) -> Interactions:
    """Everybody's five items at one time, in ascending order, and a sixth before them."""
    items, times = np.tile([9, 1, 2, 3, 4, 5], users), np.tile([1, 7, 7, 7, 7, 7], users)
    return Interactions(np.repeat(np.arange(users), 6), items, timestamps=times)


def test_each_of_several_latest_items_is_left_out_as_often_where_ties_are_shuffled() -> None:
    assert set(split(tied(), "leave-one-out", 0).test.item_ids) == {5}
    counts = np.bincount(split(tied(), "leave-one-out", 0, "random").test.item_ids, minlength=10)
    assert counts[1:6].min() > 20
    assert counts[9] == 0, "an earlier item never takes the place of a later one"


def test_training_sequences_follow_the_shuffled_order() -> None:
    parts = split(tied(), "user", 3, ties="random")
    assert parts.ties == "random"
    for part in (parts.train, parts.test):
        sequences = part.to_sequence(6).sequences
        assert (sequences[:, 0] == 9).all()
        assert not (np.diff(sequences[:, 1:], axis=1) > 0).all(1).all()
        assert (np.sort(sequences[:, 1:]) == [1, 2, 3, 4, 5]).all()


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_the_seed_decides_the_order_of_shuffled_ties(protocol: str) -> None:
    one, same, other = (split(tied(), protocol, seed, "random").train.item_ids for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert len(one) != len(other) or (one != other).any()


def test_where_no_order_is_used_shuffling_changes_nothing_and_is_not_claimed() -> None:
    plain, shuffled = split(tied(), "random", 1), split(tied(), "random", 1, "random")
    np.testing.assert_array_equal(plain.test.item_ids, shuffled.test.item_ids)
    assert shuffled.ties == "file"
    untimed = Interactions(np.repeat(np.arange(50), 4), np.tile([1, 2, 3, 4], 50))
    assert split(untimed, "user", 1, "random").ties == "file"


def test_an_unknown_order_of_ties_is_refused() -> None:
    with pytest.raises(OptionError, match=r"'newest'.*file or random"):
        split(tied(), "user", 1, "newest")
