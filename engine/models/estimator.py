"""The base of models that are trained by steps: Spotlight's options, fitting and fitting on, cancelling, storing."""

from __future__ import annotations

import math
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.errors import DataError, LearningError, NotTrainedError, OptionError
from engine.models.base import BaseModel, misfit
from engine.runtime.job import Job
from engine.training.autograd import Optimizers, make_optimizers, pack_state, unpack_state
from engine.training.loop import Learner, RunState, say, train

OptimizerFunc = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
RandomState = np.random.RandomState | int | None


class Estimator(BaseModel):
    """A model with Spotlight's constructor options.

    Parameters
    ----------
    loss
        One of the class's ``losses``.
    embedding_dim
        The length of the vectors.
    n_iter
        Epochs of a call of :meth:`fit`.
    batch_size
        Examples a step.
    l2
        Weight decay. With the default optimiser of a factorisation it acts on the rows that a batch touches.
    learning_rate
        Of Adam.
    optimizer_func
        Given the parameters, makes the optimiser; ``learning_rate`` and ``l2`` are then its own business.
    use_cuda
        Compute on the current CUDA device.
    representation
        A name or a ``torch.nn.Module``; what the model scores with.
    sparse
        Sparse gradients for the embedding tables.
    random_state
        A ``RandomState`` or a seed: the same one gives the same model on the same device.
    device
        ``auto``, ``cpu``, ``cuda``, ``mps``; takes precedence over ``use_cuda``.

    Raises
    ------
    ValueError
        If an option has an impossible value.
    """

    losses: ClassVar[tuple[str, ...]]
    #: Options that are objects of the caller's and cannot be stored as data.
    _transient: ClassVar[tuple[str, ...]] = ("optimizer_func", "random_state", "use_cuda", "device")

    def __init__(
        self,
        loss: str,
        embedding_dim: int,
        n_iter: int,
        batch_size: int,
        l2: float,
        learning_rate: float,
        optimizer_func: OptimizerFunc | None,
        use_cuda: bool,
        representation: str | nn.Module | None,
        sparse: bool,
        random_state: RandomState,
        device: str | None,
    ) -> None:
        if loss not in self.losses:
            raise OptionError(f"loss must be one of {', '.join(self.losses)}, not {loss!r}.")
        for option, value in (("embedding_dim", embedding_dim), ("n_iter", n_iter), ("batch_size", batch_size)):
            if int(value) != value or value < 1:
                raise OptionError(f"{option} must be a whole number from 1 on, not {value!r}.")
        if not (math.isfinite(l2) and l2 >= 0):
            raise OptionError(f"l2 must be 0 or more, not {l2!r}.")
        if not (math.isfinite(learning_rate) and learning_rate > 0):
            raise OptionError(f"learning_rate must be above 0, not {learning_rate!r}.")
        super().__init__(random_state=random_state, device=device or ("cuda" if use_cuda else None))
        self.loss = loss
        self.embedding_dim, self.n_iter, self.batch_size = int(embedding_dim), int(n_iter), int(batch_size)
        self.l2, self.learning_rate, self.optimizer_func = float(l2), float(learning_rate), optimizer_func
        self.use_cuda, self.representation, self.sparse = use_cuda, representation, sparse
        self._net: nn.Module | None = None
        self._num_items = 0
        #: Which items training has met, ``(num_items,)``.
        self._seen = torch.zeros(0, dtype=torch.bool)
        self._run: RunState | None = None
        self._optimizers: Optimizers = ()
        self._learning: dict[str, Tensor] = {}  # an optimiser's state, loaded and not yet taken up
        self._learning_header: dict[str, Any] = {}

    # -- what a model brings ------------------------------------------------------------------------------------
    @abstractmethod
    def _check(self, interactions: Any) -> None:
        """Raise ValueError if the model cannot learn from these interactions, or not any more of these sizes."""

    @abstractmethod
    def _build(self, interactions: Any) -> nn.Module:
        """Take the sizes and make a fresh net (random numbers come from torch's seeded default generator)."""

    @abstractmethod
    def _learner(self, interactions: Any, net: nn.Module) -> Learner:
        """Bind data, net and optimiser."""

    @abstractmethod
    def _columns(self, interactions: Any) -> Iterable[npt.NDArray[Any] | None]:
        """The arrays that make two data sets different."""

    @abstractmethod
    def _sizes(self) -> dict[str, float]:
        """Attribute -> value, for storing."""

    @abstractmethod
    def _rebuild(self) -> nn.Module:
        """A net of the stored sizes."""

    def _finish(self, net: nn.Module) -> None:
        """After training, also an interrupted one: bring what was learnt into the net."""

    def _optimizer_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The optimiser's state as tensors and plain data."""
        return pack_state(self._optimizers)

    # -- fitting ------------------------------------------------------------------------------------------------
    def fit(
        self,
        interactions: Any,
        verbose: bool = False,
        job: Job | None = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        """Learn from interactions; called again, go on from there.

        Parameters
        ----------
        interactions
            What to learn from; a later call may bring others of the same sizes.
        verbose
            Write each epoch's loss to standard output.
        job
            Receives progress and may cancel. A cancelled model keeps what it has learnt; the next call over the same
            interactions first completes the cancelled one, with the same result as if nothing had happened.
        checkpoint
            A folder in which the model is stored after each epoch, with all that :meth:`fit` needs to go on after
            :func:`engine.models.load`.

        Raises
        ------
        CancelledError
            After ``job.cancel()``.
        ValueError
            If the interactions do not suit the model, or the loss of an epoch is zero or not a number. In the latter
            case nothing learnt is of use, and the model is as new.
        """
        self._check(interactions)
        if self._run is None:
            self._run = RunState(self._draw_seed())
        if self._net is None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self._run.seed)
                self._net = self._build(interactions)
        run, net = self._run, self._net
        run.begin(self.n_iter, self.batch_size, _checksum(self._columns(interactions)))
        net.train()
        learner = self._make_learner(interactions, net, job)
        diverged = False

        def store() -> None:
            self._finish(net)
            if checkpoint is not None:
                self.save(checkpoint, training_state=True)

        try:
            train(
                learner,
                run,
                stage=f"training {self.name}",
                job=job,
                verbose=verbose,
                on_epoch=None if checkpoint is None else store,
            )
        except LearningError:
            diverged = True
            raise
        finally:
            self.device = learner.device
            net.to(self.device).eval()
            self._seen = self._seen.to(self.device)
            if diverged:
                self._forget()
            else:
                self._finish(net)

    def _make_learner(self, interactions: Any, net: nn.Module, job: Job | None) -> Learner:
        """On the device, or on the CPU where the data and the model do not fit there."""
        try:
            return self._learner(interactions, net.to(self.device))
        except torch.OutOfMemoryError:
            if self.device.type == "cpu":
                raise
        say(f"{self.device} has no room for the model and its data: training goes on on the CPU", job)
        self._to_cpu(net)
        torch.cuda.empty_cache()
        return self._learner(interactions, net)

    def _to_cpu(self, net: nn.Module) -> None:
        self.device = torch.device("cpu")
        net.to(self.device)
        self._seen = self._seen.to(self.device)
        for optimizer in self._optimizers:
            optimizer.load_state_dict(optimizer.state_dict())  # brings the state to where the parameters are

    def _make_optimizers(self, net: nn.Module) -> None:
        if self._optimizers:
            return
        if self._learning_header.get("own") and self.optimizer_func is None:
            raise OptionError(
                "This model was trained with an optimiser of its author's: give it as load(path, optimizer_func=…) "
                "to train on."
            )
        self._optimizers = make_optimizers(net, self.learning_rate, self.l2, self.optimizer_func)
        if self._learning_header:
            unpack_state(self._optimizers, self._learning, self._learning_header)
            self._learning, self._learning_header = {}, {}

    def _forget(self) -> None:
        self._net, self._run, self._optimizers = None, None, ()
        self._learning, self._learning_header = {}, {}
        self._seen = self._seen[:0]

    def _draw_seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        state = np.random.RandomState() if self.random_state is None else self.random_state
        return int(state.randint(0, 2**31 - 1))

    def _trained(self) -> nn.Module:
        if self._net is None:
            raise NotTrainedError(f"The model {self.name} is not trained yet: call fit first.")
        return self._net

    @property
    def losses_by_epoch(self) -> tuple[float, ...]:
        """The mean training loss of each epoch so far."""
        return () if self._run is None else tuple(self._run.losses)

    # -- storing ------------------------------------------------------------------------------------------------
    def options(self) -> dict[str, Any]:
        """The constructor's options that can be written down."""
        values = super().options()
        if isinstance(self.representation, nn.Module):
            values["representation"] = f"{type(self.representation).__module__}.{type(self.representation).__name__}"
        return values

    def save(self, path: str | Path, metadata: Mapping[str, Any] | None = None, training_state: bool = False) -> None:
        """Store the model in a folder; see :meth:`engine.models.base.BaseModel.save`.

        Parameters
        ----------
        path, metadata
            As there.
        training_state
            Also store the optimiser (about twice the model again), so that fitting can go on as if uninterrupted.
            A model whose training was cancelled is always stored so.
        """
        tensors, header = self._pack()
        assert self._run is not None
        if training_state or self._run.interrupted:
            state, plain = self._optimizer_state()
            header["optimizer"] = {**plain, "own": self.optimizer_func is not None}
            tensors |= {f"optimizer.{name}": tensor for name, tensor in state.items()}
        self._write(path, tensors, header, metadata)

    def _pack(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        net = self._trained()
        assert self._run is not None
        header: dict[str, Any] = {
            "own_representation": isinstance(self.representation, nn.Module),
            "sizes": self._sizes(),
            "run": self._run.to_dict(),
        }
        return {"seen": self._seen, **{f"net.{name}": tensor for name, tensor in net.state_dict().items()}}, header

    @classmethod
    def restore(
        cls,
        tensors: Mapping[str, Tensor],
        header: Mapping[str, Any],
        where: str,
        *,
        device: str | None = None,
        representation: nn.Module | None = None,
        optimizer_func: OptimizerFunc | None = None,
    ) -> Self:
        """Make a model of what :func:`engine.storage.serialization.read` gave; called by :func:`engine.models.load`."""
        options = dict(header["options"])
        if header["own_representation"]:
            if representation is None:
                raise DataError(
                    f"{where} holds a model around a representation of its author's ({options['representation']}): "
                    "make one and give it as load(path, representation=…)."
                )
            options["representation"] = representation
        try:
            model = cls(**options, optimizer_func=optimizer_func, device=device)
            for attribute, value in header["sizes"].items():
                setattr(model, attribute, value)
            model._seen = tensors["seen"].to(model.device)
            model._run = RunState(**header["run"])
            model.metadata = dict(header["metadata"])
            net = model._rebuild()
            net.load_state_dict({name[4:]: tensor for name, tensor in tensors.items() if name.startswith("net.")})
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise misfit(where, error) from error
        model._net = net.to(model.device).eval()
        prefix = "optimizer."
        model._learning = {name[len(prefix) :]: one for name, one in tensors.items() if name.startswith(prefix)}
        model._learning_header = dict(header.get("optimizer") or {})
        return model

    def _note_seen(self, items: Tensor) -> None:
        """Remember which items training meets."""
        if len(self._seen) != self._num_items:
            self._seen = torch.zeros(self._num_items, dtype=torch.bool, device=self.device)
        self._seen[items.long()] = True


def _checksum(columns: Iterable[npt.NDArray[Any] | None]) -> int:
    value = 0
    for column in columns:
        if column is not None:
            value = zlib.crc32(np.ascontiguousarray(column).reshape(-1).view(np.uint8).data, value)
    return value
