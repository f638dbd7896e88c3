"""Matrix factorisation by alternating least squares (iALS)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import LearningError
from engine.factorization import specs
from engine.factorization.pairs import Pairs
from engine.factorization.row_blocks import RowBlocks
from engine.interactions import Interactions
from engine.models.closed_form import ClosedFormUserModel
from engine.models.factors import Factors
from engine.models.fold_in import Ridge
from engine.models.item_vectors import ItemVectorsMixin
from engine.models.option_checks import require_not_negative, require_positive, require_whole
from engine.models.spec import ModelSpec
from engine.ranking import MASKED_SCORE
from engine.runtime.executor import Executor, LocalExecutor
from engine.runtime.job import Job, Progress
from engine.runtime.thread_executor import ThreadExecutor

#: The number of conjugate gradient steps in each half of a sweep. More steps do not improve the model.
_CG_STEPS = 1
#: At the end the users are solved for to this relative error, which takes five steps or so.
_TOLERANCE, _MOST_STEPS = 1e-6, 200


class AlternatingLeastSquaresModel(ItemVectorsMixin, ClosedFormUserModel):
    """Implicit alternating least squares with regularisation scaled by frequency.

    The loss is ``Σ c (1 - w·h)²`` over the observed pairs, plus ``alpha Σ (w·h)²`` over all pairs, plus
    ``l2 Σ (n_u + alpha num_items)^nu |w_u|²`` and likewise for the items (Hu, Koren and Volinsky, ICDM 2008; Rendle,
    Krichene, Zhang and Koren, "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022).

    Parameters
    ----------
    embedding_dim
        The length of the vectors.
    n_iter
        The number of sweeps over users and items.
    alpha
        The weight of an unobserved pair.
    l2, nu
        The strength of the regularisation, and the exponent of its growth with the number of a user's or item's
        interactions.
    confidence
        The extra weight of a pair with the highest rating over a pair with the lowest rating, which has ``c = 1``.
        With 0 all pairs have the same weight.
    scale
        The scale of the initial vectors. Their expected squared length is ``scale ** 2``.
    random_state, device
        See :class:`engine.models.base.BaseModel`.

    Notes
    -----
    The ``weights`` of the interactions multiply ``c``. An item without interactions comes after all others.
    """

    spec: ClassVar[ModelSpec] = specs.ALS
    _tensors: ClassVar[tuple[str, ...]] = ("_users", "_items", "_gram", "_seen")
    _plain: ClassVar[tuple[str, ...]] = (*ClosedFormUserModel._plain, "_lowest", "_highest")

    def __init__(
        self,
        embedding_dim: int = 64,
        n_iter: int = 15,
        alpha: float = 0.2,
        l2: float = 0.018,
        nu: float = 1.0,
        confidence: float = 0.0,
        scale: float = 0.1,
        *,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        require_whole(embedding_dim=embedding_dim, n_iter=n_iter)
        require_not_negative(alpha=alpha, nu=nu, confidence=confidence)
        require_positive(l2=l2, scale=scale)
        self.embedding_dim, self.n_iter = int(embedding_dim), int(n_iter)
        self.alpha, self.l2, self.nu = float(alpha), float(l2), float(nu)
        self.confidence, self.scale = float(confidence), float(scale)
        self._executor: Executor = LocalExecutor()
        self._lowest = self._highest = 0.0
        self._users = self._items = self._gram = self._seen = torch.zeros(0)
        self._earlier: tuple[Tensor, Tensor, Tensor] | None = None

    def start_from(self, earlier: Any) -> bool:
        """Let the next fit begin from the vectors of an earlier model; False if they have another length."""
        if earlier.embedding_dim != self.embedding_dim:
            return False
        self._earlier = earlier._users, earlier._items, earlier._seen
        return True

    # -- training ------------------------------------------------------------------------------------------------
    def fit(
        self,
        interactions: Interactions,
        verbose: bool = False,
        job: Job | None = None,
        *,
        executor: Executor | None = None,
    ) -> None:
        """Train on interactions; see :meth:`engine.models.closed_form.ClosedFormUserModel.fit`.

        Parameters
        ----------
        interactions, verbose, job
            As there.
        executor
            What computes the blocks of users and items; None computes them here, on a CPU several at a time. The model
            is the same to the last bit.
        """
        self._executor = executor or (ThreadExecutor() if self.device.type == "cpu" else LocalExecutor())
        try:
            super().fit(interactions, verbose, job)
        finally:
            self._executor = LocalExecutor()

    def _fit(self, interactions: Interactions, job: Job) -> None:
        by_user, by_item = Pairs.of(interactions, self._confidences(interactions), self.device)
        generator = torch.Generator().manual_seed(0 if self.random_state is None else int(self.random_state))
        self._seen = by_item.lengths > 0
        items = torch.randn(self.num_items, self.embedding_dim, generator=generator).to(self.device)
        items *= (self.scale / self.embedding_dim**0.5) * self._seen[:, None]
        users = torch.zeros(self.num_users, self.embedding_dim, device=self.device)
        if self._earlier is not None:
            known_users, known_items, met = (one.to(self.device) for one in self._earlier)
            users[: len(known_users)] = known_users * (by_user.lengths > 0)[: len(known_users), None]
            # Items that the earlier model has not met begin as those of a new one.
            items[: len(known_items)][met] = known_items[met]
            self._earlier = None
        # Each sweep updates the users, then the items. At the end the users are solved exactly for the final items.
        num_users, num_items = int((by_user.lengths > 0).sum()), int(self._seen.sum())
        l2_user, l2_item = self._l2(by_user.lengths, num_items), self._l2(by_item.lengths, num_users)
        of_users = RowBlocks(by_user, by_item.lengths, self.embedding_dim, self._executor)
        of_items = RowBlocks(by_item, by_user.lengths, self.embedding_dim, self._executor)
        for sweep in range(self.n_iter):
            job.report(Progress("training als", sweep, self.n_iter, "sweeps"))
            of_users.improve(items, self._diagonalise(items), l2_user, users, job, steps=_CG_STEPS)
            of_items.improve(users, self._diagonalise(users), l2_item, items, job, steps=_CG_STEPS)
            self._end_epoch(job, sweep + 1, _users=users, _items=items, _gram=items.T @ items)
        common = self._diagonalise(items)
        of_users.improve(items, common, l2_user, users, job, steps=_MOST_STEPS, tolerance=_TOLERANCE)
        if not (torch.isfinite(users).all() and torch.isfinite(items).all()):
            raise LearningError("The training of als diverged: give it a larger l2.")
        self._users, self._items, self._gram = users, items, items.T @ items

    def _confidences(self, interactions: Interactions) -> npt.NDArray[np.float32] | None:
        """Return the weight of each interaction; None if all weights are 1."""
        weights = interactions.weights
        ratings = interactions.ratings
        if not self.confidence or ratings is None or not np.isfinite(ratings).any():
            self._lowest = self._highest = 0.0
            return None if weights is None else weights.astype(np.float32)
        self._lowest, self._highest = float(np.nanmin(ratings)), float(np.nanmax(ratings))
        confidences = self._weigh(torch.from_numpy(ratings.astype(np.float32))).numpy()
        return (confidences if weights is None else confidences * weights).astype(np.float32)

    def _weigh(self, ratings: Tensor) -> Tensor:
        """Return ``c`` for ratings. NaN counts as the lowest rating."""
        rating_range = max(self._highest - self._lowest, 1e-12)
        return 1.0 + self.confidence * ((ratings - self._lowest) / rating_range).nan_to_num(0.0).clamp(0.0, 1.0)

    def _l2(self, counts: Tensor, others: int) -> Tensor:
        return self.l2 * (counts + self.alpha * others).clamp_min(1e-9) ** self.nu

    def _diagonalise(self, fixed: Tensor) -> tuple[Tensor, Tensor]:
        """Return the eigenvalues and the eigenvectors of what all rows' equations have in common."""
        gram = self.alpha * (fixed.T @ fixed)
        eigenvalues, basis = (one.to(self.device, fixed.dtype) for one in torch.linalg.eigh(gram.double().cpu()))
        return eigenvalues.clamp_min(0.0), basis

    # -- predicting ---------------------------------------------------------------------------------------------
    @property
    def ranked(self) -> Tensor:
        """Which items can be ranked, ``(num_items,)``: those that training has met."""
        return self._seen

    def _score_users(self, users: Tensor) -> Tensor:
        hidden = (~self._seen).nonzero().squeeze(1)  # few: a mask would be applied to every score
        return (self._users[users] @ self._items.T).index_fill_(1, hidden, MASKED_SCORE)

    def _score_pairs(self, users: Tensor, items: Tensor) -> Tensor:
        return (self._users[users] * self._items[items]).sum(1).masked_fill_(~self._seen[items], MASKED_SCORE)

    def item_vectors(self) -> npt.NDArray[np.float32]:
        """Return the vectors of all items, ``(num_items, embedding_dim)``."""
        self._require_fitted()
        return self._items.cpu().numpy()

    def factors(self) -> Factors:
        """Return the vectors of users and items. There are no biases."""
        self._require_fitted()
        users, items = self._users.cpu().numpy(), self._items.cpu().numpy()
        return Factors(users, items, np.zeros(len(users), np.float32), np.zeros(len(items), np.float32))

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        ridge, vectors, targets = self._ridge_problem(items, ratings)
        return (self._items @ ridge.solve(vectors, targets)).masked_fill_(~self._seen, MASKED_SCORE)

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        ridge, vectors, history_targets = self._ridge_problem(items, ratings)
        return ridge.parts(vectors, history_targets, self._items[targets])

    def _removal_effects(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        ridge, vectors, history_targets = self._ridge_problem(items, ratings)
        return ridge.removal_effects(
            vectors, history_targets, self._items[targets], self._user_ridge(max(len(items) - 1, 0))
        )

    def _user_ridge(self, count: int) -> Ridge:
        """The weights of all items and the penalty, for a user with so many interactions."""
        precision = self.alpha * self._gram
        precision.diagonal().add_(self._l2(torch.tensor(float(count)), int(self._seen.count_nonzero())).item())
        return Ridge(precision, torch.zeros(self.embedding_dim, device=self.device))

    def _ridge_problem(self, items: Tensor, ratings: Tensor | None) -> tuple[Ridge, Tensor, Tensor]:
        """State a user's normal equations as a ridge regression. Each row is multiplied by the root of its weight."""
        ridge = self._user_ridge(len(items))
        root = torch.ones(len(items), device=self.device)
        if ratings is not None and self._highest > self._lowest:
            root = self._weigh(ratings).sqrt()
        return ridge, self._items[items] * root[:, None], root
