from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, label_ranking_average_precision_score, ndcg_score

from engine.interactions import Interactions
from engine.ranking import accuracy, confidence_margin, top_k, top_lists


@given(
    st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 1.0, 2.0]), max_size=30),
    st.integers(1, 35),
)
def test_top_k_is_a_stable_sort_of_what_is_finite(scores: list[float], k: int) -> None:
    expected = [
        position for position in sorted(range(len(scores)), key=lambda p: -scores[p]) if np.isfinite(scores[position])
    ]
    assert top_k(np.array(scores, dtype=np.float32), k).tolist() == expected[:k]


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.sampled_from([1, 3, 1000]))
def test_top_k_of_many_scores_is_a_stable_sort_too(seed: int, k: int, distinct: int) -> None:
    random = np.random.RandomState(seed)
    scores = random.randint(0, distinct, random.randint(2000, 4000)).astype(np.float32)
    scores[random.rand(len(scores)) < random.rand()] = random.choice([-np.inf, np.inf, np.nan])
    order = np.argsort(-scores, kind="stable")
    assert top_k(scores, k).tolist() == order[np.isfinite(scores[order])][:k].tolist()


@given(arrays(np.float32, (4, 12), elements=st.sampled_from([-np.inf, -1.0, 0.0, 1.0])), st.integers(1, 15))
def test_lists_of_many_rows_are_those_of_each_row(scores: np.ndarray, k: int) -> None:
    lists = top_lists(torch.from_numpy(scores), k)
    for row, expected in zip(lists, scores, strict=True):
        best = top_k(expected, k)
        assert row[: len(best)].tolist() == best.tolist()
        assert not row[len(best) :].any()


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.sampled_from([1, 3, 1000]))
def test_lists_of_wide_rows_are_a_stable_sort_too(seed: int, k: int, distinct: int) -> None:
    random = np.random.RandomState(seed)
    scores = random.randint(0, distinct, (5, random.randint(5000, 8000))).astype(np.float32)
    scores[random.rand(*scores.shape) < random.rand(5, 1)] = -np.inf
    orders = np.argsort(-scores, kind="stable", axis=1)[:, :k]
    expected = np.where(np.isfinite(np.take_along_axis(scores, orders, 1)), orders, 0)
    np.testing.assert_array_equal(top_lists(torch.from_numpy(scores), k), expected)


def test_accuracy_by_hand() -> None:
    lists = np.array([[1, 2, 3], [4, 5, 0]])
    owners = np.array([0, 0, 1])
    targets = np.array([2, 9, 4])
    figures = accuracy(lists, owners, targets, num_items=11)
    assert figures["precision@3"] == pytest.approx([1 / 3, 1 / 3])
    assert figures["recall@3"] == pytest.approx([1 / 2, 1])
    best_of_two = 1 + 1 / np.log2(3)
    assert figures["ndcg@3"] == pytest.approx([1 / np.log2(3) / best_of_two, 1])
    assert figures["map@3"] == pytest.approx([1 / 2 / 2, 1])
    assert figures["hit_rate@3"] == pytest.approx([1, 1])


def test_a_target_that_occurs_twice_counts_once() -> None:
    figures = accuracy(np.array([[1, 2]]), np.array([0, 0]), np.array([1, 1]), num_items=4)
    assert all(figures[name] == 1 for name in ("recall@2", "ndcg@2", "map@2"))


@st.composite
def judged(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Distinct scores of twenty items (column 0 is the padding) for three users, and which items are right."""
    scores = np.stack([draw(st.permutations(range(20))) for _ in range(3)]).astype(np.float32)
    right = draw(arrays(np.bool_, (3, 20)))
    right[:, draw(st.integers(0, 19))] = True
    return scores, right


@given(judged(), st.integers(1, 20))
def test_figures_are_those_of_another_library(case: tuple[np.ndarray, np.ndarray], k: int) -> None:
    scores, right = case
    padded = np.concatenate([np.full((3, 1), -np.inf, np.float32), scores], axis=1)
    owners, targets = np.nonzero(right)
    figures = accuracy(top_lists(torch.from_numpy(padded), k), owners, targets + 1, num_items=21)
    for user in range(3):
        assert figures[f"ndcg@{k}"][user] == pytest.approx(
            ndcg_score(right[user : user + 1], scores[user : user + 1], k=k)
        )
        best = np.argsort(-scores[user])[:k]
        hits = right[user][best]
        expected = average_precision_score(hits, scores[user][best]) * hits.sum() if hits.any() else 0.0
        assert figures[f"map@{k}"][user] == pytest.approx(expected / min(k, right[user].sum()))
        assert figures[f"recall@{k}"][user] == pytest.approx(hits.sum() / right[user].sum())
        assert figures[f"precision@{k}"][user] == pytest.approx(hits.mean() * len(hits) / k)
        assert figures[f"hit_rate@{k}"][user] == hits.any()
    if k == 20:
        whole = label_ranking_average_precision_score(right, scores)
        assert figures["map@20"].mean() == pytest.approx(whole)


@given(st.integers(0, 1000))
def test_a_perfect_list_has_the_best_figures_and_a_useless_one_the_worst(seed: int) -> None:
    random = np.random.RandomState(seed)
    wanted = random.permutation(np.arange(1, 50))[:10]
    owners = np.zeros(10, dtype=np.int64)
    perfect = accuracy(wanted[None], owners, wanted, num_items=100)
    useless = accuracy(wanted[None] + 50, owners, wanted, num_items=100)
    for name in perfect:
        assert perfect[name] == pytest.approx(1)
        assert useless[name] == 0


def test_the_margin_of_very_large_ratings_is_finite() -> None:
    ratings = np.array([1e20, 3e20], dtype=np.float32)
    rated = Interactions(np.array([1, 2]), np.array([1, 1]), ratings, num_users=3, num_items=2)
    np.testing.assert_allclose(confidence_margin(rated)[1], 2e20 / np.sqrt(2.0), rtol=1e-5)
