"""Biased matrix factorisation by stochastic gradient descent (SVD)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import LearningError
from engine.factorization import specs
from engine.factorization.baseline import solve_offsets
from engine.factorization.least_squares import solve_rows
from engine.factorization.pairs import Pairs
from engine.factorization.rating_scale import RatingScale
from engine.interactions import Interactions
from engine.models.closed_form import ClosedFormUserModel
from engine.models.factors import Factors
from engine.models.fold_in import Ridge
from engine.models.item_vectors import ItemVectorsMixin
from engine.models.option_checks import require_positive, require_whole
from engine.models.spec import ModelSpec
from engine.runtime.job import Job, Progress


class BiasedFactorizationModel(ItemVectorsMixin, ClosedFormUserModel):
    """Predicts a rating as the mean, the biases of user and item, and the dot product of their vectors.

    The model is known as SVD (Funk, 2006; Koren, Bell and Volinsky, "Matrix factorization techniques for recommender
    systems", IEEE Computer 2009). It minimises
    ``Σ (rating - prediction)² + l2 Σ √n |vector|² + l2_user Σ bias² + l2_item Σ bias²``,
    where ``n`` is the number of a user's or item's ratings. Ratings are standardised first, so the options mean the
    same on every scale of ratings.

    Parameters
    ----------
    embedding_dim
        The length of the vectors.
    n_iter
        The number of epochs.
    batch_size
        The number of ratings a step.
    learning_rate
        The initial learning rate of a row with few ratings. It decreases linearly to 0.
    l2, l2_user, l2_item
        The strength of the regularisation of vectors and biases.
    scale
        The standard deviation of the elements of the initial vectors.
    random_state, device
        See :class:`engine.models.base.BaseModel`.

    Notes
    -----
    The gradients of a batch are summed by row. The step of a row is smaller the more often it occurs in a batch, so
    large batches stay stable. The biases start at the regularised means. After the last epoch the users are solved
    exactly, given the items, so a user gets the same scores as a new user with the same ratings.
    """

    spec: ClassVar[ModelSpec] = specs.SVD
    _tensors: ClassVar[tuple[str, ...]] = ("_users", "_items")
    _plain: ClassVar[tuple[str, ...]] = (*ClosedFormUserModel._plain, "_mean", "_unit")
    _plain_defaults: ClassVar[Mapping[str, Any]] = {**ClosedFormUserModel._plain_defaults, "_unit": 1.0}

    def __init__(
        self,
        embedding_dim: int = 32,
        n_iter: int = 20,
        batch_size: int = 8192,
        learning_rate: float = 0.1,
        l2: float = 1.3,
        l2_user: float = 5.0,
        l2_item: float = 2.0,
        scale: float = 0.1,
        *,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        require_whole(embedding_dim=embedding_dim, n_iter=n_iter, batch_size=batch_size)
        require_positive(learning_rate=learning_rate, l2=l2, l2_user=l2_user, l2_item=l2_item, scale=scale)
        self.embedding_dim, self.n_iter, self.batch_size = int(embedding_dim), int(n_iter), int(batch_size)
        self.learning_rate, self.l2, self.scale = float(learning_rate), float(l2), float(scale)
        self.l2_user, self.l2_item = float(l2_user), float(l2_item)
        self._mean, self._unit = 0.0, 1.0
        # The vectors, of standardised ratings; the last column is the bias.
        self._users = self._items = torch.zeros(0, 1)
        self._earlier: tuple[Tensor, Tensor, float] | None = None

    def start_from(self, earlier: Any) -> bool:
        """Let the next fit begin from the vectors of an earlier model; False if they have another length."""
        if earlier.embedding_dim != self.embedding_dim:
            return False
        self._earlier = earlier._users, earlier._items, earlier._unit
        return True

    # -- training ------------------------------------------------------------------------------------------------
    def _fit(self, interactions: Interactions, job: Job) -> None:
        assert interactions.ratings is not None
        self._mean, *biases = solve_offsets(interactions, self.l2_user, self.l2_item, job)
        self._unit = RatingScale.of(interactions.ratings, interactions.weights).unit
        generator = torch.Generator().manual_seed(0 if self.random_state is None else int(self.random_state))
        self._users, self._items = (self._initial_vectors(bias / self._unit, generator) for bias in biases)
        if self._earlier is not None:
            # The biases are solved for anew; the vectors' products are in units of the standard deviation.
            known_users, known_items, unit = self._earlier
            for table, known in ((self._users, known_users), (self._items, known_items)):
                table[: len(known), :-1] = known[:, :-1].to(self.device) * (unit / self._unit) ** 0.5
            self._earlier = None
        users, items = (self._tensor(ids, np.int64) for ids in (interactions.user_ids, interactions.item_ids))
        residuals = self._tensor(self._scale.standardize(interactions.ratings.astype(np.float64)), np.float32)
        weights = None if interactions.weights is None else self._tensor(interactions.weights, np.float32)
        sides = [
            (table, counts, self._decay(counts, l2) / counts.clamp_min(1.0)[:, None], self._steps(counts, len(users)))
            for table, ids, l2 in ((self._users, users, self.l2_user), (self._items, items, self.l2_item))
            for counts in [torch.bincount(ids, weights, minlength=len(table)).float()]
        ]
        (user_table, _, user_decay, user_steps), (item_table, _, item_decay, item_steps) = sides
        starts = range(0, len(users), self.batch_size)
        total, loss = self.n_iter * len(starts), 0.0
        for epoch in range(self.n_iter):
            order = torch.randperm(len(users), generator=generator).to(self.device)
            for number, start in enumerate(starts):
                job.checkpoint()
                batch = order[start : start + self.batch_size]
                u, i = users[batch], items[batch]
                p, q = user_table[u], item_table[i]
                error = residuals[batch] - _products(p, q)
                if weights is not None:
                    error = error * weights[batch]
                decrease = 1.0 - (epoch * len(starts) + number) / total
                # The factor of a bias is 1, so its gradient is the error.
                gradient_p, gradient_q = error[:, None] * q, error[:, None] * p
                gradient_p[:, -1] = gradient_q[:, -1] = error
                user_table.index_add_(0, u, gradient_p.sub_(user_decay[u] * p).mul_(user_steps[u] * decrease))
                item_table.index_add_(0, i, gradient_q.sub_(item_decay[i] * q).mul_(item_steps[i] * decrease))
            loss = float((error**2).mean())
            if not math.isfinite(loss):
                raise LearningError("The training of svd diverged: give it a smaller learning_rate.")
            job.report(Progress("training svd", epoch + 1, self.n_iter, "epochs", {"epoch": epoch + 1, "loss": loss}))
            self._end_epoch(job, epoch + 1)
        self._solve_users(interactions, sides[0][1], job)

    def _initial_vectors(self, biases: npt.NDArray[np.float64], generator: torch.Generator) -> Tensor:
        vectors = self.scale * torch.randn(len(biases), self.embedding_dim + 1, generator=generator)
        vectors[:, -1] = torch.from_numpy(biases).float()
        return vectors.to(self.device)

    def _decay(self, counts: Tensor, l2_bias: float) -> Tensor:
        """Return the penalty of each element's square in the loss, ``(len(counts), embedding_dim + 1)``."""
        decay = (self.l2 * counts.sqrt())[:, None].repeat(1, self.embedding_dim + 1)
        decay[:, -1] = l2_bias
        return decay

    def _steps(self, counts: Tensor, total: int) -> Tensor:
        """Return the step size of each row, ``(len(counts), 1)``. Rows that are frequent take smaller steps."""
        share = min(1.0, self.batch_size / total)
        return (self.learning_rate / (1.0 + self.learning_rate * share * counts))[:, None]

    def _solve_users(self, interactions: Interactions, counts: Tensor, job: Job) -> None:
        assert interactions.ratings is not None
        ratings = self._scale.standardize(interactions.ratings.astype(np.float64)).astype(np.float32)
        by_user, _ = Pairs.of(interactions, interactions.weights, self.device)
        targets, _ = Pairs.of(interactions, ratings, self.device)
        targets.values.sub_(self._items[targets.columns, -1])
        diagonals = self._decay(by_user.lengths.float(), self.l2_user).clamp_min(1e-9)
        for rows, solved in solve_rows(by_user, self._extended(), diagonals, targets):
            self._users[rows] = solved
            job.checkpoint()

    def _extended(self, items: Tensor | None = None) -> Tensor:
        """Return the vectors of items, or of all items, with a 1 for the user's bias."""
        extended = self._items.clone() if items is None else self._items[items]
        extended[:, -1] = 1.0
        return extended

    @property
    def _scale(self) -> RatingScale:
        return RatingScale(self._mean, self._unit)

    # -- predicting ---------------------------------------------------------------------------------------------
    def _score_users(self, users: Tensor) -> Tensor:
        p = self._users[users]
        return self._scale.restore(p[:, :-1] @ self._items[:, :-1].T + p[:, -1:] + self._items[:, -1])

    def _score_pairs(self, users: Tensor, items: Tensor) -> Tensor:
        return self._scale.restore(_products(self._users[users], self._items[items]))

    def item_vectors(self) -> npt.NDArray[np.float32]:
        """Return the vectors of all items, ``(num_items, embedding_dim)``."""
        self._require_fitted()
        vectors: npt.NDArray[np.float32] = self._items[:, :-1].cpu().numpy()
        return vectors

    def factors(self) -> Factors:
        """Return the vectors and biases of users and items, in the unit of the ratings."""
        self._require_fitted()
        users, items = self._users.cpu().numpy(), (self._unit * self._items).cpu().numpy()
        user_biases = (self._unit * self._users[:, -1]).cpu().numpy()
        return Factors(users[:, :-1], items[:, :-1], user_biases, items[:, -1], self._mean)

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        ridge, vectors, history_targets = self._ridge_problem(items, ratings)
        user = ridge.solve(vectors, history_targets)
        return self._scale.restore(self._items[:, -1] + self._items[:, :-1] @ user[:-1] + user[-1])

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        ridge, vectors, history_targets = self._ridge_problem(items, ratings)
        asked = self._items[targets]
        asked[:, -1] = 0.0  # a user's bias is the same for all items
        return self._unit * ridge.parts(vectors, history_targets, asked)

    def _removal_effects(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        ridge, vectors, history_targets = self._ridge_problem(items, ratings)
        smaller = self._user_ridge(len(items) - 1)
        asked = self._extended(targets)
        return self._unit * ridge.removal_effects(vectors, history_targets, asked, smaller)

    def _user_ridge(self, count: int) -> Ridge:
        """The penalties of a user with so many ratings."""
        decay = self._decay(torch.tensor([float(max(count, 0))], device=self.device), self.l2_user)[0].clamp_min(1e-9)
        return Ridge(torch.diag(decay), torch.zeros_like(decay))

    def _ridge_problem(self, items: Tensor, ratings: Tensor | None) -> tuple[Ridge, Tensor, Tensor]:
        """State a user's part of the loss as a ridge regression."""
        assert ratings is not None
        ridge = self._user_ridge(len(items))
        return ridge, self._extended(items), self._scale.standardize(ratings) - self._items[items, -1]


def _products(p: Tensor, q: Tensor) -> Tensor:
    """Compute the dot products of vectors, plus both biases, which are in the last column."""
    return (p[:, :-1] * q[:, :-1]).sum(1) + p[:, -1] + q[:, -1]
