"""The network of the factorisation models."""

from __future__ import annotations

from torch import Tensor, nn

from engine.layers import ScaledEmbedding, ZeroEmbedding, rows_of


class BilinearNet(nn.Module):
    """The dot product of a user's and an item's vector, plus a bias for each.

    Any module with the same ``forward`` can replace it as the ``representation`` of a factorisation model.

    Parameters
    ----------
    num_users, num_items
        The numbers of users and items.
    embedding_dim
        The length of the vectors.
    user_embedding_layer, item_embedding_layer
        Layers to use instead of :class:`~engine.layers.ScaledEmbedding`, such as
        :class:`~engine.layers.BloomEmbedding`.
    sparse
        Whether the tables get sparse gradients, for optimisers that accept them.
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        embedding_dim: int = 32,
        user_embedding_layer: nn.Module | None = None,
        item_embedding_layer: nn.Module | None = None,
        sparse: bool = False,
    ) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.user_embeddings = (
            ScaledEmbedding(num_users, embedding_dim, sparse=sparse)
            if user_embedding_layer is None
            else user_embedding_layer
        )
        self.item_embeddings = (
            ScaledEmbedding(num_items, embedding_dim, sparse=sparse)
            if item_embedding_layer is None
            else item_embedding_layer
        )
        self.user_biases = ZeroEmbedding(num_users, 1, sparse=sparse)
        self.item_biases = ZeroEmbedding(num_items, 1, sparse=sparse)

    def forward(self, user_ids: Tensor, item_ids: Tensor) -> Tensor:
        """Return the scores of pairs. The users, the items and the result have the same shape."""
        users, items = self.user_embeddings(user_ids), self.item_embeddings(item_ids)
        biases = self.user_biases(user_ids) + self.item_biases(item_ids)
        scores: Tensor = (users * items).sum(-1) + biases.squeeze(-1)
        return scores

    def score_all(self, user_ids: Tensor, item_ids: Tensor | None = None) -> Tensor:
        """Return the scores of ``n`` users for ``m`` items, or for all items, ``(n, m)``."""
        size = self.item_biases.num_embeddings
        vectors, biases = rows_of(self.item_embeddings, item_ids, size), rows_of(self.item_biases, item_ids, size)
        scores: Tensor = self.user_embeddings(user_ids) @ vectors.T
        return scores.add_(self.user_biases(user_ids)).add_(biases.T)
