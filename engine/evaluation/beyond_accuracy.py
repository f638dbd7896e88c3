"""Metrics of ranked lists beyond accuracy: coverage, concentration, novelty, popularity and diversity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.user_index import item_counts
from engine.interactions import Interactions

if TYPE_CHECKING:
    from engine.data.items import ItemTable
    from engine.evaluation.cases import Ragged

IntArray = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

#: The number of item pairs that are compared at a time, so that memory stays bounded.
_PAIRS = 200_000


def coverage(lists: IntArray, num_items: int) -> float:
    """The share of all items that occur in at least one list."""
    return float(np.count_nonzero(np.unique(lists)) / max(1, num_items - 1))


def gini(lists: IntArray, num_items: int) -> float:
    """The Gini coefficient of how often items are shown: 0 if equally often, nearly 1 if always the same few.

    NaN if no list shows an item.
    """
    shown = np.sort(np.bincount(lists[lists > 0], minlength=num_items)[1:])
    if not shown.sum():
        return float("nan")
    ranks = 2 * np.arange(1, len(shown) + 1) - len(shown) - 1
    return float((ranks * shown).sum() / (len(shown) * shown.sum()))


def popularities(train: Interactions) -> FloatArray:
    """The share of the training users who have each item, ``(num_items,)``.

    Repeated interactions of a user with an item count once. An item that nobody has counts as if one user had it.
    """
    pairs = _distinct(train.user_ids, train.item_ids, train.num_items)
    counts = np.bincount(pairs % train.num_items, minlength=train.num_items)
    shares: FloatArray = np.maximum(counts, 1) / max(1, len(np.unique(train.user_ids)))
    return shares


def novelty(lists: IntArray, popularity: FloatArray) -> FloatArray:
    """The novelty of each list: the mean of -log2 of its items' popularity, in bits (Zhou et al., 2010)."""
    return _means(-np.log2(popularity)[lists], lists)


def popularity_lift(lists: IntArray, popularity: FloatArray, known: Ragged) -> FloatArray:
    """The relative difference between the mean popularity of each list and that of the user's known items.

    0 means equally popular, 1 means twice as popular; NaN if the user has no known items (Abdollahpouri et al., 2020).
    """
    rows = np.repeat(np.arange(len(lists)), known.lengths)
    sums = np.bincount(rows, popularity[known.values], minlength=len(lists))
    usual = _divide(sums, known.lengths, known.lengths > 0)
    return _means(popularity[lists], lists) / usual - 1.0


def diversity(lists: IntArray, train: Interactions, items: ItemTable) -> tuple[FloatArray, str]:
    """The diversity of each list: the mean of 1 - similarity over the pairs of its items.

    If at least half of the rankable items have genres, the similarity is the Jaccard index of the two items' genres,
    and pairs in which an item has no genre are left out. Otherwise it is the cosine of the two items' sets of training
    users.

    Returns
    -------
    values
        One value for each list; NaN for a list without a pair.
    basis
        The source of the similarity: ``"genres"`` or ``"co-occurrence"``.
    """
    first, second = np.triu_indices(lists.shape[1], 1)
    one, other = lists[:, first], lists[:, second]
    pairs, position = np.unique(np.minimum(one, other) * train.num_items + np.maximum(one, other), return_inverse=True)
    _, genres = genre_columns(items, train.num_items)
    if (genres.sum(1)[1:] > 0).mean() >= 0.5:
        compare, basis = _by_genres(genres), "genres"
    else:
        compare, basis = _by_users(train), "co-occurrence"
    alike = np.empty(len(pairs))
    for start in range(0, len(pairs), _PAIRS):
        low, high = np.divmod(pairs[start : start + _PAIRS], train.num_items)
        alike[start : start + _PAIRS] = np.where(low > 0, compare(low, high), np.nan)
    different = 1.0 - alike[position].reshape(one.shape)
    known = ~np.isnan(different)
    totals = np.where(known, different, 0.0).sum(1)
    counts = known.sum(1)
    return _divide(totals, counts, counts > 0), basis


def _by_genres(genres: npt.NDArray[np.float32]) -> Any:
    sizes = genres.sum(1)

    def compare(low: IntArray, high: IntArray) -> FloatArray:
        common = np.einsum("ij,ij->i", genres[low], genres[high])
        either = sizes[low] + sizes[high] - common
        known = (sizes[low] > 0) & (sizes[high] > 0)
        return _divide(common, either, known)

    return compare


def _by_users(train: Interactions) -> Any:
    from scipy.sparse import csr_matrix

    items, users = np.divmod(_distinct(train.item_ids, train.user_ids, train.num_users), train.num_users)
    shape = (train.num_items, train.num_users)
    who = csr_matrix((np.ones(len(items), dtype=np.float32), (items, users)), shape=shape)
    sizes = np.bincount(items, minlength=train.num_items)

    def compare(low: IntArray, high: IntArray) -> FloatArray:
        common = np.asarray(who[low].multiply(who[high]).sum(1)).reshape(-1)
        return _divide(common, np.sqrt(sizes[low] * sizes[high]), sizes[low] * sizes[high] > 0, otherwise=0.0)

    return compare


def genre_columns(items: ItemTable, num_items: int) -> tuple[list[str], npt.NDArray[np.float32]]:
    """The names of the genres, and which items have them.

    Returns
    -------
    names, table
        The sorted names, and a matrix of ones and zeros of shape ``(num_items, max(1, num_genres))``; row 0 is the
        padding.
    """
    rows = items.table.column("genres").slice(0, num_items - 1).to_pylist()
    names = sorted({name for row in rows for name in row or ()})
    columns = {name: column for column, name in enumerate(names)}
    table = np.zeros((num_items, max(1, len(names))), dtype=np.float32)
    for item, row in enumerate(rows, start=1):
        table[item, [columns[name] for name in row or ()]] = 1.0
    return names, table


def _means(values: FloatArray, lists: IntArray) -> FloatArray:
    """The mean over the real items of each list; NaN for an empty list."""
    counts = (lists > 0).sum(1)
    return _divide(np.where(lists > 0, values, 0.0).sum(1), counts, counts > 0)


def popular_items(train: Interactions) -> npt.NDArray[np.bool_]:
    """The mask of the fewest items that have half of the training interactions, ``(num_items,)``."""
    counts = item_counts(train)
    order = np.argsort(-counts, kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    popular = np.zeros(len(counts), dtype=bool)
    popular[order[(before < counts.sum() / 2) & (counts[order] > 0)]] = True
    return popular


def _distinct(one: IntArray, other: IntArray, size: int) -> IntArray:
    """The distinct pairs, each as the number ``one * size + other``."""
    pairs: IntArray = np.unique(one.astype(np.int64) * size + other)
    return pairs


def _divide(above: IntArray, below: IntArray, where: npt.NDArray[np.bool_], otherwise: float = np.nan) -> FloatArray:
    quotients: FloatArray = np.divide(above, below, out=np.full(len(below), otherwise), where=where)
    return quotients
