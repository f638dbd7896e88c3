"""A step of a network's training that several ranks make together, each with its part of the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.training.collective import Collective

Batch = dict[str, Tensor]


class DivisibleTrainer(Protocol):
    """What :class:`DividedTrainer` needs of :class:`engine.training.autograd.AutogradTrainer`."""

    num_examples: int
    device: torch.device
    small_steps: bool
    positions: Callable[[Batch], int]
    whole_columns: frozenset[str]

    def batches(self, examples: Tensor, generator: torch.Generator, batch_size: int) -> Sequence[Batch]:
        """Cut examples into batches."""
        ...

    def backward(self, batch: Batch, share: float | None = None) -> Tensor:
        """Compute the gradients of a batch."""
        ...

    def update(self) -> None:
        """Make a step of the optimisers."""
        ...

    def move(self, device: torch.device) -> None:
        """Move the model and the data to another device."""
        ...


class DividedTrainer:
    """A :class:`engine.training.loop.Learner` that divides each batch among the ranks of a collective.

    All ranks draw the same batches, negatives and dropout masks as a single process would, and each computes the
    gradients of its rows. Their sum is the gradient of the whole batch, so all ranks make the same step. A part counts
    by its positions, since the mean over unequal parts is not the mean of their means.

    Parameters
    ----------
    trainer
        The trainer of the whole batches.
    net
        The network that it trains. Its dropout layers then mask a part of a batch.
    tables
        The parameters whose sparse gradients the trainer makes dense.
    collective
        The ranks.
    """

    def __init__(
        self, trainer: DivisibleTrainer, net: nn.Module, tables: Sequence[Tensor], collective: Collective
    ) -> None:
        self._trainer, self._tables, self._collective = trainer, tables, collective
        self._parameters = list(net.parameters())
        self._rows = _Rows()
        if collective.size > 1:
            for module in net.modules():
                if type(module) is nn.Dropout:
                    module.forward = _DividedDropout(module, self._rows)  # type: ignore[method-assign, assignment]

    @property
    def num_examples(self) -> int:
        """See :class:`engine.training.loop.Learner`."""
        return self._trainer.num_examples

    @property
    def device(self) -> torch.device:
        """See :class:`engine.training.loop.Learner`."""
        return self._trainer.device

    @property
    def small_steps(self) -> bool:
        """See :class:`engine.training.loop.Learner`."""
        return self._trainer.small_steps

    def batches(self, examples: Tensor, generator: torch.Generator, batch_size: int) -> Sequence[Batch]:
        """See :class:`engine.training.loop.Learner`."""
        return self._trainer.batches(examples, generator, batch_size)

    def step(self, batch: Batch) -> Tensor:
        """Make a step with all other ranks, and return the loss of the whole batch."""
        part, share = self._part(batch)
        loss = self._trainer.backward(part, share)
        loss = self._collective.sum_gradients(self._parameters, self._tables, loss)
        self._trainer.update()
        return loss

    def move(self, device: torch.device) -> None:
        """See :class:`engine.training.loop.Learner`."""
        self._trainer.move(device)

    def synchronise(self) -> None:
        """Give all ranks the parameters of rank 0, since sums on a GPU may differ in their last bits."""
        self._collective.broadcast([one.data for one in self._parameters])

    def _part(self, batch: Batch) -> tuple[Batch, float]:
        """Return the rows of this rank, and their share in the mean over the batch."""
        count = len(next(iter(batch.values())))
        rows, whole = self._collective.part(count), self._trainer.whole_columns
        part = {name: column if name in whole else column[rows] for name, column in batch.items()}
        positions = self._trainer.positions
        counted = positions(part) if rows.start < rows.stop else 0
        if counted:
            self._rows.first, self._rows.last, self._rows.count = rows.start, rows.stop, count
            return part, counted / positions(batch)
        # Without a position there is no mean. All kinds of gradients must be there nevertheless, and they are zero.
        self._rows.first, self._rows.last, self._rows.count = 0, count, count
        return batch, 0.0


class _Rows:
    """The rows of the present part of a batch, and the number of all its rows."""

    first = last = count = 0


class _DividedDropout:
    """Dropout of a part of a batch, with the mask that these rows would have in the whole batch.

    The mask of the whole batch is drawn, so the generators of all ranks stay together. A tensor of one dimension has no
    rows of the batch but items, for example: all ranks mask it in the same way.
    """

    def __init__(self, layer: nn.Dropout, rows: _Rows) -> None:
        self._layer, self._rows = layer, rows

    def __call__(self, values: Tensor) -> Tensor:
        rows, layer = self._rows, self._layer
        if not layer.training or layer.p == 0.0:
            return values
        if values.dim() == 1:
            return functional.dropout(values, layer.p)
        # The strides are those of the part, since the order of the draws follows the memory.
        ones = values.new_empty_strided((rows.count, *values.shape[1:]), values.stride()).fill_(1.0)
        return values * functional.dropout(ones, layer.p)[rows.first : rows.last]
