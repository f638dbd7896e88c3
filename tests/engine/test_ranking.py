from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ranking import list_metrics, top_k


@given(
    st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 1.0, 2.0]), max_size=30),
    st.integers(1, 35),
)
def test_top_k_is_a_stable_sort_of_what_is_finite(scores: list[float], k: int) -> None:
    expected = [
        position for position in sorted(range(len(scores)), key=lambda p: -scores[p]) if np.isfinite(scores[position])
    ]
    assert top_k(np.array(scores, dtype=np.float32), k).tolist() == expected[:k]


def test_list_metrics_by_hand() -> None:
    lists = np.array([[1, 2, 3], [4, 5, 0]])
    owners = np.array([0, 0, 1])
    targets = np.array([2, 9, 4])
    metrics = list_metrics(lists, owners, targets, num_items=11)
    assert metrics["precision@3"] == pytest.approx((1 / 3 + 1 / 3) / 2)
    assert metrics["recall@3"] == pytest.approx((1 / 2 + 1) / 2)
    best_of_two = 1 + 1 / np.log2(3)
    assert metrics["ndcg@3"] == pytest.approx((1 / np.log2(3) / best_of_two + 1) / 2)
    assert metrics["coverage@3"] == pytest.approx(5 / 10)


def test_a_target_that_occurs_twice_counts_once() -> None:
    metrics = list_metrics(np.array([[1, 2]]), np.array([0, 0]), np.array([1, 1]), num_items=4)
    assert metrics["recall@2"] == 1
    assert metrics["ndcg@2"] == 1


@given(st.integers(0, 1000))
def test_a_perfect_list_has_the_best_figures_and_a_useless_one_the_worst(seed: int) -> None:
    random = np.random.RandomState(seed)
    wanted = random.permutation(np.arange(1, 50))[:10]
    owners = np.zeros(10, dtype=np.int64)
    perfect = list_metrics(wanted[None], owners, wanted, num_items=100)
    assert perfect["ndcg@10"] == pytest.approx(1)
    assert perfect["recall@10"] == 1
    useless = list_metrics(wanted[None] + 50, owners, wanted, num_items=100)
    assert useless["ndcg@10"] == useless["recall@10"] == useless["precision@10"] == 0
