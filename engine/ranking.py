"""Ranked lists: top-k selection and accuracy metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

    from engine.interactions import Interactions

IntArray = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]

#: The score of an item that must not be ranked, such as the padding: the lowest finite number, so that differences of
#: scores stay numbers. It is for ranking alone; ``predict`` gives its callers :func:`finite_scores` instead.
MASKED_SCORE = float(np.finfo(np.float32).min)

#: The number of scores or embedding elements that are computed at a time. It bounds memory.
CHUNK = 4_194_304

#: Standard deviations between a predicted rating and its lower confidence bound.
_DEVIATIONS = 2.0
#: The number of scores per group when a lower bound of the top k is estimated from the maxima of groups.
_GROUP = 32
#: The number of scores per group when the lists of many rows are selected from.
_WIDTH = 64


def confidence_margin(rated: Interactions) -> Scores:
    """The distance from each item's predicted rating down to its lower confidence bound, 2 σ/√n.

    Where ratings are predicted, items are ranked by this bound. A list ordered by the predictions themselves would fill
    with items that one or two people rated highly, since the highest of thousands of uncertain predictions are mostly
    due to chance.

    Parameters
    ----------
    rated
        The ratings that the model was trained on: σ is their standard deviation, n the number of ratings of an item.

    Returns
    -------
    numpy.ndarray
        The distance for each item, float32, shape ``(num_items,)``.
    """
    assert rated.ratings is not None
    counts = np.bincount(rated.item_ids, minlength=rated.num_items)
    return margin_of(float(np.std(rated.ratings, dtype=np.float64)), counts)


def margin_of(std: float, counts: npt.NDArray[np.int64]) -> Scores:
    """As :func:`confidence_margin`, of the ratings' standard deviation and each item's number of ratings."""
    margin: Scores = (_DEVIATIONS * std / np.sqrt(np.maximum(counts, 1))).astype(np.float32)
    return margin


def finite_scores(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Give masked items a score that leaves means and plots readable, and the order as it is.

    Parameters
    ----------
    scores
        Scores of all items, one row for each user or sequence, ``(n, num_items)`` or ``(num_items,)``, in which
        masked items have :data:`MASKED_SCORE`. They are changed in place.

    Returns
    -------
    numpy.ndarray
        The same array. The masked items of a row have a number just below all other scores of the row, or 0 where the
        whole row is masked.
    """
    rows = np.atleast_2d(scores)
    for row, hidden in zip(rows, rows <= MASKED_SCORE, strict=True):
        if hidden.any():
            row[hidden] = _floor(row[~hidden])
    return scores


def _floor(scores: npt.NDArray[np.float32]) -> np.float32:
    """A number below scores by more than their rounding: the same pair may be computed in two ways."""
    if not len(scores):
        return np.float32(0.0)
    floor: np.float32 = np.nextafter(scores.min() - np.float32(1e-5) * np.abs(scores).max(), np.float32(-np.inf))
    return floor


def finite_pairs(
    scores: npt.NDArray[np.float32], users: Tensor, predict: Callable[[int], npt.NDArray[np.float32]]
) -> npt.NDArray[np.float32]:
    """As :func:`finite_scores`, of pairs: a masked item gets what ``predict`` gives it for this user.

    Parameters
    ----------
    scores
        The scores of pairs, ``(n,)``. They are changed in place.
    users
        The users of the pairs, ``(n,)``, or one user for all of them.
    predict
        Gives the scores of all items for one user, as :func:`finite_scores` leaves them.
    """
    masked = np.flatnonzero(scores <= MASKED_SCORE)
    if len(masked):
        owners = np.broadcast_to(users.cpu().numpy(), scores.shape)[masked]
        distinct, position = np.unique(owners, return_inverse=True)
        # Each of these users has a masked item, so the lowest of all scores is that of the masked items.
        scores[masked] = np.array([predict(int(user)).min() for user in distinct])[position]
    return scores


def top_k(scores: npt.NDArray[Any], k: int) -> npt.NDArray[np.intp]:
    """Positions of the ``k`` largest finite scores, best first; positions with equal scores are ascending."""
    bound = _lower_bound(scores, k)
    if bound is None:
        finite = np.flatnonzero(np.isfinite(scores))
    else:
        finite = np.flatnonzero(scores >= bound)
        finite = finite[np.isfinite(scores[finite])]
    if len(finite) > k:
        threshold = np.partition(scores[finite], len(finite) - k)[len(finite) - k]
        finite = finite[scores[finite] >= threshold]
    order = np.lexsort((finite, -scores[finite]))[:k]
    return finite[order]


def _lower_bound(scores: npt.NDArray[Any], k: int) -> Any:
    """A lower bound that at least ``k`` finite scores reach, so that few scores must be sorted; None if there is none.

    The scores are split into many more groups than ``k``. At least ``k`` scores reach the k-th largest maximum of the
    groups, since the maxima of ``k`` groups do.
    """
    groups = len(scores) // _GROUP
    if k < 1 or groups < 4 * k:
        return None
    maxima = scores[: groups * _GROUP].reshape(_GROUP, groups).max(axis=0)
    maxima = maxima[np.isfinite(maxima)]
    return np.partition(maxima, len(maxima) - k)[len(maxima) - k] if len(maxima) >= k else None


def top_lists(scores: Tensor, k: int) -> IntArray:
    """The result of :func:`top_k` for each row of scores, computed on the device of the scores.

    Parameters
    ----------
    scores
        The scores of all items for each list, shape ``(num_lists, num_items)``.
    k
        The length of the lists.

    Returns
    -------
    numpy.ndarray
        Item ids, best first, 0 where fewer than ``k`` scores are finite, int64, shape ``(num_lists, k)``.
    """
    import torch

    rows, width = scores.shape
    length = min(k, width)
    values, found = _largest(scores, min(length + 1, width))
    # topk returns any of the scores that tie at the end of a list; a stable sort makes the choice deterministic. The
    # score after the last one tells whether there is a tie; what is not finite is not in the list.
    ties = (values[:, length:] == values[:, length - 1 : length]) & (values[:, length:] > -torch.inf)
    ambiguous = ties.any(1).nonzero().squeeze(1)
    values, found = values[:, :length], found[:, :length]
    found, order = found.sort(1)
    values, order = values.gather(1, order).sort(dim=1, descending=True, stable=True)
    found = found.gather(1, order)
    for part in torch.split(ambiguous, 64):  # ties are rare, and sorting whole rows needs much memory
        sorted_values, order = scores[part].sort(dim=1, descending=True, stable=True)
        values[part], found[part] = sorted_values[:, :length], order[:, :length]
    lists = np.zeros((rows, k), dtype=np.int64)
    lists[:, :length] = found.masked_fill_(values == -torch.inf, 0).cpu().numpy()
    return lists


def _largest(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The ``count`` largest scores of each row, descending, and where they are; which of equal ones, is open.

    They are in the ``count`` groups of neighbours that have the largest maxima. Taking the maxima needs one fast pass,
    and few scores are left to be selected from, which takes a third of the time of selecting from whole rows.
    """
    import torch

    rows, width = scores.shape
    groups = width // _WIDTH
    if groups < 4 * count:
        return scores.topk(count)
    grouped, rest = scores[:, : groups * _WIDTH].reshape(rows, groups, _WIDTH), scores[:, groups * _WIDTH :]
    chosen = grouped.amax(2).topk(count, sorted=False).indices
    kept = grouped[torch.arange(rows, device=scores.device)[:, None], chosen].flatten(1)
    values, places = torch.cat((kept, rest), 1).topk(count)
    among = count * _WIDTH
    group = chosen.gather(1, (places // _WIDTH).clamp_max_(count - 1))
    return values, torch.where(places < among, group * _WIDTH + places % _WIDTH, places - among + groups * _WIDTH)


def accuracy(lists: IntArray, owners: IntArray, targets: IntArray, num_items: int) -> dict[str, FloatArray]:
    """Accuracy metrics of each ranked list.

    Parameters
    ----------
    lists
        Internal item ids, best first, 0 at the end of a shorter list, shape ``(num_lists, k)``.
    owners, targets
        The list that each target belongs to, and the internal id of the target, both of shape ``(num_targets,)``. Each
        list has at least one target; a target that occurs several times counts once.
    num_items
        The largest item id plus one.

    Returns
    -------
    dict
        Metrics of shape ``(num_lists,)``: ``ndcg@k`` (binary gains, discounted by log2(rank + 1), divided by the value
        of the best possible list; Järvelin and Kekäläinen, 2002), ``recall@k`` (hits / targets), ``precision@k``
        (hits / k), ``map@k`` (the sum of the precisions at the ranks of the hits, divided by min(k, targets)) and
        ``hit_rate@k`` (1 if there is a hit, otherwise 0).
    """
    num_lists, k = lists.shape
    wanted = np.unique(owners * num_items + targets)
    hits = found(lists, wanted, num_items)
    num_wanted = np.maximum(np.bincount(wanted // num_items, minlength=num_lists), 1)
    discounts = 1.0 / np.log2(np.arange(k) + 2.0)
    reachable = np.minimum(num_wanted, k)
    precision_at = np.cumsum(hits, 1) / np.arange(1, k + 1)
    return {
        f"ndcg@{k}": (hits @ discounts) / np.cumsum(discounts)[reachable - 1],
        f"recall@{k}": hits.sum(1) / num_wanted,
        f"precision@{k}": hits.sum(1) / k,
        f"map@{k}": (precision_at * hits).sum(1) / reachable,
        f"hit_rate@{k}": hits.any(1).astype(np.float64),
    }


def found(lists: IntArray, wanted: IntArray, num_items: int) -> npt.NDArray[np.bool_]:
    """A mask of the entries of lists that are hits; ``wanted`` has the keys ``list * num_items + item``."""
    return np.isin(np.arange(len(lists))[:, None] * num_items + lists, wanted) & (lists > 0)
