"""What a model of users can say of a person in no training set, and how much each item of a history counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.data.ids import as_ids
from engine.errors import OptionError
from engine.models.base import BaseModel, Scores
from engine.ranking import finite_scores


class FoldInMixin(BaseModel):
    """Mixed into a model of users: its answers from a handful of items.

    A subclass overrides :meth:`_fold_in` and :meth:`_contributions`. Where its capabilities say that it predicts
    ratings, it needs those of the items that it is given.
    """

    # -- what a model brings ------------------------------------------------------------------------------------
    def _size(self) -> int:
        """One more than the largest item id; raises NotTrainedError before the first fit."""
        raise NotImplementedError

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        """The scores of all items for somebody with this history, ``(num_items,)``."""
        raise self._unsupported("folds_in")

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        """What each item of a history adds to the score of each target, ``(len(targets), len(items))``."""
        raise self._unsupported("explains")

    # -- what it gives ------------------------------------------------------------------------------------------
    @torch.no_grad()
    def fold_in(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None = None) -> Scores:
        """The scores of all items for a person in no training set.

        Parameters
        ----------
        item_ids
            What the person has interacted with, each item once, shape ``(n,)``; may be empty.
        ratings
            Theirs, shape ``(n,)``, where the model predicts ratings; other models take them and may ignore them.

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
            If an id is out of range, or the ratings are missing, not finite, or not as many.
        """
        self.require("folds_in")
        items, given = self._read_history(item_ids, ratings)
        return finite_scores(self._fold_in(items, given).float().cpu().numpy())

    @torch.no_grad()
    def contributions(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike) -> Scores:
        """How much each item of a history speaks for recommending an item.

        Parameters
        ----------
        item_ids, ratings
            The history, as of :meth:`fold_in`.
        item
            The item in question, or ``m`` of them.

        Returns
        -------
        numpy.ndarray
            ``(n,)`` for one item, ``(m, n)`` for several; below 0 where an item speaks against it. What a history
            changes about the scores of all items alike, such as a user's bias, is left out.

        Raises
        ------
        NotTrainedError, ValueError
            As :meth:`fold_in`.
        """
        self.require("explains")
        items, given = self._read_history(item_ids, ratings)
        targets = as_ids(item, self._size(), "item").to(self.device)
        parts: Scores = self._contributions(items, given, targets.reshape(-1)).float().cpu().numpy()
        return parts if targets.ndim else parts[0]

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
    """A person's vector by least squares on fixed item vectors, drawn towards a mean person.

    It minimises ``Σ (target - x·w)² + (w - mean)ᵀ precision (w - mean)`` over the items ``x`` of a history.

    Parameters
    ----------
    precision
        ``(d, d)``, positive definite.
    mean
        ``(d,)``.
    """

    def __init__(self, precision: Tensor, mean: Tensor) -> None:
        self.precision, self.mean = precision, mean

    @classmethod
    def of_people(cls, vectors: Tensor, noise: float) -> Ridge:
        """The mean and the spread of trained people's vectors, ``(n, d)``, as what is expected of a new one.

        ``noise`` is the variance of a target around ``x·w``.
        """
        mean = vectors.mean(0)
        centred = vectors - mean
        # Few people, or all alike, leave directions without spread: the mean spread of all stands in a little.
        spread = centred.T @ centred / max(1, len(vectors) - 1)
        floor = max(1e-6, 0.01 * float(spread.diagonal().mean()))
        spread = spread + floor * torch.eye(len(mean), device=vectors.device)
        return cls(noise * torch.cholesky_inverse(torch.linalg.cholesky(spread)), mean)

    def solve(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """The person's vector, ``(d,)``, from item vectors ``(n, d)`` and targets ``(n,)``."""
        right = vectors.T @ (targets - vectors @ self.mean)
        return self.mean + torch.cholesky_solve(right[:, None], self._factor(vectors)).squeeze(1)

    def parts(self, vectors: Tensor, targets: Tensor, asked: Tensor) -> Tensor:
        """What each item adds to the score of each item asked about, ``(m, d)`` -> ``(m, n)``.

        The solution is linear in the targets (Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback
        datasets", ICDM 2008, section 5).
        """
        solved = torch.cholesky_solve(asked.T, self._factor(vectors))
        return (vectors @ solved).T * (targets - vectors @ self.mean)

    def _factor(self, vectors: Tensor) -> Tensor:
        factor: Tensor = torch.linalg.cholesky(self.precision + vectors.T @ vectors)
        return factor
