"""Asking a model the questions of an evaluation, many at a time on its device."""

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
from engine.models.base import CHUNK
from engine.models.plug_in import adapt
from engine.ranking import MASKED_SCORE, IntArray, Scores, top_lists
from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    from engine.models.contract import Model

#: Given positions of questions, the scores of all items.
Scorer = Callable[[slice], Tensor]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said.

    Attributes
    ----------
    lists
        The first items for each question, 0 where fewer are left, ``(num_cases, k)``.
    ranks
        Of each target among all items, from 1; equal scores share the mean of their ranks. ``(num_targets,)``.
    predicted
        The ratings predicted for ``cases.rated``, within the range of the ratings learnt from; None if the model
        predicts none.
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
    """Ask a fitted model.

    Parameters
    ----------
    model
        A model, or any object with ``fit`` and ``predict``; one for users must fold in where the cases are people in
        no training set.
    cases
        What to ask.
    k
        The length of the lists.
    filter_seen
        Whether known items are taken out of the ranking. A target that is known is then after all others.
    margin
        Taken off the scores before items are ranked, as a recommender does it, so that what is measured is what
        people are shown; see :func:`engine.ranking.confidence_margin`.
    rating_range
        Predicted ratings are held within it; None for a model that predicts no ratings.
    job
        Takes the progress and may be cancelled.

    Raises
    ------
    LearningError
        If a score is not a number.
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
            _note_ratings(scores, cases, block, folded)
        if margin is not None:
            scores = scores - torch.from_numpy(margin).to(scores.device)
        scores = scores.clamp(min=MASKED_SCORE)  # a copy: the model may have given its own
        out = _left_out(cases, block, filter_seen, scores.device)
        scores[:, unranked] = scores[out] = MASKED_SCORE
        inside = slice(*np.searchsorted(cases.owners, (block.start, block.stop)))
        ranks[inside] = mean_ranks(scores, cases.owners[inside] - start, cases.targets[inside], 1)
        scores[:, unranked] = scores[out] = -torch.inf
        lists[block] = top_lists(scores, k)
        job.report(Progress("asking", block.stop, len(cases), "questions"))
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
    """The scores of all items for a person whom the model is told about only now."""
    items = cases.known[row]
    ratings = None if cases.ratings is None else cases.ratings[row]
    if rates and ratings is not None:
        rated = ~np.isnan(ratings)
        items, ratings = items[rated], ratings[rated]
    return torch.from_numpy(np.array(model.fold_in(items, ratings), dtype=np.float32))


def _left_out(cases: Cases, block: slice, filter_seen: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows and columns of what is not ranked: the padding, and what is known."""
    rows, columns = np.arange(block.stop - block.start), np.zeros(block.stop - block.start, dtype=np.int64)
    if filter_seen:
        owners, items = cases.known.flat(block)
        rows, columns = np.concatenate([rows, owners]), np.concatenate([columns, items])
    return torch.from_numpy(rows).to(device), torch.from_numpy(columns).to(device)


def _note_ratings(scores: Tensor, cases: Cases, block: slice, folded: npt.NDArray[np.float64]) -> None:
    mine = (cases.rated_owners >= block.start) & (cases.rated_owners < block.stop)
    rows = torch.from_numpy(cases.rated_owners[mine] - block.start).to(scores.device)
    items = torch.from_numpy(cases.rated.item_ids[mine].astype(np.int64)).to(scores.device)
    folded[mine] = scores[rows, items].cpu().numpy()


def _predicted(model: Model, cases: Cases) -> npt.NDArray[np.float64]:
    rated = cases.rated
    predict: Any = model.predict  # which takes what the capabilities declare
    extra = {}
    if rated.timestamps is not None and model.capabilities.predicts_at_times:
        extra["timestamps"] = rated.timestamps
    predicted: npt.NDArray[np.float64] = predict(rated.user_ids, rated.item_ids, **extra).astype(np.float64)
    return predicted
