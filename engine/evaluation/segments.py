"""The metrics of an evaluation by segment: of users, of items, and of genres."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.evaluation.beyond_accuracy import genre_columns, popular_items
from engine.evaluation.bootstrap import Sample
from engine.evaluation.cases import Cases
from engine.interactions import Interactions
from engine.ranking import found

if TYPE_CHECKING:
    from engine.data.items import ItemTable
    from engine.evaluation.predict import Predictions

Mask = npt.NDArray[np.bool_]

#: The most genres that are segments, and the targets that one must have: the figures of fewer say nothing.
MOST_GENRES, LEAST_TARGETS = 8, 30


def of_ratings(predictions: Predictions, cases: Cases) -> dict[str, Sample]:
    """The errors of the predicted ratings; nothing if the model predicts none."""
    if predictions.predicted is None:
        return {}
    rated = cases.rated
    assert rated.ratings is not None
    error = predictions.predicted - rated.ratings
    return {"rmse": Sample(error**2, rated.user_ids, root=True), "mae": Sample(np.abs(error), rated.user_ids)}


def mean_by_case(values: npt.NDArray[np.float64], cases: Cases) -> npt.NDArray[np.float64]:
    """The mean over the targets of each case, shape ``(num_cases,)``; 0 for a case without targets."""
    counts = np.bincount(cases.owners, minlength=len(cases))
    return np.bincount(cases.owners, values, minlength=len(cases)) / np.maximum(counts, 1)


def segment_metrics(
    predictions: Predictions,
    cases: Cases,
    train: Interactions,
    items: ItemTable,
    by_list: Mapping[str, npt.NDArray[np.float64]],
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """The metrics of users with few and many known items, of popular and rare items, and of the items of each genre.

    Parameters
    ----------
    predictions, cases, train, items
        As of :func:`engine.evaluation.metrics.compute_metrics`.
    by_list
        The metrics of each list, shape ``(num_cases,)``.

    Returns
    -------
    metrics, definitions
        The metrics and a definition of each segment, by its name.
    """
    k = predictions.lists.shape[1]
    known = cases.known.lengths
    middle = float(np.median(known))
    popular = popular_items(train)
    rated = cases.rated
    known_of_rating = np.where(cases.rated_owners >= 0, known[cases.rated_owners], 0)
    ratings = of_ratings(predictions, cases)
    reciprocal = 1.0 / predictions.ranks
    per_case = {
        "mrr": mean_by_case(reciprocal, cases),
        **{name: values for name, values in by_list.items() if not name.startswith(("novelty", "diversity", "pop"))},
    }

    def of_users(mask: Mask, of_rating: Mask) -> dict[str, float]:
        errors = {name: sample.select(of_rating).figure() for name, sample in ratings.items()}
        return {"num": int(mask.sum()), **errors, **{name: _mean(one[mask]) for name, one in per_case.items()}}

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
    of_genres = {f"genre: {name}": of_items(has) for name, has in _common_genres(items, cases)}
    found_in |= of_genres
    return {name: values for name, values in found_in.items() if values["num"]}, {
        "users_few": f"users with fewer than {middle:g} known items (the median)",
        "users_many": f"users with at least {middle:g} known items",
        "items_popular": f"the {popular.sum():,} most popular items, which have half of the training interactions",
        "items_rare": "all other items; in both segments of items, every target counts once",
        **dict.fromkeys(of_genres, "targets of this genre, each of which counts once"),
    }


def _common_genres(items: ItemTable, cases: Cases) -> Iterator[tuple[str, Mask]]:
    """The genres with the most targets, and which items have each, shape ``(num_items,)``."""
    names, table = genre_columns(items, cases.rated.num_items)
    if not names:
        return
    counts = table[cases.targets].sum(0)
    for column in np.argsort(-counts, kind="stable")[:MOST_GENRES]:
        if counts[column] >= LEAST_TARGETS:
            yield names[column], table[:, column] > 0


def _mean(values: npt.NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")
