"""The baseline model: the mean rating plus user and item biases."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.factorization import specs
from engine.factorization.rating_scale import RatingScale
from engine.interactions import Interactions
from engine.models.closed_form import ClosedFormUserModel
from engine.models.option_checks import require_not_negative
from engine.models.spec import ModelSpec
from engine.runtime.job import Job, Progress

Offsets = npt.NDArray[np.float64]

#: The largest number of sweeps, and the change of the standardised offsets below which the sweeps stop.
_MAX_SWEEPS, _TOLERANCE = 200, 1e-7


def solve_offsets(
    interactions: Interactions, l2_user: float, l2_item: float, job: Job
) -> tuple[float, Offsets, Offsets]:
    """Compute the mean rating, and the user and item offsets that minimise the regularised squared error.

    The error is ``Σ w (rating - mean - user - item)² + l2_user Σ user² + l2_item Σ item²``. It is
    minimised by solving for the items and for the users alternately, the users last.

    Returns
    -------
    mean, users, items
        The mean, and the offsets ``(num_users,)`` and ``(num_items,)``, which are 0 if there are no ratings.
    """
    assert interactions.ratings is not None
    of_user, of_item = interactions.user_ids, interactions.item_ids
    weights = np.ones(len(of_user)) if interactions.weights is None else interactions.weights.astype(np.float64)
    ratings = interactions.ratings.astype(np.float64)
    mean = float(np.average(ratings, weights=weights)) if weights.sum() > 0 else float(ratings.mean())
    centred = ratings - mean
    tolerance = _TOLERANCE * RatingScale.of(ratings, weights).unit
    users, items = np.zeros(interactions.num_users), np.zeros(interactions.num_items)
    # Without ratings the offset is 0, even without regularisation.
    per_user = np.maximum(np.bincount(of_user, weights, minlength=len(users)) + l2_user, 1e-12)
    per_item = np.maximum(np.bincount(of_item, weights, minlength=len(items)) + l2_item, 1e-12)
    for sweep in range(_MAX_SWEEPS):
        job.checkpoint()
        job.report(Progress("training baseline", sweep, None, "sweeps"))
        items = np.bincount(of_item, weights * (centred - users[of_user]), minlength=len(items)) / per_item
        before = users
        users = np.bincount(of_user, weights * (centred - items[of_item]), minlength=len(users)) / per_user
        if np.abs(users - before).max() < tolerance:
            break
    return mean, users, items


class BaselineModel(ClosedFormUserModel):
    """Regularised means of users and items (Koren, "Factor in the neighbors", TKDD 2010, section 2.1).

    Parameters
    ----------
    l2_user, l2_item
        The regularisation of the biases. It acts like this number of extra ratings equal to the prediction without the
        bias, for each user and item.
    random_state, device
        See :class:`engine.models.base.BaseModel`.
    """

    spec: ClassVar[ModelSpec] = specs.BASELINE
    _tensors: ClassVar[tuple[str, ...]] = ("_users", "_items")
    _plain: ClassVar[tuple[str, ...]] = (*ClosedFormUserModel._plain, "_mean")

    def __init__(
        self,
        l2_user: float = 5.0,
        l2_item: float = 3.0,
        *,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        require_not_negative(l2_user=l2_user, l2_item=l2_item)
        self.l2_user, self.l2_item = float(l2_user), float(l2_item)
        self._mean = 0.0
        self._users = self._items = torch.zeros(0)

    def _fit(self, interactions: Interactions, job: Job) -> None:
        self._mean, users, items = solve_offsets(interactions, self.l2_user, self.l2_item, job)
        self._users, self._items = self._tensor(users, np.float32), self._tensor(items, np.float32)

    def _score_users(self, users: Tensor) -> Tensor:
        return self._mean + self._users[users][:, None] + self._items

    def _score_pairs(self, users: Tensor, items: Tensor) -> Tensor:
        return self._mean + self._users[users] + self._items[items]

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        assert ratings is not None
        excess = (ratings - self._mean - self._items[items]).sum()
        return self._mean + self._items + excess / max(len(items) + self.l2_user, 1e-12)

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        # A history changes the scores of all items by the same amount.
        return torch.zeros(len(targets), len(items), device=self.device)
