"""Ranked lists for many users, sequences or items at a time, computed on the model's device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import ErrorKind, LearningError
from engine.models.base import CHUNK
from engine.ranking import Scores, top_lists

if TYPE_CHECKING:
    from engine.data.user_index import UserIndex
    from engine.models.contract import Model

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RankedLists:
    """Ranked lists of equal length.

    Attributes
    ----------
    items
        The internal ids of the items, best first, 0 at the end of a shorter list, ``(num_lists, k)``.
    scores
        The numbers by which the lists are ordered, ``(num_lists, k)``.
    values
        The predicted ratings, or the probabilities of being the next item, ``(num_lists, k)``; None for neither.
    """

    items: npt.NDArray[np.int32]
    scores: Scores
    values: Scores | None = None


def batch_size(num_items: int, k: int) -> int:
    """The number of lists to compute at a time, so that the memory they take is bounded."""
    return max(1, CHUNK // max(1, num_items, k))


@torch.no_grad()
def rank_for_users(
    model: Model,
    users: Ids,
    k: int,
    *,
    seen: UserIndex | None = None,
    margin: Scores | None = None,
    rating_range: tuple[float, float] | None = None,
) -> RankedLists:
    """Rank all items for each of several users.

    Parameters
    ----------
    model
        A fitted model of users.
    users
        Internal ids. The caller bounds their number; see :func:`batch_size`.
    k
        The length of the lists.
    seen
        The interactions whose items are left out of their users' lists; None leaves out nothing.
    margin
        What is subtracted from the predicted rating of each item before items are ranked; None ranks by the scores.
    rating_range
        The range that predicted ratings are clipped to; None for a model that predicts no ratings.

    Raises
    ------
    LearningError
        If all scores of a user are NaN.
    """
    predicted = model.scores(users).float()
    rankable = _rankable(model, predicted if margin is None else predicted - torch.from_numpy(margin).to(model.device))
    if seen is not None:
        _leave_out(rankable, seen, users)
    lists = _best(rankable, k)
    if rating_range is None:
        return lists
    values = _taken(predicted.clamp(*rating_range), lists.items)
    return RankedLists(lists.items, lists.scores, values)


@torch.no_grad()
def rank_next(model: Model, users: Ids, k: int, *, history: UserIndex, filter_seen: bool = True) -> RankedLists:
    """Rank the items that may come next after the history of each of several users.

    Parameters
    ----------
    model
        A fitted sequence model. It is given as many of the latest items as it declares.
    users, k
        As of :func:`rank_for_users`.
    history
        The interactions of the users.
    filter_seen
        Whether to leave out the items of the whole history.

    Raises
    ------
    LearningError
        If all scores of a user are NaN.
    """
    tails = history.tails(users, model.capabilities.sequence_length)
    scores, probabilities = model.scores_with_probabilities(tails)
    rankable = _rankable(model, scores.float())
    if filter_seen:
        _leave_out(rankable, history, users)
    lists = _best(rankable, k)
    # Items that are left out cannot come next, so the probabilities of the other items are normalized to 1.
    possible = torch.where(rankable.isfinite(), probabilities.float(), 0.0)
    possible /= possible.sum(1, keepdim=True).clamp_min(1e-30)
    return RankedLists(lists.items, lists.scores, _taken(possible, lists.items))


@torch.no_grad()
def rank_similar(model: Model, items: Ids, k: int) -> RankedLists:
    """Rank the items that are most similar to each of several items; those with no positive similarity are left out.

    Parameters
    ----------
    model
        A fitted model that compares items.
    items
        Internal ids. The caller bounds their number; see :func:`batch_size`.
    k
        The length of the lists.

    Raises
    ------
    UnsupportedError
        If the model does not compare items.
    LearningError
        If all similarities of an item are NaN.
    """
    similarities = torch.from_numpy(np.asarray(model.similarity_rows(items), dtype=np.float32)).to(model.device)
    rankable = _rankable(model, similarities)
    rankable[rankable <= 0] = -torch.inf
    rankable[torch.arange(len(items)), torch.from_numpy(items)] = -torch.inf
    return _best(rankable, k)


def _rankable(model: Model, scores: Tensor) -> Tensor:
    """A copy in which the padding, and what the model cannot score, can never be ranked."""
    if scores.shape[1] > 1 and bool(scores[:, 1:].isnan().all(1).any()):
        raise LearningError(
            f"The model {model.name} gives no numbers, because its training diverged; it must be trained again.",
            kind=ErrorKind.NO_NUMBERS,
            name=model.name,
        )
    rankable = scores.masked_fill(~scores.isfinite(), -torch.inf)
    rankable[:, 0] = -torch.inf
    if model.ranked is not None:
        rankable[:, ~model.ranked.to(rankable.device)] = -torch.inf
    return rankable


def _leave_out(rankable: Tensor, seen: UserIndex, users: Ids) -> None:
    rows, items = seen.pairs(users)
    rankable[torch.from_numpy(rows), torch.from_numpy(items)] = -torch.inf


def _best(rankable: Tensor, k: int) -> RankedLists:
    items = top_lists(rankable, k).astype(np.int32)
    return RankedLists(items, _taken(rankable, items))


def _taken(values: Tensor, items: npt.NDArray[Any]) -> Scores:
    """The values of the items of each list; NaN at the end of a shorter list."""
    taken: Scores = values.gather(1, torch.from_numpy(items).long().to(values.device)).cpu().numpy()
    taken[items == 0] = np.nan
    return taken
