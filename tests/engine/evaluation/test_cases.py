from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.errors import ErrorKind, RecsysError
from engine.evaluation.cases import Cases, Ragged, make_cases, without_known_targets
from engine.evaluation.splitters import split
from engine.interactions import Interactions


def log(seed: int = 0, *, users: int = 30) -> Interactions:
    random = np.random.RandomState(seed)
    pairs = np.unique(random.randint(0, [users, 40], (600, 2)), axis=0)
    random.shuffle(pairs)
    return Interactions(
        pairs[:, 0].astype(np.int32),
        (pairs[:, 1] + 1).astype(np.int32),
        ratings=random.randint(1, 6, len(pairs)).astype(np.float32),
        timestamps=random.randint(0, 50, len(pairs)),
        num_users=users,
        num_items=41,
    )


def whole_history(cases: Cases, row: int) -> set[int]:
    return {*cases.known[row].tolist(), *cases.targets[cases.owners == row].tolist()}


@pytest.mark.parametrize("protocol", ["leave-one-out", "temporal"])
def test_models_of_users_and_of_sequences_are_asked_the_same(protocol: str) -> None:
    parts = split(log(), protocol, 0)
    one, other = make_cases(parts, protocol, "user", 0), make_cases(parts, protocol, "sequence", 0)
    for name in ("users", "owners", "targets"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.known.values, other.known.values)


@given(st.integers(0, 50), st.sampled_from(["random", "leave-one-out", "temporal", "user"]))
def test_nothing_that_is_asked_for_is_told(seed: int, protocol: str) -> None:
    whole = log(seed)
    cases = make_cases(split(whole, protocol, seed), protocol, "user", seed)
    assert len(cases) + cases.left_out <= 30
    for row, user in enumerate(cases.users):
        told, asked = set(cases.known[row]), set(cases.targets[cases.owners == row])
        assert told
        assert asked
        assert not told & asked
        assert whole_history(cases, row) <= set(whole.item_ids[whole.user_ids == user])


def test_leave_one_out_asks_for_the_latest_given_all_before_in_order() -> None:
    whole = Interactions(
        np.array([0, 0, 0, 1, 0]), np.array([3, 1, 2, 1, 4]), timestamps=np.array([7, 5, 7, 1, 6]), num_items=5
    )
    cases = make_cases(split(whole, "leave-one-out", 0), "leave-one-out", "sequence", 0)
    assert cases.users.tolist() == [0]
    assert cases.known[0].tolist() == [1, 4, 3], "of equal times the earlier in the file is the earlier one"
    assert cases.targets.tolist() == [2]


def test_temporal_leaves_out_whoever_is_new() -> None:
    whole = Interactions(np.array([0] * 9 + [1]), np.arange(1, 11), timestamps=np.arange(10))
    cases = make_cases(split(whole, "temporal", 0), "temporal", "user", 0)
    assert (cases.users.tolist(), cases.targets.tolist(), cases.left_out) == ([0], [9], 1)


def _repeats() -> Interactions:
    """User 1 hears the items 1 and 2 again and again, and then 3; user 2 hears only 4; user 3 hears 5, then 6."""
    heard = [(1, 1), (1, 2), (1, 1), (1, 2), (1, 1), (2, 4), (2, 4), (3, 5), (1, 3), (2, 4), (3, 6)]
    users, items = np.array(heard).T
    return Interactions(users, items, timestamps=np.arange(len(heard)), num_users=4, num_items=7)


def test_what_a_user_knows_is_not_asked_for_and_counted() -> None:
    cases = make_cases(split(_repeats(), "leave-one-out", 0), "leave-one-out", "user", 0)
    left = without_known_targets(cases)
    assert (cases.users.tolist(), cases.targets.tolist()) == ([1, 2, 3], [3, 4, 6])
    assert (left.users.tolist(), left.targets.tolist(), left.known_targets) == ([1, 3], [3, 6], 1)
    assert [left.known[row].tolist() for row in left.owners] == [[1, 2, 1, 2, 1], [5]]


@pytest.mark.parametrize("protocol", ["random", "leave-one-out", "temporal", "user"])
@pytest.mark.parametrize("task", ["user", "sequence"])
@pytest.mark.parametrize("seed", range(3))
def test_cases_without_known_targets_are_the_others(seed: int, task: Any, protocol: str) -> None:
    random = np.random.default_rng(seed)
    users, items = np.repeat(np.arange(1, 31), 12), random.integers(1, 16, 360)
    ratings = random.integers(1, 6, 360).astype(np.float32)
    data = Interactions(users, items, ratings, random.permutation(360), num_users=31, num_items=16)
    cases = make_cases(split(data, protocol, seed), protocol, task, seed)
    left = without_known_targets(cases)
    expected, known = [], []
    for row, user in enumerate(cases.users):
        wanted = set(cases.targets[cases.owners == row]) - set(cases.known[row])
        if wanted:
            expected.append((user, sorted(wanted), cases.known[row].tolist()))
    for row, user in enumerate(left.users):
        known.append((user, left.targets[left.owners == row].tolist(), left.known[row].tolist()))
    assert known == expected
    assert left.known_targets == len(cases.targets) - len(left.targets) > 0
    for user, owner in zip(left.rated.user_ids, left.rated_owners, strict=True):
        assert owner == -1 or left.users[owner] == user


def test_only_known_answers_are_said() -> None:
    data = Interactions(np.repeat([1, 2], 6), np.repeat([1, 2], 6), timestamps=np.arange(12), num_users=3, num_items=3)
    cases = make_cases(split(data, "leave-one-out", 0), "leave-one-out", "user", 0)
    with pytest.raises(RecsysError, match="each of the 2 items") as caught:
        without_known_targets(cases)
    assert caught.value.kind is ErrorKind.ALL_KNOWN


def test_nobody_to_ask_about_is_said() -> None:
    whole = Interactions(np.array([0] * 8 + [1, 1]), np.arange(1, 11), timestamps=np.arange(10))
    with pytest.raises(RecsysError, match="too small"):
        make_cases(split(whole, "temporal", 0), "temporal", "user", 0)


def test_held_out_people_are_told_of_by_four_fifths_or_by_windows() -> None:
    parts = split(log(), "user", 3)
    folding, windows = make_cases(parts, "user", "user", 3), make_cases(parts, "user", "sequence", 3)
    assert set(folding.users) == set(windows.users) == set(parts.test.user_ids)
    for row, user in enumerate(folding.users):
        size = (parts.test.user_ids == user).sum()
        assert (folding.owners == row).sum() == max(1, round(size / 5))
        assert whole_history(folding, row) == set(parts.test.item_ids[parts.test.user_ids == user])
    assert windows.known.lengths.max() == 9
    assert len(folding.rated) == len(folding.targets)


def test_unrated_interactions_are_asked_for_but_not_their_ratings() -> None:
    whole = log()
    whole.ratings[::2] = np.nan
    cases = make_cases(split(whole, "random", 0), "random", "user", 0)
    assert not np.isnan(cases.rated.ratings).any()
    assert len(cases.targets) > len(cases.rated)


@given(
    st.lists(arrays(np.int64, st.integers(0, 6), elements=st.integers(1, 9)), min_size=1, max_size=8), st.integers(1, 8)
)
def test_ragged_rows_are_the_rows(rows: list[np.ndarray], length: int) -> None:
    ragged = Ragged(np.concatenate([np.zeros(0, dtype=np.int64), *rows]), np.cumsum([len(row) for row in rows]))
    part = slice(len(rows) // 2, len(rows))
    owners, values = ragged.flat(part)
    for position, row in enumerate(rows[part]):
        assert values[owners == position].tolist() == row.tolist()
        padded = ([0] * length + row.tolist())[-length:]
        assert ragged.tails(part, length)[position].tolist() == padded
    assert [ragged[position].tolist() for position in range(len(rows))] == [row.tolist() for row in rows]
