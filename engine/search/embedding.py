"""Texts to vectors, by any model that sentence-transformers can load."""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError
from engine.job import Job
from engine.loading import import_gently
from engine.search.model_files import DEFAULT_MODEL, ModelIdentity, Stamps, identify, locate

Vectors = npt.NDArray[np.float32]
BATCH_SIZE = 64


class Encoder:
    """A sentence embedding model, loaded when it is first needed.

    Parameters
    ----------
    model
        A name, or a folder that sentence-transformers or transformers saved. Weights must be safetensors.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``. Until the model is loaded :attr:`device` is ``"cpu"``, since
        finding out what there is takes torch.
    cache
        Where to remember that a model's files were checked; None checks them each time.
    """

    def __init__(self, model: str = DEFAULT_MODEL, *, device: str = "auto", cache: Path | None = None) -> None:
        self.name = model
        self.device = "cpu"
        self._wanted_device = device
        self._stamps = Stamps(cache)
        self._folder: Path | None = None
        self._identity: ModelIdentity | None = None
        self._model: Any = None
        self._finding = threading.Lock()
        self._loading = threading.Lock()

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
        """Import what is needed and read the weights; several seconds the first time, nothing afterwards.

        Raises
        ------
        DataError, UnknownError
            As :attr:`identity`, and if the files cannot be read as a model.
        """
        identity = self.identity
        with self._loading:
            if self._model is None:
                self._model = self._read(identity)

    def encode(
        self, texts: Sequence[str], batch_size: int = BATCH_SIZE, job: Job | None = None, *, query: bool = False
    ) -> Vectors:
        """Vectors of unit length.

        Parameters
        ----------
        texts
            Any length: what is beyond the model's window is left out, as the model's authors do.
        batch_size
            Texts at a time.
        job
            Asked between batches whether to stop.
        query
            Whether these are queries rather than items; only models that come with a prompt for each differ.

        Returns
        -------
        float32 array of shape (len(texts), dim)

        Raises
        ------
        DataError
            As :meth:`load`, and if the model gives vectors that are not numbers.
        """
        self.load()
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for rows, batch in self.batches(texts, batch_size, job, query=query):
            vectors[rows] = batch
        return vectors

    def batches(
        self, texts: Sequence[str], batch_size: int = BATCH_SIZE, job: Job | None = None, *, query: bool = False
    ) -> Iterator[tuple[npt.NDArray[np.intp], Vectors]]:
        """As :meth:`encode`, but batch by batch as they are done: positions in ``texts`` and their vectors.

        Texts of like length go together, so that little is wasted on padding; hence not in order.
        """
        self.load()
        clean = [text.encode("utf-8", "replace").decode() for text in texts]  # lone surrogates have no tokens
        order = np.argsort(-self._lengths(clean), kind="stable")
        encode = self._model.encode_query if query else self._model.encode_document
        for start in range(0, len(order), batch_size):
            if job is not None:
                job.checkpoint()
            rows = order[start : start + batch_size]
            vectors: Vectors = np.asarray(
                encode(
                    [clean[row] for row in rows],
                    batch_size=batch_size,
                    show_progress_bar=False,
                    normalize_embeddings=True,
                ),
                dtype=np.float32,
            )
            if not np.isfinite(vectors).all():
                raise DataError(
                    f"The embedding model {self.name!r} gives vectors that are not numbers: choose another."
                )
            yield rows, vectors

    @property
    def dim(self) -> int:
        """Numbers in a vector; loads the model."""
        self.load()
        model = self._model  # the method had a longer name before sentence-transformers 5.4
        return int(getattr(model, "get_embedding_dimension", model.get_sentence_embedding_dimension)())

    def _read(self, identity: ModelIdentity) -> Any:
        with _silence():
            import_gently("torch", "sentence_transformers")
            from sentence_transformers import SentenceTransformer

            from engine.device import resolve

            self.device = str(resolve(self._wanted_device))
            try:
                model = SentenceTransformer(
                    str(self._folder),
                    device=self.device,
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
            except Exception as error:  # a damaged file surfaces as anything, from KeyError to SafetensorError
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                raise DataError(
                    f"{self._folder}: the embedding model {identity.name!r} cannot be loaded ({reason})."
                ) from error
        # Half precision, in which some models are stored, is many times slower on a CPU.
        return model.float() if self.device == "cpu" else model

    def _lengths(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """How long the model works on each text: its tokens, as far as its tokeniser can tell, else its letters."""
        if len(texts) > 1 and getattr(self._model.tokenizer, "is_fast", False):
            tokens = self._model.tokenizer(
                list(texts), truncation=True, max_length=self._model.max_seq_length, return_attention_mask=False
            )
            return np.array([len(one) for one in tokens["input_ids"]], dtype=np.int64)
        return np.array([len(text) for text in texts], dtype=np.int64)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the libraries' warnings and progress bars off the terminal, and leave their settings as they were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_gently("torch", "transformers")
        from transformers.utils import logging as transformers_logging

        lower: Any = transformers_logging
        verbosity, had_bars = lower.get_verbosity(), lower.is_progress_bar_enabled()
        upper = logging.getLogger("sentence_transformers")
        level = upper.level
        lower.set_verbosity_error()
        lower.disable_progress_bar()
        upper.setLevel(logging.ERROR)
        try:
            yield
        finally:
            lower.set_verbosity(verbosity)
            upper.setLevel(level)
            if had_bars:
                lower.enable_progress_bar()
