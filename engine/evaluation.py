"""How good a model is on interactions that it has not seen. All on the model's device, many users at a time.

Ranks are among real items: the padding (id 0) is not one of them unless the test or training interactions have it.
Items with equal scores share the mean of their ranks. What is removed (training items, or items that came before)
shares the ranks after all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.interactions import Interactions, SequenceInteractions

#: Scores that are compared at a time.
CHUNK = 4_194_304
#: The score of what is taken out of a ranking: the lowest finite one, so that differences stay numbers.
NEVER = float(np.finfo(np.float32).min)

FloatArray = npt.NDArray[np.float64]
#: (scores, row and id of each target, first item) -> a figure for each target.
Measure = Callable[[Tensor, npt.NDArray[Any], npt.NDArray[Any], int], FloatArray]


class Model(Protocol):
    """What is evaluated: ``predict``, and better ``scores`` (many at once, finite, in a tensor that is ours)."""

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
    users, owner, ranks = _user_ranks(model, test, train, _ranks)
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
    users, owner, places = _user_ranks(model, test, train, _places)
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
    return 1.0 / _sequence_ranks(model, test, 1, exclude_preceding, _ranks)[:, 0]


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
    places = _sequence_ranks(model, test, k, exclude_preceding, _places)
    targets = np.sort(test.sequences[:, -k:], axis=1)
    order = np.argsort(test.sequences[:, -k:], axis=1, kind="stable")
    first = np.ones(targets.shape, dtype=bool)
    first[:, 1:] = targets[:, 1:] != targets[:, :-1]
    distinct = first & (targets != 0)
    hits = (np.take_along_axis(places, order, 1) < k) & distinct
    return hits.sum(1) / min(k, test.num_items - 1), hits.sum(1) / np.maximum(distinct.sum(1), 1)


def _user_ranks(
    model: Model, test: Interactions, train: Interactions | None, measure: Measure
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], FloatArray]:
    """Users with test items; for each distinct test pair whose it is, and what ``measure`` says of it."""
    pairs = np.unique(test.user_ids.astype(np.int64) * test.num_items + test.item_ids)
    users, owner = np.unique(pairs // test.num_items, return_inverse=True)
    targets = pairs % test.num_items
    item_zero = bool((test.item_ids == 0).any()) or (train is not None and bool((train.item_ids == 0).any()))
    known = None
    if train is not None:
        sorted_by_user = np.argsort(train.user_ids, kind="stable")
        known = train.user_ids[sorted_by_user], train.item_ids[sorted_by_user]
    measured = np.empty(len(pairs))
    step = max(1, CHUNK // max(1, test.num_items))
    for start in range(0, len(users), step):
        block = users[start : start + step]
        scores = _all_scores(model, block)
        if known is not None:
            low, high = np.searchsorted(known[0], block), np.searchsorted(known[0], block, side="right")
            rows = np.repeat(np.arange(len(block)), high - low)
            columns = np.concatenate([known[1][one:two] for one, two in zip(low, high, strict=True)])
            scores[_to(rows, scores), _to(columns, scores)] = NEVER
        inside = slice(*np.searchsorted(owner, (start, start + len(block))))
        measured[inside] = measure(scores, owner[inside] - start, targets[inside], 0 if item_zero else 1)
    return users, owner, measured


def _sequence_ranks(
    model: Model, test: SequenceInteractions, last: int, exclude_preceding: bool, measure: Measure
) -> FloatArray:
    """What ``measure`` says of the last steps of each sequence, ``(num_sequences, last)``."""
    if not 1 <= last <= test.sequences.shape[1]:
        raise ValueError(f"k must be between 1 and the sequences' length, {test.sequences.shape[1]}, not {last}")
    before, targets = test.sequences[:, :-last], test.sequences[:, -last:]
    measured = np.empty(targets.shape)
    step = max(1, CHUNK // max(1, test.num_items))
    for start in range(0, len(targets), step):
        block = slice(start, start + step)
        scores = _all_scores(model, before[block])
        if exclude_preceding:
            scores.scatter_(1, _to(before[block], scores), NEVER)
        rows = np.repeat(np.arange(len(scores)), last)
        measured[block] = measure(scores, rows, targets[block].reshape(-1), 1).reshape(-1, last)
    return measured


def _all_scores(model: Any, ids: npt.NDArray[Any]) -> Tensor:
    """The scores of all items, ``(len(ids), num_items)``, to write to; all finite."""
    if hasattr(model, "scores"):
        scores: Tensor = model.scores(ids)
        return scores
    rows = [np.asarray(model.predict(int(one) if one.ndim == 0 else one)) for one in ids]
    return torch.from_numpy(np.stack(rows)).float().clamp_(min=NEVER)


def _ranks(scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], first: int) -> FloatArray:
    """The rank of each target, from 1, among the items from ``first`` on in its row; equal scores share the mean."""
    ranks = []
    for rivals, mine, _ in _comparisons(scores, rows, targets, first):
        # With g rivals above, s below and e equal, of n in all: g + (e + 1) / 2 = (n + g - s + 1) / 2. One pass.
        balance = (rivals - mine).sign_().sum(1, dtype=torch.float64 if rivals.device.type != "mps" else torch.float32)
        ranks.append((balance + rivals.shape[1] + 1.0) / 2.0)
    return torch.cat(ranks).cpu().double().numpy() if ranks else np.empty(0)


def _places(scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], first: int) -> FloatArray:
    """The place of each target, from 0, in its row's list, where equal scores are ordered by id."""
    ids = torch.arange(first, scores.shape[1], device=scores.device)
    places = []
    for rivals, mine, target in _comparisons(scores, rows, targets, first):
        ahead = (rivals > mine) | ((rivals == mine) & (ids < target.unsqueeze(1)))
        places.append(ahead.sum(1, dtype=torch.int32))
    return torch.cat(places).cpu().double().numpy() if places else np.empty(0)


def _comparisons(
    scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], first: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """For pieces of the targets: their rivals' scores, their own as a column, and their ids."""
    one_each = len(rows) == len(scores) and bool((rows == np.arange(len(rows))).all())
    row, target = _to(rows, scores), _to(targets, scores)
    mine = scores[row, target].unsqueeze(1)
    piece = max(1, CHUNK // scores.shape[1])
    for start in range(0, len(row), piece):
        part = slice(start, start + piece)
        rivals = scores[part] if one_each else scores.index_select(0, row[part])
        yield rivals[:, first:], mine[part], target[part]


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
