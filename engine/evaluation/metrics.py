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
import numpy.typing as npt

from engine.evaluation.beyond_accuracy import (
    coverage,
    diversity,
    gini,
    novelty,
    popular_items,
    popularities,
    popularity_lift,
)
from engine.evaluation.bootstrap import LEVEL, Sample, UserSums
from engine.evaluation.cases import Cases
from engine.evaluation.config import Ties
from engine.interactions import Interactions
from engine.ranking import accuracy, found

if TYPE_CHECKING:
    from engine.data.items import ItemTable
    from engine.evaluation.predict import Predictions

Mask = npt.NDArray[np.bool_]

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
    samples = _of_ratings(predictions, cases)
    samples["mrr"] = Sample(_mean_by_question(1.0 / predictions.ranks, cases), cases.users)
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
        split_up, cuts = _segments(predictions, cases, train, by_list)
        about["segments"] = cuts
    of_users = UserSums.of(samples)
    return Metrics(metrics, of_users.intervals(seed), split_up, num_test, about, of_users)


def _of_ratings(predictions: Predictions, cases: Cases) -> dict[str, Sample]:
    if predictions.predicted is None:
        return {}
    rated = cases.rated
    assert rated.ratings is not None
    error = predictions.predicted - rated.ratings
    return {"rmse": Sample(error**2, rated.user_ids, root=True), "mae": Sample(np.abs(error), rated.user_ids)}


def _mean_by_question(values: npt.NDArray[np.float64], cases: Cases) -> npt.NDArray[np.float64]:
    counts = np.bincount(cases.owners, minlength=len(cases))
    return np.bincount(cases.owners, values, minlength=len(cases)) / np.maximum(counts, 1)


def _segments(
    predictions: Predictions, cases: Cases, train: Interactions, by_list: Mapping[str, npt.NDArray[np.float64]]
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """The metrics of users with few and many known items, and of popular and rare items, and how these are defined."""
    k = predictions.lists.shape[1]
    known = cases.known.lengths
    middle = float(np.median(known))
    popular = popular_items(train)
    rated = cases.rated
    known_of_rating = np.where(cases.rated_owners >= 0, known[cases.rated_owners], 0)
    ratings = _of_ratings(predictions, cases)
    reciprocal = 1.0 / predictions.ranks
    per_question = {
        "mrr": _mean_by_question(reciprocal, cases),
        **{name: values for name, values in by_list.items() if not name.startswith(("novelty", "diversity", "pop"))},
    }

    def of_users(mask: Mask, of_rating: Mask) -> dict[str, float]:
        errors = {name: sample.select(of_rating).figure() for name, sample in ratings.items()}
        return {"num": int(mask.sum()), **errors, **{name: _mean(one[mask]) for name, one in per_question.items()}}

    wanted = cases.owners * train.num_items + cases.targets
    shown = np.arange(len(cases))[:, None] * train.num_items + predictions.lists
    hit = np.isin(wanted, shown[found(predictions.lists, wanted, train.num_items)])

    def of_items(chosen: Mask) -> dict[str, float]:
        mask = chosen[cases.targets]
        errors = {name: sample.select(chosen[rated.item_ids]).figure() for name, sample in ratings.items()}
        return {"num": int(mask.sum()), **errors, "mrr": _mean(reciprocal[mask]), f"recall@{k}": _mean(hit[mask])}

    few = known < middle
    found_in = {
        "users_few": of_users(few, known_of_rating < middle),
        "users_many": of_users(~few, known_of_rating >= middle),
        "items_popular": of_items(popular),
        "items_rare": of_items(~popular),
    }
    return {name: values for name, values in found_in.items() if values["num"]}, {
        "users_few": f"users with fewer than {middle:g} known items (the median)",
        "users_many": f"users with at least {middle:g} known items",
        "items_popular": f"the {popular.sum():,} most popular items, which have half of the training interactions",
        "items_rare": "all other items; in both segments of items, every target counts once",
    }


def _mean(values: npt.NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")
