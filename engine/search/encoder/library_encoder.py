"""A sentence model by way of sentence-transformers: any that it can load, at the price of importing it."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError
from engine.runtime.lazy_import import import_in_background


class SentenceTransformersEncoder:
    """A model in a folder, on a device of one's choice.

    Parameters
    ----------
    folder
        What sentence-transformers or transformers saved. Weights must be safetensors.
    name
        What to call it when something is wrong.
    device
        See :func:`engine.runtime.device.resolve`.

    Raises
    ------
    DataError
        If the files cannot be read as a model.
    """

    def __init__(self, folder: Path, name: str, device: str) -> None:
        with _silence():
            import_in_background("torch", "sentence_transformers")
            from sentence_transformers import SentenceTransformer

            from engine.runtime.device import resolve

            self.device = str(resolve(device))
            try:
                model: Any = SentenceTransformer(
                    str(folder),
                    device=self.device,
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
            except Exception as error:  # a damaged file surfaces as anything, from KeyError to SafetensorError
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                raise DataError(f"{folder}: the embedding model {name!r} cannot be loaded ({reason}).") from error
        # Half precision, in which some models are stored, is many times slower on a CPU.
        self._model = model.float() if self.device == "cpu" else model
        # The method had a longer name before sentence-transformers 5.4.
        self.dim = int(getattr(model, "get_embedding_dimension", model.get_sentence_embedding_dimension)())

    def prepare(self, texts: Sequence[str], *, query: bool) -> tuple[Sequence[Any], npt.NDArray[np.int64]]:
        """What :meth:`vectors` takes for each text, and how long it works on it."""
        lengths = [len(text) for text in texts]
        if len(texts) > 1 and getattr(self._model.tokenizer, "is_fast", False):
            tokens = self._model.tokenizer(
                list(texts), truncation=True, max_length=self._model.max_seq_length, return_attention_mask=False
            )
            lengths = [len(one) for one in tokens["input_ids"]]
        return texts, np.array(lengths, dtype=np.int64)

    def vectors(self, prepared: Sequence[Any], *, query: bool, exact: bool, many: bool) -> npt.NDArray[np.float32]:
        """The vectors of some texts, of unit length."""
        encode = self._model.encode_query if query else self._model.encode_document
        vectors: npt.NDArray[np.float32] = np.asarray(
            encode(list(prepared), batch_size=len(prepared), show_progress_bar=False, normalize_embeddings=True),
            dtype=np.float32,
        )
        return vectors

    def expect_queries(self) -> None:
        """Nothing: the library is as quick as it is."""


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the libraries' warnings and progress bars off the terminal, and leave their settings as they were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_in_background("torch", "transformers")
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
