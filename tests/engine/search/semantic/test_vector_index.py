from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.search.semantic import binary_quantization as codes_module
from engine.search.semantic import int8_quantization as int8_codes
from engine.search.semantic import vector_index as index_module
from engine.search.semantic.binary_quantization import BinaryQuantizer
from engine.search.semantic.int8_quantization import Int8Quantizer
from engine.search.semantic.vector_index import ExactIndex, QuantizedIndex


def unit(random: np.random.RandomState, count: int, dim: int = 8) -> np.ndarray:
    vectors = random.standard_normal((count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def brute_force(vectors: np.ndarray, query: np.ndarray, k: int, found: np.ndarray) -> list[int]:
    scores = [(-float(np.dot(vector, query)), item) for item, vector in enumerate(vectors) if found[item]]
    return [item for _, item in sorted(scores)[:k]]


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**31 - 1))
def test_it_finds_what_a_loop_over_all_items_finds(count: int, k: int, seed: int) -> None:
    random = np.random.RandomState(seed)
    vectors, queries = unit(random, count), unit(random, 3)
    rows = np.where(random.rand(count) < 0.8, random.permutation(count), -1)
    allowed = random.rand(count) < 0.7
    items, scores = ExactIndex(vectors, rows).search(queries, k, allowed)
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
    differences = [int(((vectors[row] > grown.centre) != (vectors[7] > 0)).sum()) for row in range(300)]
    assert grown._differences(codes_module._pack(vectors[7:8] > 0)[0]).tolist() == differences


# -- int8 quantization -------------------------------------------------------------------------------------


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8_codes, "_BLOCK", 16)
    monkeypatch.setattr(int8_codes, "_LEAST_BLOCKS", 1)
    monkeypatch.setattr(int8_codes, "_LEAST_MADE", 1)
    monkeypatch.setattr(index_module, "_FEW", 1)


@pytest.mark.usefixtures("small_blocks")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 150), st.integers(1, 70), st.integers(0, 2**31 - 1))
def test_by_bytes_what_is_found_is_what_a_loop_over_all_items_finds(count: int, k: int, seed: int) -> None:
    random = np.random.RandomState(seed)
    centres = unit(random, 3, 24)
    vectors = centres[random.randint(3, size=count)] + 0.02 * unit(random, count, 24)  # many close vectors
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[random.rand(count) < 0.05] = 0  # a model may encode an empty text as zeros
    rows = random.randint(-1, count, size=count + 9)
    allowed = random.rand(count + 9) < 0.7
    index = QuantizedIndex(vectors, rows, Int8Quantizer().grown(vectors))
    for query in (centres[0], unit(random, 1, 24)[0]):
        items, scores = index.search(query[None], k, allowed)
        exact, exact_scores = ExactIndex(vectors, rows).search(query[None], k, allowed)
        assert items.shape == exact.shape
        np.testing.assert_allclose(scores, exact_scores, atol=1e-6)
        np.testing.assert_allclose(scores[0], vectors[rows[items[0]]] @ query, atol=1e-6)
        assert ((rows >= 0) & allowed)[items].all()
        assert len(set(items[0].tolist())) == items.shape[1]


@pytest.mark.usefixtures("small_blocks")
def test_by_bytes_of_equal_vectors_the_lower_item_comes_first() -> None:
    vectors = np.repeat(unit(np.random.RandomState(0), 4, 24), 16, axis=0)
    rows = np.arange(64)[::-1].copy()
    index = QuantizedIndex(vectors, rows, Int8Quantizer().grown(vectors))
    for k in (1, 5, 20):
        found = index.search(vectors[40:41], k)[0]
        np.testing.assert_array_equal(found, ExactIndex(vectors, rows).search(vectors[40:41], k)[0])


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("damage", [np.nan, np.inf, 3e38])
def test_by_bytes_a_row_that_is_no_vector_hides_no_other(damage: float) -> None:
    vectors = unit(np.random.RandomState(0), 70, 24)
    vectors[5] = damage
    index, whole = QuantizedIndex(vectors, None, Int8Quantizer().grown(vectors)), ExactIndex(vectors)
    others = np.arange(70) != 5
    for item in (3, 20, 69):
        query = vectors[item : item + 1]
        assert item in index.search(query, 2)[0]
        with np.errstate(invalid="ignore"):
            expected = whole.search(query, 5, others)[0]
        np.testing.assert_array_equal(index.search(query, 5, others)[0], expected)


@pytest.mark.usefixtures("small_blocks")
def test_by_bytes_what_all_vectors_have_in_common_costs_nothing(clustered: np.ndarray) -> None:
    shifted = clustered[:4000] + np.float32(0.4)
    shifted /= np.linalg.norm(shifted, axis=1, keepdims=True)
    codes = Int8Quantizer().grown(shifted)
    assert np.median([len(codes.nearest(query, 10)) for query in shifted[::400]]) < 100


@pytest.mark.usefixtures("small_blocks")
def test_where_codes_tell_nothing_the_vectors_are_compared() -> None:
    vectors = unit(np.random.RandomState(0), 400, 24) * np.float32(0.01)
    vectors[:, 0] = np.where(np.arange(400) % 2, 1.0, -1.0)  # the other dimensions are rounded to 0
    index = QuantizedIndex(vectors, None, Int8Quantizer().grown(vectors))
    assert len(index._quantizer.nearest(vectors[7], 5)) > 100
    np.testing.assert_array_equal(index.search(vectors[7:8], 5)[0], ExactIndex(vectors).search(vectors[7:8], 5)[0])


def test_by_bytes_only_a_few_vectors_are_looked_at_themselves(clustered: np.ndarray) -> None:
    codes = Int8Quantizer().grown(clustered)
    exact = ExactIndex(clustered)
    for query in clustered[::4000]:
        near = codes.nearest(query, 10)
        assert set(exact.search(query[None], 10)[0][0].tolist()) <= set(near.tolist())
        assert len(near) < 200


@pytest.mark.usefixtures("small_blocks")
def test_bytes_that_grew_a_little_at_a_time_serve_at_any_moment() -> None:
    vectors = unit(np.random.RandomState(0), 90, 20)
    grown = Int8Quantizer()
    for rows in (5, 16, 40, 40, 90, 90, 90, 30, 90):
        grown = grown.grown(vectors[:rows], 16)
        assert grown.rows == rows
        products, wrong_by = grown._cosines(vectors[7])
        assert (np.abs(products - vectors[:rows] @ vectors[7]) <= wrong_by).all()
    assert (wrong_by < 0.02).all()
