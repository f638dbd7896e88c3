"""A data set: the catalogue, the users, and the interactions in internal ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.interactions import Interactions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """The items, the users and the interactions of a data set.

    Items that occur in the interactions come first, so a model's tables are a prefix of the catalogue:
    ``interactions.num_items == num_rated_items + 1`` (0 is padding), while ``items`` may go on with items that
    nobody has rated. Only search finds those.

    Attributes
    ----------
    name
        The name under which the data set is stored.
    kind
        The reader that read the data set, such as ``"movies"``.
    title
        The name shown on screen, such as ``"The Movies Dataset"``.
    items
        The catalogue.
    users
        The external ids of the users; internal ids start at 0.
    interactions
        The interactions in internal ids, in the order of the source file. ``ratings`` is None if the source has no
        ratings, and NaN in rows that say "seen" without a rating. ``timestamps`` is None if the source has no times.
        They are unix seconds if :attr:`has_dates`, else numbers that only tell an order.
    skipped
        The number of rows that the reader left out, by reason.
    source
        The file names and the reader options that the data set was read with.
    simulated
        Whether the users are simulated. Every screen that shows them says so.
    user_updates
        The number of the last update that brought interactions of each user, 0 for none, ``(num_users,)``; None if the
        data set was never updated.
    """

    name: str
    kind: str
    title: str
    items: ItemTable
    users: IdMap
    interactions: Interactions
    skipped: Mapping[str, int] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False
    user_updates: npt.NDArray[np.int32] | None = None

    @property
    def has_dates(self) -> bool:
        """Whether the interactions have times that are dates, and not numbers that only tell an order."""
        return self.interactions.has("timestamps") and self.source.get("times") != "order"

    @property
    def num_users(self) -> int:
        """The number of users."""
        return len(self.users)

    @property
    def num_items(self) -> int:
        """The number of items in the catalogue."""
        return len(self.items)

    @property
    def num_rated_items(self) -> int:
        """The number of items that occur in the interactions; their internal ids are ``1..num_rated_items``."""
        return self.interactions.num_items - 1

    @property
    def num_interactions(self) -> int:
        """The number of interactions, rated or not."""
        return len(self.interactions)

    @classmethod
    def from_pandas(
        cls, interactions: pd.DataFrame | None = None, items: pd.DataFrame | None = None, **options: Any
    ) -> Dataset:
        """Make a data set from pandas' frames.

        Parameters
        ----------
        interactions, items, **options
            As :func:`engine.datasets.frames.from_pandas` takes them, which also makes data sets from polars, Arrow and
            scipy.
        """
        # The readers are above this module and know it; so the method is a mere name for what one of them does.
        dataset: Dataset = import_module("engine.datasets.frames").from_pandas(interactions, items, **options)
        return dataset

    def to_pandas(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The interactions and the items as pandas' frames, with the ids of the source.

        Returns
        -------
        interactions, items
            The first has ``user`` and ``item``, and ``rating``, ``weight`` and ``time`` where there are such; the times
            are numbers if they only tell an order. The second has ``id`` and those of the catalogue.
        """
        import pandas as pd

        log = self.interactions
        columns = {"user": self.users.ids[log.user_ids], "item": self.items.id_map.ids[log.item_ids - 1]}
        times: Any = log.timestamps
        if self.has_dates:
            times = pd.to_datetime(times, unit="s", utc=True)
        more = {"rating": log.ratings, "weight": log.weights, "time": times}
        interactions = pd.DataFrame(columns | {name: one for name, one in more.items() if one is not None})
        items = self.items.table.to_pandas()
        items.insert(0, "id", self.items.id_map.ids)
        return interactions, items

    def rated(self) -> Interactions:
        """The interactions that carry a rating (all of them in most data sets).

        The result has the sizes of the whole data set, so an internal id means the same item or user in both.
        """
        ratings = self.interactions.ratings
        if ratings is None:
            return self.interactions.select(slice(0))
        known = ~np.isnan(ratings)
        return self.interactions if known.all() else self.interactions.select(known)
