"""Posterior samples of a factorisation, and predictions from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.factorization.blocks import ROWS, FactorBlock
from engine.factorization.likelihoods import Likelihood, expected_grade
from engine.factorization.memory import number_kept
from engine.factorization.rating_scale import RatingScale

#: The user of each day, and the day's share of the user's ratings.
Shares: TypeAlias = tuple[npt.NDArray[np.integer], npt.NDArray[np.float32]]

#: The largest number of elements of the samples of pairs that are computed at once.
_PAIRS = 4_000_000
#: The rank of the compressed mean prediction, in multiples of the vectors' length.
_RANK_FACTOR = 5


class Samples:
    """Collects the samples of a run.

    Parameters
    ----------
    blocks
        The blocks of users, of days (if any) and of items, in this order.
    offset
        The constant that is added to all scores.
    wanted
        The number of samples to keep. Fewer are kept if they would be too large.
    sweeps
        The number of calls of :meth:`add` to come.
    shares
        The user of each day, and the day's share of the user's ratings; None without days. A user's vector on an
        average day is the mean over the user's days, weighted by these shares.
    """

    def __init__(
        self, blocks: Sequence[FactorBlock], offset: float, wanted: int, sweeps: int, shares: Shares | None
    ) -> None:
        users, days, items = blocks[0], blocks[1:-1], blocks[-1]
        size = users.vectors.numel() + items.vectors.numel()
        self._keep, keep_days = number_kept(wanted, sweeps, size, sum(block.vectors.numel() for block in days))
        self._sweeps, self._seen, self._kept = sweeps, 0, 0
        self.offset, self.shares = offset, shares
        rooms = min(self._keep, sweeps)
        self._keep_days = min(keep_days, rooms)
        # Allocated once: joining a list of samples would hold all of them twice.
        self.users = _room(users.vectors, rooms)
        self.items = _room(items.vectors, rooms)
        self.days = _room(days[0].vectors, self._keep_days) if days else self.users[:, :0]
        # If there are too many days to keep them in each sample, users on an average day are samples of their own.
        self.typical = _room(users.vectors, rooms) if days and self._keep_days < rooms else None
        self.day_weights: list[Tensor] = []
        self.thresholds: list[Tensor] = []
        self.variance = torch.zeros(blocks[0].count, device=blocks[0].vectors.device)
        self.item_doubt = torch.zeros(blocks[-1].count, device=blocks[-1].vectors.device)

    def add(self, blocks: Sequence[FactorBlock], item_means: Tensor, likelihood: Likelihood) -> None:
        """Add the current state and the conditional means of the items. Only some states are kept as samples."""
        self._seen += 1
        users, items = blocks[0], blocks[-1]
        self.variance += (1.0 / likelihood.noise.precisions - self.variance) / self._seen
        # The variance that the deviation of the draw from the mean adds to the score of an average user.
        left, deviation = users.vectors.clone(), items.vectors - item_means
        left[:, -1] = 1.0  # the factor of the item's bias
        item_variance = (deviation @ (left.T @ left / len(left)) * deviation).sum(1)
        self.item_doubt += (item_variance - self.item_doubt) / self._seen
        if self._seen * self._keep // self._sweeps == (self._seen - 1) * self._keep // self._sweeps:
            return
        self.users[self._kept] = users.vectors
        self.items[self._kept] = item_means
        self.thresholds.append(likelihood.thresholds())
        if len(blocks) == 3:
            self._add_days(users.vectors, blocks[1].vectors)
            self.day_weights.append(torch.cat([prior.weights for prior in blocks[1].priors]))
        self._kept += 1

    def _add_days(self, users: Tensor, days: Tensor) -> None:
        if self.typical is None:
            self.days[self._kept] = days
            return
        assert self.shares is not None
        means = torch.zeros_like(users)
        _add_days(means, days, self.shares)
        self.typical[self._kept] = users + means
        place = self._kept * self._keep_days // len(self.users)
        if place == (self._kept + 1) * self._keep_days // len(self.users):
            return
        owners, _ = self.shares
        for start in range(0, len(days), ROWS):
            part = slice(start, start + ROWS)
            self.days[place, part] = days[part] - means[torch.from_numpy(owners[part]).to(days.device)]


def _room(vectors: Tensor, samples: int) -> Tensor:
    return vectors.new_empty(samples, *vectors.shape, dtype=torch.float16)


@dataclass
class Posterior:
    """Predictions from samples. Vectors have the length D, and their last element is a bias.

    Attributes
    ----------
    offset
        The constant that is added to all scores, ``()``.
    users, items, typical, days
        The samples of the vectors in half precision, ``(S, count, D)``. ``typical`` holds the users on an average day.
        ``days`` may have no rows. There may be fewer samples of the days, in turns for all samples: these are the
        differences from the mean over the user's days, since they are added to the users on an average day.
    day_weights
        The linear maps from a day's features to its vector, ``(S, f, D)``.
    user_factors, item_factors
        The factors of the mean prediction, ``(num_users, r)`` and ``(num_items, r)``. Their products approximate the
        mean score over all samples.
    variance
        The variance of each user's noise, ``(num_users,)``.
    item_doubt
        The variance of the score that comes from the uncertainty of the item's vector within a sample,
        ``(num_items,)``.
    cuts, grades
        The thresholds and the grades of an ordinal likelihood; empty otherwise.
    center, unit
        The :class:`RatingScale` of the scores of a Gaussian likelihood, ``()`` each. The defaults suit models stored by
        versions that did not standardise ratings, and an ordinal likelihood, whose scores have no unit.
    """

    offset: Tensor
    users: Tensor
    items: Tensor
    typical: Tensor
    days: Tensor
    day_weights: Tensor
    user_factors: Tensor
    item_factors: Tensor
    variance: Tensor
    item_doubt: Tensor
    cuts: Tensor
    grades: Tensor
    center: Tensor = field(default_factory=lambda: torch.zeros(()))
    unit: Tensor = field(default_factory=lambda: torch.ones(()))

    @classmethod
    def summarise(
        cls,
        samples: Samples,
        grades: Tensor,
        scale: RatingScale,
    ) -> Posterior:
        """Make the posterior from the samples of a run.

        Parameters
        ----------
        samples
            The samples of the run.
        grades
            The grades of an ordinal likelihood; empty otherwise.
        scale
            The scale of the ratings that the samples explain.
        """
        users, items, shares = samples.users, samples.items, samples.shares
        averages = samples.typical
        if averages is None:
            averages = users.clone() if shares is None else torch.empty_like(users)
        mean_product = MeanProduct(users, items)
        for sample, vectors in enumerate(users if samples.typical is None else averages):
            typical = vectors.float()
            if shares is not None and samples.typical is None:
                _add_days(typical, samples.days[sample], shares)
                averages[sample] = typical
            mean_product.add(typical, items[sample].float(), samples.offset)
        offset = users.new_full((), samples.offset, dtype=torch.float32)
        user_factors, item_factors = mean_product.compress(_RANK_FACTOR * users.shape[2])
        return cls(
            offset,
            users,
            items,
            averages,
            samples.days,
            torch.stack(samples.day_weights) if samples.day_weights else users[:, :0].float(),
            user_factors,
            item_factors,
            samples.variance,
            samples.item_doubt,
            torch.stack(samples.thresholds).mean(0),
            grades,
            offset.new_tensor(scale.center),
            offset.new_tensor(scale.unit),
        )

    # -- scores ---------------------------------------------------------------------------------------------------
    def all_scores(self, users: Tensor) -> Tensor:
        """Return the mean ratings of all items, ``(len(users), num_items)``."""
        scores = self.user_factors[users] @ self.item_factors.T
        return self.rating(scores, self.variance[users, None] + self.item_doubt)

    def pair_scores(self, users: Tensor, items: Tensor) -> Tensor:
        """Return the mean ratings of pairs, ``(n,)``."""
        scores = (self.user_factors[users] * self.item_factors[items]).sum(1)
        return self.rating(scores, self.variance[users] + self.item_doubt[items])

    def samples_of_pairs(self, users: Tensor, items: Tensor, days: Tensor | None, features: Tensor | None) -> Tensor:
        """Return the scores of pairs in each sample, ``(S, n)``.

        Parameters
        ----------
        users, items
            The pairs, each of shape ``(n,)``.
        days
            The ids of the users' days, -1 for a day without ratings. None means an average day.
        features
            The features of the days, ``(n, f)``. They are used for the days with the id -1.
        """
        if days is None or features is None:
            piece = max(1, _PAIRS // max(1, self.typical[:, 0].numel()))
            parts = zip(torch.split(users, piece), torch.split(items, piece), strict=True)
            return torch.cat(
                [
                    self._products(self.typical.index_select(1, u).float(), self.items.index_select(1, i).float())
                    for u, i in parts
                ],
                1,
            )
        scores, is_known = [], (days >= 0).unsqueeze(1)
        around = self.users if len(self.days) == len(self.users) else self.typical
        for sample in range(len(self.users)):
            left, right = self.users[sample, users].float(), self.items[sample, items].float()
            left += features @ self.day_weights[sample]
            if self.days.shape[1]:
                day = self.days[sample % len(self.days), days.clamp_min(0)].float()
                left = torch.where(is_known, around[sample, users].float() + day, left)
            scores.append(self._products(left, right))
        return torch.stack(scores)

    def _products(self, left: Tensor, right: Tensor) -> Tensor:
        """Return the scores of pairs of vectors, whose last elements are biases."""
        return self.offset + (left[..., :-1] * right[..., :-1]).sum(-1) + left[..., -1] + right[..., -1]

    def rating(self, score: Tensor, variance: Tensor) -> Tensor:
        """Return the mean rating for scores that are normally distributed with this variance."""
        if len(self.grades):
            return expected_grade(score, variance, self.cuts, self.grades)
        return self.center + self.unit * score

    def latent(self, ratings: Tensor) -> Tensor:
        """Convert ratings to scores: standardised ratings, or the midpoints of their grades' intervals."""
        if not len(self.grades):
            return (ratings - self.center) / self.unit
        edges = torch.cat([self.cuts[:1] - 1.0, self.cuts, self.cuts[-1:] + 1.0])
        nearest = (ratings.unsqueeze(1) - self.grades).abs().argmin(1)
        return ((edges[:-1] + edges[1:]) / 2.0)[nearest]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the tensors."""
        return tuple(one.name for one in fields(cls))

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors by name, to store them."""
        return dict(vars(self))


def _add_days(users: Tensor, days: Tensor, shares: Shares) -> None:
    """Add to each user's vector the mean of the vectors of the user's days, some days at a time."""
    owners, parts = shares
    for start in range(0, len(days), ROWS):
        part = slice(start, start + ROWS)
        owner, weight = (torch.from_numpy(one[part]).to(users.device) for one in (owners, parts))
        users.index_add_(0, owner, days[part].float() * weight.unsqueeze(1))


class MeanProduct:
    """The mean over the samples of the products of users and items, as two matrices whose product it is.

    Each sample is S columns of them, so they are filled sample by sample, and never exist in another layout.
    """

    def __init__(self, users: Tensor, items: Tensor) -> None:
        samples, _, width = users.shape
        self._left = users.new_empty(users.shape[1], samples, width + 1, dtype=torch.float32)
        self._right = items.new_empty(items.shape[1], samples, width + 1, dtype=torch.float32)
        self._filled = 0

    def add(self, users: Tensor, items: Tensor, offset: float) -> None:
        """Add the vectors of one sample, ``(num_users, D)`` and ``(num_items, D)``."""
        left, right = self._left[:, self._filled], self._right[:, self._filled]
        left[:, :-2], left[:, -2], left[:, -1] = users[:, :-1], users[:, -1] + offset, 1.0
        left /= self._left.shape[1]
        right[:, :-2], right[:, -2], right[:, -1] = items[:, :-1], 1.0, items[:, -1]
        self._filled += 1

    def compress(self, rank: int) -> tuple[Tensor, Tensor]:
        """Compute factors whose product approximates the mean product.

        The mean of S products of rank D + 1 has a rank of up to S(D + 1), but its singular values decay fast because
        the samples are similar. A randomised range finder (Halko, Martinsson and Tropp, 2011, algorithm 4.4) finds the
        largest components.
        """
        left, right = self._left.flatten(1), self._right.flatten(1)
        rank = min(rank, left.shape[1], len(left), len(right))
        generator = torch.Generator(device=left.device).manual_seed(0)
        probe = torch.empty(len(right), rank, device=left.device).normal_(generator=generator)
        basis = torch.linalg.qr(left @ (right.T @ probe)).Q
        basis = torch.linalg.qr(left @ (right.T @ (right @ (left.T @ basis)))).Q
        # Contiguous like the tensors of a loaded model: products of other memory layouts round differently.
        return basis.contiguous(), (right @ (left.T @ basis)).contiguous()
