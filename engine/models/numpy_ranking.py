"""Ranked lists of many users, one user after another, from stored models that answer without torch.

Where there are few lists, this takes less time than the import of torch. The functions give what those of the same
names in :mod:`engine.models.batch_ranking` give, to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.errors import ErrorKind, LearningError
from engine.models.numpy_model import NumpyModel, NumpyUserModel
from engine.models.ranked_lists import Ids, RankedLists
from engine.ranking import Scores, top_k

if TYPE_CHECKING:
    from engine.data.user_index import UserIndex


def rank_for_users(
    model: NumpyModel,
    users: Ids,
    k: int,
    *,
    seen: UserIndex | None = None,
    margin: Scores | None = None,
    rating_range: tuple[float, float] | None = None,
) -> RankedLists:
    """Rank all items for each of several users; see :func:`engine.models.batch_ranking.rank_for_users`."""
    of_users = cast("NumpyUserModel", model)
    lists = _none(len(users), k, with_values=rating_range is not None)
    for place, user in enumerate(users):
        predicted = of_users.predict(int(user))
        rankable = np.array(predicted if margin is None else predicted - margin, np.float32)
        _hide_unranked(model, rankable)
        if seen is not None:
            rankable[seen.items(int(user))] = -np.inf
        _fill(lists, place, rankable, predicted if rating_range is None else np.clip(predicted, *rating_range))
    return lists


def rank_next(model: NumpyModel, users: Ids, k: int, *, history: UserIndex, filter_seen: bool = True) -> RankedLists:
    """Rank what may come next after each history; see :func:`engine.models.batch_ranking.rank_next`."""
    of_sequences: Any = model  # one of engine.sequence.numpy_models
    lists = _none(len(users), k, with_values=True)
    length = model.capabilities.sequence_length
    for place, user in enumerate(users):
        known = history.items(int(user)).astype(np.int64)
        predicted, possible = of_sequences.predict_with_probabilities(known[max(0, len(known) - length) :])
        rankable = np.array(predicted, np.float32)
        _hide_unranked(model, rankable)
        if filter_seen:
            rankable[known] = -np.inf
        # Items that are left out cannot come next, so the probabilities of the other items are normalized to 1.
        possible = np.where(np.isneginf(rankable), np.float32(0.0), possible)
        _fill(lists, place, rankable, (possible / max(float(possible.sum()), 1e-30)).astype(np.float32))
    return lists


def _none(count: int, k: int, *, with_values: bool) -> RankedLists:
    """Lists of nothing."""
    empty = np.full((count, k), np.nan, np.float32)
    return RankedLists(np.zeros((count, k), np.int32), empty, empty.copy() if with_values else None)


def _hide_unranked(model: NumpyModel, scores: Scores) -> None:
    """Let the padding, and what the model cannot rank, never be ranked.

    Raises
    ------
    LearningError
        If all scores are NaN.
    """
    if len(scores) > 1 and np.isnan(scores[1:]).all():
        raise LearningError(
            f"The model {model.name} gives no numbers, because its training diverged; it must be trained again.",
            kind=ErrorKind.NO_NUMBERS,
            name=model.name,
        )
    scores[0] = -np.inf
    if model.ranked is not None:
        scores[~model.ranked] = -np.inf


def _fill(lists: RankedLists, place: int, rankable: Scores, values: Scores) -> None:
    best = top_k(rankable, lists.items.shape[1])
    lists.items[place, : len(best)] = best
    lists.scores[place, : len(best)] = rankable[best]
    if lists.values is not None:
        lists.values[place, : len(best)] = values[best]
