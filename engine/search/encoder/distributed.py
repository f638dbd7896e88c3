"""Encoding texts as work for an executor: each worker loads the embedding model once, from its own machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from engine.errors import DataError
from engine.runtime.job import Job
from engine.search.encoder.encoder import Encoder, Vectors
from engine.search.encoder.model_files import ModelIdentity


def encode_texts(job: Job, name: str, identity: ModelIdentity, batch_size: int | None, texts: Sequence[str]) -> Vectors:
    """The vectors of some texts, of unit length, in their order; work for an executor.

    Parameters
    ----------
    job
        May cancel.
    name, identity
        The embedding model, and what tells it from others of this name.
    batch_size
        See :meth:`engine.search.encoder.encoder.Encoder.encode_many`.
    texts
        The texts.

    Raises
    ------
    DataError, UnknownError
        If the model is not on this machine, or another one has its name.
    """
    encoder = _encoder(name)
    if encoder.identity != identity:
        raise DataError(f"A machine of the cluster has another model called {name!r}.", file=name)
    return encoder.encode(texts, job, batch_size)


@lru_cache(maxsize=1)
def _encoder(name: str) -> Encoder:
    return Encoder(name, device="cpu")
