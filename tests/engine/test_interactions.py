from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.interactions import Interactions, SequenceInteractions


def _windows(history: list[int], length: int, step: int) -> list[list[int]]:
    """What to_sequence must give for one user, spelled out."""
    windows = []
    for end in range(len(history), 0, -step):
        window = history[max(0, end - length) : end]
        windows.append([0] * (length - len(window)) + window)
    return windows


@given(
    events=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9), st.integers(0, 3)), max_size=60),
    length=st.integers(1, 6),
    step=st.one_of(st.none(), st.integers(1, 7)),
    shortest=st.one_of(st.none(), st.integers(1, 6)),
)
def test_sequences_are_each_users_windows_from_the_end(events, length, step, shortest):
    users, items, times = np.array(events, dtype=np.int64).reshape(-1, 3).T
    shortest = None if shortest is None else min(shortest, length)
    expected, owners = [], []
    for user in sorted(set(users.tolist())):
        mine = [(time, place, item) for place, (u, item, time) in enumerate(events) if u == user]
        history = [item for _, _, item in sorted(mine)]
        for window in _windows(history, length, length if step is None else step):
            if shortest is None or window[-shortest] != 0:
                expected.append(window)
                owners.append(user)

    result = Interactions(users, items, timestamps=times, num_items=10).to_sequence(length, shortest, step)

    assert result.sequences.tolist() == expected
    assert result.user_ids.tolist() == owners
    assert result.sequences.dtype == np.int32
    assert result.num_items == 10


def test_weights_travel_with_their_steps():
    interactions = Interactions([0, 0, 0], [3, 1, 2], timestamps=[3, 1, 2], weights=[0.3, 0.1, 0.2])
    sequences = interactions.to_sequence(max_sequence_length=2)
    np.testing.assert_allclose(sequences.weights, [[0.2, 0.3], [0.0, 0.1]])


def test_sizes_default_to_the_largest_id_plus_one():
    interactions = Interactions(np.array([4, 0]), np.array([2, 7]))
    assert (interactions.num_users, interactions.num_items, len(interactions)) == (5, 8, 2)


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"user_ids": [0, 5], "num_users": 5}, "5"),
        ({"item_ids": [9, 1], "num_items": 9}, "9"),
        ({"item_ids": [1]}, "item_ids"),
        ({"ratings": [1.0]}, "ratings"),
        ({"timestamps": [1]}, "timestamps"),
        ({"weights": [1.0, 2.0, 3.0]}, "weights"),
        ({"user_ids": [-1, 0]}, "-1"),
        ({"user_ids": ["1", "2"]}, "whole numbers"),
        ({"user_ids": [0.0, 0.5]}, r"user_ids\[1\] is 0.5"),
        ({"item_ids": [np.nan, 1.0]}, r"item_ids\[0\] is nan"),
        ({"item_ids": [2.0, np.inf]}, r"item_ids\[1\] is inf"),
        ({"item_ids": [2.0, 1e30]}, r"item_ids\[1\] is 1e\+30"),
    ],
)
def test_wrong_columns_are_refused_with_the_offending_value(columns, word):
    with pytest.raises(ValueError, match=word):
        Interactions(**{"user_ids": [0, 1], "item_ids": [1, 2], **columns})


def test_whole_floats_are_ids_as_in_spotlights_own_tests():
    """Spotlight's tests of known windows make their users with ``np.zeros``."""
    interactions = Interactions(np.zeros(5), np.arange(5.0) + 1, timestamps=np.arange(5))
    assert interactions.user_ids.dtype == interactions.item_ids.dtype == np.int64
    windows = interactions.to_sequence(max_sequence_length=5, step_size=2).sequences
    assert windows.tolist() == [[1, 2, 3, 4, 5], [0, 0, 1, 2, 3], [0, 0, 0, 0, 1]]
    again = SequenceInteractions(windows.astype(np.float32), user_ids=np.zeros(3))
    assert again.sequences.dtype == again.user_ids.dtype == np.int64
    assert again.sequences.tolist() == windows.tolist()


def test_a_sequences_wrong_id_is_named_with_its_place():
    with pytest.raises(ValueError, match=r"sequences\[1, 0\] is 2.5"):
        SequenceInteractions([[0.0, 1.0], [2.5, 3.0]])
    with pytest.raises(ValueError, match=r"user_ids\[0\] is nan"):
        SequenceInteractions([[0, 1]], user_ids=[np.nan])


def test_sequences_need_times_and_no_item_zero():
    with pytest.raises(ValueError, match="timestamps"):
        Interactions([0], [1]).to_sequence()
    with pytest.raises(ValueError, match="0"):
        Interactions([0], [0], timestamps=[1]).to_sequence()
    with pytest.raises(ValueError, match="4"):
        SequenceInteractions([[0, 4]], num_items=4)


def test_matrices_hold_the_ratings_or_ones():
    interactions = Interactions([0, 1, 1], [1, 0, 2], ratings=[4.0, 3.0, 5.0])
    assert interactions.tocoo().shape == (2, 3)
    assert interactions.tocsr().toarray().tolist() == [[0, 4, 0], [3, 0, 5]]
    assert Interactions([0], [1]).tocsr().toarray().tolist() == [[0, 1]]
