"""Samples of a factorisation, and what is predicted from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from engine.factorization.blocks import FactorBlock
from engine.factorization.likelihoods import Likelihood, expected_grade

#: Numbers that the kept samples may hold together.
_BUDGET = 150_000_000
#: The rank of the mean of all samples' products, in lengths of one sample's vectors.
_RANK = 5


class Samples:
    """What is kept of a run.

    Parameters
    ----------
    blocks
        Users first, items last, days perhaps between.
    offset
        Added to all scores.
    wanted
        How many samples to keep whole; fewer where they would be too large.
    sweeps
        How many will be offered.
    """

    def __init__(self, blocks: Sequence[FactorBlock], offset: float, wanted: int, sweeps: int) -> None:
        size = sum(block.vectors.numel() for block in blocks)
        self._keep = max(2, min(wanted, sweeps, _BUDGET // max(1, size)))
        self._sweeps, self._seen = sweeps, 0
        self.offset = offset
        self.users: list[Tensor] = []
        self.items: list[Tensor] = []
        self.days: list[Tensor] = []
        self.day_weights: list[Tensor] = []
        self.thresholds: list[Tensor] = []
        self.variance = torch.zeros(blocks[0].count, device=blocks[0].vectors.device)
        self.item_doubt = torch.zeros(blocks[-1].count, device=blocks[-1].vectors.device)

    def add(self, blocks: Sequence[FactorBlock], item_means: Tensor, likelihood: Likelihood) -> None:
        """Offer the current state, with the conditional means of the items."""
        self._seen += 1
        users, items = blocks[0], blocks[-1]
        self.variance += (1.0 / likelihood.noise.precisions - self.variance) / self._seen
        # How far the draw lies from the mean, seen by an average user.
        left, deviation = users.vectors.clone(), items.vectors - item_means
        left[:, -1] = 1.0  # what the item's bias is multiplied with
        doubt = (deviation @ (left.T @ left / len(left)) * deviation).sum(1)
        self.item_doubt += (doubt - self.item_doubt) / self._seen
        if self._seen * self._keep // self._sweeps == (self._seen - 1) * self._keep // self._sweeps:
            return
        self.users.append(users.vectors.half())
        self.items.append(item_means.half())
        self.thresholds.append(likelihood.thresholds())
        if len(blocks) == 3:
            self.days.append(blocks[1].vectors.half())
            self.day_weights.append(torch.cat([prior.weights for prior in blocks[1].priors]))


@dataclass
class Posterior:
    """Predictions from samples. Vectors are of length D: the last element is a bias.

    Attributes
    ----------
    offset
        Added to all scores, ``()``.
    users, items, typical, days
        Samples in half precision, ``(S, count, D)``; ``days`` may have no rows. ``typical`` are the users on an average
        day.
    day_weights
        From a day's features to its vector, ``(S, f, D)``.
    user_factors, item_factors
        ``(num_users, r)`` and ``(num_items, r)``: their products are the mean score over all samples.
    variance
        Of each user's noise, ``(num_users,)``.
    item_doubt
        The variance that the item's vector adds within a sample, ``(num_items,)``.
    cuts, grades
        Of an ordinal likelihood; empty else.
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

    @classmethod
    def summarise(
        cls, samples: Samples, grades: Tensor, shares: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None
    ) -> Posterior:
        """Of a whole run.

        Parameters
        ----------
        samples
            Of the run.
        grades
            Of an ordinal likelihood; empty else.
        shares
            Whose each day is, and its share of their ratings: on a day that nothing is known of, users are what they
            are on average.
        """
        users, items = torch.stack(samples.users), torch.stack(samples.items)
        typical = users.float()
        if shares is not None:
            owners, parts = (torch.from_numpy(part).to(users.device) for part in shares)
            for sample, days in enumerate(samples.days):
                typical[sample].index_add_(0, owners, days.float() * parts.unsqueeze(1))
        offset = users.new_full((), samples.offset, dtype=torch.float32)
        user_factors, item_factors = _compress(typical, items.float(), samples.offset, _RANK * users.shape[2])
        return cls(
            offset,
            users,
            items,
            typical.half(),
            torch.stack(samples.days) if samples.days else users[:, :0],
            torch.stack(samples.day_weights) if samples.day_weights else users[:, :0].float(),
            user_factors,
            item_factors,
            samples.variance,
            samples.item_doubt,
            torch.stack(samples.thresholds).mean(0),
            grades,
        )

    # -- scores ---------------------------------------------------------------------------------------------------
    def all_scores(self, users: Tensor) -> Tensor:
        """Mean ratings of all items, ``(len(users), num_items)``."""
        scores = self.user_factors[users] @ self.item_factors.T
        return self.rating(scores, self.variance[users, None] + self.item_doubt)

    def pair_scores(self, users: Tensor, items: Tensor) -> Tensor:
        """Mean ratings of pairs, ``(n,)``."""
        scores = (self.user_factors[users] * self.item_factors[items]).sum(1)
        return self.rating(scores, self.variance[users] + self.item_doubt[items])

    def samples_of_pairs(self, users: Tensor, items: Tensor, days: Tensor | None, features: Tensor | None) -> Tensor:
        """Scores of pairs in each sample, ``(S, n)``.

        Parameters
        ----------
        users, items
            Shape ``(n,)``.
        days
            The numbers of the user's days, -1 for one without ratings; None for no day in particular.
        features
            Of the days, ``(n, f)``; used where their number is -1.
        """
        scores = []
        for sample in range(len(self.users)):
            right = self.items[sample, items].float()
            if days is None or features is None:
                left = self.typical[sample, users].float()
            else:
                left = self.users[sample, users].float()
                expected = features @ self.day_weights[sample]
                known = self.days[sample, days.clamp_min(0)].float() if self.days.shape[1] else expected
                left = left + torch.where((days >= 0).unsqueeze(1), known, expected)
            scores.append(self.offset + (left[:, :-1] * right[:, :-1]).sum(1) + left[:, -1] + right[:, -1])
        return torch.stack(scores)

    def rating(self, score: Tensor, variance: Tensor) -> Tensor:
        """What scores, normally distributed with this variance, come to on average."""
        return expected_grade(score, variance, self.cuts, self.grades) if len(self.grades) else score

    def latent(self, ratings: Tensor) -> Tensor:
        """Scores that stand for ratings: themselves, or the middles of their grades."""
        if not len(self.grades):
            return ratings
        edges = torch.cat([self.cuts[:1] - 1.0, self.cuts, self.cuts[-1:] + 1.0])
        nearest = (ratings.unsqueeze(1) - self.grades).abs().argmin(1)
        return ((edges[:-1] + edges[1:]) / 2.0)[nearest]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Of the tensors."""
        return tuple(field.name for field in fields(cls))

    def tensors(self) -> dict[str, Tensor]:
        """All of it by name, to be stored."""
        return dict(vars(self))


def _compress(users: Tensor, items: Tensor, offset: float, rank: int) -> tuple[Tensor, Tensor]:
    """Factors whose product is nearly the mean product of the samples.

    The mean of S products of rank D + 1 has rank S(D + 1), but its singular values fall fast, since the samples agree:
    a randomised range finder (Halko, Martinsson and Tropp, 2011, algorithm 4.4) finds the directions that matter.
    """
    samples = len(users)
    left = torch.cat([users[..., :-1], users[..., -1:] + offset, torch.ones_like(users[..., :1])], 2) / samples
    right = torch.cat([items[..., :-1], torch.ones_like(items[..., :1]), items[..., -1:]], 2)
    left, right = (part.permute(1, 0, 2).reshape(part.shape[1], -1) for part in (left, right))
    rank = min(rank, left.shape[1], len(left), len(right))
    generator = torch.Generator(device=left.device).manual_seed(0)
    probe = torch.empty(len(right), rank, device=left.device).normal_(generator=generator)
    basis = torch.linalg.qr(left @ (right.T @ probe)).Q
    basis = torch.linalg.qr(left @ (right.T @ (right @ (left.T @ basis)))).Q
    # The layout that a stored model has again: other ones round otherwise.
    return basis.contiguous(), (right @ (left.T @ basis)).contiguous()
