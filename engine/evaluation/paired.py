"""Paired tests over users: whether two models differ by more than chance.

Every model was asked the same questions, so the users are paired: a user who is hard for one model is hard for the
other, and the test is of the differences. Two tests answer two questions. The *bootstrap* test asks whether the metric
differs: users are drawn with replacement, and the differences of the draws are compared with the one that was observed
(Efron and Tibshirani, 1993; Sakai, 2006). The *sign* test asks whether more users are served better by one model than
by the other. All pairs of models are tested, so the p values are corrected by Holm's step-down method (1979): the
chance to call any two equal models different is at most the level.

The models are taken as they are: that another training with another seed would give another model is no part of the
tests. An evaluation with several seeds averages over it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from engine.data.comparison import PairedTest, Standing, Verdict
from engine.evaluation.bootstrap import LEVEL, FloatArray, UserSums, draw_totals

#: Metrics that are better if they are lower.
ERRORS = ("rmse", "mae")
#: The bounds of the number of draws, and the number of drawn users that it is made of.
_DRAWS, _DRAWN_USERS = (2_000, 10_000), 200_000_000


def common_users(values: Sequence[UserSums]) -> list[UserSums]:
    """The values of the users whom all models were asked about."""
    users = reduce(np.intersect1d, [one.users for one in values])
    return [one.select(users) for one in values]


def paired_tests(
    values: Mapping[str, UserSums], metric: str, seed: int, *, level: float = LEVEL, draws: int | None = None
) -> list[PairedTest]:
    """Test all pairs of models by one metric.

    Parameters
    ----------
    values
        Model -> the values of its users. Only the users whom all models were asked about count.
    metric
        A metric that all models have.
    seed
        The seed of the draws.
    level
        One minus the significance level.
    draws
        The number of draws; None for 10,000, or fewer if there are very many users.

    Returns
    -------
    list of PairedTest
        One for each pair, in the order of the models.
    """
    names = list(values)
    kept = common_users(list(values.values()))
    asked = np.logical_and.reduce([one.counts[metric] > 0 for one in kept])
    sums = [one.sums[metric][asked] for one in kept]
    counts = [one.counts[metric][asked] for one in kept]
    if len(names) < 2 or not asked.any():
        return []
    least, most = _DRAWS
    draws = draws or min(most, max(least, _DRAWN_USERS // int(asked.sum())))
    totals = draw_totals(np.column_stack([*sums, *counts]), seed, draws)
    root = metric in kept[0].roots
    drawn = [_figures(totals[:, one], totals[:, len(names) + one], root) for one in range(len(names))]
    observed = [float(_figures(a.sum(), b.sum(), root)) for a, b in zip(sums, counts, strict=True)]
    means = [a / b for a, b in zip(sums, counts, strict=True)]
    sign = -1 if metric in ERRORS else 1
    tests = []
    for one, other in itertools.combinations(range(len(names)), 2):
        difference = observed[one] - observed[other]
        differences = drawn[one] - drawn[other]
        extreme = int((np.abs(differences - difference) >= abs(difference) - 1e-15).sum())
        p_bootstrap = (1 + extreme) / (1 + draws)
        better = int((sign * (means[one] - means[other]) > 1e-12).sum())
        worse = int((sign * (means[one] - means[other]) < -1e-12).sum())
        p_sign = sign_test(better, worse)
        tails = (50.0 * (1.0 - level), 50.0 * (1.0 + level))
        low, high = np.percentile(differences, tails)
        verdict: Verdict = "better" if sign * difference > 0 else "worse"
        tests.append(
            PairedTest(
                names[one],
                names[other],
                metric,
                difference,
                (float(low), float(high)),
                p_bootstrap,
                p_bootstrap,
                p_sign,
                p_sign,
                better,
                worse,
                len(means[one]) - better - worse,
                verdict,
            )
        )
    by_bootstrap = holm([test.p_bootstrap for test in tests])
    by_sign = holm([test.p_sign for test in tests])
    return [
        replace(
            test,
            p_bootstrap_corrected=corrected,
            p_sign_corrected=of_sign,
            verdict=test.verdict if corrected < 1.0 - level else "tie",
        )
        for test, corrected, of_sign in zip(tests, by_bootstrap, by_sign, strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for their number by Holm's step-down method (1979); returned in the given order."""
    corrected = [1.0] * len(p_values)
    least = 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[position]))
        corrected[position] = least
    return corrected


def sign_test(better: int, worse: int) -> float:
    """The two-sided p value of the exact sign test: of as many coins, so many or more show the same side."""
    from scipy.stats import binomtest

    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


def standing(tests: Sequence[PairedTest], figures: Mapping[str, float], metric: str) -> dict[str, Standing]:
    """Which model is the best by a metric, as far as that can be told.

    Parameters
    ----------
    tests
        The tests of all pairs of models by this metric.
    figures
        Model -> its metric.
    metric
        The metric.

    Returns
    -------
    dict
        Model -> ``"best"`` for the model with the best figure if it can be told from all others. Otherwise it and those
        that cannot be told from it are ``"tied"``.
    """
    if not figures:
        return {}
    leader = min(figures, key=lambda name: figures[name] if metric in ERRORS else -figures[name])
    tied = {leader}
    for test in tests:
        if leader in (test.first, test.second) and test.verdict == "tie":
            tied |= {test.first, test.second}
    if len(figures) > 1 and len(tied) == 1:
        return {name: "best" if name == leader else "" for name in figures}
    return {name: "tied" if name in tied else "" for name in figures}


def _figures(sums: FloatArray, counts: FloatArray, root: bool) -> FloatArray:
    means = sums / np.maximum(counts, 1e-300)
    return np.sqrt(means) if root else means
