from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.bootstrap import Sample, bootstrap


def test_an_interval_is_that_of_normal_theory_where_it_holds() -> None:
    random = np.random.RandomState(0)
    values = random.normal(3.0, 2.0, 900)
    low, high = bootstrap({"mean": Sample(values, np.arange(900))}, seed=1)["mean"]
    margin = 1.96 * values.std() / np.sqrt(900)
    assert (low, high) == pytest.approx((values.mean() - margin, values.mean() + margin), abs=0.02)


def test_a_users_values_are_drawn_together() -> None:
    random = np.random.RandomState(0)
    of_users = random.normal(size=50)
    users = np.repeat(np.arange(50), 40)
    together = bootstrap({"mean": Sample(of_users[users], users)}, seed=0)["mean"]
    apart = bootstrap({"mean": Sample(of_users[users], np.arange(2000))}, seed=0)["mean"]
    assert together[1] - together[0] > 4 * (apart[1] - apart[0])


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 100)), min_size=1, max_size=40), st.integers(0, 99))
def test_intervals_are_steady_and_within_the_values(pairs: list[tuple[int, float]], seed: int) -> None:
    users, values = np.array([user for user, _ in pairs]), np.array([value for _, value in pairs])
    samples = {"mean": Sample(values, users), "root": Sample(values**2, users, root=True)}
    intervals = bootstrap(samples, seed, replicates=50)
    assert intervals == bootstrap(samples, seed, replicates=50)
    for low, high in intervals.values():
        assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9
    assert samples["root"].figure() == pytest.approx(np.sqrt(np.mean(values**2)))


def test_figures_of_nothing_have_no_interval() -> None:
    assert bootstrap({"nothing": Sample(np.zeros(0), np.zeros(0, dtype=int))}, seed=0) == {}
