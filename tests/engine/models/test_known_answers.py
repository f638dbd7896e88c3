"""Tests that compare models with their formulas in dense NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LearningError
from engine.factorization import gathered_rows, least_squares
from engine.factorization.als import AlternatingLeastSquaresModel
from engine.factorization.baseline import BaselineModel
from engine.factorization.gathered_rows import PaddedRows, SparseRows, padded_blocks, sparse_blocks
from engine.factorization.pairs import Pairs
from engine.factorization.popular import PopularModel
from engine.factorization.svd import BiasedFactorizationModel
from engine.interactions import Interactions
from engine.neighbours import inverse
from engine.neighbours.ease import EaseModel
from engine.neighbours.knn import NeighboursModel
from engine.neighbours.memory import ease_matrices
from engine.runtime import memory
from engine.runtime.job import Job

CPU = torch.device("cpu")


def some(users: int = 30, items: int = 20, n: int = 300, seed: int = 0) -> Interactions:
    """Random distinct pairs of users and items; item ids start at 1."""
    state = np.random.RandomState(seed)
    pairs = state.choice(users * (items - 1), n, replace=False)
    ratings = state.randint(1, 11, n) / 2
    return Interactions(pairs % users, 1 + pairs // users, ratings, num_users=users, num_items=items)


def dense(interactions: Interactions, values: np.ndarray | None = None) -> np.ndarray:
    matrix = np.zeros((interactions.num_users, interactions.num_items))
    matrix[interactions.user_ids, interactions.item_ids] = 1.0 if values is None else values
    return matrix


# -- popular ----------------------------------------------------------------------------------------------------
def test_popular_counts():
    model = PopularModel()
    model.fit(Interactions([0, 1, 2, 2], [3, 3, 1, 3], num_items=5))
    assert model.predict(0).tolist() == [0, 1, 0, 3, 0]


def test_popular_forgets_by_half_lives():
    day = 86_400
    log = Interactions([0, 1, 2], [1, 1, 2], timestamps=[0, 10 * day, 20 * day])
    model = PopularModel(half_life=10)
    model.fit(log)
    np.testing.assert_allclose(model.predict(0), [0, 0.75, 1])
    bare = PopularModel(half_life=10)
    bare.fit(Interactions([0, 1, 2], [1, 1, 2]))
    assert bare.predict(0).tolist() == [0, 2, 1]


# -- baseline ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("weighted", [False, True])
def test_baseline_solves_the_normal_equations(weighted):
    data = some()
    weights = np.random.RandomState(1).rand(len(data)) + 0.1 if weighted else np.ones(len(data))
    data.weights = weights if weighted else None
    model = BaselineModel(l2_user=4.0, l2_item=2.5)
    model.fit(data)
    design = np.zeros((len(data), 50))
    design[np.arange(len(data)), data.user_ids] = design[np.arange(len(data)), 30 + data.item_ids] = 1
    mean = np.average(data.ratings, weights=weights)
    penalty = np.diag([4.0] * 30 + [2.5] * 20)
    offsets = np.linalg.solve(
        design.T @ (design * weights[:, None]) + penalty, design.T @ (weights * (data.ratings - mean))
    )
    expected = mean + offsets[:30, None] + offsets[30:]
    np.testing.assert_allclose(model.predict(np.arange(30)), expected, atol=1e-5)


# -- als --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("confidence", [0.0, 3.0])
@pytest.mark.parametrize("dim", [4, 48])  # a width below and above the rows' lengths: both ways to solve
def test_als_solves_each_users_equations(dim, confidence):
    data = some(n=400)
    model = AlternatingLeastSquaresModel(
        embedding_dim=dim, n_iter=4, alpha=0.2, l2=0.01, nu=0.8, confidence=confidence, random_state=1
    )
    model.fit(data)
    items = model.item_vectors().astype(np.float64)
    weights = dense(data, 1 + confidence * (data.ratings - 0.5) / 4.5)
    assert not items[0].any()
    expected = np.zeros((30, 20))
    for user in range(30):
        chosen = weights[user] > 0
        strength = 0.01 * (chosen.sum() + 0.2 * 19) ** 0.8
        matrix = items.T @ (items * weights[user][:, None]) + 0.2 * items.T @ items + strength * np.eye(dim)
        expected[user] = items @ np.linalg.solve(matrix, items.T @ weights[user])
    np.testing.assert_allclose(model.predict(np.arange(30))[:, 1:], expected[:, 1:], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("layout", ["sparse", "padded"])
def test_steps_lead_to_what_is_solved_at_once(layout):
    data = some()
    weights = np.random.RandomState(2).uniform(0.5, 3, len(data)).astype(np.float32)
    by_user, by_item = Pairs.of(data, weights, CPU)
    torch.manual_seed(0)
    vectors, diagonals = torch.randn(20, 6), torch.rand(30, 6) + 0.1
    mean_square = (by_item.lengths[:, None] * vectors**2).sum(0) / len(data)

    def improved(solutions, steps, tolerance=0.0):
        result = torch.zeros(30, 6)
        blocks = sparse_blocks(by_user) if layout == "sparse" else padded_blocks(by_user, 20, 6)
        for rows, parts in blocks:
            if layout == "sparse":
                gathered = SparseRows(vectors, *parts)
            else:
                gathered = PaddedRows(torch.cat((vectors, torch.zeros(1, 6))), *parts)
            result[rows] = least_squares.improve_rows(
                gathered, diagonals[rows], mean_square, solutions[rows], steps, tolerance
            )
        return result

    exact = torch.zeros(30, 6)
    for rows, solved in least_squares.solve_rows(by_user, vectors, diagonals):
        exact[rows] = solved
    begin = torch.zeros(30, 6)
    errors = [float((improved(begin, steps) - exact).norm()) for steps in (1, 2, 20)]
    assert errors[0] > errors[1] > errors[2]
    torch.testing.assert_close(improved(begin, 20), exact, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(improved(begin, 200, 1e-6), exact, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(improved(exact, 1), exact, rtol=1e-3, atol=1e-4)


def test_rows_are_the_same_to_the_last_bit_in_any_block_and_with_any_number_of_threads(monkeypatch):
    data = some(200, 150, 9_000)
    by_user, _ = Pairs.of(data, None, CPU)
    torch.manual_seed(0)
    vectors, start = torch.randn(150, 24), torch.randn(200, 24)

    def improved(pairs_a_block, threads):
        monkeypatch.setattr(gathered_rows, "_PAIRS", pairs_a_block)
        monkeypatch.setattr(gathered_rows, "_BLOCKS", 1)
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            result = torch.zeros(200, 24)
            for rows, parts in sparse_blocks(by_user):
                diagonal, square = torch.ones(len(rows), 24), torch.ones(24)
                result[rows] = least_squares.improve_rows(SparseRows(vectors, *parts), diagonal, square, start[rows], 2)
            return result
        finally:
            torch.set_num_threads(before)

    whole = improved(10**6, 2)
    assert torch.equal(whole, improved(10**6, 1))
    assert torch.equal(whole, improved(100, 1))


@pytest.mark.parametrize("limit", [1, 70, 10**6])
def test_sparse_blocks_hold_each_pair_once_and_no_row_without_pairs(monkeypatch, limit):
    monkeypatch.setattr(gathered_rows, "_PAIRS", limit)
    monkeypatch.setattr(gathered_rows, "_BLOCKS", 1)
    data = some(50, 20, 60)  # some users have no item
    by_user, _ = Pairs.of(data, None, CPU)
    found = set()
    for rows, (bounds, columns, weights) in sparse_blocks(by_user):
        assert len(columns) <= limit or len(rows) == 1
        assert len(columns) == len(weights) == int(bounds[-1])
        for row, begin, end in zip(rows.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            assert end > begin
            found |= {(row, column) for column in columns[begin:end].tolist()}
    assert found == set(zip(data.user_ids.tolist(), data.item_ids.tolist(), strict=True))


def test_pairs_that_occur_several_times_have_the_weighted_mean_of_their_values():
    data = Interactions([2, 0, 2, 2], [3, 1, 1, 3], num_users=4, num_items=5)
    values, weights = np.array([1, 5, 2, 4], np.float32), np.array([1, 1, 1, 3], np.float32)
    by_user, by_item = Pairs.of(data, values, CPU, weights)
    assert by_user.lengths.tolist() == [1, 0, 2, 0]
    assert by_user.columns.tolist() == [1, 1, 3]
    assert by_user.values.tolist() == [5, 2, 3.25]
    assert by_item.lengths.tolist() == [0, 2, 0, 1, 0]
    assert by_item.columns.tolist() == [0, 2, 2]
    assert by_item.values.tolist() == [5, 2, 3.25]
    assert Pairs.of(data, values, CPU)[0].values.tolist() == [5, 2, 2.5]
    assert Pairs.of(data, None, CPU)[0].values.tolist() == [1, 1, 1]


def test_more_sweeps_of_als_come_closer_to_what_it_minimises():
    data, losses = some(n=200), []
    chosen = dense(data)
    for sweeps in (1, 2, 5, 10):
        model = AlternatingLeastSquaresModel(embedding_dim=6, n_iter=sweeps, alpha=0.1, l2=0.02, random_state=2)
        model.fit(data)
        users, items = model._users.numpy(), model._items.numpy()
        scores = users @ items.T
        penalty = ((chosen.sum(1) + 0.1 * 19) * (users**2).sum(1)).sum()
        penalty += ((chosen.sum(0) + 0.1 * 30) * (items**2).sum(1)).sum()
        losses.append((chosen * (1 - scores) ** 2).sum() + 0.1 * (scores**2).sum() + 0.02 * penalty)
    assert losses == sorted(losses, reverse=True)


def test_long_rows_are_solved_in_pieces(monkeypatch):
    data = some(n=500)
    whole = AlternatingLeastSquaresModel(embedding_dim=4, n_iter=2, random_state=1)
    whole.fit(data)
    monkeypatch.setattr(least_squares, "_BLOCK", 16)
    pieces = AlternatingLeastSquaresModel(embedding_dim=4, n_iter=2, random_state=1)
    pieces.fit(data)
    np.testing.assert_allclose(pieces.predict(3), whole.predict(3), rtol=1e-4, atol=1e-5)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 40))
def test_padded_rows_hold_each_pair_once(users, budget):
    data = Interactions(users, np.arange(len(users)), num_users=10)
    pairs, _ = Pairs.of(data, np.arange(len(users), dtype=np.float32), CPU)
    met = []
    for rows, columns, values in pairs.padded(budget):
        assert columns.numel() <= budget or len(rows) == 1
        for row, column, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
            met += [(row, one, number) for one, number in zip(column, value, strict=True) if one >= 0]
    assert sorted(met) == sorted((user, place, float(place)) for place, user in enumerate(users))


# -- ease -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("double", [False, True])
def test_ease_is_its_formula(double):
    data = some()
    model = EaseModel(l2=3.0, double=double)
    model.fit(data)
    chosen = dense(data)[:, 1:]
    precision = np.linalg.inv(chosen.T @ chosen + 3.0 * np.eye(19))
    weights = np.eye(19) - precision / np.diag(precision)
    np.testing.assert_allclose(np.diag(weights), 0, atol=1e-12)
    np.testing.assert_allclose(model.predict(np.arange(30))[:, 1:], chosen @ weights, atol=2e-5)
    np.testing.assert_allclose(model.similarities(4)[1:], weights[3], atol=1e-5)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 1000))
def test_a_matrix_is_inverted_in_its_place(size, block, seed):
    root = np.random.RandomState(seed).normal(size=(size, size + 2))
    matrix = root @ root.T + np.eye(size)
    result, shares = torch.from_numpy(matrix.copy()), []
    inverse.invert_in_place(result, shares.append, block)
    np.testing.assert_allclose(result.numpy() @ matrix, np.eye(size), atol=1e-8)
    np.testing.assert_array_equal(result.numpy(), result.numpy().T)
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


def test_what_has_no_inverse_is_said():
    with pytest.raises(ArithmeticError):
        inverse.invert_in_place(-torch.eye(5), lambda _: None, 2)


def test_ease_refuses_what_does_not_fit_before_it_takes_it(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda _: 1000)
    taken = []
    monkeypatch.setattr(EaseModel, "_co_occurrences", lambda *_: taken.append(1))
    with pytest.raises(LearningError, match=r"needs 0 MB of memory for 19 items.*train als"):
        EaseModel().fit(some())
    assert not taken


def test_ease_says_what_memory_it_takes():
    stages = set()
    EaseModel().fit(some(), job=Job(lambda progress: stages.add(progress.stage)))
    assert stages == {f"training ease ({memory.describe_bytes(ease_matrices(19))} of memory)"}
    assert ease_matrices(10_000) == 1_200_000_000
    assert memory.describe_bytes(ease_matrices(30_000, True)) == "14.4 GB"


def test_memory_that_is_free_is_known_here():
    assert memory.available(CPU) is None or memory.available(CPU) > 1_000_000


# -- knn --------------------------------------------------------------------------------------------------------
def by_hand(data: Interactions, neighbors: int) -> np.ndarray:
    """Compute the predictions of knn with a loop over pairs of items."""
    baseline = BaselineModel(l2_user=5.0, l2_item=2.0)
    baseline.fit(data)
    usual = baseline.predict(np.arange(data.num_users)).astype(np.float64)
    rated = dense(data) > 0
    residual = np.where(rated, dense(data, data.ratings) - usual, 0.0)
    size = data.num_items
    likeness = np.zeros((size, size))
    for one in range(size):
        for other in range(size):
            both = rated[:, one] & rated[:, other]
            length = np.sqrt((residual[both, one] ** 2).sum() * (residual[both, other] ** 2).sum())
            if one != other and length > 0:
                cosine = (residual[both, one] * residual[both, other]).sum() / length
                likeness[one, other] = max(0.0, cosine) * both.sum() / (both.sum() + 10.0)
    for one in range(size):
        kept = np.argsort(-likeness[:, one])[:neighbors]
        likeness[np.setdiff1d(np.arange(size), kept), one] = 0.0
    weights = np.where(likeness**2 >= 0.01 * 0.05, likeness**2, 0.0)  # smaller weights are dropped
    return usual + residual @ weights / (rated @ weights + 0.05)


@pytest.mark.parametrize("neighbors", [100, 4])
def test_knn_is_what_it_says(neighbors):
    data = some(n=350)
    model = NeighboursModel(neighbors=neighbors, shrinkage=10.0, power=2.0, damping=0.05)
    model.fit(data)
    expected = by_hand(data, neighbors)
    np.testing.assert_allclose(model.predict(np.arange(30))[:, 1:], expected[:, 1:], atol=1e-4)


# -- svd --------------------------------------------------------------------------------------------------------
def test_svd_solves_for_the_users_at_the_end():
    data = some(n=400)
    model = BiasedFactorizationModel(embedding_dim=3, n_iter=10, l2=0.7, l2_user=4.0, random_state=1)
    model.fit(data)
    mean, unit = data.ratings.mean(), data.ratings.std(dtype=np.float64) / 1.125
    standardized = (data.ratings - mean) / unit
    items = np.hstack([model.item_vectors(), np.ones((20, 1))]).astype(np.float64)
    biases = model._items[:, -1].numpy()
    for user in (0, 11):
        mine = data.user_ids == user
        x = items[data.item_ids[mine]]
        penalty = np.diag([0.7 * np.sqrt(mine.sum())] * 3 + [4.0])
        vector = np.linalg.solve(x.T @ x + penalty, x.T @ (standardized[mine] - biases[data.item_ids[mine]]))
        np.testing.assert_allclose(model.predict(user), mean + unit * (biases + items @ vector), atol=1e-4)


def test_svd_finds_a_product_that_the_baseline_cannot():
    state = np.random.RandomState(5)
    truth = 3 + np.outer(state.choice([-1, 1], 60), state.choice([-1, 1], 40))
    users, items = np.nonzero(state.rand(60, 40) < 0.5)
    data = Interactions(users, items, truth[users, items].astype(np.float32), num_users=60, num_items=40)
    errors = []
    for model in (BaselineModel(), BiasedFactorizationModel(embedding_dim=4, n_iter=60, random_state=1)):
        model.fit(data)
        errors.append(np.sqrt(((model.predict(np.arange(60)) - truth) ** 2).mean()))
    assert errors[0] > 0.8
    assert errors[1] < 0.3
