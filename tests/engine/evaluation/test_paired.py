"""Paired tests over users tell models apart that differ by more than chance, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.bootstrap import Sample, UserSums
from engine.evaluation.paired import holm, paired_tests, sign_test, standing

METRIC = "ndcg@10"
USERS = 100
REPETITIONS = 300


def of_users(values: np.ndarray, users: np.ndarray | None = None, metric: str = METRIC) -> UserSums:
    users = np.arange(len(values)) if users is None else users
    return UserSums.of({metric: Sample(values, users, root=metric == "rmse")})


def verdict(first: np.ndarray, second: np.ndarray, seed: int) -> str:
    (test,) = paired_tests({"first": of_users(first), "second": of_users(second)}, METRIC, seed, draws=1000)
    return test.verdict


def simulated(random: np.random.RandomState, advantage: float) -> tuple[np.ndarray, np.ndarray]:
    """Two models for users of different difficulty; the first is better by so many standard errors."""
    difficulty, noise = random.beta(1, 3, USERS), 0.1
    first, second = (difficulty + random.normal(0, noise, USERS) for _ in range(2))
    return first + advantage * noise * np.sqrt(2 / USERS), second


def test_models_that_differ_by_chance_are_a_tie_in_94_of_100() -> None:
    random = np.random.RandomState(0)
    ties = sum(verdict(*simulated(random, 0.0), seed) == "tie" for seed in range(REPETITIONS))
    assert ties >= 0.94 * REPETITIONS


@pytest.mark.parametrize(("advantage", "power"), [(2.0, 0.45), (3.0, 0.80), (4.0, 0.95)])
def test_true_differences_are_found_as_often_as_theory_says(advantage: float, power: float) -> None:
    """A test at 5 % finds a true difference of two standard errors in half of all samples, and of four in 98 %."""
    random = np.random.RandomState(1)
    repetitions = REPETITIONS // 3
    found = sum(verdict(*simulated(random, advantage), seed) == "better" for seed in range(repetitions))
    assert found >= power * repetitions


def test_an_observed_difference_of_two_standard_errors_is_found() -> None:
    first, second = simulated(np.random.RandomState(2), 0.0)
    error = np.std(first - second) / np.sqrt(USERS)
    first += 2.05 * error - np.mean(first - second)
    assert verdict(first, second, 0) == "better"
    assert verdict(second, first, 0) == "worse"
    assert verdict(first - 0.6 * error, second, 0) == "tie"


def test_pairs_are_kept_together_so_that_hard_users_do_not_hide_a_difference() -> None:
    difficulty = np.random.RandomState(0).rand(USERS)
    assert verdict(difficulty + 0.01, difficulty, 0) == "better"


def test_a_lower_error_is_better() -> None:
    random = np.random.RandomState(0)
    errors = random.rand(USERS)
    values = {"low": of_users(errors, metric="rmse"), "high": of_users(errors + 0.1, metric="rmse")}
    (test,) = paired_tests(values, "rmse", 0, draws=500)
    assert (test.verdict, test.users_better, test.users_worse) == ("better", USERS, 0)
    assert test.difference < 0


def test_equal_models_are_a_tie_with_p_of_one() -> None:
    values = np.random.RandomState(0).rand(USERS)
    (test,) = paired_tests({"a": of_users(values), "b": of_users(values)}, METRIC, 0, draws=500)
    assert (test.p_bootstrap, test.p_sign, test.verdict) == (1.0, 1.0, "tie")
    assert (test.users_better, test.users_worse, test.users_equal) == (0, 0, USERS)


def test_only_the_users_whom_all_were_asked_about_count() -> None:
    random = np.random.RandomState(0)
    first = of_users(random.rand(30), np.arange(30))
    second = of_users(random.rand(30), np.arange(10, 40))
    (test,) = paired_tests({"a": first, "b": second}, METRIC, 0, draws=500)
    assert test.users_better + test.users_worse + test.users_equal == 20


@given(st.lists(st.floats(0, 1), max_size=12))
def test_correction_never_makes_a_p_value_smaller_and_keeps_their_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(old <= new <= 1 for old, new in zip(p_values, corrected, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()


def test_correction_is_that_of_the_literature() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_the_sign_test_is_exact() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(9, 1) == pytest.approx(22 / 1024)
    assert sign_test(1, 9) == sign_test(9, 1)


def test_the_best_is_marked_only_where_it_can_be_told() -> None:
    random = np.random.RandomState(1)
    base = random.rand(USERS)
    values = {
        "good": of_users(base + random.normal(0.2, 0.05, USERS)),
        "as good": of_users(base + random.normal(0.2, 0.05, USERS)),
        "bad": of_users(base),
    }
    figures = {name: float(one.sums[METRIC].mean()) for name, one in values.items()}
    marks = standing(paired_tests(values, METRIC, 0, draws=2000), figures, METRIC)
    assert marks == {"good": "tied", "as good": "tied", "bad": ""}
    del values["as good"], figures["as good"]
    assert standing(paired_tests(values, METRIC, 0, draws=2000), figures, METRIC) == {"good": "best", "bad": ""}
