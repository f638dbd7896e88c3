from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.interactions import Interactions
from engine.search.co_occurrence import _SHRINKAGE, CoOccurrence

NAN = float("nan")


def likeness(users: list[int], items: list[int], ratings: list[float] | None, item: int) -> np.ndarray:
    log = Interactions(
        np.array(users),
        np.array(items),
        None if ratings is None else np.array(ratings, dtype=np.float32),
        num_users=max(users, default=0) + 1,
        num_items=max(items, default=0) + 1,
    )
    return CoOccurrence(log).similarity(item)


def test_a_known_answer() -> None:
    # Two users liked item 1, and they also like item 2, which three users liked; none of them liked item 3.
    found = likeness([0, 0, 1, 1, 2, 3], [1, 2, 1, 2, 2, 3], None, 1)
    np.testing.assert_allclose(found, [0, 0, 2 / np.sqrt(2 * 3) * 2 / (2 + _SHRINKAGE), 0], rtol=1e-6)


def test_what_somebody_did_not_like_does_not_count() -> None:
    found = likeness([0, 0, 0, 1, 1], [1, 2, 3, 1, 3], [5, 1, 4, 3, 3], 1)
    assert found[2] == 0
    assert found[3] > 0


def test_what_was_seen_without_a_rating_counts_as_liked() -> None:
    assert likeness([0, 0, 1, 1], [1, 2, 1, 2], [NAN, 5, 5, NAN], 1)[2] > 0


def test_an_item_that_nobody_has_is_like_nothing() -> None:
    assert not likeness([0, 0], [1, 2], None, 9).any()
    assert not likeness([], [], None, 1).any()


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6), st.sampled_from([1.0, 3.0, 5.0])), min_size=1))
def test_it_is_the_cosine_of_the_sets_of_admirers(rows: list[tuple[int, int, float]]) -> None:
    users, items, ratings = (list(column) for column in zip(*rows, strict=True))
    means = {
        user: np.mean([rating for other, rating in zip(users, ratings, strict=True) if other == user]) for user in users
    }
    admirers = {item: set() for item in range(max(items) + 1)}
    for user, item, rating in rows:
        if rating >= means[user]:
            admirers[item].add(user)
    for item in sorted(set(items)):
        expected = []
        for other in admirers:
            common = len(admirers[item] & admirers[other]) if other not in (0, item) else 0
            size = np.sqrt(max(1, len(admirers[item])) * max(1, len(admirers[other])))
            expected.append(common / size * common / (common + _SHRINKAGE))
        assert likeness(users, items, ratings, item) == pytest.approx(expected, abs=1e-6)
