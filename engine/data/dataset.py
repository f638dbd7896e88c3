"""A data set as the rest of the engine sees it: a catalogue, interactions in internal ids, and two vocabularies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.interactions import Interactions


@dataclass(frozen=True)
class Dataset:
    """Items, users and who interacted with what.

    Items that occur in the interactions come first, so a model's tables are a prefix of the catalogue:
    ``interactions.num_items == num_rated_items + 1`` (0 is padding), while ``items`` may go on with items that
    nobody has rated and only search can find.

    Attributes
    ----------
    name
        The name it is stored and asked for under.
    kind
        The reader it came from, such as ``"movies"``.
    title
        What it is called on screen, such as ``"The Movies Dataset"``.
    items
        The catalogue.
    users
        The user vocabulary (dense from 0).
    interactions
        In internal ids, in the order of the source file. ``ratings`` is None where the source has none, NaN in rows
        that say "seen" without a rating; ``timestamps`` (unix seconds) is None where the source has none.
    skipped
        What the reader left out: reason -> number of rows.
    source
        Where it came from: file names, reader options.
    simulated
        Whether the users are made up; said wherever they are shown.
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

    @property
    def num_users(self) -> int:
        """How many users there are."""
        return len(self.users)

    @property
    def num_items(self) -> int:
        """How many items the catalogue has."""
        return len(self.items)

    @property
    def num_rated_items(self) -> int:
        """How many items occur in the interactions; their internal ids are ``1..num_rated_items``."""
        return self.interactions.num_items - 1

    @property
    def num_interactions(self) -> int:
        """How many interactions there are, rated or not."""
        return len(self.interactions)

    def rated(self) -> Interactions:
        """The interactions that carry a rating (all of them in most data sets).

        Sizes are those of the whole data set, so internal ids mean the same.
        """
        ratings = self.interactions.ratings
        if ratings is None:
            return self.interactions.select(slice(0))
        known = ~np.isnan(ratings)
        return self.interactions if known.all() else self.interactions.select(known)
