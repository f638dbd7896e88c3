"""The counts of a data set from which the memory of a training is estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.models.contract import Capabilities

if TYPE_CHECKING:
    from engine.interactions import Interactions


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of a data set from which a model's memory is estimated.

    Attributes
    ----------
    users, items
        The numbers of users and of items. The padding counts as an item.
    interactions
        The number of interactions.
    days
        The number of pairs of a user and a day on which the user interacted, for a model that predicts ratings at
        times; else 0.
    sequences
        The number of sequences of the model's length, for a model of sequences; else 0.
    """

    users: int
    items: int
    interactions: int
    days: int = 0
    sequences: int = 0


def count(interactions: Interactions, can: Capabilities) -> Counts:
    """Count what the memory of a model with these capabilities depends on."""
    import numpy as np

    users, times = interactions.user_ids, interactions.timestamps
    days = sequences = 0
    if can.predicts_at_times and times is not None and len(interactions):
        keys = users.astype(np.int64) << 24
        keys += times.astype(np.int64) // 86_400
        keys.sort()
        days = 1 + int(np.count_nonzero(keys[1:] != keys[:-1]))
    if can.task == "sequence":
        by_user = np.bincount(users, minlength=1)
        sequences = int((-(-by_user // can.sequence_length)).sum())
    return Counts(interactions.num_users, interactions.num_items, len(interactions), days, sequences)
