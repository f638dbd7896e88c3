"""Orders of results other than the best match first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.ranking import top_k
from engine.search.filters.columns import NumberField

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields
    from engine.search.filters.orders import Order
    from engine.search.fusion import Ranking

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: The share of the best match from which a result is kept in another order.
_WELL = 0.5


class Ordering:
    """Sorts items by a column of the catalogue, or by their popularity.

    Parameters
    ----------
    fields
        The fields of the catalogue.
    popularity
        The popularity of each item, shape (num_items,).
    """

    def __init__(self, fields: Fields, popularity: Numbers) -> None:
        self._fields = fields
        self._popularity = popularity

    def sorted(self, ranking: Ranking, order: Order | None) -> Ranking:
        """The results that match well, in another order; None is the best match first.

        Results that hardly match are left out: otherwise the oldest item with one of the words would come first.
        """
        if order in (None, "relevance") or not ranking.scores:
            return ranking
        least = _WELL * max(ranking.scores.values())
        rows = np.array([row for row, score in ranking.scores.items() if score >= least], dtype=np.int64)
        in_order = rows[np.argsort(self._keys(order)[rows], kind="stable")].tolist()
        left_out = len(ranking.scores) - len(in_order)
        note = f"{left_out} weaker matches are left out of this order" if left_out else ""
        kept = replace(ranking.keep(in_order), is_sorted=True, is_nudged=False)
        return replace(kept, note=" · ".join(filter(None, [ranking.note, note])))

    def first(self, order: Order | None, allowed: Mask | None, k: int) -> Rows:
        """The first ``k`` of the allowed items in an order; None is the most popular first."""
        popularity = self._popularity
        if order in (None, "relevance", "popularity"):
            return top_k(popularity if allowed is None else np.where(allowed, popularity, -np.inf), k)
        rows = np.arange(len(popularity)) if allowed is None else np.flatnonzero(allowed)
        found: Rows = rows[np.lexsort((-popularity[rows], self._keys(order)[rows]))][:k]
        return found

    def _keys(self, order: Order | None) -> Numbers:
        """The numbers by which an order is ascending, shape (num_items,); unknown ones come last."""
        if order == "popularity":
            return -self._popularity
        names = ("rating",) if order == "rating" else ("date", "year")
        field = next((self._fields[name] for name in names if name in self._fields.names), None)
        if not isinstance(field, NumberField):
            return np.zeros(len(self._popularity))
        keys = field.numbers if order == "year" else -field.numbers
        return np.where(np.isnan(keys), np.inf, keys)
