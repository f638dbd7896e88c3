"""Fold-in for factorisation models by least squares on the item vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.factorization.representations import BilinearNet
from engine.models.factors import Factors, Link
from engine.models.fold_in import FoldInMixin, Ridge
from engine.models.item_vectors import ItemVectorsMixin


class FactorizationFoldIn(FoldInMixin, ItemVectorsMixin):
    """Fold-in for a model with a :class:`BilinearNet`. The trained users' vectors give the prior of a new user.

    A subclass gives the target scores of a history (:meth:`_fold_in_targets`) and their variance (:meth:`_noise`).
    """

    _num_items: int
    #: The network, its version, and the result of :meth:`_tables` for them.
    _cached_tables: tuple[object, int, tuple[Ridge, Tensor, Tensor]] | None = None

    def _fold_in_targets(self, ratings: Tensor | None, offsets: Tensor) -> Tensor:
        """Return the target scores of the items of a history minus their ``offsets``, ``(n,)``."""
        raise NotImplementedError

    def _noise(self) -> float:
        """Return the variance of the target scores around the model's scores."""
        raise NotImplementedError

    def _complete(self, scores: Tensor) -> Tensor:
        """Convert the scores of all items to predictions, ``(num_items,)``."""
        raise NotImplementedError

    def _net_to_fold_into(self) -> Any:
        """Return the trained network. Raise NotTrainedError before the first fit."""
        raise NotImplementedError

    def _size(self) -> int:
        self._net_to_fold_into()
        return self._num_items

    def item_vectors(self) -> npt.NDArray[np.float32]:
        """Return the vectors of all items, ``(num_items, embedding_dim)``.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If the model has a custom representation.
        """
        vectors: npt.NDArray[np.float32] = self._tables()[1][:, :-1].float().cpu().numpy()
        return vectors

    @torch.no_grad()
    def factors(self) -> Factors:
        """Return the vectors and biases of users and items.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        UnsupportedError
            If the model has a custom representation.
        """
        self.require("factorizes")
        net = self._net_to_fold_into()
        offset, unit, link = self._score_scale()
        user_ids = torch.arange(net.user_biases.num_embeddings, device=self.device)
        item_ids = torch.arange(self._num_items, device=self.device)
        users, items = net.user_embeddings(user_ids), unit * net.item_embeddings(item_ids)
        user_biases, item_biases = unit * net.user_biases(user_ids)[:, 0], unit * net.item_biases(item_ids)[:, 0]
        arrays = [one.float().cpu().numpy() for one in (users, items, user_biases, item_biases)]
        return Factors(arrays[0], arrays[1], arrays[2], arrays[3], offset, link)

    def _score_scale(self) -> tuple[float, float, Link]:
        """Return what is added to the network's scores, what they are multiplied by before, and the link."""
        return 0.0, 1.0, "identity"

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        ridge, vectors, offsets = self._tables()
        user = ridge.solve(vectors[items], self._fold_in_targets(ratings, offsets[items]))
        return self._complete(vectors @ user + offsets)

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        ridge, vectors, offsets = self._tables()
        asked = vectors[targets]
        asked[:, -1] = 0.0  # a user's bias is the same for all items
        return ridge.parts(vectors[items], self._fold_in_targets(ratings, offsets[items]), asked)

    def _removal_effects(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        ridge, vectors, offsets = self._tables()
        history_targets = self._fold_in_targets(ratings, offsets[items])
        return ridge.removal_effects(vectors[items], history_targets, vectors[targets])

    @torch.no_grad()
    def _tables(self) -> tuple[Ridge, Tensor, Tensor]:
        """Return the prior of a user, the items' vectors with a 1 for the user's bias, and the items' biases."""
        net = self._net_to_fold_into()
        if type(net) is not BilinearNet:
            raise self._unsupported("folds_in")
        items = torch.arange(self._num_items, device=self.device)
        user_ids = torch.arange(net.user_biases.num_embeddings, device=self.device)
        version = sum(parameter._version for parameter in net.parameters())
        if self._cached_tables is None or self._cached_tables[:2] != (net, version):
            users = torch.cat((net.user_embeddings(user_ids), net.user_biases(user_ids)), 1)
            vectors = net.item_embeddings(items)
            ridge = Ridge.of_people(users, self._noise())
            tables = ridge, torch.cat((vectors, torch.ones_like(vectors[:, :1])), 1), net.item_biases(items)[:, 0]
            self._cached_tables = net, version, tables
        return self._cached_tables[2]
