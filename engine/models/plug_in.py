"""Adapter for models of other packages that have Spotlight's ``fit`` and ``predict``.

The class of such a model declares no capabilities. They are derived here from its methods, and a
:class:`PlugInModel` wraps each of its objects so that it fulfils the contract. The rest of the engine relies on
declarations only.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.models.base import BaseModel, Scores
from engine.models.contract import Capabilities, Model
from engine.models.item_vectors import cosines
from engine.models.spec import ModelSpec, Option
from engine.ranking import MASKED_SCORE


def declare(name: str, loader: str, found: type) -> ModelSpec:
    """Make a declaration for a class without one. Parameters with plain defaults become its options."""
    options = {
        parameter.name: Option(parameter.default, "")
        for parameter in inspect.signature(found).parameters.values()
        if isinstance(parameter.default, bool | int | float | str)
    }
    description = (inspect.getdoc(found) or name).splitlines()[0]
    return ModelSpec(name, description, loader, capabilities_of(found), options)


def capabilities_of(found: type) -> Capabilities:
    """Derive the capabilities of a class from its methods and their parameters."""
    uses = (("features", _takes(found, "fit", "features")), ("texts", _takes(found, "fit", "item_vectors")))
    return Capabilities(
        "sequence" if _takes(found, "predict", "sequences") else "user",
        uses=tuple(name for name, used in uses if used),
        predicts_at_times=_takes(found, "predict", "timestamps"),
        uncertain=hasattr(found, "std"),
        folds_in=hasattr(found, "fold_in"),
        explains=hasattr(found, "contributions"),
        similar=hasattr(found, "similarities") or hasattr(found, "item_vectors"),
        stores=hasattr(found, "save") and hasattr(found, "restore"),
    )


def _takes(found: type, method: str, parameter: str) -> bool:
    return hasattr(found, method) and parameter in inspect.signature(getattr(found, method)).parameters


def adapt(model: Any, spec: ModelSpec | None = None) -> Model:
    """Return the model itself if it fulfils the contract, else a :class:`PlugInModel` that wraps it."""
    return model if isinstance(model, BaseModel) else PlugInModel(model, spec)


class PlugInModel(BaseModel):
    """A wrapper that makes an object with ``fit`` and ``predict`` fulfil the contract.

    The object's own attributes are attributes of the wrapper, too.

    Parameters
    ----------
    model
        The object to wrap.
    spec
        The object's declaration. None derives it from the class.
    """

    def __init__(self, model: Any, spec: ModelSpec | None = None) -> None:
        super().__init__()
        self._model = model
        self._spec = spec or declare(type(model).__name__, "", type(model))

    def __getattr__(self, name: str) -> Any:
        if name == "_model":  # not set yet, while the object is being constructed
            raise AttributeError(name)
        return getattr(self._model, name)

    @property
    def name(self) -> str:
        """The name in the registry, or the name of the class."""
        return self._spec.name

    @property
    def capabilities(self) -> Capabilities:
        """The declared capabilities, or those derived from the class."""
        return self._spec.capabilities

    @property
    def ranked(self) -> Tensor | None:
        """The items that the object can rank, as a mask; None if the object has no such attribute."""
        found: Tensor | None = getattr(self._model, "ranked", None)
        return found

    def options(self) -> dict[str, Any]:
        """Return the object's options; empty if the object has no such method."""
        return dict(self._model.options()) if hasattr(self._model, "options") else {}

    def fit(self, interactions: Any, verbose: bool = False, job: Any = None, **extra: Any) -> None:
        """Train the object. A class whose ``fit`` takes no ``job`` shows no progress and cannot be cancelled."""
        given = {"verbose": verbose, "job": job, **extra}
        taken = inspect.signature(self._model.fit).parameters
        self._model.fit(interactions, **{name: value for name, value in given.items() if name in taken})

    def predict(self, ids: Any, item_ids: Any = None, **extra: Any) -> npt.NDArray[Any]:
        """Return the object's predictions."""
        result: npt.NDArray[Any] = self._model.predict(ids, item_ids, **extra)
        return result

    def scores(self, ids: npt.ArrayLike, item_ids: Tensor | None = None) -> Tensor:
        """Return the object's predictions for each user or sequence, ``(len(ids), items)``."""
        if hasattr(self._model, "scores"):
            if item_ids is not None and self.ranked is not None:
                few: Tensor = self._model.scores(ids, item_ids)
                return few.clone()
            own: Tensor = self._model.scores(ids).clone()  # the caller may change it
            return own if item_ids is None else own[:, item_ids]
        rows = [np.asarray(self._model.predict(int(one) if one.ndim == 0 else one)) for one in np.asarray(ids)]
        scores = torch.from_numpy(np.stack(rows)).float().clamp_(min=MASKED_SCORE)
        return scores if item_ids is None else scores[:, item_ids]

    def probabilities(self, sequences: npt.ArrayLike, temperature: float = 1.0) -> Scores:
        """Return the object's probabilities of the next item, or else the softmax of its scores."""
        if hasattr(self._model, "probabilities"):
            # To divide scores by a temperature is to raise their softmax to this power, and to make it sum to 1.
            own = np.asarray(self._model.probabilities(sequences), dtype=np.float32) ** (1 / temperature)
            heated: Scores = own / own.sum(-1, keepdims=True)
            return heated
        rows = np.atleast_2d(np.asarray(sequences))
        result: Scores = (self.scores(rows) / temperature).softmax(1).numpy()
        return result[0] if len(result) == 1 else result

    def predict_with_probabilities(self, sequence: npt.ArrayLike) -> tuple[npt.NDArray[Any], Scores]:
        """Return the object's predictions and probabilities for one sequence."""
        return self.predict(sequence), self.probabilities(sequence)

    def fold_in(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None = None) -> Scores:
        """Return the object's scores for a new user."""
        self.require("folds_in")
        return np.asarray(self._model.fold_in(item_ids, ratings), dtype=np.float32)

    def contributions(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """Return the object's explanation of its scores."""
        self.require("explains")
        return np.asarray(self._model.contributions(item_ids, ratings, item), dtype=np.float32)

    def removal_effects(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """Return the object's own effects of removal, or else its explanation of its scores."""
        own = getattr(self._model, "removal_effects", None)
        if own is None:
            return self.contributions(item_ids, ratings, item)
        return np.asarray(own(item_ids, ratings, item), dtype=np.float32)

    def similarities(self, item: int) -> Scores:
        """Return the object's similarities, or else the cosines of its item vectors."""
        self.require("similar")
        if hasattr(self._model, "similarities"):
            return np.asarray(self._model.similarities(item), dtype=np.float32)
        return cosines(self._model.item_vectors(), item)

    def std(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike) -> Scores:
        """Return the object's standard deviations of its predictions."""
        self.require("uncertain")
        return np.asarray(self._model.std(user_ids, item_ids), dtype=np.float32)

    def save(self, path: str | Path, metadata: Mapping[str, Any] | None = None) -> None:
        """Store the object by its own method."""
        self.require("stores")
        self._model.save(path)

    def _pack(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        raise self._unsupported("stores")
