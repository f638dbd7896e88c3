"""Re-ranking: a cross-encoder reads the query and each of the best items together, within a budget of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError, RecsysError
from engine.runtime.job import Job
from engine.runtime.lazy_import import import_in_background
from engine.search.encoder.library_encoder import silence
from engine.search.encoder.model_card import read_card
from engine.search.encoder.model_files import decisive_files, locate

Numbers = npt.NDArray[np.float64]

#: The time for the items of one query, in milliseconds, unless the settings name another.
DEFAULT_MILLISECONDS = 150
#: The organisation on the hub that names without one belong to.
_ORGANISATION = "cross-encoder/"
_KIND = "re-ranking model"
#: The pairs that are read at a time on a CPU and on another device: the budget is looked at in between.
_BATCH, _LARGE_BATCH = 4, 64
#: The characters that are read of a text; a plot says what it is about in its first sentences.
_LONGEST_TEXT = 1000


class Reranker:
    """A cross-encoder that scores how well items answer a query; any thread may ask.

    Parameters
    ----------
    model
        A name, or a folder that sentence-transformers or transformers saved, of a model with one output. Weights must
        be safetensors, and nothing in the folder may be code.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    milliseconds
        The time that the items of one query may take. The first few are always read.
    clock
        Tells the time in seconds.

    Attributes
    ----------
    name
        The name or folder of the model.
    trouble
        Why the model could not be loaded; empty if it was, or has not been tried.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str = "auto",
        milliseconds: float = DEFAULT_MILLISECONDS,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name = model
        self.trouble = ""
        self._wanted_device = device
        self._budget = milliseconds / 1000
        self._clock = clock
        self._model: Any = None
        self._batch = _BATCH
        self._multilingual = False
        self._loading, self._starting = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        return self._model is not None

    @property
    def multilingual(self) -> bool:
        """Whether the model knows other languages than English; False until it is loaded."""
        return self._multilingual

    def load(self) -> None:
        """Load the model, once; what is wrong with it is kept in :attr:`trouble`."""
        with self._loading:
            if self._model is None and not self.trouble:
                try:
                    self._load()
                except RecsysError as error:
                    self.trouble = str(error)

    def load_in_background(self) -> None:
        """Begin to load the model in a thread of its own, unless that was done before."""
        with self._starting:  # another lock than that of loading, which is held for seconds
            if self._thread is not None or self.ready or self.trouble:
                return
            self._thread = threading.Thread(target=self.load, name="re-ranking model", daemon=True)
            self._thread.start()

    def logits(self, query: str, texts: Sequence[str], job: Job | None = None) -> Numbers:
        """How well each text answers a query, shape (len(texts),); NaN for those that the time did not suffice for.

        Parameters
        ----------
        query
            The query.
        texts
            The texts of the items, the best first.
        job
            Checked between batches for cancellation.

        Raises
        ------
        DataError
            If the model fails, or gives no numbers.
        """
        import torch

        logits = np.full(len(texts), np.nan)
        begin = before = self._clock()
        for start in range(0, len(texts), self._batch):
            if job is not None:
                job.checkpoint()
            pairs = [(_clean(query), _clean(text[:_LONGEST_TEXT])) for text in texts[start : start + self._batch]]
            try:
                found = self._model.predict(
                    pairs, batch_size=len(pairs), activation_fn=torch.nn.Identity(), show_progress_bar=False
                )
            except Exception as error:  # a model can fail in any way, from IndexError to a lack of memory
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                raise DataError(f"The {_KIND} {self.name!r} failed ({reason}).") from error
            if not np.isfinite(found).all():
                raise DataError(f"The {_KIND} {self.name!r} gives scores that are not numbers: choose another.")
            logits[start : start + len(pairs)] = found
            now = self._clock()
            if now - begin + (now - before) > self._budget:  # another batch would not end in time
                break
            before = now
        return logits

    def _load(self) -> None:
        folder = locate(self.name, organisation=_ORGANISATION, kind=_KIND)
        try:
            decisive_files(folder, _KIND)
            card = read_card(self.name, folder)
        except OSError as error:
            raise DataError(f"{folder}: the {_KIND} cannot be read.") from error
        import_in_background("torch", "sentence_transformers")
        from sentence_transformers import CrossEncoder

        from engine.runtime.device import resolve

        device = str(resolve(self._wanted_device))
        with silence():
            try:
                model: Any = CrossEncoder(
                    str(folder),
                    device=device,
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
                outputs = int(model.num_labels)
            except Exception as error:  # a damaged file surfaces as anything, from KeyError to SafetensorError
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                raise DataError(f"{folder}: the {_KIND} cannot be loaded ({reason}).") from error
        if outputs != 1:
            raise DataError(f"{folder}: is no {_KIND}, as it has {outputs} outputs: choose one that gives one score.")
        self._batch = _BATCH if device == "cpu" else _LARGE_BATCH
        self._multilingual = card.multilingual
        self._model = model


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # lone surrogates have no tokens
