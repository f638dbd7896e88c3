"""Item popularity, from the interactions and from the catalogue's own counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.interaction_stats import InteractionStats

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.data.items import ItemTable

#: Columns of well-known catalogues that count people. The first one that a catalogue has is used.
_COLUMNS = ("members", "vote_count", "num_votes", "votes", "ratings_count", "num_ratings", "popularity")


def item_popularity(items: ItemTable, interactions: npt.NDArray[Any] | None = None) -> npt.NDArray[np.float64]:
    """Compute the popularity of each item, shape ``(num_items,)``; more popular items have larger numbers.

    Parameters
    ----------
    items
        The catalogue.
    interactions
        The number of interactions of each item, if there are any. Among items with equal numbers, a column of the
        catalogue that counts members or votes decides; without such a column they are equally popular.
    """
    counts: npt.NDArray[np.float64] = np.zeros(len(items))
    if interactions is not None:
        counts += interactions
    known = _catalogue_counts(items)
    counts += known / (1.0 + known.max(initial=0.0))  # less than 1, so it only breaks ties
    return counts


def log_popularity(items: ItemTable, interactions: npt.NDArray[Any] | None = None) -> npt.NDArray[np.float64]:
    """Compute the popularity of each item on a logarithmic scale from 0 to 1.

    The result is the larger of two values: one from the catalogue's own counts, one from the interactions.

    Parameters
    ----------
    items
        The catalogue.
    interactions
        The number of interactions of each item, if there are any.
    """
    best = np.zeros(len(items))
    for counts in (_catalogue_counts(items), np.zeros(len(items)) if interactions is None else interactions):
        most = float(np.max(counts, initial=0))
        if most > 0:
            np.maximum(best, np.log1p(counts) / np.log1p(most), out=best)
    return best


def _catalogue_counts(items: ItemTable) -> npt.NDArray[np.float64]:
    """Read the catalogue's own count of people for each item, 0 if it is missing."""
    import pyarrow as pa

    table = items.table
    for name in _COLUMNS:
        if name in table.column_names and (
            pa.types.is_integer(table.schema.field(name).type) or pa.types.is_floating(table.schema.field(name).type)
        ):
            column = np.asarray(table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
            return np.maximum(np.nan_to_num(column, posinf=0.0, neginf=0.0), 0.0)
    return np.zeros(len(items))


def ratings_of_items(dataset: Dataset, stats: InteractionStats | None = None) -> dict[str, npt.NDArray[np.float64]]:
    """Compute the mean ``rating`` and the number of ``interactions`` of each item.

    The arrays are in the order of the internal ids. The result is empty if there are no interactions. ``stats`` is
    what is counted over the interactions of the data set; None counts them.
    """
    if not dataset.num_interactions:
        return {}
    stats = stats or InteractionStats.of(dataset.interactions)
    known = slice(0, dataset.num_rated_items)
    facts = {"interactions": stats.popularity(dataset.num_items).astype(np.float64)}
    counts = stats.item_rated[1:]
    if counts.any():
        facts["rating"] = np.full(dataset.num_items, np.nan)
        facts["rating"][known] = np.divide(
            stats.item_sums[1:], counts, out=np.full(len(counts), np.nan), where=counts > 0
        )
    return facts
