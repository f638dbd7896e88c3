"""Fold-in: predictions for new users, and what each item of a history contributes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.data.ids import as_ids
from engine.errors import OptionError
from engine.models.base import BaseModel, Scores
from engine.ranking import finite_scores
from engine.training.cholesky import cholesky


class FoldInMixin(BaseModel):
    """A mixin for models of users that can score items for a new user from the user's history.

    A subclass overrides :meth:`_fold_in` and :meth:`_contributions`. If its capabilities declare that it predicts
    ratings, the history must have ratings.
    """

    # -- what a model implements ------------------------------------------------------------------------------------
    def _size(self) -> int:
        """Return the number of items, padding included. Raise NotTrainedError before the first fit."""
        raise NotImplementedError

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        """Return the scores of all items for a user with this history, ``(num_items,)``."""
        raise self._unsupported("folds_in")

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        """Return what each item of a history adds to the score of each target, ``(len(targets), len(items))``."""
        raise self._unsupported("explains")

    def _removal_effects(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        """Return how much each target's score falls without each item of a history, ``(len(targets), len(items))``.

        The contributions serve where a score is their sum. A model in which the other items of the history make up for
        one that is taken away overrides this.
        """
        return self._contributions(items, ratings, targets)

    # -- public methods ------------------------------------------------------------------------------------------
    @torch.no_grad()
    def fold_in(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None = None) -> Scores:
        """Score all items for a user who is not in the training data.

        Parameters
        ----------
        item_ids
            The items of the user's history, each once, shape ``(n,)``; may be empty.
        ratings
            The user's ratings of these items, shape ``(n,)``. A model that predicts ratings needs them; other models
            may ignore them.

        Returns
        -------
        numpy.ndarray
            ``(num_items,)``, on the scale of ``predict`` and finite as there: what the model cannot score comes last.
            The given items are scored like all others.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If an id is out of range, or ratings are missing or not finite, or their number is not that of the items.
        """
        self.require("folds_in")
        items, given = self._read_history(item_ids, ratings)
        return finite_scores(self._fold_in(items, given).float().cpu().numpy())

    @torch.no_grad()
    def contributions(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """Return how much each item of a history adds to the score of an item.

        Parameters
        ----------
        item_ids, ratings
            The history; see :meth:`fold_in`.
        item
            The item whose score is explained, or ``m`` items.

        Returns
        -------
        numpy.ndarray
            The contributions: ``(n,)`` for one item, ``(m, n)`` for several. They are negative if an item of the
            history lowers the score. Effects that are the same for all items, such as a user's bias, are left out.

        Raises
        ------
        NotTrainedError, ValueError
            See :meth:`fold_in`.
        """
        self.require("explains")
        items, given = self._read_history(item_ids, ratings)
        targets = as_ids(item, self._size(), "item").to(self.device)
        parts: Scores = self._contributions(items, given, targets.reshape(-1)).float().cpu().numpy()
        return parts if targets.ndim else parts[0]

    @torch.no_grad()
    def removal_effects(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """Return how much lower the score of an item would be without each item of a history.

        This is what a person takes from "because of": without it, the item would not be recommended as highly. It is
        not what :meth:`contributions` gives where the items of a history are alike, since the rest of them then stands
        in for the one that is missing.

        Parameters
        ----------
        item_ids, ratings, item
            As :meth:`contributions` takes them.

        Returns
        -------
        numpy.ndarray
            The falls of the scores of :meth:`fold_in`, in the shape that :meth:`contributions` has; negative if the
            score would rise.

        Raises
        ------
        NotTrainedError, ValueError
            See :meth:`fold_in`.
        """
        self.require("explains")
        items, given = self._read_history(item_ids, ratings)
        targets = as_ids(item, self._size(), "item").to(self.device)
        effects: Scores = self._removal_effects(items, given, targets.reshape(-1)).float().cpu().numpy()
        return effects if targets.ndim else effects[0]

    def _read_history(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None) -> tuple[Tensor, Tensor | None]:
        rates = self.capabilities.predicts_ratings
        items = as_ids(item_ids, self._size(), "item").reshape(-1).to(self.device)
        if ratings is None:
            if rates and len(items):
                raise OptionError(f"The model {self.name} needs the ratings of the items, as many as there are items.")
            return items, torch.zeros(0, device=self.device) if rates else None
        given = np.asarray(ratings, dtype=np.float32).reshape(-1)
        if len(given) != len(items):
            raise OptionError(f"There are {len(items)} items and {len(given)} ratings: give as many of each.")
        if rates and not np.isfinite(given).all():
            raise OptionError("There are ratings that are not a number or infinite: leave those items out.")
        return items, torch.from_numpy(given).to(self.device)


class Ridge:
    """Ridge regression of a user's vector on fixed item vectors, shrunk towards a mean vector.

    It minimises ``Σ (target - x·w)² + (w - mean)ᵀ precision (w - mean)`` over the items ``x`` of a history.

    Parameters
    ----------
    precision
        The precision of the prior, ``(d, d)``, positive definite.
    mean
        The mean of the prior, ``(d,)``.
    """

    def __init__(self, precision: Tensor, mean: Tensor) -> None:
        self.precision, self.mean = precision, mean

    @classmethod
    def of_people(cls, vectors: Tensor, noise: float) -> Ridge:
        """Make a prior for new users from the vectors of the trained users, ``(n, d)``.

        The prior is a Gaussian with the mean and the covariance of these vectors. ``noise`` is the variance of a target
        around ``x·w``.
        """
        mean = vectors.mean(0)
        centred = vectors - mean
        # With few users the covariance may be singular. A small multiple of the mean variance is added to it.
        covariance = centred.T @ centred / max(1, len(vectors) - 1)
        floor = max(1e-6, 0.01 * float(covariance.diagonal().mean()))
        covariance = covariance + floor * torch.eye(len(mean), device=vectors.device)
        return cls(noise * torch.cholesky_inverse(cholesky(covariance)), mean)

    def solve(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Solve for the user's vector, ``(d,)``, from item vectors ``(n, d)`` and targets ``(n,)``."""
        right = vectors.T @ (targets - vectors @ self.mean)
        return self.mean + torch.cholesky_solve(right[:, None], self._factor(vectors)).squeeze(1)

    def parts(self, vectors: Tensor, targets: Tensor, asked: Tensor) -> Tensor:
        """Return what each of ``n`` history items adds to the score of each of ``m`` items, ``(m, n)``.

        ``asked`` are the vectors of the ``m`` items, ``(m, d)``. The solution is linear in the targets (Hu, Koren and
        Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008, section 5).
        """
        solved = torch.cholesky_solve(asked.T, self._factor(vectors))
        return (vectors @ solved).T * (targets - vectors @ self.mean)

    def removal_effects(self, vectors: Tensor, targets: Tensor, asked: Tensor, smaller: Ridge | None = None) -> Tensor:
        """Return how much lower the score of each of ``m`` items is without each of ``n`` history items, ``(m, n)``.

        The solution without one row follows from the whole one by the Sherman-Morrison formula, as in leave-one-out
        cross-validation of a ridge regression, so that one factorisation serves all.

        Parameters
        ----------
        vectors, targets, asked
            As :meth:`parts` takes them.
        smaller
            The regression for a history with one item less, where that is another one.
        """
        if not len(vectors):
            return asked.new_zeros(len(asked), 0)
        other = smaller or self
        offsets = targets - vectors @ other.mean
        # With the factor L of the normal equations, L⁻¹ times the rows, the items asked for and the right side gives
        # all that is needed by products.
        right = torch.cat((vectors.T, asked.T, (vectors.T @ offsets)[:, None]), 1)
        solved = torch.linalg.solve_triangular(other._factor(vectors), right, upper=False)
        rows, wanted, user = solved.split((len(vectors), len(asked), 1), 1)
        leverage = rows.square().sum(0).clamp_max(1 - 1e-6)
        effects: Tensor = (wanted.T @ rows) * ((offsets - (rows.T @ user).squeeze(1)) / (1 - leverage))
        if smaller is not None:
            effects = effects + (asked @ (self.solve(vectors, targets) - other.mean))[:, None] - wanted.T @ user
        return effects

    def _factor(self, vectors: Tensor) -> Tensor:
        factor: Tensor = cholesky(self.precision + vectors.T @ vectors)
        return factor
