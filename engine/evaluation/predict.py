"""Batch scoring of evaluation cases with a fitted model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import LearningError
from engine.evaluation.cases import Cases
from engine.evaluation.scores import mean_ranks
from engine.models.plug_in import adapt
from engine.ranking import CHUNK, MASKED_SCORE, IntArray, Scores, top_lists
from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    from engine.models.contract import Model

#: A function that takes a slice of cases and returns the scores of all items, shape ``(num_cases, num_items)``.
Scorer = Callable[[slice], Tensor]


@dataclass(frozen=True, slots=True)
class Predictions:
    """The predictions of a model for evaluation cases.

    Attributes
    ----------
    lists
        The top items of each case, best first, 0 at the end of a shorter list, shape ``(num_cases, k)``.
    ranks
        The rank of each target among all items, from 1, shape ``(num_targets,)``; items with equal scores have the mean
        of their ranks.
    predicted
        The predicted ratings of ``cases.rated``, clipped to the range of the training ratings, shape ``(num_rated,)``;
        None if the model predicts no ratings.
    """

    lists: IntArray
    ranks: npt.NDArray[np.float64]
    predicted: npt.NDArray[np.float64] | None


def batch_score(
    model: Model | Any,
    cases: Cases,
    *,
    k: int,
    filter_seen: bool,
    margin: Scores | None = None,
    rating_range: tuple[float, float] | None = None,
    job: Job | None = None,
) -> Predictions:
    """Score all items for each case with a fitted model, in batches on the model's device.

    Parameters
    ----------
    model
        A fitted model, or any object with ``fit`` and ``predict``. If the users of the cases are not in the training
        data, a model of users must be able to fold them in.
    cases
        The evaluation cases.
    k
        The length of the lists.
    filter_seen
        Whether known items are left out of the ranking. A target that is known then ranks after all other items.
    margin
        The distance that is subtracted from the scores before items are ranked, shape ``(num_items,)``; see
        :func:`engine.ranking.confidence_margin`. The recommender ranks in the same way, so that the evaluation measures
        the lists that users see.
    rating_range
        The range that predicted ratings are clipped to; None for a model that predicts no ratings.
    job
        Receives the progress and may cancel.

    Raises
    ------
    LearningError
        If a score is NaN.
    """
    model, job = adapt(model), job or Job()
    scoring = _scorer(model, cases, rating_range is not None)
    unranked = slice(0) if model.ranked is None else ~model.ranked
    num_items = cases.rated.num_items
    step = max(1, CHUNK // max(1, num_items))
    lists = np.zeros((len(cases), k), dtype=np.int64)
    ranks = np.empty(len(cases.targets))
    folded = np.empty(len(cases.rated)) if rating_range is not None and cases.held_out else None
    for start in range(0, len(cases), step):
        job.checkpoint()
        block = slice(start, min(start + step, len(cases)))
        scores = scoring(block)
        if bool(scores.isnan().any()):
            raise LearningError("The model's scores are not numbers: it has diverged; lower its learning rate.")
        if folded is not None:
            _store_ratings(scores, cases, block, folded)
        if margin is not None:
            scores = scores - torch.from_numpy(margin).to(scores.device)
        scores = scores.clamp(min=MASKED_SCORE)  # a copy, since the tensor may belong to the model
        masked = _masked(cases, block, filter_seen, scores.device)
        scores[:, unranked] = scores[masked] = MASKED_SCORE
        inside = slice(*np.searchsorted(cases.owners, (block.start, block.stop)))
        ranks[inside] = mean_ranks(scores, cases.owners[inside] - start, cases.targets[inside], 1)
        scores[:, unranked] = scores[masked] = -torch.inf
        lists[block] = top_lists(scores, k)
        job.report(Progress("scoring", block.stop, len(cases), "cases"))
    predicted = None
    if rating_range is not None and len(cases.rated):
        predicted = np.clip(_predicted(model, cases) if folded is None else folded, *rating_range)
    return Predictions(lists, ranks, predicted)


def _scorer(model: Model, cases: Cases, rates: bool) -> Scorer:
    if model.capabilities.task == "sequence":
        length = model.capabilities.sequence_length
        return lambda block: model.scores(cases.known.tails(block, length))
    if not cases.held_out:
        return lambda block: model.scores(cases.users[block])
    return lambda block: torch.stack([_fold_in(model, cases, row, rates) for row in range(block.start, block.stop)])


def _fold_in(model: Model, cases: Cases, row: int, rates: bool) -> Tensor:
    """The scores of all items for a user who is not in the training data."""
    items = cases.known[row]
    ratings = None if cases.ratings is None else cases.ratings[row]
    if rates and ratings is not None:
        rated = ~np.isnan(ratings)
        items, ratings = items[rated], ratings[rated]
    return torch.from_numpy(np.array(model.fold_in(items, ratings), dtype=np.float32))


def _masked(cases: Cases, block: slice, filter_seen: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows and columns of the scores that are not ranked: the padding and, if they are filtered, known items."""
    rows, columns = np.arange(block.stop - block.start), np.zeros(block.stop - block.start, dtype=np.int64)
    if filter_seen:
        owners, items = cases.known.flat(block)
        rows, columns = np.concatenate([rows, owners]), np.concatenate([columns, items])
    return torch.from_numpy(rows).to(device), torch.from_numpy(columns).to(device)


def _store_ratings(scores: Tensor, cases: Cases, block: slice, folded: npt.NDArray[np.float64]) -> None:
    of_block = (cases.rated_owners >= block.start) & (cases.rated_owners < block.stop)
    rows = torch.from_numpy(cases.rated_owners[of_block] - block.start).to(scores.device)
    items = torch.from_numpy(cases.rated.item_ids[of_block].astype(np.int64)).to(scores.device)
    folded[of_block] = scores[rows, items].cpu().numpy()


def _predicted(model: Model, cases: Cases) -> npt.NDArray[np.float64]:
    rated = cases.rated
    predict: Any = model.predict  # typed as Any, since the capabilities declare which arguments it takes
    extra = {}
    if rated.timestamps is not None and model.capabilities.predicts_at_times:
        extra["timestamps"] = rated.timestamps
    predicted: npt.NDArray[np.float64] = predict(rated.user_ids, rated.item_ids, **extra).astype(np.float64)
    return predicted
