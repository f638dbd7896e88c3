"""A sentence model of the BERT family without sentence-transformers: NumPy for a query, torch for a catalogue."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.runtime.lazy_import import import_in_background
from engine.search.encoder.bert_numpy import in_bfloat16, vectors_of
from engine.search.encoder.sentence_model import SentenceModel

if TYPE_CHECKING:
    from engine.search.encoder.bert_torch import TorchBert

#: Queries by which half precision is judged, and the cosine that each must keep with its full precision.
_SAMPLE = ("space", "a heist that goes wrong", "the film in which two brothers look for their father, who is a spy")
_FAITHFUL = 0.9995


class NumpyEncoder:
    """A model that was read, on a device of one's choice.

    Nothing imports torch until there are many texts to embed: the few of a query are done in NumPy.

    Parameters
    ----------
    model
        As read from its folder.
    device
        See :func:`engine.runtime.device.resolve`. Until torch is there, :attr:`device` is ``"cpu"``.
    """

    def __init__(self, model: SentenceModel, device: str) -> None:
        self.device = "cpu"
        self.dim = model.weights.dim
        self._model = model
        self._for_queries = model.weights
        self._expects_queries = False
        self._wanted_device = device
        self._bulk: TorchBert | None = None
        self._starting = threading.Lock()

    def prepare(self, texts: Sequence[str], *, query: bool) -> tuple[Sequence[Any], npt.NDArray[np.int64]]:
        """What :meth:`vectors` takes for each text, and how long it works on it."""
        tokens = self._model.tokens(texts, query=query)
        return tokens, np.array([len(one) for one in tokens], dtype=np.int64)

    def vectors(self, prepared: Sequence[Any], *, query: bool, exact: bool, many: bool) -> npt.NDArray[np.float32]:
        """The vectors of some texts, of unit length."""
        if many:
            return self._start().vectors(prepared, exact=exact)
        return vectors_of(self._for_queries if query else self._model.weights, prepared, self._model.pooling)

    def expect_queries(self) -> None:
        """Make the vectors of queries quicker to find, if they are as good; takes longer than a few do without."""
        if self._expects_queries:
            return
        self._expects_queries = True
        half = in_bfloat16(self._model.weights)
        if half is self._model.weights:
            return
        tokens = self._model.tokens(_SAMPLE, query=True)
        full, quick = (vectors_of(one, tokens, self._model.pooling) for one in (self._model.weights, half))
        if np.einsum("ij,ij->i", full, quick).min() >= _FAITHFUL:
            self._for_queries = half

    def _start(self) -> TorchBert:
        with self._starting:
            if self._bulk is None:
                import_in_background("torch")
                from engine.runtime.device import resolve
                from engine.search.encoder.bert_torch import TorchBert

                device = str(resolve(self._wanted_device))
                self._bulk = TorchBert(self._model.weights, self._model.pooling, device)
                self.device = device
            return self._bulk
