"""How well known each item is: by the interactions, else by what the catalogue itself says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.data.items import ItemTable

#: Columns of well-known catalogues that count people; the first that is there is taken.
_COLUMNS = ("members", "vote_count", "num_votes", "votes", "ratings_count", "num_ratings", "popularity")


def item_popularity(items: ItemTable, interactions: npt.NDArray[Any] | None = None) -> npt.NDArray[np.float64]:
    """A number for each item, larger for the better known, shape (num_items,).

    Parameters
    ----------
    items
        The catalogue.
    interactions
        How often each item occurs in the interactions. Where these are equal, or there are none, a column of
        the catalogue decides that counts members or votes; without one all are equal.
    """
    counts: npt.NDArray[np.float64] = np.zeros(len(items))
    if interactions is not None:
        counts += interactions
    known = _known_by(items)
    counts += known / (1.0 + known.max(initial=0.0))  # less than one: it only decides between equals
    return counts


def log_popularity(items: ItemTable, interactions: npt.NDArray[Any] | None = None) -> npt.NDArray[np.float64]:
    """How well known each item is, from 0 to 1, on a scale of orders of magnitude: the better of both sources."""
    best = np.zeros(len(items))
    for counts in (_known_by(items), np.zeros(len(items)) if interactions is None else interactions):
        most = float(np.max(counts, initial=0))
        if most > 0:
            np.maximum(best, np.log1p(counts) / np.log1p(most), out=best)
    return best


def _known_by(items: ItemTable) -> npt.NDArray[np.float64]:
    """What the catalogue's own column says, 0 where it says nothing."""
    import pyarrow as pa

    table = items.table
    for name in _COLUMNS:
        if name in table.column_names and (
            pa.types.is_integer(table.schema.field(name).type) or pa.types.is_floating(table.schema.field(name).type)
        ):
            column = np.asarray(table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
            return np.maximum(np.nan_to_num(column, posinf=0.0, neginf=0.0), 0.0)
    return np.zeros(len(items))


def ratings_of_items(dataset: Dataset) -> dict[str, npt.NDArray[np.float64]]:
    """The mean ``rating`` and number of ``interactions`` of each item, by internal id; empty without interactions."""
    if not dataset.num_interactions:
        return {}
    rated = dataset.rated()
    known = slice(0, dataset.num_rated_items)
    facts = {"interactions": np.zeros(dataset.num_items)}
    facts["interactions"][known] = np.bincount(dataset.interactions.item_ids, minlength=rated.num_items)[1:]
    if rated.ratings is not None and len(rated):
        sums = np.bincount(rated.item_ids, rated.ratings, minlength=rated.num_items)[1:]
        counts = np.bincount(rated.item_ids, minlength=rated.num_items)[1:]
        facts["rating"] = np.full(dataset.num_items, np.nan)
        facts["rating"][known] = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return facts
