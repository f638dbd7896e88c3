"""Models that were trained before the last update of their data set: what they know, and what is said of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from engine import models
from engine.errors import DataError
from engine.workspace.model_store import ModelStore

if TYPE_CHECKING:
    from engine.models.contract import Model
    from engine.recommender import Known, Recommender


class EarlierModels:
    """The models of before the last update of a data set.

    Parameters
    ----------
    store
        The models of the data set.
    """

    def __init__(self, store: ModelStore) -> None:
        self._store = store

    def known(self, name: str) -> Known | None:
        """What a model knows of the data set; None if it knows all of it."""
        from engine.recommender import Known

        before = self._store.before_update(name)
        if before is None:
            return None
        return Known(before.num_users, before.num_rated_items, self._store.knows_updates(name))

    def note(self, name: str, recommender: Recommender, user: int | None = None) -> str:
        """A note on a model that answers though it is from before the last update; empty for another one.

        Parameters
        ----------
        name, recommender
            The model and its recommender.
        user
            The internal id of the user for whom it answers; None for none.
        """
        if self._store.before_update(name) is None:
            return ""
        if user is not None and recommender.is_folded_in(user):
            return f"{name} is from before the last update; the user's new interactions are folded in"
        return f"{name} is from before the last update"

    def start(self, name: str, device: str) -> Model | None:
        """The model from which a training can begin; None if there is none, or none of its kind can be trained on.

        Only for whoever holds the device: loading a model computes.
        """
        if not models.get(name).capabilities.warm_starts or self._store.before_update(name) is None:
            return None
        with suppress(DataError):  # in place of a damaged one a new one is trained
            earlier: Model = self._store.load(name, device)
            return earlier
        return None
