"""The base class of all models: options, storage and metadata."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from engine.errors import DamagedError, LearningError, UnsupportedError
from engine.models.contract import Capabilities
from engine.models.factors import Factors
from engine.models.option_checks import require_seed
from engine.models.spec import ModelSpec
from engine.runtime.device import resolve
from engine.runtime.job import Job
from engine.storage import serialization

Scores = npt.NDArray[np.float32]


_REFUSALS = {
    "folds_in": "answers only for the users that it was trained on",
    "explains": "cannot say what its scores come from",
    "similar": "does not compare items",
    "warm_starts": "cannot begin from an earlier model",
    "factorizes": "has no vectors of users and items from which its predictions follow",
    "uncertain": "does not say how uncertain its predictions are",
    "probabilities": "scores items for users, and gives no probabilities of a next item",
    "stores": "cannot be stored, since its class has no save and restore",
}


class BaseModel(ABC):
    """The base class of the models of this package; see :class:`engine.models.contract.Model`.

    Each constructor argument is an attribute of the same name. Those in ``_transient`` are objects of the caller or
    depend on the machine, and are not stored.

    Parameters
    ----------
    random_state
        The seed. A model without randomness ignores it.
    device
        The device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    #: The declaration of the model in the registry.
    spec: ClassVar[ModelSpec]
    _transient: ClassVar[tuple[str, ...]] = ("random_state", "device")

    def __init__(self, *, random_state: Any = None, device: str | None = None) -> None:
        require_seed(random_state)
        self.random_state = random_state
        self.device = resolve(device if device is not None else "cpu")
        #: Plain data that :meth:`save` stores with the model.
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
        """What this model can do with its options."""
        return self.spec.capabilities

    @property
    def ranked(self) -> Tensor | None:
        """The items that the model can rank, as a mask ``(num_items,)``; None if it can rank all items."""
        return None

    def require(self, capability: str) -> None:
        """Raise an error if the model does not have a capability.

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

    # -- what every model implements --------------------------------------------------------------------------------
    @abstractmethod
    def fit(self, interactions: Any, verbose: bool = False, job: Job | None = None) -> None:
        """Train on interactions or sequences. The ``job`` receives progress and may cancel."""

    @abstractmethod
    def predict(self, ids: Any, item_ids: Any = None, /) -> Scores:
        """Return the scores of all items for one user or sequence, or the scores of pairs."""

    @abstractmethod
    def scores(self, ids: npt.ArrayLike, item_ids: Tensor | None = None, /) -> Tensor:
        """Return finite scores for many users or sequences, ``(len(ids), items)``. The caller may change the tensor."""

    # -- what only some models implement ------------------------------------------------------------------------------
    def fold_in(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None = None) -> Scores:
        """Score items for a new user; see :class:`engine.models.fold_in.FoldInMixin`."""
        raise self._unsupported("folds_in")

    def contributions(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """Return what each item of a history adds to a score; see :class:`engine.models.fold_in.FoldInMixin`."""
        raise self._unsupported("explains")

    def removal_effects(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """Return how much a score falls without each item of a history; by default what each item adds to it."""
        return self.contributions(item_ids, ratings, item)

    def similarities(self, item: int) -> Scores:
        """Return the similarity of an item to each item, ``(num_items,)``; 0 or less means not similar."""
        raise self._unsupported("similar")

    def similarity_rows(self, items: npt.ArrayLike) -> Scores:
        """Return :meth:`similarities` of several items, ``(len(items), num_items)``; subclasses may be faster."""
        return np.stack([self.similarities(int(item)) for item in np.asarray(items)])

    def factors(self) -> Factors:
        """Return the vectors and biases of users and items, from which the predictions follow."""
        raise self._unsupported("factorizes")

    def start_from(self, earlier: Any) -> bool:
        """Let the next fit begin from what an earlier model learnt; see :class:`engine.models.contract.Model`."""
        raise self._unsupported("warm_starts")

    def std(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike) -> Scores:
        """Return the standard deviation of the predicted ratings of pairs, ``(n,)``."""
        raise self._unsupported("uncertain")

    def probabilities(self, sequences: npt.ArrayLike, temperature: float = 1.0) -> Scores:
        """Return each item's probability of being the next item. Every sequence model implements this."""
        raise self._unsupported("probabilities")

    def predict_with_probabilities(self, sequence: npt.ArrayLike) -> tuple[Scores, Scores]:
        """Return :meth:`predict` and :meth:`probabilities` of one sequence; subclasses compute its scores once."""
        return self.predict(sequence), self.probabilities(sequence)

    def scores_with_probabilities(self, sequences: npt.ArrayLike) -> tuple[Tensor, Tensor]:
        """Return :meth:`scores` and :meth:`probabilities` of several sequences; subclasses compute the scores once."""
        probabilities = np.atleast_2d(self.probabilities(sequences))
        scores = self.scores(sequences)
        return scores, torch.from_numpy(np.asarray(probabilities, dtype=np.float32)).to(scores.device)

    def _unsupported(self, capability: str) -> UnsupportedError:
        return UnsupportedError(f"The model {self.name} {_REFUSALS[capability]}.")

    # -- storage ------------------------------------------------------------------------------------------------
    def options(self) -> dict[str, Any]:
        """Return the constructor's options that can be stored."""
        names = (name for name in inspect.signature(type(self)).parameters if name not in self._transient)
        return {name: getattr(self, name) for name in names}

    def save(self, path: str | Path, metadata: Mapping[str, Any] | None = None) -> None:
        """Store the model in a folder as ``model.safetensors`` and ``model.json``, replacing an older model there.

        Parameters
        ----------
        path
            The folder to write to.
        metadata
            Plain data to store with the model, such as the fingerprints of the ids. :func:`engine.models.load` returns
            it as ``model.metadata``.

        Raises
        ------
        NotTrainedError
            If the model is not trained yet.
        LearningError
            If the model holds numbers that are not finite.
        DataError
            If the folder cannot be written.
        """
        tensors, header = self._pack()
        self._write(path, tensors, header, metadata)

    def _write(
        self, path: str | Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any], metadata: Any = None
    ) -> None:
        require_finite(self.name, {name: one for name, one in tensors.items() if not name.startswith("optimizer.")})
        kept = dict(self.metadata if metadata is None else metadata)
        serialization.write(path, tensors, {"model": self.name, "options": self.options(), **header, "metadata": kept})

    @abstractmethod
    def _pack(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the tensors to store, by name, and plain data. Raise NotTrainedError before the first fit."""

    def _tensor(self, array: npt.ArrayLike, dtype: npt.DTypeLike) -> Tensor:
        """Convert an array to a tensor on the model's device. On the CPU it is not copied if torch can share it."""
        return torch.from_numpy(np.require(array, dtype, ["C_CONTIGUOUS", "WRITEABLE"])).to(self.device)


def pieces(rows: Tensor, size: int) -> tuple[Tensor, ...]:
    """Split rows as ``torch.split`` does, whose call is saved where there is one piece, as for one user or sequence."""
    return (rows,) if len(rows) <= size else torch.split(rows, size)


def require_finite(name: str, tensors: Mapping[str, Tensor]) -> None:
    """Raise LearningError if a tensor of the model called ``name`` holds a number that is not finite."""
    if not all(bool(one.isfinite().all()) for one in tensors.values()):
        raise LearningError(
            f"The training of {name} ended in numbers that are not finite: look for ratings or weights that are far "
            "larger than all others, and leave them out."
        )


def load_net(build: Callable[[], nn.Module], tensors: Mapping[str, Tensor]) -> nn.Module:
    """Build a network and load its stored tensors, if they have its shapes.

    The shapes are compared before memory is taken, since the sizes in a forged description could ask for any amount.

    Raises
    ------
    ValueError
        If a tensor is missing, or there is one too many, or one has another shape.
    """
    with torch.device("meta"), _WithoutDraws():
        wanted = {name: tuple(one.shape) for name, one in build().state_dict().items()}
    found = {name: tuple(one.shape) for name, one in tensors.items()}
    if wanted != found:
        name = next(one for one in (*wanted, *found) if wanted.get(one) != found.get(one))
        raise ValueError(f"{name} has the shape {found.get(name)} instead of {wanted.get(name)}")
    with _WithoutDraws():
        net = build()
    net.load_state_dict(tensors)
    return net


class _WithoutDraws(TorchFunctionMode):
    """Leaves out the random numbers of new parameters, which are about to be replaced.

    On torch's device ``meta`` drawing them would import its compiler, which takes longer than all else in an answer.
    """

    def __torch_function__(self, function: Any, kinds: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(function, "__name__", "") in _DRAWS:
            return args[0] if args else kwargs["tensor"]
        return function(*args, **(kwargs or {}))


_DRAWS = (
    "normal_",
    "uniform_",
    "trunc_normal_",
    "kaiming_uniform_",
    "xavier_uniform_",
    "xavier_normal_",
    "orthogonal_",
)


def misfit(where: str, error: Exception) -> DamagedError:
    """Make the error for a stored model whose parts do not fit together."""
    reason = (str(error).splitlines() or [type(error).__name__])[-1].strip()  # torch names the tensor below a heading
    return DamagedError(f"{where} does not fit its own description ({reason}): train the model again.")
