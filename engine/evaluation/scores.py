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
from torch import Tensor, nn

from engine.interactions import Interactions, SequenceInteractions
from engine.models.plug_in import adapt
from engine.ranking import MASKED_SCORE

#: Scores that are compared at a time.
CHUNK = 4_194_304

FloatArray = npt.NDArray[np.float64]
#: (scores, row and id of each target, the columns' items) -> a figure for each target.
Measure = Callable[[Tensor, npt.NDArray[Any], npt.NDArray[Any], "_Columns"], FloatArray]


class Model(Protocol):
    """What is evaluated: ``predict``, and better ``scores`` (many at once, finite, in a tensor that is ours).

    A model of which many ids can never be ranked says so in ``ranked``, a mask of all items, and takes ``item_ids`` in
    ``scores``: only those that can are then scored.
    """

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
    return users, owner, measured


def _sequence_ranks(
    model: Model, test: SequenceInteractions, last: int, exclude_preceding: bool, measure: Measure
) -> FloatArray:
    """What ``measure`` says of the last steps of each sequence, ``(num_sequences, last)``."""
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
    return measured


class _Columns:
    """Which items a block of scores has, and where.

    Usually each has the column of its id. A model that can rank few of many ids (film ids up to 163,949 for 9,066
    films) is asked for those alone: they come side by side, and the last column stands for all the others.
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
        """Of users or sequences, ``(len(ids), number)``, to write to."""
        if self._items is None:
            return self._model.scores(ids)
        return nn.functional.pad(self._model.scores(ids, self._items), (0, 1), value=MASKED_SCORE)

    def of(self, items: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The column of each item."""
        return items if self._items is None else self._column[items]

    def items(self, scores: Tensor) -> Tensor:
        """The item of each column from ``first`` on; the last of several has none, and gets a number above all."""
        if self._items is None:
            return torch.arange(self.first, scores.shape[1], device=scores.device)
        return nn.functional.pad(self._items, (0, 1), value=len(self._column))

    def others_below(self, items: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """How many without a column of their own have a lower id than each of ``items``."""
        if self._items is None:
            return np.zeros_like(items)
        below: npt.NDArray[Any] = items - self._first_item - np.searchsorted(self._ids, items)
        return below


def mean_ranks(
    scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], first: int, weight_of_last: int = 1
) -> FloatArray:
    """The rank of each target, from 1, among the columns from ``first`` on in its row; equal scores share the mean.

    The last column counts as ``weight_of_last`` of them.
    """
    ranks = []
    for rivals, mine, _ in _comparisons(scores, rows, targets, first):
        # With g rivals above, s below and e equal, of n in all: g + (e + 1) / 2 = (n + g - s + 1) / 2. One pass.
        signs = (rivals - mine).sign_()
        balance = signs.sum(1, dtype=torch.float64 if rivals.device.type != "mps" else torch.float32)
        balance += signs[:, -1] * (weight_of_last - 1)
        ranks.append((balance + rivals.shape[1] + weight_of_last) / 2.0)
    return torch.cat(ranks).cpu().double().numpy() if ranks else np.empty(0)


def _ranks(scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], columns: _Columns) -> FloatArray:
    return mean_ranks(scores, rows, columns.of(targets), columns.first, columns.weight_of_last)


def _places(scores: Tensor, rows: npt.NDArray[Any], targets: npt.NDArray[Any], columns: _Columns) -> FloatArray:
    """The place of each target, from 0, in its row's list, where equal scores are ordered by id."""
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
    """For pieces of the targets: their rivals' scores, their own as a column, and which targets they are."""
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
