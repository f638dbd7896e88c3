"""Texts to vectors, by any sentence model."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import DamagedError, DataError
from engine.runtime.job import Job
from engine.search.encoder.model_files import DEFAULT_MODEL, ModelIdentity, Stamps, identify, locate

Vectors = npt.NDArray[np.float32]

#: Texts at a time on a CPU and on another device, and at most lost when the process is killed.
_BATCH, _LARGE_BATCH = 64, 1024
#: Up to so many tokens are done without torch, where that is possible: a query, or the phrases of an item.
_FEW = 512


class _Model(Protocol):
    """What an encoder needs of a model, whoever computes it."""

    device: str
    dim: int

    def prepare(self, texts: Sequence[str], *, query: bool) -> tuple[Sequence[Any], npt.NDArray[np.int64]]: ...

    def vectors(self, prepared: Sequence[Any], *, query: bool, exact: bool, many: bool) -> Vectors: ...

    def expect_queries(self) -> None: ...


class Encoder:
    """A sentence embedding model, loaded when it is first needed.

    Models of the BERT family (also RoBERTa, XLM-R, DistilBERT, MPNet) with mean or first-token pooling, which are most,
    are computed by this package itself: a query needs no torch, and a catalogue is embedded without padding and in half
    precision where this loses nothing. All others go by way of sentence-transformers, whose import takes seconds.

    Parameters
    ----------
    model
        A name, or a folder that sentence-transformers or transformers saved. Weights must be safetensors.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``. Until a catalogue is embedded :attr:`device` is ``"cpu"``, since
        finding out what there is takes torch.
    cache
        Where to remember that a model's files were checked; None checks them each time.
    exact
        Whether to compute in full precision always, also where half precision would do.
    """

    def __init__(
        self, model: str = DEFAULT_MODEL, *, device: str = "auto", cache: Path | None = None, exact: bool = False
    ) -> None:
        self.name = model
        self._exact = exact
        self._wanted_device = device
        self._stamps = Stamps(cache)
        self._folder: Path | None = None
        self._identity: ModelIdentity | None = None
        self._model: _Model | None = None
        self._finding = threading.Lock()
        self._loading = threading.Lock()

    @property
    def device(self) -> str:
        """What computes, as far as it is known."""
        return "cpu" if self._model is None else self._model.device

    @property
    def loaded(self) -> bool:
        """Whether the next text is encoded at once, without loading anything first."""
        return self._model is not None

    @property
    def identity(self) -> ModelIdentity:
        """The model's name and hash; finds and checks its files, but loads neither torch nor the model.

        Raises
        ------
        DataError, UnknownError
            If it is nowhere to be had, damaged, or could run code.
        """
        with self._finding:
            if self._identity is None:
                self._folder = locate(self.name)
                self._identity = identify(self.name, self._folder, self._stamps)
            return self._identity

    def load(self) -> None:
        """Read the weights, and import what is needed: a fraction of a second, or several for unusual models.

        Raises
        ------
        DataError, UnknownError
            As :attr:`identity`, and if the files cannot be read as a model.
        """
        self._load()

    def expect_queries(self) -> None:
        """Load the model, and spend some hundredths of a second so that each query from now on takes half as long.

        Queries are then computed in bfloat16 on processors that are made for it, unless this encoder is exact.
        """
        model = self._load()
        if not self._exact:
            model.expect_queries()

    def encode(
        self, texts: Sequence[str], batch_size: int | None = None, job: Job | None = None, *, query: bool = False
    ) -> Vectors:
        """Vectors of unit length.

        Parameters
        ----------
        texts
            Any length: what is beyond the model's window is left out, as the model's authors do.
        batch_size
            Texts at a time; None for what suits the device.
        job
            Asked between batches whether to stop.
        query
            Whether these are queries rather than items: models that come with a prompt for each then use it.

        Returns
        -------
        float32 array of shape (len(texts), dim)

        Raises
        ------
        DataError
            As :meth:`load`, and if the model gives vectors that are not numbers.
        """
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for rows, batch in self.batches(texts, batch_size, job, query=query):
            vectors[rows] = batch
        return vectors

    def batches(
        self, texts: Sequence[str], batch_size: int | None = None, job: Job | None = None, *, query: bool = False
    ) -> Iterator[tuple[npt.NDArray[np.intp], Vectors]]:
        """As :meth:`encode`, but batch by batch as they are done: positions in ``texts`` and their vectors.

        Texts of like length go together, so that little is wasted on padding; hence not in order.
        """
        model = self._load()
        clean = [text.encode("utf-8", "replace").decode() for text in texts]  # lone surrogates have no tokens
        prepared, lengths = model.prepare(clean, query=query)
        order = np.argsort(-lengths, kind="stable")
        many = int(lengths.sum()) > _FEW
        start = 0
        while start < len(order):
            if job is not None:
                job.checkpoint()
            size = batch_size or (_BATCH if model.device == "cpu" else _LARGE_BATCH)
            rows = order[start : start + size]
            batch = [prepared[row] for row in rows]
            vectors = model.vectors(batch, query=query, exact=query or self._exact, many=many)
            if not np.isfinite(vectors).all():
                raise DataError(
                    f"The embedding model {self.name!r} gives vectors that are not numbers: choose another."
                )
            yield rows, vectors
            start += size

    @property
    def dim(self) -> int:
        """Numbers in a vector; loads the model."""
        return self._load().dim

    def _load(self) -> _Model:
        identity = self.identity
        with self._loading:
            if self._model is None:
                assert self._folder is not None  # found with the identity
                self._model = _read(self._folder, identity.name, self._wanted_device)
            return self._model


def _read(folder: Path, name: str, device: str) -> _Model:
    from engine.search.encoder.sentence_model import read_model

    try:
        own = read_model(folder)
    except (DamagedError, OSError) as error:
        raise DataError(f"{folder}: the embedding model {name!r} cannot be loaded ({error}).") from error
    if own is not None:
        from engine.search.encoder.numpy_encoder import NumpyEncoder

        return NumpyEncoder(own, device)
    from engine.search.encoder.library_encoder import SentenceTransformersEncoder

    return SentenceTransformersEncoder(folder, name, device)
