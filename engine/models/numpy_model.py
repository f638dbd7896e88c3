"""Stored models that answer for one user or one sequence with NumPy alone.

A command that answers once spends most of its time on the import of torch, for a few products of small matrices. Where
a model of the registry names such a class in its declaration, the class reads the stored model and answers instead; for
everything else the model itself is loaded. The answers are the same to rounding.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.models.contract import Capabilities, Model
from engine.models.numpy_ridge import NotDefiniteError
from engine.models.spec import ModelSpec
from engine.ranking import finite_scores

Scores = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
Header = Mapping[str, Any]


class NumpyModel:
    """A stored model. What a subclass does not answer itself is asked of the model of the registry.

    Parameters
    ----------
    spec
        The declaration of the model.
    header, arrays
        What :func:`engine.storage.model_arrays.read_arrays` returns.
    load
        Loads the model of the registry from where it is stored.

    Raises
    ------
    KeyError, TypeError, ValueError, IndexError
        If the parts do not fit together.
    """

    num_items: int

    def __init__(self, spec: ModelSpec, header: Header, arrays: Arrays, load: Callable[[], Model]) -> None:
        self._spec, self._load = spec, load
        self._options: Mapping[str, Any] = header["options"]
        self.metadata: dict[str, Any] = dict(header["metadata"])
        self._restore(header, arrays)

    @classmethod
    def answers_for(cls, header: Header) -> bool:
        """Whether the class can answer for a stored model with this description."""
        return True

    @abstractmethod
    def _restore(self, header: Header, arrays: Arrays) -> None:
        """Set what the answers need."""

    @cached_property
    def _whole(self) -> Model:
        """The model itself, which computes with torch."""
        return self._load()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_load":  # not set while the object is being made or copied
            raise AttributeError(name)
        return getattr(self._whole, name)

    @property
    def name(self) -> str:
        """The name of the model in the registry."""
        return self._spec.name

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do."""
        return self._spec.capabilities

    @property
    def ranked(self) -> npt.NDArray[np.bool_] | None:
        """The items that the model can rank, as a mask ``(num_items,)``; None if it can rank all items."""
        return None

    def require(self, capability: str) -> None:
        """Raise UnsupportedError unless the model has a capability."""
        if not getattr(self.capabilities, capability):
            self._whole.require(capability)


class NumpyUserModel(NumpyModel):
    """A stored model of users that answers for a user, or for a history. A subclass sets ``num_users``, too."""

    num_users: int

    # -- what a model implements ------------------------------------------------------------------------------------
    @abstractmethod
    def _score(self, user: int) -> Array:
        """Return the scores of all items for a user, ``(num_items,)``; the caller may change the array."""

    @abstractmethod
    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        """Return the scores of all items for whoever has this history, ``(num_items,)``."""

    @abstractmethod
    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        """Return how much each target's score falls without each item of a history, ``(len(targets), len(items))``."""

    # -- public methods ------------------------------------------------------------------------------------------
    def predict(self, ids: Any, item_ids: Any = None, /) -> Scores:
        """Return the scores of all items for one user, ``(num_items,)``; see :class:`engine.models.contract.Model`."""
        if item_ids is not None or not isinstance(ids, int | np.integer) or not 0 <= ids < self.num_users:
            whole: Scores = self._whole.predict(ids, item_ids)
            return whole
        return finite_scores(_float32(self._score(int(ids))))

    def fold_in(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None = None) -> Scores:
        """Score all items for a new user; see :class:`engine.models.fold_in.FoldInMixin`."""
        history = self._read_history(item_ids, ratings)
        if history is not None:
            try:
                return finite_scores(_float32(self._fold_in(*history)))
            except NotDefiniteError:
                pass
        whole: Scores = self._whole.fold_in(item_ids, ratings)
        return whole

    def removal_effects(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """Return how much a score falls without each item of a history; see :class:`FoldInMixin`."""
        history, targets = self._read_history(item_ids, ratings), np.asarray(item)
        if history is not None and targets.ndim == 1 and self._are_items(targets):
            try:
                return _float32(self._removal_effects(*history, targets.astype(np.int64)))
            except NotDefiniteError:
                pass
        whole: Scores = self._whole.removal_effects(item_ids, ratings, item)
        return whole

    def _read_history(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None) -> tuple[Ids, Scores | None] | None:
        """The items and their ratings; None if something is wrong with them, which the model itself then says."""
        items = np.asarray(item_ids).reshape(-1)
        if not self._are_items(items):
            return None
        items = items.astype(np.int64)
        rates = self.capabilities.predicts_ratings
        if ratings is None:
            if rates and len(items):
                return None
            return items, np.zeros(0, np.float32) if rates else None
        given = np.asarray(ratings, dtype=np.float32).reshape(-1)
        if len(given) != len(items) or (rates and not np.isfinite(given).all()):
            return None
        return items, given

    def _are_items(self, ids: Array) -> bool:
        whole = not ids.size or np.issubdtype(ids.dtype, np.integer)
        return whole and bool(((ids >= 0) & (ids < self.num_items)).all())


def _float32(values: Array) -> Scores:
    return np.require(values, np.float32, ["C", "W"])
