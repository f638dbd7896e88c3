"""Item-based nearest neighbours (kNN) for rating prediction."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.factorization.baseline import solve_offsets
from engine.factorization.pairs import Pairs
from engine.factorization.rating_scale import RatingScale
from engine.interactions import Interactions
from engine.models.closed_form import ClosedFormUserModel
from engine.models.option_checks import require_not_negative, require_positive, require_whole
from engine.models.spec import ModelSpec
from engine.neighbours import specs
from engine.neighbours.overlap import Overlap, compact
from engine.runtime.job import Job, Progress

#: Neighbours whose weight is below this share of the damping are dropped.
_MIN_WEIGHT_SHARE = 0.01


class NeighboursModel(ClosedFormUserModel):
    """Item-based nearest neighbours on the residuals of the baseline (Koren, "Factor in the neighbors", TKDD 2010).

    The baseline prediction is the mean plus the offsets of user and item. To it the model adds the weighted mean of the
    residuals of the user's ratings of the item's neighbours. The weight of a neighbour is a power of the correlation of
    the two items' residuals over their common raters. The correlation is shrunk towards 0 if there are few common
    raters.

    The weights of the interactions count in the offsets, in the correlations and in the mean of the residuals. A common
    rater of the items ``i`` and ``j`` counts ``√(w_i w_j)`` times in the items' correlation and in the number of their
    common raters. Larger weights throughout weaken ``shrinkage``, ``damping``, ``l2_user`` and ``l2_item``.

    Parameters
    ----------
    neighbors
        The largest number of neighbours of an item. Neighbours whose weight is below a hundredth of ``damping`` are
        dropped.
    shrinkage
        The number of common raters for which a correlation is halved.
    power
        The exponent of the correlation. With 2, few similar neighbours outweigh many dissimilar ones.
    damping
        A constant added to the sum of the weights. It shrinks predictions that rely on small weights only.
    l2_user, l2_item
        See :class:`engine.factorization.baseline.BaselineModel`.
    random_state, device
        See :class:`engine.models.base.BaseModel`.

    Notes
    -----
    The neighbours of an item are the same for all users. They are not selected among the items that a user has rated.
    With a few hundred neighbours and the power of the weights, predictions are as accurate, and all items of a user are
    scored at once. :meth:`fold_in` and :meth:`contributions` are not given weights: each rating of their history has
    the weight 1.
    """

    spec: ClassVar[ModelSpec] = specs.KNN
    _tensors: ClassVar[tuple[str, ...]] = (
        "_items", "_kept", "_position", "_ends", "_history", "_ratings", "_stops", "_targets", "_weights",
        "_history_weights",
    )  # fmt: skip
    _later_tensors: ClassVar[tuple[str, ...]] = ("_history_weights",)
    _plain: ClassVar[tuple[str, ...]] = (*ClosedFormUserModel._plain, "_mean")

    def __init__(
        self,
        neighbors: int = 300,
        shrinkage: float = 200.0,
        power: float = 2.0,
        damping: float = 0.01,
        l2_user: float = 5.0,
        l2_item: float = 2.0,
        *,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        require_whole(neighbors=neighbors)
        require_not_negative(shrinkage=shrinkage, l2_user=l2_user, l2_item=l2_item)
        require_positive(power=power, damping=damping)
        self.neighbors, self.shrinkage, self.power = int(neighbors), float(shrinkage), float(power)
        self.damping, self.l2_user, self.l2_item = float(damping), float(l2_user), float(l2_item)
        self._mean = 0.0
        # _items: the offsets of the items that occur. _kept: these items. _position: each item's position among them,
        # or -1.
        self._items = torch.zeros(0)
        self._kept = self._position = torch.zeros(0, dtype=torch.long)
        # _history, _ratings: the items of all users, as positions, and their ratings; _ends: the end of each user.
        # _history_weights: the weights of these ratings; empty if all are 1.
        # _targets, _weights: for each item the items whose neighbour it is, and its weights; _stops: the end of each
        # item.
        self._ends = self._history = self._stops = self._targets = torch.zeros(0, dtype=torch.long)
        self._ratings = self._weights = self._history_weights = torch.zeros(0)

    # -- training ------------------------------------------------------------------------------------------------
    def _fit(self, interactions: Interactions, job: Job) -> None:
        compacted, kept, position = compact(interactions)
        self._mean, users, items = solve_offsets(compacted, self.l2_user, self.l2_item, job)
        assert compacted.ratings is not None
        residuals = compacted.ratings - self._mean - users[compacted.user_ids] - items[compacted.item_ids]
        # Correlations do not depend on the unit, but squares of very large or very small residuals leave float32.
        standardized = (residuals / RatingScale.of(compacted.ratings).unit).astype(np.float32)
        weights = None if compacted.weights is None else compacted.weights.astype(np.float32)
        by_user, _ = Pairs.of(compacted, compacted.ratings.astype(np.float32), self.device, weights)
        self._kept, self._position = kept.to(self.device), position.to(self.device)
        self._items = self._tensor(items, np.float32)
        self._ends, self._history, self._ratings = by_user.ends, by_user.columns, by_user.values
        by_item = Pairs.of(compacted, standardized, self.device, weights)[1]
        self._history_weights, roots = torch.zeros(0, device=self.device), torch.ones_like(by_item.values)
        if weights is not None:
            of_users, of_items = Pairs.of(compacted, weights, self.device)
            self._history_weights, roots = of_users.values, of_items.values.sqrt()
        self._stops, self._targets, self._weights = self._neighbours(by_item, roots, job)

    def _neighbours(self, by_item: Pairs, roots: Tensor, job: Job) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the weights, grouped by the neighbour: the end of each group, the target items and the weights.

        ``by_item`` holds the residuals, and ``roots`` the roots of the weights of these ratings.
        """
        size, residuals = len(by_item.ends), by_item.values
        rooted, squares = roots * residuals, roots * residuals**2
        overlap = Overlap(by_item, self.num_users)
        of_residuals, of_presence, of_squares = (overlap.left(one) for one in (rooted, roots, squares))
        neighbours, targets, weights = [], [], []
        min_similarity = (_MIN_WEIGHT_SHARE * self.damping) ** (1.0 / self.power)
        for piece in overlap.pieces():
            job.report(Progress("training knn", piece.start, size, "items"))
            job.checkpoint()
            there = overlap.right(roots, piece)
            common = of_presence @ there
            scale = (of_squares @ there) * (of_presence @ overlap.right(squares, piece))
            correlation = (of_residuals @ overlap.right(rooted, piece)) / scale.clamp_min(1e-20).sqrt()
            similarity = correlation * common / (common + self.shrinkage).clamp_min(1e-20)
            columns = torch.arange(piece.start, piece.stop, device=self.device)
            similarity[columns, columns - piece.start] = 0.0
            # If an item has too many neighbours, the least similar ones are dropped.
            full_columns = ((similarity >= min_similarity).sum(0) > self.neighbors).nonzero().squeeze(1)
            thresholds = torch.full_like(similarity[0], min_similarity)
            if len(full_columns):
                thresholds[full_columns] = (
                    similarity[:, full_columns].T.topk(self.neighbors, 1, sorted=False).values.amin(1)
                )
            rows, places = (similarity >= thresholds).nonzero(as_tuple=True)
            neighbours.append(rows)
            targets.append(columns[places])
            weights.append(similarity[rows, places] ** self.power)
        neighbour, target, weight = torch.cat(neighbours), torch.cat(targets), torch.cat(weights)
        order = torch.sort(neighbour, stable=True).indices
        ends = torch.bincount(neighbour, minlength=size).cumsum(0)
        return ends, target[order], weight[order]

    # -- predicting ---------------------------------------------------------------------------------------------
    def _score_users(self, users: Tensor) -> Tensor:
        scores = torch.empty(len(users), self.num_items, device=self.device)
        for row, user in enumerate(users.tolist()):
            part = slice(int(self._ends[user - 1]) if user else 0, int(self._ends[user]))
            weights = self._history_weights[part] if len(self._history_weights) else None
            scores[row] = self._score(self._history[part], self._ratings[part], weights)
        return scores

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        assert ratings is not None
        places = self._position[items]
        return self._score(places[places >= 0], ratings[places >= 0])

    def _score(self, places: Tensor, ratings: Tensor, weights: Tensor | None = None) -> Tensor:
        offset, residuals = self._residuals(places, ratings, weights)
        entries, lengths = self._entries(places)
        targets, similarities = self._targets.index_select(0, entries), self._weights.index_select(0, entries)
        if weights is not None:
            similarities = similarities * torch.repeat_interleave(weights, lengths)
        sums = torch.zeros(2, len(self._kept), device=self.device)
        sums[0].index_add_(0, targets, similarities * torch.repeat_interleave(residuals, lengths))
        sums[1].index_add_(0, targets, similarities)
        known = self._mean + offset + self._items + sums[0] / (sums[1] + self.damping)
        scores = torch.full((self.num_items,), self._mean, device=self.device) + offset
        return scores.index_copy_(0, self._kept, known)

    def _residuals(self, places: Tensor, ratings: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Compute the user's offset and the residuals of the ratings."""
        item_residuals = ratings - self._mean - self._items[places]
        if weights is None:
            offset = item_residuals.sum() / max(len(places) + self.l2_user, 1e-12)
        else:
            offset = (weights * item_residuals).sum() / (weights.sum() + self.l2_user).clamp_min(1e-12)
        return offset, item_residuals - offset

    def _entries(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return the indices of these items' weights, one item after another, and each item's number of weights."""
        stops = self._stops[places]
        lengths = stops - torch.where(places > 0, self._stops[places - 1], 0)
        entries = torch.repeat_interleave(stops - lengths.cumsum(0), lengths)
        return entries.add_(torch.arange(len(entries), device=self.device)), lengths

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        assert ratings is not None
        places, asked = self._position[items], self._position[targets]
        known = (places >= 0).nonzero().squeeze(1)
        places = places[known]
        matrix = self._weights_between(places, asked)
        _, residuals = self._residuals(places, ratings[known])
        shares = matrix * residuals / (matrix.sum(1, keepdim=True) + self.damping)
        return torch.zeros(len(targets), len(items), device=self.device).index_copy_(1, known, shares)

    def _weights_between(self, places: Tensor, asked: Tensor) -> Tensor:
        """Return the weight of each item as a neighbour of each item in ``asked``, ``(len(asked), len(places))``."""
        entries, lengths = self._entries(places)
        # An item without neighbours has the place -1, which selects the extra element at the end. Of an item that is
        # asked for twice, one row is filled, and taken for both.
        row_of_place = torch.full((len(self._kept) + 1,), -1, device=self.device)
        row_of_place[asked] = torch.arange(len(asked), device=self.device)
        rows = row_of_place.index_select(0, self._targets.index_select(0, entries))
        found = (rows >= 0).nonzero().squeeze(1)  # few of all, so all else is done for these alone
        owners = torch.searchsorted(lengths.cumsum(0), found, right=True)
        matrix = torch.zeros(len(asked), len(places), device=self.device)
        matrix[rows[found], owners] = self._weights[entries[found]]
        return matrix[row_of_place[asked]]

    @torch.no_grad()
    def similarities(self, item: int) -> npt.NDArray[np.float32]:
        """Return the weight of this item as a neighbour of each item, ``(num_items,)``."""
        self._require_fitted()
        scores = torch.zeros(self.num_items, device=self.device)
        place = self._position[item]
        if place >= 0:
            entries, _ = self._entries(place[None])
            scores[self._kept[self._targets[entries]]] = self._weights[entries]
        return scores.cpu().numpy()
