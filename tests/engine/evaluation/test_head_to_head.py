"""Which of two models is right more often is counted user by user, tested exactly, and told from chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

import engine.evaluation.head_to_head as module
from engine.errors import CancelledError
from engine.evaluation.head_to_head import CaseLists, outcome, paired_interval, user_outcomes
from engine.interactions import Interactions
from engine.runtime.job import Job, Progress


def lists(rows: list[list[int]], targets: list[int], users: list[int] | None = None) -> CaseLists:
    """A list and a held-out item for each case."""
    asked = np.arange(len(rows)) if users is None else np.array(users)
    return CaseLists(asked, np.array(rows, dtype=np.int32), np.arange(len(rows)), np.array(targets))


FIRST = lists([[1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]], [1, 3, 9, 2])
SECOND = lists([[7, 8, 9], [3, 2, 1], [1, 2, 3], [4, 5, 6]], [1, 3, 9, 2])


def test_each_user_is_found_by_both_by_one_or_by_neither() -> None:
    found = user_outcomes(FIRST, SECOND)
    assert (found.k, found.first.tolist(), found.second.tolist()) == (3, [1, 1, 0, 1], [0, 1, 0, 0])
    result = outcome(found)
    assert (result.first_more, result.second_more, result.both, result.neither) == (2, 0, 1, 1)
    assert result.difference == 0.5


def test_only_the_first_places_count() -> None:
    found = user_outcomes(FIRST, SECOND, k=2)
    assert (found.first.tolist(), found.second.tolist()) == ([1, 0, 0, 1], [0, 1, 0, 0])
    assert found.shared.tolist() == [0, 1, 2, 0]


def test_of_several_held_out_items_the_number_found_counts() -> None:
    targets = {"owners": np.array([0, 0, 1, 1]), "targets": np.array([1, 2, 1, 9])}
    first = replace(lists([[1, 2], [1, 2]], [0, 0]), **targets)
    second = replace(lists([[1, 3], [2, 1]], [0, 0]), **targets)
    found = user_outcomes(first, second)
    assert (found.first.tolist(), found.second.tolist()) == ([2, 1], [1, 1])
    assert (outcome(found).first_more, outcome(found).both) == (1, 1)


def test_the_lists_are_compared_by_their_average_overlap() -> None:
    """The shares of common items at the depths 1, 2 and 3 of the second user are 0, 1/2 and 1."""
    found = user_outcomes(FIRST, SECOND)
    assert found.overlap == pytest.approx([0.0, (0 + 1 / 2 + 1) / 3, 1.0, 0.0])
    assert found.shared.tolist() == [0, 3, 3, 0]
    assert found.most_different(3).tolist() == [0, 3, 1]


def test_of_the_windows_of_a_history_the_latest_is_compared() -> None:
    windows = Interactions([1] * 7, [1, 2, 3, 4, 5, 6, 7], timestamps=np.arange(7)).to_sequence(3, 3)
    assert windows.sequences[:, -1].tolist() == [7, 4], "which comes first"
    users = [1, 1]
    found = user_outcomes(lists([[7, 8], [1, 2]], [7, 4], users), lists([[7, 8], [5, 6]], [7, 4], users))
    assert found.shared.tolist() == [2]


def test_missing_places_are_no_common_items() -> None:
    found = user_outcomes(lists([[1, 0, 0]], [5]), lists([[1, 0, 0]], [5]))
    assert found.shared.tolist() == [1]


def test_only_users_whom_both_were_asked_about_count_and_their_latest_case_is_listed() -> None:
    first = lists([[3, 4], [1, 2], [5, 6]], [3, 1, 5], users=[7, 7, 8])
    second = lists([[3, 4], [9, 8]], [3, 1], users=[7, 7])
    found = user_outcomes(first, second)
    assert found.users.tolist() == [7]
    assert (found.first.tolist(), found.second.tolist()) == ([2], [1])
    assert found.shared.tolist() == [2]


def test_parts_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.RandomState(0)
    first, second = (
        lists([random.permutation(30)[:10] + 1 for _ in range(200)], random.randint(1, 31, 200).tolist())
        for _ in range(2)
    )
    whole = user_outcomes(first, second)
    monkeypatch.setattr(module, "_COMPARED_AT_ONCE", 300)
    parts = user_outcomes(first, second)
    for name in ("first", "second", "shared", "overlap"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()


def test_the_counting_reports_how_far_it_is_and_can_be_stopped() -> None:
    reports: list[Progress] = []
    user_outcomes(FIRST, SECOND, job=Job(reports.append))
    assert reports[-1].done == reports[-1].total == 12
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        user_outcomes(FIRST, SECOND, job=job)


def simulated(random: np.random.RandomState, first: float, second: float, num: int = 300) -> float:
    """The p value for two models that find the item of a user with these probabilities."""
    users, targets = np.arange(num), np.ones(num, int)
    found = [np.where(random.rand(num, 1) < chance, 1, 2) for chance in (first, second)]
    one, other = (CaseLists(users, rows, users, targets) for rows in found)
    return outcome(user_outcomes(one, other)).p_value


def test_models_that_differ_by_chance_are_a_tie_in_94_of_100() -> None:
    random = np.random.RandomState(0)
    assert sum(simulated(random, 0.3, 0.3) >= 0.05 for _ in range(1000)) >= 940


def test_a_large_difference_is_found() -> None:
    random = np.random.RandomState(1)
    assert sum(simulated(random, 0.3, 0.5) < 0.05 for _ in range(100)) >= 95


def test_the_p_value_is_the_two_sided_binomial_one() -> None:
    rows = [[1]] * 9 + [[2]] * 2
    others = [[2]] * 9 + [[1]] * 2
    result = outcome(user_outcomes(lists(rows, [1] * 11), lists(others, [1] * 11)))
    assert result.p_value == pytest.approx(2 * binom.cdf(2, 11, 0.5))


def test_the_interval_covers_the_true_difference_in_19_of_20() -> None:
    random = np.random.RandomState(2)
    only_first, only_second, num = 0.15, 0.08, 150
    covered = 0
    for _ in range(1000):
        ones, others, _ = random.multinomial(num, [only_first, only_second, 1 - only_first - only_second])
        low, high = paired_interval(ones, others, num)
        covered += low <= only_first - only_second <= high
    assert 0.93 <= covered / 1000 <= 0.97


def test_without_users_there_is_nothing_to_tell() -> None:
    nobody = CaseLists(np.zeros(0, int), np.zeros((0, 10), int), np.zeros(0, int), np.zeros(0, int))
    result = outcome(user_outcomes(nobody, nobody))
    assert (result.p_value, result.difference, result.neither) == (1.0, 0.0, 0)
