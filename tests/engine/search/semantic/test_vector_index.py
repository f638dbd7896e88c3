from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.semantic import binary_quantization as codes_module
from engine.search.semantic import vector_index as index_module
from engine.search.semantic.binary_quantization import BinaryQuantizer
from engine.search.semantic.vector_index import ExactIndex, QuantizedIndex


def unit(random: np.random.RandomState, count: int, dim: int = 8) -> np.ndarray:
    vectors = random.standard_normal((count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def brute_force(vectors: np.ndarray, query: np.ndarray, k: int, found: np.ndarray) -> list[int]:
    scores = [(-float(np.dot(vector, query)), item) for item, vector in enumerate(vectors) if found[item]]
    return [item for _, item in sorted(scores)[:k]]


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**31 - 1), st.sampled_from(["cpu", "cpu:0"]))
def test_it_finds_what_a_loop_over_all_items_finds(count: int, k: int, seed: int, device: str) -> None:
    random = np.random.RandomState(seed)
    vectors, queries = unit(random, count), unit(random, 3)
    rows = np.where(random.rand(count) < 0.8, random.permutation(count), -1)
    allowed = random.rand(count) < 0.7
    items, scores = ExactIndex(vectors, rows, device=device).search(queries, k, allowed)
    for query, its_items, its_scores in zip(queries, items, scores, strict=True):
        assert its_items.tolist() == brute_force(vectors[rows], query, k, (rows >= 0) & allowed)
        np.testing.assert_allclose(its_scores, vectors[rows[its_items]] @ query, atol=1e-6)


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_of_equal_scores_the_lower_item_comes_first(device: str) -> None:
    vectors = np.eye(4, dtype=np.float32)
    rows = np.array([1, 0, 1, 0, 2, 0])
    items, scores = ExactIndex(vectors, rows, device=device).search(vectors[:1], 4)
    assert items.tolist() == [[1, 3, 5, 0]]
    assert scores.tolist() == [[1.0, 1.0, 1.0, 0.0]]


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_many_queries_in_bounded_memory_find_the_same(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    random = np.random.RandomState(0)
    index, queries = ExactIndex(unit(random, 50), device=device), unit(random, 7)
    whole, _ = index.search(queries, 5)
    monkeypatch.setattr(index_module, "_MAX_SCORES", 120)
    np.testing.assert_array_equal(index.search(queries, 5)[0], whole)


def test_items_without_a_vector_are_not_found() -> None:
    vectors = np.eye(2, dtype=np.float32)
    index = ExactIndex(vectors, np.array([-1, 1, -1]))
    assert len(index) == 1
    assert index.search(vectors[1:], 5)[0].tolist() == [[1]]
    assert index.vector(0) is None


def test_nothing_to_find_is_an_empty_list() -> None:
    empty = ExactIndex(np.zeros((0, 0), np.float32), np.array([-1, -1]))
    assert empty.search(np.ones((1, 8), np.float32), 3)[0].shape == (1, 0)


@pytest.mark.gpu
def test_on_a_gpu_it_finds_the_same() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    random = np.random.RandomState(0)
    vectors, queries = unit(random, 5000, 384), unit(random, 20, 384)
    on_cpu, on_gpu = ExactIndex(vectors).search(queries, 10), ExactIndex(vectors, device="cuda").search(queries, 10)
    np.testing.assert_array_equal(on_gpu[0], on_cpu[0])
    np.testing.assert_allclose(on_gpu[1], on_cpu[1], atol=1e-5)


# -- very many vectors --------------------------------------------------------------------------------------


def coded(vectors: np.ndarray, rows: np.ndarray | None = None) -> QuantizedIndex:
    return QuantizedIndex(vectors, rows, BinaryQuantizer().grown(vectors))


@pytest.fixture(scope="module")
def clustered() -> np.ndarray:
    """Twenty thousand vectors in three hundred clusters."""
    random = np.random.RandomState(0)
    near = unit(random, 300, 100)[random.randint(300, size=20_000)] + 0.5 * unit(random, 20_000, 100)
    return near / np.linalg.norm(near, axis=1, keepdims=True)


def test_by_codes_nearly_all_of_the_nearest_are_found_with_their_exact_cosines(clustered: np.ndarray) -> None:
    queries = clustered[::2000] + 0.3 * unit(np.random.RandomState(1), 10, 100)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    index, exact = coded(clustered), ExactIndex(clustered)
    hits = 0
    for query in queries:
        items, scores = index.search(query[None], 10)
        hits += len(np.intersect1d(items, exact.search(query[None], 10)[0]))
        np.testing.assert_allclose(scores[0], clustered[items[0]] @ query, atol=1e-6)
        assert (np.diff(scores[0]) <= 0).all()
    assert hits >= 95


@pytest.mark.parametrize("share", [1.0, 0.5, 0.02])
def test_the_candidates_are_those_whose_dimensions_weigh_most(clustered: np.ndarray, share: float) -> None:
    quantizer, allowed = BinaryQuantizer().grown(clustered), np.random.RandomState(3).rand(len(clustered)) < share
    exact, by_bits, by_weights = ExactIndex(clustered), 0, 0
    signs = clustered > quantizer.centre
    for query in clustered[::1000] + 0.3 * unit(np.random.RandomState(1), 20, 100):
        truth = exact.search(query[None], 10, allowed)[0][0]
        rows = quantizer.nearest(query, 25, allowed)
        assert len(rows) >= min(25, allowed.sum())
        assert allowed[rows].all()
        assert (np.diff(rows) > 0).all()
        by_weights += len(np.intersect1d(rows, truth))
        differing = np.where(allowed, (signs != (query > 0)).sum(axis=1), 100)
        by_bits += len(np.intersect1d(np.flatnonzero(differing <= np.sort(differing)[24]), truth))
    assert by_weights > by_bits


def test_of_vectors_in_one_direction_the_candidates_are_the_longest() -> None:
    random = np.random.RandomState(0)
    direction, sizes = unit(random, 1, 100), random.uniform(0.5, 1.5, 3000).astype(np.float32)
    vectors = np.concatenate([sizes[:, None] * direction, unit(random, 3000, 100), -unit(random, 3000, 100)])
    rows = BinaryQuantizer().grown(vectors).nearest(direction[0], 20)
    assert len(np.intersect1d(rows, np.argsort(-sizes)[:20])) >= 15


@pytest.mark.parametrize("vector", [np.zeros(70, np.float32), np.full(70, 0.1, np.float32)])
def test_a_query_or_vectors_without_any_direction_are_searched_as_others_are(vector: np.ndarray) -> None:
    same = np.tile(vector, (300, 1))  # each is the centre
    with np.errstate(all="raise"):
        assert BinaryQuantizer().grown(same).nearest(vector, 3).tolist() == list(range(300))
        assert len(BinaryQuantizer().grown(unit(np.random.RandomState(0), 300, 70)).nearest(vector, 3)) >= 3


@given(
    values=st.lists(st.integers(0, 12) | st.just(65_535), min_size=1, max_size=60),
    count=st.integers(1, 60),
)
def test_the_least_are_those_of_a_partition(values: list[int], count: int) -> None:
    array = np.array(values, dtype=np.uint16)
    count = min(count, int(np.count_nonzero(array <= 12)))
    if count:
        found = codes_module._least(array, count)
        np.testing.assert_array_equal(found, np.flatnonzero(array <= np.partition(array, count - 1)[count - 1]))


@pytest.mark.parametrize("share", [0.5, 0.1, 0.001, 0.0])
def test_a_filter_never_costs_results(clustered: np.ndarray, share: float) -> None:
    allowed = np.random.RandomState(3).rand(len(clustered)) < share
    items, _ = coded(clustered).search(clustered[:1], 25, allowed)
    assert items.shape == (1, min(25, allowed.sum()))
    assert allowed[items].all()
    if share <= 0.1:  # few enough for an exact comparison
        np.testing.assert_array_equal(items, ExactIndex(clustered).search(clustered[:1], 25, allowed)[0])


def test_many_queries_at_once_are_answered_exactly(clustered: np.ndarray) -> None:
    found, exact = coded(clustered).search(clustered[:9], 5), ExactIndex(clustered).search(clustered[:9], 5)
    np.testing.assert_array_equal(found[0], exact[0])


@given(seed=st.integers(0, 2**31 - 1), k=st.integers(1, 60))
def test_items_may_share_a_vector_or_have_none(seed: int, k: int) -> None:
    random = np.random.RandomState(seed)
    vectors = unit(random, 40, 30)
    rows = random.randint(-1, 40, size=90)
    allowed = random.rand(90) < 0.7
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes_module, "_MIN_CANDIDATES", 1)
        patch.setattr(codes_module, "_CANDIDATES_PER_RESULT", 1)
        patch.setattr(index_module, "_FEW", 1)
        items, _ = coded(vectors, rows).search(vectors[:1], k, allowed)
    usable = (rows >= 0) & allowed
    assert items.shape[1] == min(k, usable.sum())
    assert usable[items].all()
    assert len(set(items[0])) == items.shape[1]
    whole = coded(vectors, rows).search(vectors[:1], k, allowed)[0]  # few enough for an exact comparison
    assert whole[0].tolist() == ExactIndex(vectors, rows).search(vectors[:1], k, allowed)[0][0].tolist()


def test_codes_that_grew_are_those_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_module, "_BLOCK", 64)
    vectors = unit(np.random.RandomState(0), 300, 70)
    grown = BinaryQuantizer()
    for rows in (256, 257, 257, 300):
        grown = grown.grown(vectors[:rows])
        assert grown.rows == rows
    whole = BinaryQuantizer().grown(vectors[:256]).grown(vectors)
    for one, other in zip(grown.blocks, whole.blocks, strict=True):
        np.testing.assert_array_equal(one, other)
    for name in ("scales", "offsets"):
        for one, other in zip(getattr(grown, name), getattr(whole, name), strict=True):
            np.testing.assert_array_equal(one, other)
    offsets = np.concatenate(grown.offsets).tolist()
    differing = [int(((vectors[row] > grown.centre) != (vectors[7] > 0)).sum()) for row in range(300)]
    differences = [bits + offset for bits, offset in zip(differing, offsets, strict=True)]
    assert grown._differences(codes_module._pack(vectors[7:8] > 0)[0]).tolist() == differences
