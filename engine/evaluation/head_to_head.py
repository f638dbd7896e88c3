"""Which of two models is right more often, user by user, and for which users their lists differ most.

For each user, the held-out items among the first items of each model's list are counted. A user for whom both models
find equally many does not favour either, so the test is of the others: if the models were equally good, each of these
users would favour the first with probability one half. This is the exact sign test (Dixon and Mood, 1946); where one
item of each user is held out, it is McNemar's test (1947) in its exact form. The interval is the adjusted one of Bonett
and Price (2012) for the difference of two shares of the same users.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.comparison import Outcome
from engine.evaluation.bootstrap import LEVEL
from engine.evaluation.paired import sign_test
from engine.runtime.job import Job, Progress

IntArray = npt.NDArray[np.integer[Any]]

#: The number of comparisons of two items that are made at once, in one temporary array of so many bytes.
_COMPARED_AT_ONCE = 8_000_000


@dataclass(frozen=True, slots=True)
class CaseLists:
    """The lists of a model, and what was to be found.

    Attributes
    ----------
    users
        The user of each case (internal ids), shape ``(num_cases,)``.
    lists
        The list of each case, the best item first and 0 where it is shorter, shape ``(num_cases, k)``.
    owners, targets
        Pairs of a case and an item that was to be found, shape ``(num_targets,)``.
    """

    users: IntArray
    lists: IntArray
    owners: IntArray
    targets: IntArray

    @classmethod
    def of_run(cls, values: Mapping[str, npt.NDArray[Any]]) -> CaseLists:
        """Those that were kept with a run."""
        return cls(values["case_users"], values["lists"], values["owners"], values["targets"])


@dataclass(frozen=True, slots=True)
class UserOutcomes:
    """What two models find for each user, and how alike their lists are.

    Attributes
    ----------
    users
        The users whom both were asked about (internal ids), sorted, shape ``(n,)``.
    k
        The number of items of each list that count.
    first, second
        The number of held-out items of each user that each model found, shape ``(n,)``.
    shared
        The number of items that both lists have, of each user's latest case, shape ``(n,)``.
    overlap
        How alike these lists are, from 0 to 1: the share of common items among the first ``d``, averaged over all
        depths ``d`` up to ``k``, so that the upper places weigh more (average overlap; Webber, Moffat and Zobel, 2010,
        section 3), shape ``(n,)``.
    """

    users: IntArray
    k: int
    first: IntArray
    second: IntArray
    shared: IntArray
    overlap: npt.NDArray[np.float64]

    def most_different(self, count: int) -> IntArray:
        """The positions of the users whose lists have the fewest items in common.

        Among equal ones those come first for whom one model found more than the other, and then those whose common
        items stand at different places.
        """
        by_found = np.abs(self.first - self.second)
        return np.lexsort((self.users, self.overlap, -by_found, self.shared))[:count]


def user_outcomes(first: CaseLists, second: CaseLists, k: int = 10, job: Job | None = None) -> UserOutcomes:
    """Count what two models find for each user, and compare their lists.

    Parameters
    ----------
    first, second
        The lists of the two models for the same cases.
    k
        The number of items of each list that count; fewer if the lists are shorter.
    job
        Receives the progress and may cancel.
    """
    job = job or Job()
    k = min(k, first.lists.shape[1], second.lists.shape[1])
    users = np.intersect1d(first.users, second.users)
    total = len(first.targets) + len(second.targets) + len(users)
    progress = _Counter(job, total)
    found = [_found_by_user(one, users, k, progress) for one in (first, second)]
    shared, overlap = np.zeros(len(users), np.int64), np.zeros(len(users))
    latest = [latest_case(one.users, users) for one in (first, second)]
    weights = _weights(k)
    step = max(1, _COMPARED_AT_ONCE // (k * k))
    for start in range(0, len(users), step):
        rows = slice(start, start + step)
        one, other = (lists.lists[cases[rows], :k] for lists, cases in zip((first, second), latest, strict=True))
        common = (one[:, :, None] == other[:, None, :]) & (one[:, :, None] > 0)
        shared[rows] = common.sum((1, 2))
        overlap[rows] = np.einsum("nij,ij->n", common, weights)
        progress.add(len(one))
    return UserOutcomes(users, k, found[0], found[1], shared, overlap)


def outcome(found: UserOutcomes) -> Outcome:
    """Count for how many users each model finds more, and test whether that may be chance."""
    first_more = int((found.first > found.second).sum())
    second_more = int((found.first < found.second).sum())
    both = int(((found.first == found.second) & (found.first > 0)).sum())
    num = len(found.users)
    return Outcome(
        first_more,
        second_more,
        both,
        num - first_more - second_more - both,
        (first_more - second_more) / num if num else 0.0,
        paired_interval(first_more, second_more, num),
        sign_test(first_more, second_more),
    )


def paired_interval(first_more: int, second_more: int, num: int, level: float = LEVEL) -> tuple[float, float]:
    """The adjusted interval of Bonett and Price (2012) for a difference of two shares of the same ``num`` users."""
    from scipy.stats import norm

    one, other = (first_more + 1) / (num + 2), (second_more + 1) / (num + 2)
    room = float(norm.ppf(0.5 + level / 2)) * math.sqrt((one + other - (one - other) ** 2) / (num + 2))
    return max(-1.0, one - other - room), min(1.0, one - other + room)


class _Counter:
    """Reports how far the counting is, and sees a cancel."""

    def __init__(self, job: Job, total: int) -> None:
        self._job, self._total, self._done = job, total, 0

    def add(self, done: int) -> None:
        self._job.checkpoint()
        self._done += done
        self._job.report(Progress("comparing the lists of all users", self._done, self._total))


def _found_by_user(lists: CaseLists, users: IntArray, k: int, progress: _Counter) -> IntArray:
    """The number of held-out items of each user that are among the first ``k`` of their list."""
    found = np.zeros(len(lists.users), np.int64)
    step = max(1, _COMPARED_AT_ONCE // k)
    for start in range(0, len(lists.targets), step):
        owners, targets = lists.owners[start : start + step], lists.targets[start : start + step]
        hits = (lists.lists[owners, :k] == targets[:, None]).any(1)
        found += np.bincount(owners[hits], minlength=len(found))
        progress.add(len(owners))
    asked = np.isin(lists.users, users)
    position = np.searchsorted(users, lists.users[asked])
    return np.bincount(position, found[asked], minlength=len(users)).astype(np.int64)


def latest_case(case_users: IntArray, users: IntArray) -> IntArray:
    """The position of each user's latest case, which is the one that is shown side by side.

    A user has several cases only where a history is cut into windows, of which the latest comes first.

    Parameters
    ----------
    case_users
        The user of each case, ``(num_cases,)``.
    users
        Users who have a case, ``(n,)``.
    """
    order = np.argsort(case_users, kind="stable")
    return order[np.searchsorted(case_users[order], users, side="left")]


def _weights(k: int) -> npt.NDArray[np.float64]:
    """What a common item at two places adds to the average overlap: it counts from the lower of the two places on."""
    from_depth = np.cumsum(1.0 / np.arange(k, 0, -1))[::-1] / max(k, 1)
    places = np.arange(k)
    return from_depth[np.maximum(places[:, None], places[None, :])]
