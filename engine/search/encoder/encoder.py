"""Texts to vectors, by any sentence model."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import DataError
from engine.runtime.job import Job
from engine.runtime.lazy_import import import_in_background
from engine.runtime.locked_property import locked_property
from engine.runtime.memory import failed_allocations, require_free
from engine.runtime.thread_pool import usable_cores
from engine.search.encoder.batch_size import ON_CPU, ON_DEVICE, fitting_batch_size, weight_bytes
from engine.search.encoder.library_encoder import SentenceTransformersEncoder, fast_bfloat16
from engine.search.encoder.model_card import ModelCard, read_card
from engine.search.encoder.model_files import DEFAULT_MODEL, ModelIdentity, Stamps, identify, locate
from engine.search.encoder.onnx_encoder import OnnxEncoder, graph_of

Vectors = npt.NDArray[np.float32]

#: So many texts are not worth importing torch for.
_FEW = 64
#: More threads wait for each other longer than they save on the few words of a query.
_QUERY_THREADS = 4
#: What a query, and batches of many texts, take beside the weights: libraries in native code end the process where it
#: cannot be had.
_FOR_QUERIES, _FOR_BATCHES = 150 << 20, 400 << 20


class _Model(Protocol):
    """What computes vectors."""

    device: str
    dim: int

    def prepare(self, texts: Sequence[str], *, query: bool) -> tuple[Sequence[Any], list[int]]: ...

    def vectors(self, texts: Sequence[Any], *, query: bool) -> Vectors: ...


class Encoder:
    """A sentence embedding model, loaded when it is first needed; any thread may ask.

    ONNX Runtime computes the packaged model, and those that come with an ONNX graph. It also embeds catalogues, except
    on a GPU or a CPU with fast bfloat16: there sentence-transformers does. All other models are left to
    sentence-transformers altogether, whose import takes seconds.

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
        Whether to compute in float32 always.
    """

    def __init__(
        self, model: str = DEFAULT_MODEL, *, device: str = "auto", cache: Path | None = None, exact: bool = False
    ) -> None:
        self.name = model
        self._exact = exact
        self._wanted_device = device
        self._stamps = Stamps(cache)
        self._found: tuple[Path, ModelIdentity] | None = None
        self._few: _Model | None = None
        self._many: _Model | None = None
        self._finding, self._loading = threading.Lock(), threading.RLock()

    @property
    def device(self) -> str:
        """What computes, as far as it is known."""
        model = self._many or self._few
        return "cpu" if model is None else model.device

    @property
    def loaded(self) -> bool:
        """Whether the next query is encoded at once, without loading anything first."""
        return self.is_ready(1)

    @property
    def identity(self) -> ModelIdentity:
        """The model's name and hash; finds and checks its files, but loads nothing.

        Raises
        ------
        DataError, UnknownError
            If it is nowhere to be had, damaged, or could run code.
        """
        return self._locate()[1]

    @locked_property
    def card(self) -> ModelCard:
        """What the model's folder tells about it; nothing is loaded.

        Raises
        ------
        DataError, UnknownError
            As :attr:`identity`.
        """
        return read_card(self.name, self._locate()[0])

    @property
    def dim(self) -> int:
        """Numbers in a vector; loads the model."""
        return self._load().dim

    def is_ready(self, texts: int) -> bool:
        """Whether so many texts are encoded at once, without loading anything first."""
        return (self._few if texts <= _FEW else self._many) is not None

    def load(self, texts: int = 1) -> None:
        """Read the model: a fraction of a second, or several where torch is imported.

        Parameters
        ----------
        texts
            How many texts will be encoded at a time; many are encoded by what is quickest for a catalogue.

        Raises
        ------
        DataError, UnknownError
            As :attr:`identity`, and if the files cannot be read as a model.
        """
        if texts <= _FEW:
            self._load()
        else:
            self._load_for_many()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of unit length for queries, of shape (len(texts), dim).

        Models that come with a prompt for queries use it.

        Raises
        ------
        DataError
            As :meth:`load`, and if the model gives vectors that are not numbers.
        """
        model = self._load()
        size = ON_CPU if model.device == "cpu" else ON_DEVICE
        return self._collect(texts, self._batches(model, texts, size, Job(), query=True))

    def encode(self, texts: Sequence[str], job: Job | None = None, batch_size: int | None = None) -> Vectors:
        """As :meth:`encode_many`, all at once and in order."""
        return self._collect(texts, self.encode_many(texts, job, batch_size))

    def encode_many(
        self, texts: Sequence[str], job: Job | None = None, batch_size: int | None = None
    ) -> Iterator[tuple[npt.NDArray[np.intp], Vectors]]:
        """Yield positions in ``texts`` and their vectors of unit length, batch by batch as they are done.

        Texts of like length go together, so that little is wasted on padding; hence not in order.

        Parameters
        ----------
        texts
            Any length: what is beyond the model's window is left out, as the model's authors do.
        job
            Asked between batches whether to stop.
        batch_size
            Texts at a time; None for what suits the device and the memory that is free.

        Raises
        ------
        DataError
            As :meth:`encode_queries`.
        RecsysError
            If not even one text fits into the memory that is free.
        """
        model = self._load() if len(texts) <= _FEW else self._load_for_many()
        size = batch_size or fitting_batch_size(self._locate()[0], model.device)
        return self._batches(model, texts, size, job or Job(), query=False)

    def _batches(
        self, model: _Model, texts: Sequence[str], size: int, job: Job, *, query: bool
    ) -> Iterator[tuple[npt.NDArray[np.intp], Vectors]]:
        clean = [text.encode("utf-8", "replace").decode() for text in texts]  # lone surrogates have no tokens
        prepared, lengths = model.prepare(clean, query=query)
        order = np.argsort(-np.array(lengths, dtype=np.int64), kind="stable")
        for start in range(0, len(order), size):
            job.checkpoint()
            rows = order[start : start + size]
            with failed_allocations():
                vectors = model.vectors([prepared[row] for row in rows], query=query)
            if not np.isfinite(vectors).all():
                raise DataError(
                    f"The embedding model {self.name!r} gives vectors that are not numbers: choose another."
                )
            yield rows, vectors

    def _collect(self, texts: Sequence[str], batches: Iterator[tuple[npt.NDArray[np.intp], Vectors]]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for rows, batch in batches:
            vectors[rows] = batch
        return vectors

    def _locate(self) -> tuple[Path, ModelIdentity]:
        with self._finding:
            if self._found is None:
                folder = locate(self.name)
                self._found = folder, identify(self.name, folder, self._stamps)
            return self._found

    def _load(self) -> _Model:
        folder, _ = self._locate()
        with self._loading:
            if self._few is None:
                graph = graph_of(folder)
                if graph is None:
                    self._few = self._load_for_many()
                else:
                    _require_memory(folder, _FOR_QUERIES)
                    self._few = OnnxEncoder(folder, graph, threads=min(_QUERY_THREADS, usable_cores()))
            return self._few

    def _load_for_many(self) -> _Model:
        folder, _ = self._locate()
        with self._loading:
            if self._many is None:
                _require_memory(folder)
                import_in_background("torch")
                from engine.runtime.device import resolve

                _require_memory(folder, _FOR_BATCHES)  # what torch takes is gone now
                device = str(resolve(self._wanted_device))
                quicker = device != "cpu" or (fast_bfloat16(device) and not self._exact)
                graph = graph_of(folder)
                if quicker or graph is None:
                    self._many = SentenceTransformersEncoder(folder, device, exact=self._exact)
                else:
                    self._many = OnnxEncoder(folder, graph)
            return self._many


def _require_memory(folder: Path, at_work: int = 0) -> None:
    """Refuse to load a model for which there is no room; its weights are held twice while they are read."""
    require_free(2 * weight_bytes(folder) + at_work, "Loading the embedding model")
