"""Spotlight's five scores: how well a model predicts interactions that it has not seen.

Scores are computed on the model's device, for many users at a time. A rank is among the real items: the padding (id 0)
is not one of them unless the test or training interactions have it. Items with equal scores share the mean of their
ranks. Removed items (those of the training part, or those that came before) share the ranks after all others, and are
never hits of a list.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.interactions import Interactions, SequenceInteractions
from engine.models.plug_in import adapt
from engine.ranking import CHUNK, MASKED_SCORE

FloatArray = npt.NDArray[np.float64]
#: (scores, the row of each target, the item of each target, the columns' items) -> a figure for each target.
Measure = Callable[[Tensor, npt.NDArray[Any], npt.NDArray[Any], "_Columns"], FloatArray]


class Model(Protocol):
    """A model that can be evaluated.

    ``predict`` is enough. A model with ``scores`` is faster: it scores many users or sequences at once, and gives
    finite numbers in a tensor that the caller may change. A model that cannot rank many of its ids has ``ranked``, a
    mask of all items, and takes ``item_ids`` in ``scores``; then only the items of the mask are scored.
    """

    def predict(self, ids: Any, item_ids: Any = None, /) -> npt.NDArray[Any]:
        """The scores of all items for one user or sequence, or of pairs if items are given."""
        ...


def rmse_score(model: Model, test: Interactions) -> float:
    """The root mean squared error of predicted ratings, over all interactions.

    Predictions are measured as ``predict`` gives them, as in Spotlight, so that both can be compared.
    :func:`engine.evaluation.runner.evaluate` clips them to the range of the training ratings, as they are shown.

    Parameters
    ----------
    model
        A model of users with ``predict(user_ids, item_ids)``.
    test
        Interactions with ratings.

    Raises
    ------
    ValueError
        If ``test`` has no ratings or is empty, or if the model takes sequences.
    """
    _require_users("rmse_score", model, test, None)
    if test.ratings is None or len(test) == 0:
        raise ValueError("an RMSE needs interactions with ratings")
    predictions = model.predict(test.user_ids, test.item_ids)
    return float(np.sqrt(np.mean((predictions.astype(np.float64) - test.ratings) ** 2)))


def mrr_score(model: Model, test: Interactions, train: Interactions | None = None) -> FloatArray:
    """The mean reciprocal rank of each user's test items.

    The mean is over all test items of a user, as in Spotlight. The usual MRR takes the first hit only.

    Parameters
    ----------
    model
        A model of users, with ``predict(user_id)`` or ``scores(user_ids)``.
    test
        The interactions to find.
    train
        Known interactions. Their items are taken out of the user's ranking.

    Returns
    -------
    numpy.ndarray
        One value for each user with test interactions, by ascending user id. The padding is not ranked; Spotlight
        ranks it as an item.

    Raises
    ------
    ValueError
        If the model takes sequences (:func:`sequence_mrr_score` is for those), or ``test`` holds sequences.
    """
    _require_users("mrr_score", model, test, "sequence_mrr_score")
    users, owner, ranks = _user_ranks(model, test, train, _ranks)
    return _mean_by(owner, 1.0 / ranks, len(users))


def precision_recall_score(
    model: Model, test: Interactions, train: Interactions | None = None, k: int | Sequence[int] | npt.ArrayLike = 10
) -> tuple[FloatArray, FloatArray]:
    """Precision and recall of each user's first ``k`` items. Among equal scores the lower id comes first.

    Parameters
    ----------
    model, test, train
        See :func:`mrr_score`.
    k
        The length of the list, or several lengths.

    Returns
    -------
    precision, recall
        ``(users,)`` for one ``k``, ``(users, len(k))`` for several. Precision is hits divided by ``k``, recall is hits
        divided by the number of the user's test items.

    Raises
    ------
    ValueError
        If a ``k`` is below 1, the model takes sequences (:func:`sequence_precision_recall_score` is for those), or
        ``test`` holds sequences.
    """
    _require_users("precision_recall_score", model, test, "sequence_precision_recall_score")
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
        A model of sequences, with ``predict(sequence)`` or ``scores(sequences)``.
    test
        Sequences of at least two steps.
    exclude_preceding
        Whether to take the items that came before out of the ranking.

    Returns
    -------
    numpy.ndarray
        One value for each sequence.

    Raises
    ------
    ValueError
        If the sequences have one step only, the model takes users (:func:`mrr_score` is for those), or ``test`` holds
        plain interactions.
    """
    _require_sequences("sequence_mrr_score", model, test, "mrr_score")
    return 1.0 / _sequence_ranks(model, test, 1, exclude_preceding, _ranks)[:, 0]


def sequence_precision_recall_score(
    model: Model, test: SequenceInteractions, k: int = 10, exclude_preceding: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Precision and recall of the first ``k`` items for each sequence's last ``k`` steps, given the steps before them.

    Parameters
    ----------
    model, test, exclude_preceding
        See :func:`sequence_mrr_score`. The sequences should be longer than ``k``.
    k
        The length of the list, and the number of last steps to find. A repeated item counts once.

    Returns
    -------
    precision, recall
        One value for each sequence. A sequence whose last steps are all padding has a recall of 0.

    Raises
    ------
    ValueError
        If ``k`` is below 1 or above the length of the sequences, the model takes users
        (:func:`precision_recall_score` is for those), or ``test`` holds plain interactions.
    """
    _require_sequences("sequence_precision_recall_score", model, test, "precision_recall_score")
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
    """The users with test items; for each distinct test pair, the position of its user and its measured figure."""
    pairs = np.unique(test.user_ids.astype(np.int64) * test.num_items + test.item_ids)
    users, owner = np.unique(pairs // test.num_items, return_inverse=True)
    targets = pairs % test.num_items
    item_zero = bool((test.item_ids == 0).any()) or (train is not None and bool((train.item_ids == 0).any()))
    known = None
    if train is not None:
        sorted_by_user = np.argsort(train.user_ids, kind="stable")
        known = train.user_ids[sorted_by_user], train.item_ids[sorted_by_user]
    measured = np.empty(len(pairs))
    if known is not None:
        size = max(test.num_items, int(known[1].max(initial=0)) + 1)
        removed = np.isin(users[owner] * size + targets, known[0].astype(np.int64) * size + known[1])
    columns = _Columns(model, test.num_items, 0 if item_zero else 1)
    step = max(1, CHUNK // columns.number)
    for start in range(0, len(users), step):
        block = users[start : start + step]
        scores = columns.scores(block)
        if known is not None:
            low, high = np.searchsorted(known[0], block), np.searchsorted(known[0], block, side="right")
            rows = np.repeat(np.arange(len(block)), high - low)
            items = np.concatenate([known[1][one:two] for one, two in zip(low, high, strict=True)])
            scores[_to(rows, scores), _to(columns.of(items), scores)] = MASKED_SCORE
        inside = slice(*np.searchsorted(owner, (start, start + len(block))))
        measured[inside] = measure(scores, owner[inside] - start, targets[inside], columns)
    if known is not None and measure is _places:
        measured[removed] = np.inf  # a removed item is in no list, however long
    return users, owner, measured


def _sequence_ranks(
    model: Model, test: SequenceInteractions, last: int, exclude_preceding: bool, measure: Measure
) -> FloatArray:
    """The measured figures of the last steps of each sequence, ``(num_sequences, last)``."""
    if not 1 <= last <= test.sequences.shape[1]:
        raise ValueError(f"k must be between 1 and the sequences' length, {test.sequences.shape[1]}, not {last}")
    before, targets = test.sequences[:, :-last], test.sequences[:, -last:]
    measured = np.empty(targets.shape)
    columns = _Columns(model, test.num_items, 1)
    step = max(1, CHUNK // columns.number)
    for start in range(0, len(targets), step):
        block = slice(start, start + step)
        scores = columns.scores(before[block])
        if exclude_preceding:
            scores.scatter_(1, _to(columns.of(before[block]), scores), MASKED_SCORE)
        rows = np.repeat(np.arange(len(scores)), last)
        measured[block] = measure(scores, rows, targets[block].reshape(-1), columns).reshape(-1, last)
    if exclude_preceding and measure is _places:
        for step in range(last):  # a removed item is in no list, however long
            measured[(before == targets[:, step : step + 1]).any(1), step] = np.inf
    return measured


class _Columns:
    """The items in the columns of a block of scores.

    Usually an item's column is its id. Where a model can rank less than half of the ids (film ids up to 163,949 for
    9,066 films), only the items that it can rank are scored. They have adjacent columns, and the last column stands for
    all other items.
    """

    def __init__(self, model: Any, num_items: int, first: int) -> None:
        self._model, self._first_item = adapt(model), first
        self._items: Tensor | None = None
        self.first, self.number, self.weight_of_last = first, max(1, num_items), 1
        ranked = self._model.ranked
        if ranked is None or 2 * int(ranked.sum()) > len(ranked):
            return
        items = ranked.nonzero().squeeze(1)
        self._items = items = items[items >= first]
        self._ids = items.cpu().numpy()
        self._column = np.full(len(ranked), len(items))
        self._column[self._ids] = np.arange(len(items))
        self.first, self.number, self.weight_of_last = 0, len(items) + 1, len(ranked) - first - len(items)

    def scores(self, ids: npt.NDArray[Any]) -> Tensor:
        """The scores for users or sequences, ``(len(ids), number)``, which the caller may change."""
        if self._items is None:
            return self._model.scores(ids)
        return nn.functional.pad(self._model.scores(ids, self._items), (0, 1), value=MASKED_SCORE)

    def of(self, items: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The column of each item."""
        return items if self._items is None else self._column[items]

    def items(self, scores: Tensor) -> Tensor:
        """The item of each column from ``first`` on; a column that stands for several gets a number above all ids."""
        if self._items is None:
            return torch.arange(self.first, scores.shape[1], device=scores.device)
        return nn.functional.pad(self._items, (0, 1), value=len(self._column))

    def others_below(self, items: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The number of items that have no column of their own and a lower id, for each of ``items``."""
        if self._items is None:
            return np.zeros_like(items)
        below: npt.NDArray[Any] = items - self._first_item - np.searchsorted(self._ids, items)
        return below


def mean_ranks(
    scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], first: int, weight_of_last: int = 1
) -> FloatArray:
    """The rank of each target, from 1, among the columns of its row from ``first`` on.

    Equal scores share the mean of their ranks. The last column counts as ``weight_of_last`` columns.
    """
    ranks = []
    for rivals, mine, _ in _comparisons(scores, rows, targets, first):
        # Of n rivals let g be above, s below and e equal: g + (e + 1) / 2 = (n + g - s + 1) / 2, found in one pass.
        signs = (rivals - mine).sign_()
        balance = signs.sum(1, dtype=torch.float64 if rivals.device.type != "mps" else torch.float32)
        balance += signs[:, -1] * (weight_of_last - 1)
        ranks.append((balance + rivals.shape[1] + weight_of_last) / 2.0)
    return torch.cat(ranks).cpu().double().numpy() if ranks else np.empty(0)


def _ranks(scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], columns: _Columns) -> FloatArray:
    return mean_ranks(scores, rows, columns.of(targets), columns.first, columns.weight_of_last)


def _places(scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], columns: _Columns) -> FloatArray:
    """The place of each target, from 0, in its row's list; equal scores are ordered by id."""
    items, target = columns.items(scores), _to(targets, scores).unsqueeze(1)
    others_below = _to(columns.others_below(targets), scores).unsqueeze(1)
    places = []
    for rivals, mine, part in _comparisons(scores, rows, columns.of(targets), columns.first):
        ahead = (rivals > mine) | ((rivals == mine) & (items < target[part]))
        among_others = torch.where(mine == MASKED_SCORE, others_below[part], 0).squeeze(1)
        places.append(ahead.sum(1, dtype=torch.int32) + among_others)
    return torch.cat(places).cpu().double().numpy() if places else np.empty(0)


def _comparisons(
    scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], first: int
) -> Iterator[tuple[Tensor, Tensor, slice]]:
    """For pieces of the targets: the scores of the rivals, the targets' own scores as a column, and the piece."""
    one_each = len(rows) == len(scores) and bool((rows == np.arange(len(rows))).all())
    row, target = _to(rows, scores), _to(targets, scores)
    mine = scores[row, target].unsqueeze(1)
    piece = max(1, CHUNK // scores.shape[1])
    for start in range(0, len(row), piece):
        part = slice(start, start + piece)
        rivals = scores[part] if one_each else scores.index_select(0, row[part])
        yield rivals[:, first:], mine[part], part


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


def _require_users(function: str, model: Model, test: object, instead: str | None) -> None:
    """Refuse a sequence model or sequences, and name the function to call."""
    advice = "" if instead is None else f": call {instead}"
    if _takes(model, "sequences"):
        raise ValueError(f"{function} is for models of users, and {_name(model)} takes sequences{advice}.")
    if isinstance(test, SequenceInteractions):
        raise ValueError(f"{function} takes Interactions, and test is SequenceInteractions{advice}.")


def _require_sequences(function: str, model: Model, test: object, instead: str) -> None:
    """Refuse a model of users or plain interactions, and name the function to call."""
    if _takes(model, "user_ids"):
        raise ValueError(f"{function} is for models of sequences, and {_name(model)} takes users: call {instead}.")
    if isinstance(test, Interactions):
        raise ValueError(f"{function} takes SequenceInteractions: call test.to_sequence() first.")


def _takes(model: Model, what: str) -> bool:
    """Whether the first parameter of ``predict`` has this name, which tells the two kinds of model apart."""
    return next(iter(inspect.signature(model.predict).parameters), "") == what


def _name(model: Model) -> str:
    return type(model).__name__
