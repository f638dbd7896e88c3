"""How good a model is on interactions that it has not seen. All on the model's device, many users at a time.

Ranks are among real items: the padding (id 0) is not one of them unless the test or training interactions have it.
Items with equal scores share the mean of their ranks. What is removed (training items, or items that came before)
shares the ranks after all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.interactions import Interactions, SequenceInteractions

#: Scores that are compared at a time.
CHUNK = 4_194_304

FloatArray = npt.NDArray[np.float64]


class Model(Protocol):
    """What is evaluated: ``predict``, and better ``scores`` (many at once, on the device)."""

    def predict(self, ids: Any, item_ids: Any = None, /) -> npt.NDArray[Any]:
        """Scores of all items for one user or sequence; of pairs, if items are given."""
        ...


def rmse_score(model: Model, test: Interactions) -> float:
    """The root of the mean squared error of predicted ratings, over all interactions.

    Raises
    ------
    ValueError
        If ``test`` has no ratings, or is empty.
    """
    if test.ratings is None or len(test) == 0:
        raise ValueError("an RMSE needs interactions with ratings")
    predictions = model.predict(test.user_ids, test.item_ids)
    return float(np.sqrt(np.mean((predictions.astype(np.float64) - test.ratings) ** 2)))


def mrr_score(model: Model, test: Interactions, train: Interactions | None = None) -> FloatArray:
    """The mean reciprocal rank of each user's test items.

    It averages over all of a user's test items, as Spotlight's does; the usual MRR takes the first hit only.

    Parameters
    ----------
    model
        With ``predict(user_id)`` or ``scores(user_ids)``.
    test
        What is looked for.
    train
        Known interactions, whose items are taken out of a user's ranking.

    Returns
    -------
    numpy.ndarray
        One value for each user with test interactions, by ascending id. Spotlight counts the padding as a rival.
    """
    users, owner, ranks, _ = _user_ranks(model, test, train)
    return _mean_by(owner, 1.0 / ranks, len(users))


def precision_recall_score(
    model: Model, test: Interactions, train: Interactions | None = None, k: int | Sequence[int] | npt.ArrayLike = 10
) -> tuple[FloatArray, FloatArray]:
    """Precision and recall of each user's first ``k`` items; among equal scores the lower id comes first.

    Parameters
    ----------
    model, test, train
        As of :func:`mrr_score`.
    k
        One length of the list, or several.

    Returns
    -------
    precision, recall
        ``(users,)`` for one ``k``, ``(users, len(k))`` for several: hits divided by ``k`` and by the number of the
        user's test items.
    """
    lengths = _lengths(k)
    users, owner, _, places = _user_ranks(model, test, train)
    relevant = np.bincount(owner, minlength=len(users))
    hits = np.stack([np.bincount(owner, places < length, minlength=len(users)) for length in lengths], 1)
    reachable = np.minimum(lengths, test.num_items)
    precision, recall = hits / reachable, hits / np.maximum(relevant, 1)[:, None]
    return (precision[:, 0], recall[:, 0]) if np.ndim(k) == 0 else (precision, recall)


def sequence_mrr_score(model: Model, test: SequenceInteractions, exclude_preceding: bool = False) -> FloatArray:
    """The reciprocal rank of each sequence's last item, given those before it.

    Parameters
    ----------
    model
        With ``predict(sequence)`` or ``scores(sequences)``.
    test
        Sequences of at least two steps.
    exclude_preceding
        Take the items that came before out of the ranking.

    Returns
    -------
    numpy.ndarray
        One value a sequence.
    """
    ranks, _ = _sequence_ranks(model, test, 1, exclude_preceding)
    return 1.0 / ranks[:, 0]


def sequence_precision_recall_score(
    model: Model, test: SequenceInteractions, k: int = 10, exclude_preceding: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Precision and recall of the first ``k`` items for each sequence's last ``k`` steps, given those before them.

    Parameters
    ----------
    model, test, exclude_preceding
        As of :func:`sequence_mrr_score`; sequences should be longer than ``k``.
    k
        The length of the list, and how many last steps are looked for. A repeated item counts once.

    Returns
    -------
    precision, recall
        One value a sequence; sequences with nothing but padding in their last steps have a recall of 0.
    """
    _, places = _sequence_ranks(model, test, k, exclude_preceding)
    targets = np.sort(test.sequences[:, -k:], axis=1)
    order = np.argsort(test.sequences[:, -k:], axis=1, kind="stable")
    first = np.ones(targets.shape, dtype=bool)
    first[:, 1:] = targets[:, 1:] != targets[:, :-1]
    distinct = first & (targets != 0)
    hits = (np.take_along_axis(places, order, 1) < k) & distinct
    return hits.sum(1) / min(k, test.num_items - 1), hits.sum(1) / np.maximum(distinct.sum(1), 1)


def _user_ranks(
    model: Model, test: Interactions, train: Interactions | None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], FloatArray, npt.NDArray[Any]]:
    """Users with test items; for each distinct test pair whose it is, its rank and its place (from 0) in the list."""
    pairs = np.unique(test.user_ids.astype(np.int64) * test.num_items + test.item_ids)
    users, owner = np.unique(pairs // test.num_items, return_inverse=True)
    targets = pairs % test.num_items
    item_zero = bool((test.item_ids == 0).any()) or (train is not None and bool((train.item_ids == 0).any()))
    known = None
    if train is not None:
        sorted_by_user = np.argsort(train.user_ids, kind="stable")
        known = train.user_ids[sorted_by_user], train.item_ids[sorted_by_user]
    ranks, places = np.empty(len(pairs)), np.empty(len(pairs), dtype=np.int64)
    step = max(1, CHUNK // max(1, test.num_items))
    for start in range(0, len(users), step):
        block = users[start : start + step]
        scores = _all_scores(model, block)
        if not item_zero:
            scores[:, 0] = -torch.inf
        if known is not None:
            low, high = np.searchsorted(known[0], block), np.searchsorted(known[0], block, side="right")
            rows = np.repeat(np.arange(len(block)), high - low)
            columns = np.concatenate([known[1][one:two] for one, two in zip(low, high, strict=True)])
            scores[_to(rows, scores), _to(columns, scores)] = -torch.inf
        inside = slice(*np.searchsorted(owner, (start, start + len(block))))
        ranks[inside], places[inside] = _rank(scores, owner[inside] - start, targets[inside], item_zero)
    return users, owner, ranks, places


def _sequence_ranks(
    model: Model, test: SequenceInteractions, last: int, exclude_preceding: bool
) -> tuple[FloatArray, npt.NDArray[Any]]:
    """Ranks and places of the last steps of each sequence, ``(num_sequences, last)``."""
    if not 1 <= last <= test.sequences.shape[1]:
        raise ValueError(f"k must be between 1 and the sequences' length, {test.sequences.shape[1]}, not {last}")
    before, targets = test.sequences[:, :-last], test.sequences[:, -last:]
    ranks, places = np.empty(targets.shape), np.empty(targets.shape, dtype=np.int64)
    step = max(1, CHUNK // max(1, test.num_items))
    for start in range(0, len(targets), step):
        block = slice(start, start + step)
        scores = _all_scores(model, before[block])
        if exclude_preceding:
            scores.scatter_(1, _to(before[block], scores), -torch.inf)
        scores[:, 0] = -torch.inf
        rows = np.repeat(np.arange(len(scores)), last)
        rank, place = _rank(scores, rows, targets[block].reshape(-1), False)
        ranks[block], places[block] = rank.reshape(-1, last), place.reshape(-1, last)
    return ranks, places


def _all_scores(model: Any, ids: npt.NDArray[Any]) -> Tensor:
    """The scores of all items, ``(len(ids), num_items)``, to write to."""
    if hasattr(model, "scores"):
        scores: Tensor = model.scores(ids)
        return scores.clone()
    rows = [np.asarray(model.predict(int(one) if one.ndim == 0 else one)) for one in ids]
    return torch.from_numpy(np.stack(rows)).float()


def _rank(
    scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], item_zero: bool
) -> tuple[FloatArray, npt.NDArray[Any]]:
    """The mean rank from 1, and the place from 0 where equal scores are ordered by id, of a target in its row."""
    first = 0 if item_zero else 1
    ids = torch.arange(first, scores.shape[1], device=scores.device)
    row, target = _to(rows, scores), _to(targets, scores)
    ranks, places = [], []
    piece = max(1, CHUNK // scores.shape[1])
    for row_part, target_part in zip(torch.split(row, piece), torch.split(target, piece), strict=True):
        mine = scores[row_part, target_part].unsqueeze(1)
        rivals = scores[:, first:][row_part]
        better = torch.count_nonzero(rivals > mine, 1)
        equal = rivals == mine
        ranks.append(better + 0.5 * (torch.count_nonzero(equal, 1) + 1))
        places.append(better + torch.count_nonzero(equal & (ids < target_part.unsqueeze(1)), 1))
    if not ranks:
        return np.empty(0), np.empty(0, dtype=np.int64)
    return torch.cat(ranks).double().cpu().numpy(), torch.cat(places).cpu().numpy()


def _to(array: npt.NDArray[Any], like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.int64)).to(like.device)


def _mean_by(owner: npt.NDArray[Any], values: FloatArray, size: int) -> FloatArray:
    counts = np.bincount(owner, minlength=size)
    return np.bincount(owner, values, minlength=size) / np.maximum(counts, 1)


def _lengths(k: Any) -> npt.NDArray[np.int64]:
    lengths = np.atleast_1d(np.asarray(k, dtype=np.int64))
    if lengths.ndim != 1 or lengths.size == 0 or (lengths < 1).any():
        raise ValueError(f"k must be a whole number from 1 on, or several, not {k!r}")
    return lengths
