"""Stored factorisation models that answer for one user without torch; see :mod:`engine.models.numpy_model`."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.models.numpy_model import Array, Arrays, Header, Ids, NumpyUserModel, Scores
from engine.models.numpy_ridge import NotDefiniteError, NumpyRidge
from engine.ranking import MASKED_SCORE

#: The centre and the unit of ratings that were not standardised.
_USUAL_SCALE = (("center", 0.0), ("unit", 1.0))


class NumpyPopular(NumpyUserModel):
    """Answers for :class:`engine.factorization.popular.PopularModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        self.num_users, self.num_items = header["plain"]["num_users"], header["plain"]["num_items"]
        self._counts = arrays["counts"]

    def _score(self, user: int) -> Array:
        return self._counts.copy()

    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        return self._counts.copy()

    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        return np.zeros((len(targets), len(items)))


class NumpyBaseline(NumpyUserModel):
    """Answers for :class:`engine.factorization.baseline.BaselineModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        plain = header["plain"]
        self.num_users, self.num_items, self._mean = plain["num_users"], plain["num_items"], plain["mean"]
        self._users, self._items = arrays["users"], arrays["items"]

    def _score(self, user: int) -> Array:
        scores: Array = self._mean + self._users[user] + self._items
        return scores

    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        excess = (ratings - self._mean - self._items[items]).sum()
        scores: Array = self._mean + self._items + excess / max(len(items) + self._options["l2_user"], 1e-12)
        return scores

    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        return np.zeros((len(targets), len(items)))


class NumpyBayesian(NumpyUserModel):
    """Answers for :class:`engine.factorization.bayesian.BayesianModel` with the Gaussian likelihood."""

    @classmethod
    def answers_for(cls, header: Header) -> bool:
        """Whether ratings are linear in the scores."""
        return bool(header["options"]["likelihood"] == "gaussian")

    def _restore(self, header: Header, arrays: Arrays) -> None:
        plain = header["plain"]
        self.num_users, self.num_items = plain["num_users"], plain["num_items"]
        self._center, self._unit = (float(arrays.get(name, default)) for name, default in _USUAL_SCALE)
        self._users, self._items = arrays["user_factors"], arrays["item_factors"]
        self._variance, self._item_doubt = arrays["variance"], arrays["item_doubt"]
        self._user_samples, self._item_samples = arrays["typical"], arrays["items"]

    def predict(self, ids: Any, item_ids: Any = None, /, timestamps: npt.ArrayLike | None = None) -> Scores:
        """Return the scores of all items for one user, ``(num_items,)``; see :class:`BayesianModel`."""
        if timestamps is None:
            return super().predict(ids, item_ids)
        model: Any = self._whole
        whole: Scores = model.predict(ids, item_ids, timestamps)
        return whole

    def std(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike, timestamps: npt.ArrayLike | None = None) -> Scores:
        """Return the standard deviation of the ratings of one user, ``(n,)``; see :class:`BayesianModel`."""
        user, items = np.asarray(user_ids), np.asarray(item_ids)
        if timestamps is not None or user.size != 1 or not 0 <= user.item() < self.num_users:
            model: Any = self._whole
            whole: Scores = model.std(user_ids, item_ids, timestamps)
            return whole
        left = self._user_samples[:, user.item(), None].astype(np.float32)
        right = self._item_samples[:, items.reshape(-1)].astype(np.float32)
        scores = (left[..., :-1] * right[..., :-1]).sum(2) + right[..., -1] + left[..., -1]
        variance = self._variance[user.item()] + self._item_doubt[items.reshape(-1)] + scores.var(0, ddof=1)
        deviation: Scores = (self._unit * np.sqrt(variance)).astype(np.float32)
        return deviation

    def _score(self, user: int) -> Array:
        return self._ratings(self._items @ self._users[user])

    def _ratings(self, scores: Array) -> Array:
        ratings: Array = self._center + self._unit * scores
        return ratings

    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        return self._ratings(self._items @ self._ridge.solve(*self._history(items, ratings)).astype(np.float32))

    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        rows, wanted = self._history(items, ratings)
        effects: Array = self._unit * self._ridge.removal_effects(rows, wanted, self._items[targets])
        return effects

    def _history(self, items: Ids, ratings: Scores | None) -> tuple[Array, Array]:
        """The vectors and the scores of a history, each weighted by the certainty of its item."""
        roots = np.sqrt(self._noise / (self._noise + self._item_doubt[items]))
        return self._items[items] * roots[:, None], (np.asarray(ratings) - self._center) / self._unit * roots

    @cached_property
    def _noise(self) -> float:
        return float(self._variance.mean())

    @cached_property
    def _ridge(self) -> NumpyRidge:
        """The prior of a user, from the vectors of all."""
        return NumpyRidge.of_people(self._users, self._noise)


class NumpyAls(NumpyUserModel):
    """Answers for :class:`engine.factorization.als.AlternatingLeastSquaresModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        plain = header["plain"]
        self.num_users, self.num_items = plain["num_users"], plain["num_items"]
        self._lowest, self._highest = plain["lowest"], plain["highest"]
        self._users, self._items, self._gram, self._seen = (arrays[one] for one in ("users", "items", "gram", "seen"))

    @property
    def ranked(self) -> npt.NDArray[np.bool_]:
        """Which items can be ranked, ``(num_items,)``: those that training has met."""
        return self._seen

    def _score(self, user: int) -> Array:
        return self._masked(self._items @ self._users[user])

    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        roots = self._roots(len(items), ratings)
        user = self._ridge(len(items)).solve(self._items[items] * roots[:, None], roots)
        return self._masked(self._items @ user.astype(np.float32))

    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        roots = self._roots(len(items), ratings)
        ridge, smaller = self._ridge(len(items)), self._ridge(max(len(items) - 1, 0))
        return ridge.removal_effects(self._items[items] * roots[:, None], roots, self._items[targets], smaller)

    def _masked(self, scores: Array) -> Array:
        scores[~self._seen] = MASKED_SCORE
        return scores

    def _ridge(self, count: int) -> NumpyRidge:
        """The weights of all items and the penalty, for a user with so many interactions."""
        alpha, size = self._options["alpha"], len(self._gram)
        weight = max(count + alpha * int(np.count_nonzero(self._seen)), 1e-9) ** self._options["nu"]
        return NumpyRidge(alpha * self._gram + self._options["l2"] * weight * np.eye(size), np.zeros(size))

    def _roots(self, count: int, ratings: Scores | None) -> Array:
        """The roots of the weights of a user's interactions."""
        if ratings is None or self._highest <= self._lowest:
            return np.ones(count, np.float32)
        shares = np.nan_to_num((ratings - self._lowest) / max(self._highest - self._lowest, 1e-12))
        roots: Array = np.sqrt(1.0 + self._options["confidence"] * np.clip(shares, 0.0, 1.0))
        return roots


class NumpySvd(NumpyUserModel):
    """Answers for :class:`engine.factorization.svd.BiasedFactorizationModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        plain = header["plain"]
        self.num_users, self.num_items = plain["num_users"], plain["num_items"]
        self._mean, self._unit = plain["mean"], plain.get("unit", 1.0)
        self._users, self._items = arrays["users"], arrays["items"]

    def _score(self, user: int) -> Array:
        return self._scores_of(self._users[user])

    def _scores_of(self, user: Array) -> Array:
        scores: Array = self._mean + self._unit * (self._items[:, :-1] @ user[:-1] + user[-1] + self._items[:, -1])
        return scores

    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        user = self._ridge(len(items)).solve(self._extended(items), self._targets(items, ratings))
        return self._scores_of(user.astype(np.float32))

    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        if len(items) == 1:  # without it the vectors have no penalty, and what is left depends on the rounding
            raise NotDefiniteError
        vectors, wanted = self._extended(items), self._targets(items, ratings)
        ridge, smaller = self._ridge(len(items)), self._ridge(len(items) - 1)
        effects: Array = self._unit * ridge.removal_effects(vectors, wanted, self._extended(targets), smaller)
        return effects

    def _extended(self, items: Ids) -> Array:
        """The vectors of items, with a 1 for the user's bias."""
        vectors = self._items[items]
        vectors[:, -1] = 1.0
        return vectors

    def _targets(self, items: Ids, ratings: Scores | None) -> Array:
        targets: Array = (ratings - self._mean) / self._unit - self._items[items, -1]
        return targets

    def _ridge(self, count: int) -> NumpyRidge:
        """The penalties of a user with so many ratings."""
        size = self._items.shape[1]
        penalties = np.full(size, self._options["l2"] * float(max(count, 0)) ** 0.5)
        penalties[-1] = self._options["l2_user"]
        return NumpyRidge(np.diag(np.maximum(penalties, 1e-9)), np.zeros(size))


class NumpyExplicit(NumpyUserModel):
    """Answers for :class:`engine.factorization.explicit.ExplicitFactorizationModel` with the loss ``regression``."""

    @classmethod
    def answers_for(cls, header: Header) -> bool:
        """Whether the model is a regression without a network of the caller."""
        return header["options"]["loss"] == "regression" and not header["own_representation"]

    def _restore(self, header: Header, arrays: Arrays) -> None:
        sizes: dict[str, Any] = header["sizes"]
        self._read(sizes, arrays)
        self._offset, self._unit, self._lowest = sizes["_offset"], sizes["_unit"], sizes["_lowest"]
        self._noise = max(header["run"]["losses"][-1] / self._unit**2, 1e-3)
        self._has_item_0 = bool(arrays["seen"][0])

    def _read(self, sizes: Header, arrays: Arrays) -> None:
        """Set what all factorisations of this kind have."""
        self.num_users, self.num_items = sizes["_num_users"], sizes["_num_items"]
        self._users, self._items = arrays["net.user_embeddings.weight"], arrays["net.item_embeddings.weight"]
        self._user_biases = arrays["net.user_biases.weight"][:, 0]
        self._item_biases = arrays["net.item_biases.weight"][:, 0]

    def _score(self, user: int) -> Array:
        return self._scores_of(self._users[user], self._user_biases[user])

    def _scores_of(self, user: Array, bias: Any) -> Array:
        scores: Array = self._offset + self._unit * (self._items @ user + bias + self._item_biases)
        if not self._has_item_0:
            scores[0] = self._lowest
        return scores

    def _fold_in(self, items: Ids, ratings: Scores | None) -> Array:
        user = self._ridge.solve(self._extended(items), self._targets(items, ratings)).astype(np.float32)
        return self._scores_of(user[:-1], user[-1])

    def _removal_effects(self, items: Ids, ratings: Scores | None, targets: Ids) -> Array:
        vectors, wanted = self._extended(items), self._targets(items, ratings)
        effects: Array = self._unit * self._ridge.removal_effects(vectors, wanted, self._extended(targets))
        return effects

    @cached_property
    def _ridge(self) -> NumpyRidge:
        """The prior of a user, from the vectors of all."""
        return NumpyRidge.of_people(np.concatenate((self._users, self._user_biases[:, None]), 1), self._noise)

    def _extended(self, items: Ids) -> Array:
        """The vectors of items, with a 1 for the user's bias."""
        return np.concatenate((self._items[items], np.ones((len(items), 1), np.float32)), 1)

    def _targets(self, items: Ids, ratings: Scores | None) -> Array:
        targets: Array = (ratings - self._offset) / self._unit - self._item_biases[items]
        return targets


class NumpyImplicit(NumpyExplicit):
    """Answers for :class:`engine.factorization.implicit.ImplicitFactorizationModel`."""

    @classmethod
    def answers_for(cls, header: Header) -> bool:
        """Whether the model has no network of the caller."""
        return not header["own_representation"]

    def _restore(self, header: Header, arrays: Arrays) -> None:
        self._read(header["sizes"], arrays)
        self._offset, self._unit, self._noise = 0.0, 1.0, 1.0
        self._seen = arrays["seen"]

    @property
    def ranked(self) -> npt.NDArray[np.bool_]:
        """Which items can be ranked, ``(num_items,)``: those that training has met."""
        return self._seen

    def _scores_of(self, user: Array, bias: Any) -> Array:
        return np.where(self._seen, self._items @ user + bias + self._item_biases, np.float32(MASKED_SCORE))

    def _targets(self, items: Ids, ratings: Scores | None) -> Array:
        return np.ones(len(items), np.float32)
