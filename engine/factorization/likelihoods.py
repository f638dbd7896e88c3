"""Gaussian and ordinal likelihoods of ratings, with a noise precision for each user."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from engine.errors import LearningError
from engine.factorization.blocks import GibbsState

#: The largest number of distinct ratings for the ordinal likelihood.
MOST_GRADES = 50


class Noise:
    """Gaussian noise with a separate precision for each user.

    Some users rate more consistently than others. The precision of user u is α a_u, with a_u ~ Gamma(k, k), as in the
    heteroscedastic factorisation of Lakshminarayanan, Bouchard and Archambeau (AISTATS 2011).

    Parameters
    ----------
    users
        The user of each rating, shape ``(N,)``.
    num_users
        The number of users.
    concentration
        The shape k. The larger it is, the more similar the users' precisions are.
    scaled
        Whether α is drawn. Otherwise it is 1.
    """

    def __init__(self, users: Tensor, num_users: int, concentration: float, scaled: bool) -> None:
        self._users, self._scaled, self._concentration = users, scaled, concentration
        self._counts = torch.bincount(users, minlength=num_users).float()
        self._relative = torch.ones_like(self._counts)
        self.precisions = torch.ones_like(self._counts)
        """The current precision of each user's noise, shape ``(num_users,)``."""

    def draw(self, state: GibbsState, generator: torch.Generator) -> None:
        """Draw the precisions given the scores, and write them into the state."""
        squares = (state.target - state.score)[:-1].square()
        by_user = torch.zeros_like(self._counts).index_add_(0, self._users, squares)
        common = torch.ones((), device=squares.device)
        if self._scaled:
            shape = 1.0 + 0.5 * self._counts.sum()
            common = torch._standard_gamma(shape, generator=generator) / (1.0 + 0.5 * (self._relative * by_user).sum())
        own = torch._standard_gamma(self._concentration + 0.5 * self._counts, generator=generator)
        self._relative = own / (self._concentration + 0.5 * common * by_user)
        self.precisions = common * self._relative
        state.precision[:-1] = self.precisions.index_select(0, self._users)


class Likelihood(Protocol):
    """What the sampler needs of a likelihood."""

    noise: Noise

    def start(self) -> GibbsState:
        """Return the initial state."""

    def draw(self, state: GibbsState, generator: torch.Generator) -> None:
        """Draw the parameters of the likelihood given the scores, and update the state."""

    def thresholds(self) -> Tensor:
        """Return the current thresholds between the grades; empty if there are none."""


class Gaussian:
    """The Gaussian likelihood: a rating is a score plus Gaussian noise."""

    def __init__(self, ratings: Tensor, users: Tensor, num_users: int, concentration: float) -> None:
        self.noise = Noise(users, num_users, concentration, scaled=True)
        self._ratings = ratings

    def start(self) -> GibbsState:
        """Return a state in which each score is the mean rating."""
        return _state(self._ratings, float(self._ratings.double().mean()))

    def draw(self, state: GibbsState, generator: torch.Generator) -> None:
        """Draw the precisions of the noise."""
        self.noise.draw(state, generator)

    def thresholds(self) -> Tensor:
        """Return an empty tensor, as there are no thresholds."""
        return self._ratings.new_zeros(0)


class Ordinal:
    """The ordinal likelihood (ordered probit): a rating is the grade whose interval contains the score plus noise.

    The latent values are drawn as in Albert and Chib (1993). The thresholds are drawn by Metropolis steps on the
    likelihood with the latent values integrated out (Cowles, 1996). Every second threshold is updated at a time, since
    a threshold depends only on its two neighbours.

    Raises
    ------
    ValueError
        If there are too many distinct ratings, or only one.
    """

    def __init__(self, ratings: Tensor, users: Tensor, num_users: int, concentration: float) -> None:
        self.grades, self._grade = torch.unique(ratings, return_inverse=True)
        if not 2 <= len(self.grades) <= MOST_GRADES:
            raise LearningError(
                f"likelihood='ordinal' needs between 2 and {MOST_GRADES} different ratings, but there are "
                f"{len(self.grades)}: use likelihood='gaussian'."
            )
        self._users = users
        self.noise = Noise(users, num_users, concentration, scaled=False)
        below = torch.bincount(self._grade).double().cumsum(0)[:-1] / len(ratings)
        # The variance of the scores is about that of the noise, so the latent values have twice its variance.
        self._cuts: Tensor = (torch.special.ndtri(below) * math.sqrt(2.0)).float()
        self._steps = torch.full_like(self._cuts, 0.01)

    def start(self) -> GibbsState:
        """Return a state whose latent values are the midpoints of their grades' intervals."""
        edges = torch.cat([self._cuts[:1] - 1.0, self._cuts, self._cuts[-1:] + 1.0])
        return _state(((edges[:-1] + edges[1:]) / 2.0)[self._grade], 0.0)

    def draw(self, state: GibbsState, generator: torch.Generator) -> None:
        """Draw the thresholds, then the latent values, then the precisions of the noise."""
        score, root = state.score[:-1], self.noise.precisions.index_select(0, self._users).sqrt()
        for parity in (0, 1):
            self._update_thresholds(parity, score, root, generator)
        low, high, flipped = self._interval(self._cuts, score, root)
        first, last = torch.special.ndtr(low), torch.special.ndtr(high)
        uniform = torch.rand(score.shape, generator=generator, device=score.device)
        latent = torch.special.ndtri((first + uniform * (last - first)).clamp(1e-35, 1.0 - 1e-7))
        latent = torch.minimum(torch.maximum(latent, low), high)
        state.target[:-1] = score + torch.where(flipped, -latent, latent) / root
        self.noise.draw(state, generator)

    def thresholds(self) -> Tensor:
        """Return the current thresholds between the grades, ``(num_grades - 1,)``."""
        return self._cuts.clone()

    def _update_thresholds(self, parity: int, score: Tensor, root: Tensor, generator: torch.Generator) -> None:
        chosen = torch.zeros_like(self._cuts)
        chosen[parity::2] = 1.0
        if not chosen.any():
            return
        noise = torch.empty_like(self._cuts).normal_(generator=generator)
        proposed = self._cuts + chosen * self._steps * noise
        if (proposed.diff() <= 0).any():
            self._steps *= 0.8
            return
        gain = self._log_probability(proposed, score, root) - self._log_probability(self._cuts, score, root)
        # Grade g lies between the thresholds g - 1 and g. One of them has this parity.
        owner = torch.where(self._grade % 2 == parity, self._grade, self._grade - 1).clamp(0, len(self._cuts) - 1)
        gains = torch.zeros_like(self._cuts).index_add_(0, owner, gain)
        uniform = torch.rand(self._cuts.shape, generator=generator, device=gains.device)
        accepted = (uniform.log() < gains).float() * chosen
        self._cuts = torch.where(accepted > 0, proposed, self._cuts)
        self._steps = self._steps * (0.2 * chosen * (accepted - 0.44)).exp()

    def _log_probability(self, cuts: Tensor, score: Tensor, root: Tensor) -> Tensor:
        low, high, _ = self._interval(cuts, score, root)
        probability: Tensor = torch.special.ndtr(high) - torch.special.ndtr(low)
        return probability.clamp_min(1e-30).log()

    def _interval(self, cuts: Tensor, score: Tensor, root: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return each rating's interval in units of its noise, mirrored to the left tail for numerical precision."""
        edges = torch.cat([cuts.new_full((1,), -1e4), cuts, cuts.new_full((1,), 1e4)])
        low, high = (edges[self._grade] - score) * root, (edges[self._grade + 1] - score) * root
        flipped = low + high > 0
        return torch.where(flipped, -high, low), torch.where(flipped, -low, high), flipped


def expected_grade(score: Tensor, variance: Tensor, cuts: Tensor, grades: Tensor) -> Tensor:
    """Compute the mean rating of normally distributed scores.

    Parameters
    ----------
    score, variance
        The mean and the variance of the scores, noise included, of the same shape.
    cuts, grades
        The thresholds and the grades; see :class:`Ordinal`.
    """
    deviation = variance.sqrt()
    mean: Tensor = torch.full_like(score, float(grades[0]))
    for cut, step in zip(cuts, grades.diff(), strict=True):
        mean += step * torch.special.ndtr((score - cut) / deviation)
    return mean


def _state(target: Tensor, score: float) -> GibbsState:
    padded = torch.cat([target.float(), target.new_zeros(1).float()])
    precision = torch.ones_like(padded)
    precision[-1] = 0.0
    return GibbsState(padded, torch.full_like(padded, score), precision)
