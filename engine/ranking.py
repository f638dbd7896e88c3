"""Ranked lists: the best of many scores, and how good the lists are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[Any]


def top_k(scores: npt.NDArray[Any], k: int) -> npt.NDArray[np.intp]:
    """Positions of the ``k`` largest finite scores, best first; equal scores in order of position."""
    finite = np.flatnonzero(np.isfinite(scores))
    if len(finite) > k:
        threshold = np.partition(scores[finite], len(finite) - k)[len(finite) - k]
        finite = finite[scores[finite] >= threshold]
    order = np.lexsort((finite, -scores[finite]))[:k]
    return finite[order]


def list_metrics(lists: IntArray, owners: IntArray, targets: IntArray, num_items: int) -> dict[str, float]:
    """How good ranked lists are, averaged over the lists.

    Parameters
    ----------
    lists
        Dense item ids, best first; 0 where a list is shorter. Shape ``(num_lists, k)``.
    owners, targets
        Which list each wanted item belongs to, and the item; each list has at least one. Shape ``(num_targets,)``.
    num_items
        One more than the largest item id.

    Returns
    -------
    dict
        ``precision@k`` (hits / k), ``recall@k`` (hits / wanted), ``ndcg@k`` (binary gains, discounted by
        log2(rank + 1), over that of the best possible list; Järvelin and Kekäläinen, 2002) and ``coverage@k`` (the
        share of all items that are in any list).
    """
    num_lists, k = lists.shape
    # A wanted item counts once, however often the test part has it.
    wanted = np.unique(owners * num_items + targets)
    hits = np.isin(np.arange(num_lists)[:, None] * num_items + lists, wanted) & (lists > 0)
    num_wanted = np.bincount(wanted // num_items, minlength=num_lists)
    discounts = 1.0 / np.log2(np.arange(k) + 2.0)
    ideal = np.cumsum(discounts)[np.clip(num_wanted, 1, k) - 1]
    shown = np.unique(lists)
    return {
        f"precision@{k}": float((hits.sum(1) / k).mean()),
        f"recall@{k}": float((hits.sum(1) / np.maximum(num_wanted, 1)).mean()),
        f"ndcg@{k}": float(((hits @ discounts) / ideal).mean()),
        f"coverage@{k}": float(np.count_nonzero(shown) / max(1, num_items - 1)),
    }
