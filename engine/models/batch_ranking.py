"""Ranked lists for many users, sequences or items at a time, computed on the model's device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import ErrorKind, LearningError
from engine.models.ranked_lists import Ids, RankedLists
from engine.ranking import Scores, top_lists

if TYPE_CHECKING:
    from engine.data.user_index import UserIndex
    from engine.models.contract import Model


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
        Internal ids. The caller bounds their number; see :func:`engine.models.ranked_lists.batch_size`.
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
    rankable = predicted if margin is None else predicted - torch.from_numpy(margin).to(predicted.device)
    if rankable is predicted and rating_range is not None:
        rankable = predicted.clone()
    _set_unranked(model, rankable, -torch.inf)
    if seen is not None:
        _set_seen(seen, users, rankable, -torch.inf)
    lists = _best(model, rankable, k)
    if rating_range is None:
        return lists
    values = np.clip(_taken(predicted, lists.items), *rating_range)
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
    scores, possible = model.scores_with_probabilities(tails)
    rankable = scores.float()
    # Items that are left out cannot come next, so the probabilities of the other items are normalized to 1.
    for values, hidden in ((rankable, -torch.inf), (possible, 0.0)):
        _set_unranked(model, values, hidden)
        if filter_seen:
            _set_seen(history, users, values, hidden)
    lists = _best(model, rankable, k)
    total = possible.sum(1, keepdim=True).clamp_min(1e-30).cpu().numpy()
    return RankedLists(lists.items, lists.scores, _taken(possible, lists.items) / total)


@torch.no_grad()
def rank_similar(model: Model, items: Ids, k: int) -> RankedLists:
    """Rank the items that are most similar to each of several items; those with no positive similarity are left out.

    Parameters
    ----------
    model
        A fitted model that compares items.
    items
        Internal ids. The caller bounds their number; see :func:`engine.models.ranked_lists.batch_size`.
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
    similarities.masked_fill_(similarities <= 0, -torch.inf)
    similarities[torch.arange(len(items)), torch.from_numpy(items)] = -torch.inf
    _set_unranked(model, similarities, -torch.inf)
    return _best(model, similarities, k)


def _set_unranked(model: Model, values: Tensor, hidden: float) -> None:
    """Set the padding, and what the model cannot rank, to a value."""
    values[:, 0] = hidden
    if model.ranked is not None:
        values.index_fill_(1, (~model.ranked).nonzero().squeeze(1).to(values.device), hidden)


def _set_seen(seen: UserIndex, users: Ids, values: Tensor, hidden: float) -> None:
    """Set the items that users have interacted with to a value."""
    rows, items = seen.pairs(users)
    values[torch.from_numpy(rows).to(values.device), torch.from_numpy(items).to(values.device)] = hidden


def _best(model: Model, rankable: Tensor, k: int) -> RankedLists:
    """The lists by descending score, without what is not finite. The tensor may be changed."""
    items = top_lists(rankable, k).astype(np.int32)
    scores = _taken(rankable, items)
    if np.isfinite(scores[items > 0]).all():
        return RankedLists(items, scores)
    # What is no number comes first, so it would be seen in the lists. That is rare, and so looked for only then.
    spoilt = rankable[rankable.isnan().any(1)]
    if len(spoilt) and bool((spoilt.isnan() | spoilt.isneginf()).all(1).any()):
        raise LearningError(
            f"The model {model.name} gives no numbers, because its training diverged; it must be trained again.",
            kind=ErrorKind.NO_NUMBERS,
            name=model.name,
        )
    rankable.nan_to_num_(nan=-torch.inf, posinf=-torch.inf, neginf=-torch.inf)
    return _best(model, rankable, k)


def _taken(values: Tensor, items: npt.NDArray[Any]) -> Scores:
    """The values of the items of each list; NaN at the end of a shorter list."""
    taken: Scores = values.gather(1, torch.from_numpy(items).long().to(values.device)).float().cpu().numpy()
    taken[items == 0] = np.nan
    return taken
