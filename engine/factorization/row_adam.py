"""Adam for tables with sparse updates, with one second moment a row."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

#: Of so many rows the different ones are looked for, which then are updated once.
_MANY = 2048


@dataclass(slots=True)
class GatheredRows:
    """The rows of a batch with their moments.

    Attributes
    ----------
    rows
        The rows to update, ``(m,)``.
    state
        Their values and first moments, ``(m, 2, width)``.
    places
        For each row of the batch, a place among ``rows`` at which this row is, ``(n,)``.
    values
        The values of each row of the batch, ``(n, width)``.
    are_distinct
        Whether no row occurs twice among ``rows``; otherwise they are the rows of the batch.
    """

    rows: Tensor
    state: Tensor
    places: Tensor
    values: Tensor
    are_distinct: bool


class RowAdam:
    """Adam that updates only the rows of a batch, with one second moment for each row.

    Dense Adam (Kingma and Ba, ICLR 2015) differs in two ways. It also updates all other rows by their momentum, which
    costs a pass over the whole table at each step. And it divides each element's step by the size of that element's
    gradients, so a vector's small gradients move it as far as its bias; ten epochs on ratings then overfit. Here the
    elements of a row share a second moment: the squared length of the row's gradient, divided by the square root of
    the row's width.

    Parameters
    ----------
    table
        The initial values, ``(num_rows, width)``; they are copied.
    learning_rate, l2
        The learning rate and the weight decay. ``l2 * row`` is added to the gradient of each row of a batch.
    betas, eps
        The decay rates of the moments and the smallest divisor, as in Adam.

    Attributes
    ----------
    steps
        The number of steps, with the one that is being made.
    """

    def __init__(
        self,
        table: Tensor,
        learning_rate: float,
        l2: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.learning_rate, self.l2, self.betas, self.eps = learning_rate, l2, betas, eps
        self.steps = 0
        # A row's values and first moments side by side: in a large table a row is one place in memory instead of two.
        self._state = torch.stack((table, torch.zeros_like(table)), 1)
        self.second = torch.zeros(len(table), dtype=table.dtype, device=table.device)
        self._place = torch.zeros(len(table), dtype=torch.int64, device=table.device)

    @property
    def table(self) -> Tensor:
        """The values, ``(num_rows, width)``."""
        return self._state[:, 0]

    @property
    def first(self) -> Tensor:
        """The first moments, ``(num_rows, width)``.

        The attribute ``second``, ``(num_rows,)``, holds the second moments before the division by the root of the
        width.
        """
        return self._state[:, 1]

    def gather(self, rows: Tensor) -> GatheredRows:
        """Take the rows of a batch, ``(n,)``, of which one may occur several times, for :meth:`update`."""
        numbers = torch.arange(len(rows), device=rows.device)
        self._place.index_copy_(0, rows, numbers)
        places = self._place.index_select(0, rows)  # of each row, one of its places in the batch
        # A GPU would have to be awaited to know how many different ones there are.
        if len(rows) < _MANY or rows.device.type != "cpu":
            state = self._state.index_select(0, rows)
            return GatheredRows(rows, state, places, state[:, 0], are_distinct=False)
        is_chosen = places == numbers
        numbers = (is_chosen.cumsum(0) - 1).index_select(0, places)
        distinct = rows.index_select(0, is_chosen.nonzero().squeeze(1))
        state = self._state.index_select(0, distinct)
        return GatheredRows(distinct, state, numbers, state[:, 0].index_select(0, numbers), are_distinct=True)

    def update(self, gathered: GatheredRows, gradients: Tensor) -> None:
        """Make the step whose number is ``steps``, which the caller counts. Different rows may be updated separately.

        Parameters
        ----------
        gathered
            The result of :meth:`gather`, which is of no use afterwards.
        gradients
            The gradients of the rows of the batch, ``(n, width)``. Gradients of the same row are summed.
        """
        rows, state = gathered.rows, gathered.state
        summed = gradients.new_zeros(len(rows), gradients.shape[1])
        gradient = summed.index_add_(0, gathered.places, gradients)
        if not gathered.are_distinct:
            # A repeated row reads the same sum at one of its places, and writes the same result each time.
            gradient = gradient.index_select(0, gathered.places)
        values, first = state.unbind(1)
        if self.l2:
            gradient.add_(values, alpha=self.l2)
        beta1, beta2 = self.betas
        first.lerp_(gradient, 1.0 - beta1)
        second = self.second.index_select(0, rows).lerp_(torch.linalg.vecdot(gradient, gradient), 1.0 - beta2)
        correction1, correction2 = 1.0 - beta1**self.steps, (1.0 - beta2**self.steps) ** 0.5
        size = self.learning_rate * correction2 / correction1 * gradient.shape[1] ** 0.25
        values.addcmul_(first, second.add(self.eps**2).rsqrt_().unsqueeze(1), value=-size)
        self._state.index_copy_(0, rows, state)
        self.second.index_copy_(0, rows, second)

    def to(self, device: torch.device) -> None:
        """Move the table and its moments to another device."""
        self._state, self._place = self._state.to(device), self._place.to(device)
        self.second = self.second.to(device)

    def tensors(self) -> list[Tensor]:
        """Return the tensors that a step changes: the values and first moments, and the second moments."""
        return [self._state, self.second]
