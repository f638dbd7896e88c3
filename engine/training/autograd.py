"""Training of any net by automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import OptionError
from engine.sampling import NegativeSampler
from engine.training.optim import Adam

Batch = dict[str, Tensor]
Optimizers = tuple[Adam | torch.optim.Optimizer, ...]


class AutogradTrainer:
    """A :class:`engine.training.loop.Learner` around a net, its optimisers and a loss.

    Parameters
    ----------
    net, optimizers
        What is trained, and by what.
    columns
        The data, each with one row an example; those that are None are left out.
    loss
        The mean loss of a batch, which has the same columns and ``negatives``.
    sampler
        Draws ``negatives`` for the groups in the column ``groups``.
    num_negatives
        How many for each group; ``negatives`` has them in its second dimension, ``(batch, num_negatives, …)``.
    small_steps
        See :class:`engine.training.loop.Learner`.
    mixed
        Compute matrix products in bfloat16; see :func:`engine.runtime.device.mixed_precision_pays`.
    """

    def __init__(
        self,
        net: nn.Module,
        optimizers: Optimizers,
        columns: Mapping[str, Tensor | None],
        loss: Callable[[Batch], Tensor],
        sampler: NegativeSampler | None = None,
        num_negatives: int = 1,
        small_steps: bool = False,
        mixed: bool = False,
    ) -> None:
        self._net, self._optimizers, self._loss = net, optimizers, loss
        self._columns = {name: column for name, column in columns.items() if column is not None}
        self._sampler, self._num_negatives = sampler, num_negatives
        self._tables = _Tables(net)
        self.small_steps, self._mixed = small_steps, mixed
        self._drops = any(isinstance(one, nn.modules.dropout._DropoutNd) for one in net.modules())
        first = next(iter(self._columns.values()))
        self.num_examples, self.device = len(first), first.device

    def batches(self, examples: Tensor, generator: torch.Generator, batch_size: int) -> Sequence[Batch]:
        """See :class:`engine.training.loop.Learner`."""
        columns = {name: column[examples] for name, column in self._columns.items()}
        if self._sampler is not None:
            groups = columns["groups"].long().unsqueeze(1)
            groups = groups.expand(-1, self._num_negatives, *groups.shape[2:])
            columns["negatives"] = self._sampler.sample(groups, generator)
        if self._drops:
            # What a step leaves out is drawn from a seed of its own, so that it is the same after an interruption.
            seeds = torch.randint(2**31, (len(examples),), generator=generator, device=self.device)
            columns["seeds"] = seeds.cpu()
        pieces = [torch.split(column, batch_size) for column in columns.values()]
        return [dict(zip(columns, piece, strict=True)) for piece in zip(*pieces, strict=True)]

    def step(self, batch: Batch) -> Tensor:
        """See :class:`engine.training.loop.Learner`."""
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        with self._tables.gathering_rows():
            autocast = torch.autocast(self.device.type, torch.bfloat16) if self._mixed else nullcontext()
            with autocast, self._dropping(batch):
                loss = self._loss(batch)
            loss.backward()  # type: ignore[no-untyped-call]
        with self._tables.dense_gradients():
            for optimizer in self._optimizers:
                optimizer.step()
        return loss.detach()

    @contextmanager
    def _dropping(self, batch: Batch) -> Iterator[None]:
        if not self._drops:
            yield
            return
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(int(batch["seeds"][0]))
            yield

    def move(self, device: torch.device) -> None:
        """See :class:`engine.training.loop.Learner`."""
        self._net.to(device)
        self._columns = {name: column.to(device) for name, column in self._columns.items()}
        if self._sampler is not None:
            self._sampler.to(device)
        for optimizer in self._optimizers:
            optimizer.load_state_dict(optimizer.state_dict())  # brings the state to where the parameters are
        self._tables = _Tables(self._net)
        self.device, self._mixed = device, False


class _Tables:
    """The embedding tables of a net, whose gradients are dense but have few rows that are not zero.

    Automatic differentiation would make a table of zeros for each lookup and add them up. Here each lookup gives
    its rows, which are added to one table that stays; the optimiser sees the same gradient as ever.
    """

    def __init__(self, net: nn.Module) -> None:
        self._layers = [
            one
            for one in net.modules()
            if isinstance(one, nn.Embedding) and not one.sparse and not one.scale_grad_by_freq
        ]
        self._gradients = [torch.zeros_like(one.weight) for one in self._layers]

    @contextmanager
    def gathering_rows(self) -> Iterator[None]:
        for layer in self._layers:
            layer.sparse = True
        try:
            yield
        finally:
            for layer in self._layers:
                layer.sparse = False

    @contextmanager
    def dense_gradients(self) -> Iterator[None]:
        touched = []
        for layer, gradient in zip(self._layers, self._gradients, strict=True):
            rows = layer.weight.grad
            if rows is not None and rows.is_sparse:  # dense where the net also uses the table as a matrix
                touched.append((gradient, rows._indices()[0]))
                gradient.index_add_(0, touched[-1][1], rows._values())
                layer.weight.grad = gradient
        yield
        for gradient, indices in touched:
            gradient.index_fill_(0, indices, 0.0)


def make_optimizers(
    net: nn.Module,
    learning_rate: float,
    l2: float,
    optimizer_func: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] | None,
) -> Optimizers:
    """What ``optimizer_func`` makes, or Adam, with SparseAdam for tables that have sparse gradients."""
    if optimizer_func is not None:
        return (optimizer_func(net.parameters()),)
    tables = {
        id(module.weight)
        for module in net.modules()
        if isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.sparse
    }
    dense = [one for one in net.parameters() if id(one) not in tables]
    sparse = [one for one in net.parameters() if id(one) in tables]
    if sparse and l2:
        raise OptionError(f"l2 ({l2}) and sparse=True exclude each other here: use sparse=False.")
    optimizers: list[Adam | torch.optim.Optimizer] = []
    if dense:
        optimizers.append(Adam(dense, learning_rate, l2))
    if sparse:
        optimizers.append(torch.optim.SparseAdam(sparse, lr=learning_rate))
    return tuple(optimizers)


def pack_state(optimizers: Optimizers) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The optimisers' states as tensors, and as plain data what is no tensor."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {}
    for place, optimizer in enumerate(optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            for name, value in state.items():
                if isinstance(value, Tensor):
                    tensors[f"{place}.{index}.{name}"] = value
                elif isinstance(value, int | float | bool):
                    numbers[f"{place}.{index}.{name}"] = value
    return tensors, {"numbers": numbers}


def unpack_state(optimizers: Optimizers, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Give optimisers back what :func:`pack_state` took from ones of the same making."""
    states: list[dict[int, dict[str, Any]]] = [{} for _ in optimizers]
    for key, value in (*tensors.items(), *header["numbers"].items()):
        place, index, name = key.split(".", 2)
        states[int(place)].setdefault(int(index), {})[name] = value
    for optimizer, state in zip(optimizers, states, strict=True):
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
