"""Adam for tables of which a batch touches few rows, with one second moment a row."""

from __future__ import annotations

import torch
from torch import Tensor


class RowAdam:
    """Adam that moves only the rows a batch touches, each in the direction of its own gradient.

    Dense Adam (Kingma and Ba, ICLR 2015) also moves every other row on by its momentum at each step, which costs a
    pass over the whole table, and it divides each number's step by that number's own gradient: the small gradients
    of a vector become as large as its bias's, and ten epochs of ratings overfit. Here a row's numbers share a second
    moment, the squared length of its gradient over the square root of the row's width.

    Parameters
    ----------
    table
        ``(num_rows, width)``; copied.
    learning_rate, l2
        ``l2`` is added to a touched row's gradient as ``l2 * row``.
    betas, eps
        As in Adam.
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
        # Values and first moments in one tensor: one gather fetches both.
        self._state = torch.stack((table, torch.zeros_like(table)))
        self.second = torch.zeros(len(table), dtype=table.dtype, device=table.device)
        self._gradient = torch.zeros_like(table)

    @property
    def table(self) -> Tensor:
        """The values, ``(num_rows, width)``."""
        return self._state[0]

    @property
    def first(self) -> Tensor:
        """The first moments, ``(num_rows, width)``; the second ones, before the root of the width is taken into
        account, are in ``second``, ``(num_rows,)``."""
        return self._state[1]

    def gather(self, rows: Tensor) -> Tensor:
        """Values and first moments of rows, ``(2, len(rows), width)``, for :meth:`update`."""
        return self._state.index_select(1, rows)

    def update(self, rows: Tensor, gathered: Tensor, gradients: Tensor) -> None:
        """Make one step.

        Parameters
        ----------
        rows
            ``(n,)``; a row may come several times.
        gathered
            What :meth:`gather` gave for them; overwritten.
        gradients
            ``(n, width)``; those of the same row are summed.
        """
        # A repeated row reads the same sum and writes the same result each time: no deduplication is needed.
        self._gradient.index_add_(0, rows, gradients)
        gradient = self._gradient.index_select(0, rows)
        self._gradient.index_fill_(0, rows, 0.0)
        values, first = gathered.unbind(0)
        if self.l2:
            gradient.add_(values, alpha=self.l2)
        self.steps += 1
        beta1, beta2 = self.betas
        first.lerp_(gradient, 1.0 - beta1)
        second = self.second.index_select(0, rows).lerp_(torch.linalg.vecdot(gradient, gradient), 1.0 - beta2)
        correction1, correction2 = 1.0 - beta1**self.steps, (1.0 - beta2**self.steps) ** 0.5
        size = self.learning_rate * correction2 / correction1 * gradient.shape[1] ** 0.25
        values.addcmul_(first, second.add(self.eps**2).rsqrt_().unsqueeze(1), value=-size)
        self._state.index_copy_(1, rows, gathered)
        self.second.index_copy_(0, rows, second)

    def to(self, device: torch.device) -> None:
        """Move to another device."""
        self._state, self._gradient = self._state.to(device), self._gradient.to(device)
        self.second = self.second.to(device)
