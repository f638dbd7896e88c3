"""The work of a rank of a distributed training; each function runs in all members of a group.

Every rank holds the model and the data. It draws the same batches as a single process would, and computes its part of
each; see :mod:`engine.training.divided`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.runtime.group import Member
from engine.runtime.job import Job
from engine.runtime.memory import failed_allocations
from engine.training.collective import Collective
from engine.training.loop import Learner, RunState, count_batches, limited_threads, remaining_batches

#: A model under training: its tensors by name, and plain data.
Packed = tuple[dict[str, Tensor], dict[str, Any]]
Arrays = dict[str, npt.NDArray[Any]]


class DividedLearner(Learner, Protocol):
    """A learner of a rank."""

    def synchronise(self) -> None:
        """Give all ranks the parameters of rank 0."""
        ...


class DivisibleLearner(Learner, Protocol):
    """A learner whose batches can be divided among the ranks."""

    def divide(self, collective: Collective) -> DividedLearner:
        """Return the learner of a rank."""
        ...


class RankModel(Protocol):
    """The model of a rank."""

    def begin_rank(self, interactions: Any) -> DivisibleLearner:
        """Make the learner of the model's training, which has begun elsewhere."""
        ...

    def pack_training(self) -> Packed:
        """Return everything that the training goes on from."""
        ...


class RankModelClass(Protocol):
    """The class of a :class:`RankModel`."""

    def unpack_training(self, packed: Packed, device: str) -> RankModel:
        """Make a model from :meth:`RankModel.pack_training`."""
        ...


@dataclass
class _Rank:
    """A rank between two calls: its model, its learner, and the epoch that is under way."""

    model: RankModel
    learner: DividedLearner
    threads: int
    state: RunState
    batches: Iterator[Any] | None = None
    loss_sum: Tensor | None = None
    #: The loss of the batches that were finished elsewhere.
    earlier_loss: float = 0.0


def prepare(
    job: Job, member: Member, model_class: RankModelClass, tensors: Arrays, header: Mapping[str, Any], interactions: Any
) -> None:
    """Connect to the other ranks, and make the model as it is so far.

    Parameters
    ----------
    job, member
        See :meth:`engine.runtime.group.Group.run`.
    model_class, tensors, header
        The class of the model and what it has packed.
    interactions
        The training data.
    """
    from engine.training.connect import connect

    collective = connect(member)
    # The arrays lie in memory that others share, and a training writes to its tensors.
    copies = {name: torch.from_numpy(np.array(one)) for name, one in tensors.items()}
    with failed_allocations():
        model = model_class.unpack_training((copies, dict(header)), "cuda" if member.gpu else "cpu")
        learner = model.begin_rank(interactions).divide(collective)
    threads = 1 if learner.small_steps else member.threads
    member.kept["rank"] = _Rank(model, learner, threads, RunState(0))


def advance(job: Job, member: Member, state: Mapping[str, Any], most: int) -> tuple[int, int, float]:
    """Train on the next batches of an epoch.

    Parameters
    ----------
    job, member
        See :meth:`engine.runtime.group.Group.run`.
    state
        The progress of the run before these batches; see :class:`engine.training.loop.RunState`.
    most
        The number of batches, if the epoch has as many left.

    Returns
    -------
    batch, batches, loss_sum
        The number of finished batches, and of all batches of the epoch, and the sum of the losses of the finished ones.
    """
    rank: _Rank = member.kept["rank"]
    if rank.batches is None:
        rank.state = RunState(**state)
        rank.earlier_loss = rank.state.loss_sum
        rank.batches = remaining_batches(rank.learner, rank.state)
        rank.loss_sum = torch.zeros((), device=rank.learner.device)
    assert rank.loss_sum is not None
    batches = count_batches(rank.learner.num_examples, rank.state.batch_size)
    last = min(batches, rank.state.batch + most)
    with failed_allocations(), limited_threads(rank.threads):
        while rank.state.batch < last:
            rank.loss_sum += rank.learner.step(next(rank.batches))
            rank.state.batch += 1
        rank.state.loss_sum = rank.earlier_loss + float(rank.loss_sum)
        if last == batches:
            rank.batches = None
            if rank.learner.device.type != "cpu":  # sums of repeated rows differ on a GPU in their last bits
                rank.learner.synchronise()
    return rank.state.batch, batches, rank.state.loss_sum


def collect(job: Job, member: Member) -> tuple[int, float, dict[str, Tensor], dict[str, Any]] | None:
    """Return the finished batches of the epoch, their loss, and the packed model; only rank 0 does."""
    rank: _Rank = member.kept["rank"]
    if member.rank:
        return None
    tensors, header = rank.model.pack_training()
    return rank.state.batch, rank.state.loss_sum, tensors, header
