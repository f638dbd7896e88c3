"""The metrics of an evaluation: of ratings, of ranks and of lists, with intervals, and by segment.

``rmse`` and ``mae`` are the errors of predicted ratings. ``mrr`` is computed as in Spotlight: the reciprocal ranks of
a case's targets among all items are averaged, then the cases (the usual MRR takes the first hit only). The other
metrics are of lists of length ``k``: see :func:`engine.ranking.accuracy` and :mod:`engine.evaluation.beyond_accuracy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.evaluation.beyond_accuracy import (
    coverage,
    diversity,
    gini,
    novelty,
    popularities,
    popularity_lift,
)
from engine.evaluation.bootstrap import LEVEL, Sample, UserSums
from engine.evaluation.cases import Cases
from engine.evaluation.config import Ties
from engine.evaluation.segments import mean_by_case, of_ratings, segment_metrics
from engine.interactions import Interactions
from engine.ranking import accuracy

if TYPE_CHECKING:
    from engine.data.items import ItemTable
    from engine.evaluation.predict import Predictions

#: How a report says in which order interactions of the same time were taken.
_EQUAL_TIMES: Mapping[Ties, str] = {
    "file": "in the order of the file",
    "random": "in a random order, drawn with the seed",
}


@dataclass(frozen=True, slots=True)
class Metrics:
    """The results of an evaluation.

    Attributes
    ----------
    metrics
        The value of each metric, by its name.
    intervals
        The lower and the upper bound (95 %) of each metric that is a mean over users, by its name.
    segments
        The metrics of each segment, by its name; ``num`` is the number of its cases or targets.
    num_test
        The number of targets or of ratings to predict, whichever is larger.
    about
        A description of the cases and of how the metrics are computed.
    values
        The values of each user, of each metric that is a mean over users.
    """

    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    segments: Mapping[str, Mapping[str, float]]
    num_test: int
    about: Mapping[str, Any]
    values: UserSums


def compute_metrics(
    predictions: Predictions, cases: Cases, train: Interactions, items: ItemTable, *, seed: int, segments: bool
) -> Metrics:
    """Compute the metrics of predictions.

    Parameters
    ----------
    predictions
        The predictions of the model.
    cases
        The test cases that they answer.
    train
        The training part, whose interactions define popularity.
    items
        The items of the data set, for their genres.
    seed
        The seed of the bootstrap.
    segments
        Whether to compute the metrics by segment too.
    """
    lists, k = predictions.lists, predictions.lists.shape[1]
    popularity = popularities(train)
    different, basis = diversity(lists, train, items)
    samples = of_ratings(predictions, cases)
    samples["mrr"] = Sample(mean_by_case(1.0 / predictions.ranks, cases), cases.users)
    lift = popularity_lift(lists, popularity, cases.known)
    by_list = {
        **accuracy(lists, cases.owners, cases.targets, train.num_items),
        f"novelty@{k}": novelty(lists, popularity),
        f"diversity@{k}": different,
        f"popularity_lift@{k}": lift,
    }
    for name, values in by_list.items():
        there = ~np.isnan(values)
        samples[name] = Sample(values[there], cases.users[there])
    metrics = {name: sample.figure() for name, sample in samples.items() if len(sample.values)}
    if len(lists):
        metrics[f"coverage@{k}"] = coverage(lists, train.num_items)
        if lists.any():
            metrics[f"gini@{k}"] = gini(lists, train.num_items)
    num_test = max(len(cases.targets), len(samples["rmse"].values) if "rmse" in samples else 0)
    about = {
        "question": cases.description,
        "num_questions": len(cases),
        "num_left_out": cases.left_out,
        "num_known_targets": cases.known_targets,
        "candidates": "all items that occur in the interactions",
        "equal_times": _EQUAL_TIMES[cases.ties],
        "diversity_by": basis,
        "interval": f"{LEVEL:.0%}, bootstrap over users",
    }
    split_up: Mapping[str, Mapping[str, float]] = {}
    if segments and len(cases):
        split_up, cuts = segment_metrics(predictions, cases, train, items, by_list)
        about["segments"] = cuts
    of_users = UserSums.of(samples)
    return Metrics(metrics, of_users.intervals(seed), split_up, num_test, about, of_users)
