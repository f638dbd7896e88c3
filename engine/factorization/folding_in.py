"""A new person's vector in a trained factorisation, by least squares on the items' vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.factorization.representations import BilinearNet
from engine.models.fold_in import FoldInMixin, Ridge
from engine.models.item_vectors import ItemVectorsMixin


class FactorizationFoldIn(FoldInMixin, ItemVectorsMixin):
    """FoldInMixin of a model around a :class:`BilinearNet`; what its users are like says what to expect of a person.

    A subclass says which scores a history asks for (:meth:`_wanted`) and how far they stray (:meth:`_noise`).
    """

    _num_items: int
    #: What :meth:`_tables` made of which net, at which state of it.
    _prepared: tuple[object, int, tuple[Ridge, Tensor, Tensor]] | None = None

    def _wanted(self, ratings: Tensor | None, offsets: Tensor) -> Tensor:
        """What the scores of a history's items should be above their ``offsets``, ``(n,)``."""
        raise NotImplementedError

    def _noise(self) -> float:
        """The variance of the wanted scores around those that the model gives."""
        raise NotImplementedError

    def _complete(self, scores: Tensor) -> Tensor:
        """Predictions from the scores of all items, ``(num_items,)``."""
        raise NotImplementedError

    def _net_to_fold_into(self) -> Any:
        """The trained net; raises NotTrainedError."""
        raise NotImplementedError

    def _size(self) -> int:
        self._net_to_fold_into()
        return self._num_items

    def item_vectors(self) -> npt.NDArray[np.float32]:
        """The items' vectors, ``(num_items, embedding_dim)``.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If the model has a representation of its author's.
        """
        vectors: npt.NDArray[np.float32] = self._tables()[1][:, :-1].float().cpu().numpy()
        return vectors

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        ridge, vectors, offsets = self._tables()
        person = ridge.solve(vectors[items], self._wanted(ratings, offsets[items]))
        return self._complete(vectors @ person + offsets)

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        ridge, vectors, offsets = self._tables()
        asked = vectors[targets]
        asked[:, -1] = 0.0  # a person's bias says nothing of one item rather than another
        return ridge.parts(vectors[items], self._wanted(ratings, offsets[items]), asked)

    @torch.no_grad()
    def _tables(self) -> tuple[Ridge, Tensor, Tensor]:
        """What is expected of a person; the items' vectors, with a 1 for the person's bias; and their offsets."""
        net = self._net_to_fold_into()
        if type(net) is not BilinearNet:
            raise self._unsupported("folds_in")
        items = torch.arange(self._num_items, device=self.device)
        people = torch.arange(net.user_biases.num_embeddings, device=self.device)
        state = sum(parameter._version for parameter in net.parameters())
        if self._prepared is None or self._prepared[:2] != (net, state):
            users = torch.cat((net.user_embeddings(people), net.user_biases(people)), 1)
            vectors = net.item_embeddings(items)
            ridge = Ridge.of_people(users, self._noise())
            tables = ridge, torch.cat((vectors, torch.ones_like(vectors[:, :1])), 1), net.item_biases(items)[:, 0]
            self._prepared = net, state, tables
        return self._prepared[2]
