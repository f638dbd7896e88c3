"""The base of every model here: options, storing, metadata, and one sentence for whatever a model cannot do."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import DataError, UnsupportedError
from engine.models.contract import Capabilities
from engine.models.spec import ModelSpec
from engine.runtime.device import resolve
from engine.runtime.job import Job
from engine.storage import serialization

Scores = npt.NDArray[np.float32]

#: Numbers (scores or embedding elements) that are computed at a time, so that memory stays bounded.
CHUNK = 4_194_304

_REFUSALS = {
    "folds_in": "answers only for the users that it was trained on",
    "explains": "cannot say what its scores come from",
    "similar": "does not compare items",
    "uncertain": "does not say how uncertain its predictions are",
    "probabilities": "scores items for users, and gives no probabilities of a next item",
    "stores": "cannot be stored, since its class has no save and restore",
}


class BaseModel(ABC):
    """What all models of this package share; see :class:`engine.models.contract.Model`.

    Constructor arguments are attributes of the same name. Those in ``_transient`` are objects or machine-dependent
    choices of the caller's and are not stored.

    Parameters
    ----------
    random_state
        The seed; a model that draws nothing ignores it.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    #: The declaration that the registry lists.
    spec: ClassVar[ModelSpec]
    _transient: ClassVar[tuple[str, ...]] = ("random_state", "device")

    def __init__(self, *, random_state: Any = None, device: str | None = None) -> None:
        self.random_state = random_state
        self.device = resolve(device if device is not None else "cpu")
        #: Plain data that :meth:`save` keeps with the model.
        self.metadata: dict[str, Any] = {}

    def __repr__(self) -> str:
        options = ", ".join(f"{option}={value!r}" for option, value in self.options().items())
        return f"<{type(self).__name__}: {options}>"

    # -- the declaration ----------------------------------------------------------------------------------------
    @property
    def name(self) -> str:
        """The name by which the registry and stored files know the class."""
        return self.spec.name

    @property
    def capabilities(self) -> Capabilities:
        """What this model can do with the options that it was made with."""
        return self.spec.capabilities

    @property
    def ranked(self) -> Tensor | None:
        """Which items can score above the lowest, ``(num_items,)``; None where all can."""
        return None

    def require(self, capability: str) -> None:
        """Refuse, in one sentence, what the model does not declare.

        Parameters
        ----------
        capability
            A field of :class:`engine.models.contract.Capabilities`.

        Raises
        ------
        UnsupportedError
            If the model cannot do it.
        """
        if not getattr(self.capabilities, capability):
            raise self._unsupported(capability)

    # -- what every model brings --------------------------------------------------------------------------------
    @abstractmethod
    def fit(self, interactions: Any, verbose: bool = False, job: Job | None = None) -> None:
        """Learn from interactions or sequences; ``job`` takes the progress and may cancel."""

    @abstractmethod
    def predict(self, ids: Any, item_ids: Any = None, /) -> Scores:
        """Scores of all items for one user or sequence, or of pairs."""

    @abstractmethod
    def scores(self, ids: npt.ArrayLike, item_ids: Tensor | None = None, /) -> Tensor:
        """Finite scores for many users or sequences, ``(len(ids), items)``, in a tensor that the caller may change."""

    # -- what only some models can ------------------------------------------------------------------------------
    def fold_in(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None = None) -> Scores:
        """Scores for a person in no training set; see :class:`engine.models.fold_in.FoldInMixin`."""
        raise self._unsupported("folds_in")

    def contributions(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """What each item of a history adds to a score; see :class:`engine.models.fold_in.FoldInMixin`."""
        raise self._unsupported("explains")

    def similarities(self, item: int) -> Scores:
        """How alike an item is to each other item, ``(num_items,)``; 0 or less where it is not alike at all."""
        raise self._unsupported("similar")

    def std(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike) -> Scores:
        """The standard deviation of the predicted ratings of pairs, ``(n,)``."""
        raise self._unsupported("uncertain")

    def probabilities(self, sequences: npt.ArrayLike, temperature: float = 1.0) -> Scores:
        """Probabilities of being the next item, over all items; every model of sequences gives them."""
        raise self._unsupported("probabilities")

    def _unsupported(self, capability: str) -> UnsupportedError:
        return UnsupportedError(f"The model {self.name} {_REFUSALS[capability]}.")

    # -- storing ------------------------------------------------------------------------------------------------
    def options(self) -> dict[str, Any]:
        """The constructor's options that can be written down."""
        names = (name for name in inspect.signature(type(self)).parameters if name not in self._transient)
        return {name: getattr(self, name) for name in names}

    def save(self, path: str | Path, metadata: Mapping[str, Any] | None = None) -> None:
        """Store the model in a folder: ``model.safetensors`` and ``model.json``; an older one there is replaced.

        Parameters
        ----------
        path
            The folder.
        metadata
            Plain data to keep with the model, such as the fingerprints of the ids; :func:`engine.models.load` gives
            it back as ``model.metadata``.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        DataError
            If the folder cannot be written.
        """
        tensors, header = self._pack()
        self._write(path, tensors, header, metadata)

    def _write(
        self, path: str | Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any], metadata: Any = None
    ) -> None:
        kept = dict(self.metadata if metadata is None else metadata)
        serialization.write(path, tensors, {"model": self.name, "options": self.options(), **header, "metadata": kept})

    @abstractmethod
    def _pack(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The tensors to store, by name, and plain data; raises NotTrainedError before the first fit."""

    def _tensor(self, array: npt.ArrayLike, dtype: npt.DTypeLike) -> Tensor:
        """An array on the model's device; on the CPU without a copy if the array may be shared with torch."""
        return torch.from_numpy(np.require(array, dtype, ["C_CONTIGUOUS", "WRITEABLE"])).to(self.device)


def misfit(where: str, error: Exception) -> DataError:
    """The error for a stored model whose parts do not fit together."""
    return DataError(f"{where} does not fit its own description ({str(error).splitlines()[0]}): train the model again.")
