"""Embedding layers: scaled, zero-initialised, bags, and Bloom embeddings, which store many ids in few rows."""

from __future__ import annotations

import torch
from torch import nn

#: The modulus of the hash family below, a Mersenne prime.
_PRIME = 2**31 - 1
#: The multiplier and the offset of each hash function. They never change, since stored tables depend on them.
_HASHES = (
    (1103527590, 377401575),
    (662824084, 1992640353),
    (1295807635, 1148233147),
    (1957747794, 424238335),
    (719885386, 1649760492),
    (596516649, 1189641421),
    (1025202362, 1350490027),
    (783368690, 1102520059),
    (2044897764, 1967513926),
    (1365180540, 1540383426),
    (304089172, 1303455737),
    (35005212, 521595369),
    (294702567, 1726956429),
    (336465782, 861021530),
    (278722862, 233665123),
    (2145174067, 468703136),
)


class ScaledEmbedding(nn.Embedding):
    """An embedding drawn from a normal distribution with the standard deviation ``1 / embedding_dim``.

    The dot product of two fresh rows is then small in any dimension. The parameters are those of
    ``torch.nn.Embedding``. The row of ``padding_idx``, if there is one, is zero and stays zero.
    """

    def reset_parameters(self) -> None:
        """Initialise the table at random."""
        with torch.no_grad():
            self.weight.normal_(0.0, 1.0 / self.embedding_dim)
            if self.padding_idx is not None:
                self.weight[self.padding_idx].zero_()


class ZeroEmbedding(nn.Embedding):
    """An embedding that is initialised with zeros, for biases."""

    def reset_parameters(self) -> None:
        """Set the table to zero."""
        with torch.no_grad():
            self.weight.zero_()


def rows_of(layer: nn.Module, indices: torch.Tensor | None, size: int) -> torch.Tensor:
    """The vectors of ids.

    Parameters
    ----------
    layer
        An embedding layer.
    indices
        The ids; None means all ids from 0 to ``size - 1``, whose vectors are then not copied if the layer is a plain
        ``torch.nn.Embedding``.
    size
        The number of ids.
    """
    # A subclass may compute its vectors in another way, and a layer with max_norm changes its table when called.
    plain = isinstance(layer, nn.Embedding) and type(layer).forward is nn.Embedding.forward and layer.max_norm is None
    if indices is None and plain:
        table: torch.Tensor = layer.weight[:size]  # type: ignore[index]
        return table
    if indices is None:
        indices = torch.arange(size, device=next(layer.parameters()).device)
    rows: torch.Tensor = layer(indices)
    return rows


class ScaledEmbeddingBag(nn.EmbeddingBag):
    """An embedding bag, for sums or means over bags of ids, initialised like :class:`ScaledEmbedding`."""

    def reset_parameters(self) -> None:
        """Initialise the table at random."""
        with torch.no_grad():
            self.weight.normal_(0.0, 1.0 / self.embedding_dim)
            if self.padding_idx is not None:
                self.weight[self.padding_idx].zero_()


class BloomEmbedding(nn.Module):
    """An embedding with far fewer rows than ids.

    Several hash functions map an id to rows, and the vector of the id is the sum of these rows. Two ids often share one
    row and almost never share all, so that their vectors differ (Serrà and Karatzoglou, "Getting deep recommenders fit:
    Bloom embeddings for sparse binary input/output networks", RecSys 2017). The hashes are
    ``(a x + b) mod (2^31 - 1)`` with constants of this module, so they differ from Spotlight's.

    Parameters
    ----------
    num_embeddings
        The number of ids.
    embedding_dim
        The length of a vector.
    compression_ratio
        The number of rows per id: ``0.2`` stores one row for five ids.
    num_hash_functions
        The number of rows that are summed for an id, at most 16.
    bag
        Whether to sum inside an ``EmbeddingBag``, which needs less memory and gives the same result.
    padding_idx
        The id whose vector is zero.

    Raises
    ------
    ValueError
        If ``num_hash_functions`` or ``compression_ratio`` is out of range.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        compression_ratio: float = 0.2,
        num_hash_functions: int = 4,
        bag: bool = False,
        padding_idx: int = 0,
    ) -> None:
        super().__init__()
        if not 1 <= num_hash_functions <= len(_HASHES):
            raise ValueError(f"num_hash_functions must be between 1 and {len(_HASHES)}, not {num_hash_functions}")
        if not compression_ratio > 0:
            raise ValueError(f"compression_ratio must be positive, not {compression_ratio}")
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.compression_ratio = compression_ratio
        self.compressed_num_embeddings = max(2, int(compression_ratio * num_embeddings))
        self.num_hash_functions = num_hash_functions
        self.padding_idx = padding_idx
        self.embeddings: ScaledEmbedding | ScaledEmbeddingBag
        if bag:
            self.embeddings = ScaledEmbeddingBag(
                self.compressed_num_embeddings, embedding_dim, mode="sum", padding_idx=0
            )
        else:
            self.embeddings = ScaledEmbedding(self.compressed_num_embeddings, embedding_dim, padding_idx=0)
        self.register_buffer("_hashes", torch.tensor(_HASHES[:num_hash_functions]), persistent=False)

    def __repr__(self) -> str:
        return (
            f"<BloomEmbedding ({self.num_embeddings} ids in {self.compressed_num_embeddings} rows of "
            f"{self.embedding_dim}, {self.num_hash_functions} hashes)>"
        )

    def rows(self, indices: torch.Tensor) -> torch.Tensor:
        """The row numbers of each id, ``(..., num_hash_functions)``: from 1 on for real ids, 0 for the padding."""
        hashes = self.get_buffer("_hashes")
        hashed = (indices.unsqueeze(-1) * hashes[:, 0] + hashes[:, 1]) % _PRIME
        hashed = 1 + hashed % (self.compressed_num_embeddings - 1)
        return hashed.masked_fill((indices == self.padding_idx).unsqueeze(-1), 0)

    def forward(self, indices: torch.Tensor) -> torch.Tensor:
        """The vectors of ids of any shape: ``indices.shape + (embedding_dim,)``."""
        rows = self.rows(indices.long())
        if isinstance(self.embeddings, ScaledEmbeddingBag):
            flat: torch.Tensor = self.embeddings(rows.reshape(-1, self.num_hash_functions))
            return flat.reshape(*indices.shape, self.embedding_dim)
        vectors: torch.Tensor = self.embeddings(rows)
        return vectors.sum(-2)
