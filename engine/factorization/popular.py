"""The popularity model, which ranks items in the same order for every user."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from engine.factorization import specs
from engine.interactions import Interactions
from engine.models.closed_form import ClosedFormUserModel
from engine.models.option_checks import require_not_negative
from engine.models.spec import ModelSpec
from engine.runtime.job import Job

_DAY = 86_400.0


class PopularModel(ClosedFormUserModel):
    """Scores each item by the number of its interactions (the sum of their weights, if there are any).

    Parameters
    ----------
    half_life
        The half-life of an interaction in days. Its age is the time before the latest interaction. With 0, or without
        times, all interactions count equally. Times are in unix seconds.
    random_state, device
        See :class:`engine.models.base.BaseModel`.
    """

    spec: ClassVar[ModelSpec] = specs.POPULAR
    _tensors: ClassVar[tuple[str, ...]] = ("_counts",)

    def __init__(self, half_life: float = 0.0, *, random_state: int | None = None, device: str | None = None) -> None:
        super().__init__(random_state=random_state, device=device)
        require_not_negative(half_life=half_life)
        self.half_life = float(half_life)
        self._counts = torch.zeros(0)

    def _fit(self, interactions: Interactions, job: Job) -> None:
        counts = interactions.weights
        if self.half_life and interactions.timestamps is not None:
            times = interactions.timestamps.astype(np.float64)
            ages = (times.max() - times) / (self.half_life * _DAY)
            counts = 0.5**ages if counts is None else counts * 0.5**ages
        totals = np.bincount(interactions.item_ids, counts, minlength=interactions.num_items)
        self._counts = self._tensor(totals, np.float32)

    def _score_users(self, users: Tensor) -> Tensor:
        return self._counts.repeat(len(users), 1)

    def _score_pairs(self, users: Tensor, items: Tensor) -> Tensor:
        return self._counts[items]

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        return self._counts.clone()

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        return torch.zeros(len(targets), len(items), device=self.device)
