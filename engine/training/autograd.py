"""Training of neural networks by automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import OptionError
from engine.sampling import NegativeSampler
from engine.training.collective import Collective
from engine.training.divided import DividedTrainer
from engine.training.optim import Adam

Batch = dict[str, Tensor]
Optimizers = tuple[Adam | torch.optim.Optimizer, ...]


class AutogradTrainer:
    """A :class:`engine.training.loop.Learner` for a network, its optimisers and a loss.

    Parameters
    ----------
    net, optimizers
        The network and its optimisers.
    columns
        The training data by name, each with one row an example. Columns that are None are left out.
    loss
        A function that gives the mean loss of a batch. The batch has the same columns, and ``negatives`` if there is a
        sampler.
    sampler
        The sampler that draws ``negatives`` for the groups in the column ``groups``.
    num_negatives
        The number of negatives for each group. ``negatives`` has the shape ``(batch, num_negatives, …)``.
    small_steps
        See :class:`engine.training.loop.Learner`.
    mixed
        Whether to compute matrix products in bfloat16; see :func:`engine.runtime.device.mixed_precision_pays`.
    positions
        A function that gives the number of positions of a batch over which the loss is the mean; None for its rows.
    shared_negatives
        Whether every row of a batch is compared with the negatives of all rows.
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
        positions: Callable[[Batch], int] | None = None,
        shared_negatives: bool = False,
    ) -> None:
        self.positions = positions or _count_rows
        #: The columns of a batch that each part of it needs as a whole.
        self.whole_columns = frozenset(("seeds", "negatives") if shared_negatives else ("seeds",))
        self._net, self._optimizers, self._loss = net, optimizers, loss
        self._columns = {name: column for name, column in columns.items() if column is not None}
        self._sampler, self._num_negatives = sampler, num_negatives
        self._embedding_gradients = _EmbeddingGradients(net)
        self.small_steps, self._mixed_precision = small_steps, mixed
        self._has_dropout = any(isinstance(one, nn.modules.dropout._DropoutNd) for one in net.modules())
        first = next(iter(self._columns.values()))
        self.num_examples, self.device = len(first), first.device

    def batches(self, examples: Tensor, generator: torch.Generator, batch_size: int) -> Sequence[Batch]:
        """See :class:`engine.training.loop.Learner`."""
        columns = {name: column[examples] for name, column in self._columns.items()}
        if self._sampler is not None:
            groups = columns["groups"].long().unsqueeze(1)
            groups = groups.expand(-1, self._num_negatives, *groups.shape[2:])
            columns["negatives"] = self._sampler.sample(groups, generator)
        if self._has_dropout:
            # Each step draws its dropout mask from its own seed, so a resumed run draws the same masks.
            seeds = torch.randint(2**31, (len(examples),), generator=generator, device=self.device)
            columns["seeds"] = seeds.cpu()
        pieces = [torch.split(column, batch_size) for column in columns.values()]
        return [dict(zip(columns, piece, strict=True)) for piece in zip(*pieces, strict=True)]

    def step(self, batch: Batch) -> Tensor:
        """See :class:`engine.training.loop.Learner`."""
        loss = self.backward(batch)
        self.update()
        return loss

    def backward(self, batch: Batch, share: float | None = None) -> Tensor:
        """Compute the gradients of a batch, and return its mean loss; both are multiplied by ``share``, if given."""
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        with self._embedding_gradients.gathering_rows():
            autocast = torch.autocast(self.device.type, torch.bfloat16) if self._mixed_precision else nullcontext()
            with autocast, self._seeded_dropout(batch):
                loss = self._loss(batch)
            if share is not None:
                loss = loss * share
            loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def update(self) -> None:
        """Make a step of the optimisers with the gradients that are there."""
        with self._embedding_gradients.dense_gradients():
            for optimizer in self._optimizers:
                optimizer.step()

    def divide(self, collective: Collective) -> DividedTrainer:
        """Return a learner that divides each batch among the ranks of a collective."""
        return DividedTrainer(self, self._net, self._embedding_gradients.tables, collective)

    @contextmanager
    def _seeded_dropout(self, batch: Batch) -> Iterator[None]:
        if not self._has_dropout:
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
            optimizer.load_state_dict(optimizer.state_dict())  # moves the state to the device of the parameters
        self._embedding_gradients = _EmbeddingGradients(self._net)
        self.device, self._mixed_precision = device, False


class _EmbeddingGradients:
    """The embedding tables of a network. Their gradients are dense, but only few rows are not zero.

    Automatic differentiation would allocate a dense gradient for each lookup and sum them. Here each lookup gives
    a sparse gradient, which is added to one dense gradient that is allocated once. The optimiser gets the same values.
    """

    def __init__(self, net: nn.Module) -> None:
        self._layers = [
            one
            for one in net.modules()
            if isinstance(one, nn.Embedding) and not one.sparse and not one.scale_grad_by_freq
        ]
        self._gradients = [torch.zeros_like(one.weight) for one in self._layers]

    @property
    def tables(self) -> list[Tensor]:
        """The tables."""
        return [layer.weight for layer in self._layers]

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
            if rows is not None and rows.is_sparse:  # it is dense if the network also uses the table as a matrix
                touched.append((gradient, rows._indices()[0]))
                gradient.index_add_(0, touched[-1][1], rows._values())
                layer.weight.grad = gradient
        yield
        for gradient, indices in touched:
            gradient.index_fill_(0, indices, 0.0)


def _count_rows(batch: Batch) -> int:
    return len(next(iter(batch.values())))


def make_optimizers(
    net: nn.Module,
    learning_rate: float,
    l2: float,
    optimizer_func: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] | None,
) -> Optimizers:
    """Make the optimisers: those of ``optimizer_func``, or Adam, with SparseAdam for tables with sparse gradients."""
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
        raise OptionError(f"l2 ({l2}) cannot be combined with sparse=True: use sparse=False.")
    optimizers: list[Adam | torch.optim.Optimizer] = []
    if dense:
        optimizers.append(Adam(dense, learning_rate, l2))
    if sparse:
        optimizers.append(torch.optim.SparseAdam(sparse, lr=learning_rate))
    return tuple(optimizers)


def pack_state(optimizers: Optimizers) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Pack the states of optimisers as tensors, and as plain data for values that are not tensors."""
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
    """Load a state from :func:`pack_state` into optimisers of the same kinds and parameters."""
    states: list[dict[int, dict[str, Any]]] = [{} for _ in optimizers]
    for key, value in (*tensors.items(), *header["numbers"].items()):
        place, index, name = key.split(".", 2)
        states[int(place)].setdefault(int(index), {})[name] = value
    for optimizer, state in zip(optimizers, states, strict=True):
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
