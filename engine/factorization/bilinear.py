"""Fast training of a :class:`BilinearNet`, without automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import torch
from torch import Tensor

from engine.factorization.objectives import Objective
from engine.factorization.representations import BilinearNet
from engine.factorization.row_adam import RowAdam
from engine.layers import ScaledEmbedding, ZeroEmbedding
from engine.runtime.thread_executor import use_one_core
from engine.sampling import NegativeSampler
from engine.training.collective import Collective
from engine.training.loop import SMALL_STEP

#: A batch: rows of the packed table ``(slots, batch)``, candidates, observed ratings and weights. The first slot is the
#: users, the second the items and the third, if any, the negatives. Alternatively the hardest of the candidates is
#: chosen as the negative.
Batch = tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]

R = TypeVar("R")


def is_plain(net: object) -> bool:
    """Return whether :class:`BilinearTrainer` can train this network."""
    return (
        type(net) is BilinearNet
        and type(net.user_embeddings) is ScaledEmbedding
        and type(net.item_embeddings) is ScaledEmbedding
        and net.user_embeddings.embedding_dim == net.item_embeddings.embedding_dim
        and net.user_embeddings.padding_idx is net.item_embeddings.padding_idx is None
    )


class PackedRows:
    """The rows of a :class:`BilinearNet` that occur in a data set, packed in one table, and their optimiser.

    Ids may be sparse (film ids up to 163,949 for 9,066 films). Packed rows are close together in memory, so the cost
    of training depends on the number of rows that occur and not on the largest id.

    Parameters
    ----------
    net
        The network whose rows are packed. :meth:`write_back` writes them back.
    users, items
        The ids of the rows, in ascending order.
    learning_rate, l2
        See :class:`RowAdam`.
    """

    def __init__(self, net: BilinearNet, users: Tensor, items: Tensor, learning_rate: float, l2: float) -> None:
        self.users, self.items = users, items
        with torch.no_grad():
            table = torch.cat(
                (
                    torch.cat((_weight(net.user_embeddings)[users], _weight(net.user_biases)[users]), 1),
                    torch.cat((_weight(net.item_embeddings)[items], _weight(net.item_biases)[items]), 1),
                )
            )
        self.adam = RowAdam(table, learning_rate, l2)

    def state(self) -> dict[str, Tensor]:
        """Return the state that :meth:`take_over` needs, except for the number of steps."""
        first = self.adam.first.contiguous()
        return {"users": self.users, "items": self.items, "first": first, "second": self.adam.second}

    def take_over(self, state: Mapping[str, Tensor], steps: int) -> None:
        """Continue with the Adam moments of an earlier fit. Rows that it did not have keep moments of 0."""
        self.adam.steps = steps
        start_here = start_there = 0
        for mine, theirs in ((self.users, state["users"]), (self.items, state["items"])):
            common = torch.isin(mine, theirs, assume_unique=True).nonzero().squeeze(1)
            here, there = common + start_here, torch.searchsorted(theirs, mine[common]) + start_there
            self.adam.first[here] = state["first"][there]
            self.adam.second[here] = state["second"][there]
            start_here, start_there = len(mine), len(theirs)

    def write_back(self, net: BilinearNet) -> None:
        """Write the rows back into the network."""
        users, items = torch.split(self.adam.table, [len(self.users), len(self.items)])
        with torch.no_grad():
            for rows, ids, vectors, biases in (
                (users, self.users, net.user_embeddings, net.user_biases),
                (items, self.items, net.item_embeddings, net.item_biases),
            ):
                _weight(vectors)[ids] = rows[:, :-1]
                _weight(biases)[ids] = rows[:, -1:]

    def to(self, device: torch.device) -> None:
        """Move the rows to another device."""
        self.adam.to(device)
        self.users, self.items = self.users.to(device), self.items.to(device)

    def same_rows(self, users: Tensor, items: Tensor) -> bool:
        """Return whether these ids are those of the packed rows."""
        return torch.equal(self.users, users) and torch.equal(self.items, items)


class BilinearTrainer:
    """Trains packed rows on pairs of a user and an item.

    Parameters
    ----------
    rows
        The rows to train.
    objective
        The function that gives the loss and its gradient with respect to the scores.
    users, items
        The pairs, ``(n,)`` each, as positions among the packed users and items.
    observed, weights
        The ratings and the weights of the pairs, or None.
    sampler, num_negatives
        The sampler of negatives for implicit losses, and their number for each pair. If there are several, the one with
        the highest score is used.
    batch_size
        The number of pairs in a step, which tells whether two threads pay.
    """

    def __init__(
        self,
        rows: PackedRows,
        objective: Objective,
        users: Tensor,
        items: Tensor,
        observed: Tensor | None = None,
        weights: Tensor | None = None,
        sampler: NegativeSampler | None = None,
        num_negatives: int = 1,
        batch_size: int = 1,
    ) -> None:
        self._rows, self._objective, self._num_users = rows, objective, len(rows.users)
        self._users, self._items, self._observed, self._weights = users, items, observed, weights
        self._sampler, self._num_negatives = sampler, num_negatives
        self.num_examples = len(users)
        # Torch's own threads would spin while they wait for each other, and each step has many operations.
        self.small_steps = True
        slots = 2 if sampler is None else 3
        is_large = slots * batch_size * rows.adam.table.shape[1] >= SMALL_STEP
        self._other_thread: ThreadPoolExecutor | None = None
        if is_large and users.device.type == "cpu" and torch.get_num_threads() > 1:
            self._other_thread = ThreadPoolExecutor(1, "items", initializer=use_one_core)
        self.device = users.device
        self._collective: Collective | None = None

    def batches(self, examples: Tensor, generator: torch.Generator, batch_size: int) -> Sequence[Batch]:
        """See :class:`engine.training.loop.Learner`."""
        users = self._users[examples].long()
        slots = [users, self._items[examples] + self._num_users]
        candidates = None
        if self._sampler is not None and self._num_negatives == 1:
            slots.append(self._sampler.sample(users, generator) + self._num_users)
        elif self._sampler is not None:
            owners = users.unsqueeze(1).expand(-1, self._num_negatives)
            candidates = self._sampler.sample(owners, generator) + self._num_users
        rows = _cut_columns(torch.stack(slots), batch_size)
        nothing: list[None] = [None] * len(rows)
        observed = nothing if self._observed is None else torch.split(self._observed[examples], batch_size)
        weights = nothing if self._weights is None else torch.split(self._weights[examples], batch_size)
        choices = nothing if candidates is None else torch.split(candidates, batch_size)
        return list(zip(rows, choices, observed, weights, strict=True))

    @torch.inference_mode()
    def step(self, batch: Batch) -> Tensor:
        """See :class:`engine.training.loop.Learner`."""
        rows, candidates, observed, weights = batch
        if candidates is not None:
            rows = torch.cat((rows, self._choose(rows[0], candidates).unsqueeze(0)))
        adam = self._rows.adam
        # Users and items are different rows of the table, so that two threads may work on them at the same time.
        sides = rows[0], rows[1:].reshape(-1)
        gathered = self._in_two(lambda side: adam.gather(sides[side]))
        user, items = gathered[0].values, gathered[1].values.reshape(len(rows) - 1, len(rows[0]), -1)
        scores = self._score(user, items)
        loss, slope = self._objective(scores, observed, weights)
        gradients = self._in_two(
            lambda side: (_of_items(user, slope) if side else _of_users(items, slope)).view(len(sides[side]), -1)
        )
        adam.steps += 1
        self._in_two(lambda side: adam.update(gathered[side], gradients[side]))
        return loss

    def _in_two(self, work: Callable[[int], R]) -> tuple[R, R]:
        """Do the work on the users (0) and on the items (1), in two threads if a step is large."""
        if self._other_thread is None:
            return work(0), work(1)
        items = self._other_thread.submit(torch.inference_mode()(work), 1)
        try:
            users = work(0)
        finally:
            wait((items,))  # also if this thread fails: the other one must not write any more
        return users, items.result()

    def move(self, device: torch.device) -> None:
        """See :class:`engine.training.loop.Learner`."""
        self._rows.to(device)
        self._users, self._items = self._users.to(device), self._items.to(device)
        self._observed = None if self._observed is None else self._observed.to(device)
        self._weights = None if self._weights is None else self._weights.to(device)
        self._sampler = None if self._sampler is None else self._sampler.to(device)
        self.device = device

    def divide(self, collective: Collective) -> BilinearTrainer:
        """Have the ranks of a collective compute a part each of the scores, and of the choice of negatives.

        What follows of the scores, the gradients and the step of the optimiser, is computed by every rank: sending
        the gradients of a batch would take longer. The model is thus the same to the last bit.
        """
        self._collective = collective
        return self

    def synchronise(self) -> None:
        """Give all ranks the rows of rank 0, since sums on a GPU may differ in their last bits."""
        assert self._collective is not None
        self._collective.broadcast(self._rows.adam.tensors())

    def _score(self, user: Tensor, items: Tensor) -> Tensor:
        if self._collective is None:
            return _scores(user, items)
        part = self._collective.part(len(user))
        return self._collective.gather(_scores(user[part], items[:, part]), len(user))

    def _choose(self, users: Tensor, candidates: Tensor) -> Tensor:
        if self._collective is None:
            return self._hardest(users, candidates)
        part = self._collective.part(len(users))
        return self._collective.gather(self._hardest(users[part], candidates[part]), len(users))

    def _hardest(self, users: Tensor, candidates: Tensor) -> Tensor:
        table = self._rows.adam.table
        items = table.index_select(0, candidates.reshape(-1)).view(*candidates.shape, -1)
        scores = _scores(table.index_select(0, users).unsqueeze(1), items)
        return candidates.gather(1, scores.argmax(1, keepdim=True)).squeeze(1)


def _of_users(items: Tensor, slope: Tensor) -> Tensor:
    """The gradients of the users: the derivative of a score is the item's vector, and 1 for the bias, the last element.

    Parameters
    ----------
    items
        The rows of items, ``(num_items, batch, width)``.
    slope
        The derivative of the loss with respect to the scores, ``(num_items, batch)``.
    """
    gradients = (items * slope.unsqueeze(-1)).sum(0)
    gradients[:, -1] = slope.sum(0)
    return gradients


def _of_items(users: Tensor, slope: Tensor) -> Tensor:
    """The gradients of the items, ``(num_items, batch, width)``; see :func:`_of_users`."""
    gradients = users * slope.unsqueeze(-1)
    gradients[..., -1] = slope
    return gradients


def _scores(users: Tensor, items: Tensor) -> Tensor:
    dot: Tensor = (users[..., :-1] * items[..., :-1]).sum(-1)
    return dot.add_(users[..., -1]).add_(items[..., -1])


def _cut_columns(rows: Tensor, batch_size: int) -> list[Tensor]:
    """Cut columns into contiguous batches, with one copy for all instead of one a batch."""
    slots, count = rows.shape
    whole = count // batch_size * batch_size
    batches = rows[:, :whole].reshape(slots, -1, batch_size).transpose(0, 1).contiguous()
    return [*batches.unbind(0), *([rows[:, whole:].contiguous()] if whole < count else [])]


def _weight(layer: torch.nn.Module) -> Tensor:
    assert isinstance(layer, ScaledEmbedding | ZeroEmbedding)
    return layer.weight
