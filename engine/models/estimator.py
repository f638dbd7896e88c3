"""The base class of iteratively trained models, with Spotlight's options."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.errors import DataError, LearningError, NotTrainedError, OptionError, UnsupportedError
from engine.models.base import BaseModel, load_net, misfit, require_finite
from engine.models.option_checks import require_not_negative, require_positive, require_whole
from engine.runtime.executor import Executor, FormsGroups
from engine.runtime.job import Job
from engine.training.autograd import Optimizers, make_optimizers, pack_state, unpack_state
from engine.training.distributed import DistributedTraining
from engine.training.loop import Learner, RunState, say, train

OptimizerFunc = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
RandomState = np.random.RandomState | int | None


class Estimator(BaseModel):
    """A model with Spotlight's constructor options.

    Parameters
    ----------
    loss
        The loss function: one of the class's ``losses``.
    embedding_dim
        The length of the vectors.
    n_iter
        The number of epochs of one call of :meth:`fit`.
    batch_size
        The number of examples a step.
    l2
        The weight decay. With the default optimiser of a factorisation it acts on the rows that a batch uses.
    learning_rate
        The learning rate of Adam.
    optimizer_func
        A function that makes the optimiser from the parameters. ``learning_rate`` and ``l2`` then have no effect.
    use_cuda
        Whether to compute on the current CUDA device.
    representation
        The network that computes the scores: a name or a ``torch.nn.Module``.
    sparse
        Whether the embedding tables get sparse gradients.
    random_state
        A ``RandomState`` or a seed. The same seed gives the same model on the same device.
    device
        The device: ``auto``, ``cpu``, ``cuda`` or ``mps``. It takes precedence over ``use_cuda``.

    Raises
    ------
    ValueError
        If an option has an impossible value.
    """

    losses: ClassVar[tuple[str, ...]]
    #: Options that are objects of the caller, or depend on the machine, and are not stored.
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
        require_whole(embedding_dim=embedding_dim, n_iter=n_iter, batch_size=batch_size)
        require_not_negative(l2=l2)
        require_positive(learning_rate=learning_rate)
        super().__init__(random_state=random_state, device=device or ("cuda" if use_cuda else None))
        self._asked_device = str(device or ("cuda" if use_cuda else "cpu"))
        self.loss = loss
        self.embedding_dim, self.n_iter, self.batch_size = int(embedding_dim), int(n_iter), int(batch_size)
        self.l2, self.learning_rate, self.optimizer_func = float(l2), float(learning_rate), optimizer_func
        self.use_cuda, self.representation, self.sparse = use_cuda, representation, sparse
        self._net: nn.Module | None = None
        self._num_items = 0
        #: The items that occur in the training data, as a mask ``(num_items,)``.
        self._seen = torch.zeros(0, dtype=torch.bool)
        self._run: RunState | None = None
        self._optimizers: Optimizers = ()
        self._loaded_optimizer: dict[
            str, Tensor
        ] = {}  # an optimiser's state that was loaded from a file and not used yet
        self._loaded_optimizer_header: dict[str, Any] = {}

    # -- what a model implements ------------------------------------------------------------------------------------
    @abstractmethod
    def _check(self, interactions: Any) -> None:
        """Raise ValueError if the model cannot be trained on these interactions, or they exceed its fitted sizes."""

    @abstractmethod
    def _build(self, interactions: Any) -> nn.Module:
        """Set the sizes and make a new network. Random numbers come from torch's seeded default generator."""

    @abstractmethod
    def _learner(self, interactions: Any, net: nn.Module) -> Learner:
        """Make the learner from the data, the network and the optimiser."""

    @abstractmethod
    def _columns(self, interactions: Any) -> Iterable[npt.NDArray[Any] | None]:
        """Return the arrays by which two data sets are compared."""

    @abstractmethod
    def _sizes(self) -> dict[str, float]:
        """Return the attributes to store, by name."""

    @abstractmethod
    def _rebuild(self) -> nn.Module:
        """Make a network of the stored sizes."""

    def _finish(self, net: nn.Module) -> None:
        """Write what was learnt into the network, after a complete or an interrupted training."""

    def _write_back(self, net: nn.Module) -> None:
        """Write what was learnt so far into the network, where the training keeps it elsewhere."""

    def _optimizer_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the optimiser's state as tensors and plain data."""
        return pack_state(self._optimizers)

    # -- training ------------------------------------------------------------------------------------------------
    def fit(
        self,
        interactions: Any,
        verbose: bool = False,
        job: Job | None = None,
        checkpoint: str | Path | None = None,
        *,
        executor: Executor | None = None,
    ) -> None:
        """Train on interactions. A further call continues the training.

        Parameters
        ----------
        interactions
            The training data. A further call may use other interactions whose ids stay within the first ones' sizes.
        verbose
            Whether to write each epoch's loss to standard output.
        job
            The job that receives progress and may cancel. A cancelled model keeps what it has learnt. The next call
            with the same interactions completes the cancelled one, with the same result as an uninterrupted call.
        checkpoint
            A folder in which the model is stored after each epoch, with everything that :meth:`fit` needs to continue
            after :func:`engine.models.load`.
        executor
            What divides each batch among several machines or GPUs, if it can; None trains here. The model differs by
            rounding.

        Raises
        ------
        CancelledError
            If the job was cancelled.
        UnsupportedError
            If the model has a network or an optimiser of the caller, or is to compute on a device that the machines of
            the executor do not have.
        ValueError
            If the interactions do not suit the model, or the loss of an epoch is zero, infinite or NaN. In the latter
            case the model is reset to its untrained state.
        """
        self._check(interactions)
        forms_groups = executor if isinstance(executor, FormsGroups) else None
        if forms_groups is not None:
            self._require_distributable()
        if self._run is None:
            self._run = RunState(self._draw_seed())
        if self._net is None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self._run.seed)
                self._net = self._build(interactions)
        run, net = self._run, self._net
        run.begin(self.n_iter, self.batch_size, _checksum(self._columns(interactions)))
        net.train()
        learner = None if forms_groups is not None else self._make_learner(interactions, net, job)
        diverged = False

        def after_epoch() -> None:
            if checkpoint is not None:
                self._finish(net)
                self.save(checkpoint, training_state=True)
            if job is not None and job.watches_epochs:
                self._write_back(net)
                net.eval()
                job.epoch_ended(run.epoch, self)
                net.train()

        follows = checkpoint is not None or (job is not None and job.watches_epochs)
        on_epoch, stage = after_epoch if follows else None, f"training {self.name}"
        try:
            if learner is None:
                assert forms_groups is not None
                distributed = self._distributed(interactions, forms_groups)
                distributed.train(run, stage=stage, job=job, verbose=verbose, on_epoch=on_epoch)
            else:
                train(learner, run, stage=stage, job=job, verbose=verbose, on_epoch=on_epoch)
            self._finish(net)  # the last step may have diverged after its loss was computed
            require_finite(self.name, net.state_dict())
        except LearningError:
            diverged = True
            raise
        finally:
            if learner is not None:
                self.device = learner.device
            net.to(self.device).eval()
            self._seen = self._seen.to(self.device)
            if diverged:
                self._reset()
            else:
                self._finish(net)

    def _make_learner(self, interactions: Any, net: nn.Module, job: Job | None) -> Learner:
        """Make the learner on the device, or on the CPU if the device has too little memory."""
        try:
            return self._learner(interactions, net.to(self.device))
        except torch.OutOfMemoryError:
            if self.device.type == "cpu":
                raise
        say(f"{self.device} has no room for the model and its data: training continues on the CPU", job)
        self._to_cpu(net)
        torch.cuda.empty_cache()
        return self._learner(interactions, net)

    def _to_cpu(self, net: nn.Module) -> None:
        self.device = torch.device("cpu")
        net.to(self.device)
        self._seen = self._seen.to(self.device)
        for optimizer in self._optimizers:
            optimizer.load_state_dict(optimizer.state_dict())  # moves the state to the device of the parameters

    def _make_optimizers(self, net: nn.Module) -> None:
        if self._optimizers:
            return
        if self._loaded_optimizer_header.get("own") and self.optimizer_func is None:
            raise OptionError(
                "This model was trained with a custom optimiser: give it as load(path, optimizer_func=…) to continue "
                "its training."
            )
        self._optimizers = make_optimizers(net, self.learning_rate, self.l2, self.optimizer_func)
        if self._loaded_optimizer_header:
            unpack_state(self._optimizers, self._loaded_optimizer, self._loaded_optimizer_header)
            self._loaded_optimizer, self._loaded_optimizer_header = {}, {}

    def _reset(self) -> None:
        self._net, self._run, self._optimizers = None, None, ()
        self._loaded_optimizer, self._loaded_optimizer_header = {}, {}
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
    def unfinished(self) -> tuple[int, int] | None:
        """The epochs that have ended and those at which an interrupted training ends; None if none is interrupted."""
        run = self._run
        return (run.epoch, run.until) if run is not None and run.interrupted else None

    @property
    def losses_by_epoch(self) -> tuple[float, ...]:
        """The mean training loss of each finished epoch."""
        return () if self._run is None else tuple(self._run.losses)

    # -- storage ------------------------------------------------------------------------------------------------
    def options(self) -> dict[str, Any]:
        """Return the constructor's options that can be stored."""
        values = super().options()
        if isinstance(self.representation, nn.Module):
            values["representation"] = f"{type(self.representation).__module__}.{type(self.representation).__name__}"
        return values

    def save(self, path: str | Path, metadata: Mapping[str, Any] | None = None, training_state: bool = False) -> None:
        """Store the model in a folder; see :meth:`engine.models.base.BaseModel.save`.

        Parameters
        ----------
        path, metadata
            See :meth:`engine.models.base.BaseModel.save`.
        training_state
            Whether to store the optimiser's state too, so that training can continue after loading. The files become
            about three times as large. It is always stored if the training was cancelled.
        """
        tensors, header = self._pack()
        assert self._run is not None
        if training_state or self._run.interrupted:
            self._pack_optimizer(tensors, header)
        self._write(path, tensors, header, metadata)

    def _pack_optimizer(self, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
        """Add the optimiser's state, also one that was loaded and not used yet."""
        loaded = self._loaded_optimizer, self._loaded_optimizer_header
        state, plain = loaded if self._loaded_optimizer else self._optimizer_state()
        header["optimizer"] = {**plain, "own": self.optimizer_func is not None}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in state.items()}

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
        """Make a model from the result of :func:`engine.storage.serialization.read`, for :func:`engine.models.load`."""
        options = dict(header["options"])
        if header["own_representation"]:
            if representation is None:
                raise DataError(
                    f"{where} holds a model with a custom representation ({options['representation']}): make one "
                    "and give it as load(path, representation=…)."
                )
            options["representation"] = representation
        try:
            model = cls(**options, optimizer_func=optimizer_func, device=device)
            for attribute, value in header["sizes"].items():
                setattr(model, attribute, value)
            model._seen = tensors["seen"].to(model.device)
            model._run = RunState(**header["run"])
            model.metadata = dict(header["metadata"])
            stored = {name[4:]: tensor for name, tensor in tensors.items() if name.startswith("net.")}
            net = load_net(model._rebuild, stored)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise misfit(where, error) from error
        model._net = net.to(model.device).eval()
        model._load_optimizer(tensors, header)
        return model

    def _load_optimizer(self, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
        """Keep a stored state of the optimiser until the training goes on."""
        prefix = "optimizer."
        self._loaded_optimizer = {name[len(prefix) :]: one for name, one in tensors.items() if name.startswith(prefix)}
        self._loaded_optimizer_header = dict(header.get("optimizer") or {})

    # -- distributed training ------------------------------------------------------------------------------------
    def _require_distributable(self) -> None:
        """Raise UnsupportedError unless ranks on other machines can make the same model."""
        for option in ("optimizer_func", "representation"):
            if callable(getattr(self, option)):
                raise UnsupportedError(
                    f"The training of {self.name} cannot be distributed with an {option} of the caller, which other "
                    "machines may lack."
                )
        if self._asked_device.partition(":")[0] not in ("auto", "cpu", "cuda"):
            raise UnsupportedError(
                f"A distributed training computes on processors or CUDA devices, not on {self._asked_device}."
            )

    def _distributed(self, interactions: Any, executor: FormsGroups) -> DistributedTraining:
        shared = executor.share(interactions)

        def begin() -> tuple[Any, ...]:
            return (type(self), *self.pack_training(), shared)

        kind = self._asked_device.partition(":")[0]
        return DistributedTraining(executor, kind, begin, self._take_training)

    def pack_training(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the tensors and plain data from which the training can go on in another process."""
        self._write_back(self._trained())
        tensors, header = self._pack()
        self._pack_optimizer(tensors, header)
        return tensors, {"options": self.options(), **header, "metadata": {}}

    @classmethod
    def unpack_training(cls, packed: tuple[Mapping[str, Tensor], Mapping[str, Any]], device: str) -> Self:
        """Make a model from :meth:`pack_training`."""
        tensors, header = packed
        return cls.restore(tensors, header, "a message of the training", device=device)

    def begin_rank(self, interactions: Any) -> Any:
        """Make the learner of a training that has begun elsewhere; see :mod:`engine.training.ranks`."""
        net = self._trained()
        net.train()
        return self._learner(interactions, net)

    def _take_training(self, arrays: Mapping[str, npt.NDArray[Any]], header: Mapping[str, Any]) -> None:
        """Take what the ranks have learnt. The run's progress is counted in this process."""
        tensors = {name: torch.from_numpy(np.array(one)).to(self.device) for name, one in arrays.items()}
        for attribute, value in header["sizes"].items():
            setattr(self, attribute, value)
        self._seen = tensors["seen"]
        self._trained().load_state_dict({name[4:]: one for name, one in tensors.items() if name.startswith("net.")})
        self._forget_optimizer()
        self._load_optimizer(tensors, header)

    def _forget_optimizer(self) -> None:
        """Forget the state of the optimiser in this process."""
        self._optimizers = ()

    def _record_seen(self, items: Tensor) -> None:
        """Record the items that occur in the training data."""
        if len(self._seen) != self._num_items:
            self._seen = torch.zeros(self._num_items, dtype=torch.bool, device=self.device)
        self._seen[items.long()] = True


def _checksum(columns: Iterable[npt.NDArray[Any] | None]) -> int:
    value = 0
    for column in columns:
        if column is not None:
            value = zlib.crc32(np.ascontiguousarray(column).reshape(-1).view(np.uint8).data, value)
    return value
