"""Collective operations of the ranks of a distributed training, in terms of batches and gradients.

The ranks must call the same operations in the same order, whatever their part of a batch is.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from engine.runtime.group import MembersLostError

_log = logging.getLogger(__name__)


class Collective:
    """The ranks of a distributed training, seen from one of them.

    A collective of one rank needs no ``torch.distributed``.

    Parameters
    ----------
    rank, size
        The number of this rank, from 0, and of all ranks. If there are several, the default process group of
        ``torch.distributed`` connects them.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    def part(self, count: int) -> slice:
        """Return the part of ``count`` rows that this rank works on. Parts differ by at most one row."""
        return slice(*self._bounds(count, self.rank))

    def gather(self, part: Tensor, count: int) -> Tensor:
        """Put the parts of all ranks together.

        Parameters
        ----------
        part
            The part of this rank, ``(…, n)``; see :meth:`part`.
        count
            The length of all parts together.

        Returns
        -------
        Tensor
            The whole, ``(…, count)``, the same on every rank.
        """
        if self.size == 1:
            return part
        longest = -(-count // self.size)
        padded = part.new_zeros((*part.shape[:-1], longest))
        padded[..., : part.shape[-1]] = part
        parts = self._all_gather(padded)
        lengths = [end - start for start, end in (self._bounds(count, rank) for rank in range(self.size))]
        return torch.cat([one[..., :length] for one, length in zip(parts, lengths, strict=True)], -1)

    def sum_gradients(self, parameters: Sequence[nn.Parameter], tables: Collection[Tensor], loss: Tensor) -> Tensor:
        """Sum the gradients of all ranks, in place.

        Parameters
        ----------
        parameters
            The parameters. The ranks have gradients of the same kinds: dense, sparse or none.
        tables
            The parameters whose sparse gradient may become a dense one. It does so if that is smaller.
        loss
            The part of the loss of this rank, a scalar.

        Returns
        -------
        Tensor
            The sum of the losses.
        """
        if self.size == 1:
            return loss
        self._gather_sparse([one for one in parameters if one.grad is not None and one.grad.is_sparse], tables)
        dense = [one.grad for one in parameters if one.grad is not None and not one.grad.is_sparse]
        flat = torch.cat([loss.reshape(1), *(one.reshape(-1) for one in dense)])
        with _connected() as distributed:
            distributed.all_reduce(flat)
        total, *sums = torch.split(flat, [1, *(one.numel() for one in dense)])
        for gradient, summed in zip(dense, sums, strict=True):
            gradient.copy_(summed.view_as(gradient))
        return total.squeeze(0)

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Overwrite tensors with those of rank 0."""
        if self.size > 1:
            with torch.no_grad(), _connected() as distributed:
                for one in tensors:
                    distributed.broadcast(one, 0)

    def _gather_sparse(self, parameters: Sequence[nn.Parameter], tables: Collection[Tensor]) -> None:
        if not parameters:
            return
        gradients = [one.grad for one in parameters if one.grad is not None]
        own = torch.tensor([one._nnz() for one in gradients], device=gradients[0].device)
        counts = [one.tolist() for one in self._all_gather(own)]
        may_be_dense = {id(one) for one in tables}
        for place, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            rows, values = gradient._indices()[0], gradient._values()
            of_ranks = [one[place] for one in counts]
            if id(parameter) in may_be_dense and sum(of_ranks) >= len(parameter):
                parameter.grad = torch.zeros_like(parameter).index_add_(0, rows, values)
                continue
            longest = max(of_ranks)
            padded_rows, padded_values = rows.new_zeros(longest), values.new_zeros((longest, *values.shape[1:]))
            padded_rows[: len(rows)], padded_values[: len(rows)] = rows, values
            all_rows, all_values = (
                torch.cat([one[:count] for one, count in zip(self._all_gather(padded), of_ranks, strict=True)])
                for padded in (padded_rows, padded_values)
            )
            parameter.grad = torch.sparse_coo_tensor(
                all_rows.unsqueeze(0), all_values, parameter.shape, check_invariants=False
            )

    def _all_gather(self, part: Tensor) -> Tensor:
        """Return the tensors of all ranks, which have the same shape, ``(ranks, *part.shape)``."""
        whole = part.new_empty(self.size * part.numel())
        with _connected() as distributed:
            # Newer versions of torch call it by another name, and warn of the older one.
            gather = getattr(distributed, "all_gather_single", None) or distributed.all_gather_into_tensor
            gather(whole, part.reshape(-1))
        return whole.view(self.size, *part.shape)

    def _bounds(self, count: int, rank: int) -> tuple[int, int]:
        return count * rank // self.size, count * (rank + 1) // self.size


@contextmanager
def _connected() -> Iterator[Any]:
    """Give ``torch.distributed``; an error of its operations means that another rank is gone."""
    import torch.distributed

    try:
        yield torch.distributed
    except RuntimeError as error:
        _log.warning("an exchange between ranks failed: %s", " ".join(str(error).split()[:40]))
        raise MembersLostError("A process of the training lost the connection to another one.") from error
