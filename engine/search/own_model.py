"""A sentence model of the BERT family without sentence-transformers: NumPy for a query, torch for a catalogue."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.loading import import_gently
from engine.search.bert import in_bfloat16, vectors_of
from engine.search.sentence_model import SentenceModel

if TYPE_CHECKING:
    from engine.search.bert_torch import TorchBert


class OwnModel:
    """A model that was read, on a device of one's choice.

    Nothing imports torch until there are many texts to embed: the few of a query are done in NumPy.

    Parameters
    ----------
    model
        As read from its folder.
    device
        See :func:`engine.device.resolve`. Until torch is there, :attr:`device` is ``"cpu"``.
    """

    def __init__(self, model: SentenceModel, device: str) -> None:
        self.device = "cpu"
        self.dim = model.weights.dim
        self._model = model
        self._weights = model.weights
        self._wanted_device = device
        self._bulk: TorchBert | None = None
        self._starting = threading.Lock()

    def prepare(self, texts: Sequence[str], *, query: bool) -> tuple[Sequence[Any], npt.NDArray[np.int64]]:
        """What :meth:`vectors` takes for each text, and how long it works on it."""
        tokens = self._model.tokens(texts, query=query)
        return tokens, np.array([len(one) for one in tokens], dtype=np.int64)

    def vectors(self, prepared: Sequence[Any], *, query: bool, exact: bool, many: bool) -> npt.NDArray[np.float32]:
        """The vectors of some texts, of unit length."""
        if not many:
            return vectors_of(self._weights, prepared, self._model.pooling)
        return self._start().vectors(prepared, exact=exact)

    def expect_queries(self) -> None:
        """Make the vectors of queries quicker to find; takes longer than a few queries do without."""
        if self._weights is self._model.weights:
            self._weights = in_bfloat16(self._model.weights)

    def _start(self) -> TorchBert:
        with self._starting:
            if self._bulk is None:
                import_gently("torch")
                from engine.device import resolve
                from engine.search.bert_torch import TorchBert

                device = str(resolve(self._wanted_device))
                self._bulk = TorchBert(self._model.weights, self._model.pooling, device)
                self.device = device
            return self._bulk
