"""The sentence model by sentence-transformers: any that it can load, on any device, at the price of importing it."""

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

Vectors = npt.NDArray[np.float32]


def fast_bfloat16(device: str) -> bool:
    """Whether a device multiplies matrices in bfloat16 at a multiple of the speed of float32.

    A CPU does if it multiplies tiles (AMX). Without such instructions bfloat16 takes three times as long as float32.
    """
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and bool(torch.cpu._is_amx_tile_supported())


class SentenceTransformersEncoder:
    """A sentence model on a device.

    Parameters
    ----------
    folder
        What sentence-transformers or transformers saved. Weights must be safetensors.
    device
        A torch device.
    exact
        Whether to compute in float32 also where bfloat16 is quicker.

    Raises
    ------
    DataError
        If the files cannot be read as a model.
    """

    def __init__(self, folder: Path, device: str, *, exact: bool) -> None:
        import_in_background("torch", "sentence_transformers")
        import torch
        from sentence_transformers import SentenceTransformer

        with silence():
            try:
                model: Any = SentenceTransformer(
                    str(folder),
                    device=device,
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
            except Exception as error:  # a damaged file surfaces as anything, from KeyError to SafetensorError
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                raise DataError(f"{folder}: the embedding model cannot be loaded ({reason}).") from error
        self._model = model.to(torch.bfloat16 if not exact and fast_bfloat16(device) else torch.float32)
        self.device = device
        # The method had a longer name before sentence-transformers 5.4.
        self.dim = int(getattr(model, "get_embedding_dimension", model.get_sentence_embedding_dimension)())

    def prepare(self, texts: Sequence[str], *, query: bool) -> tuple[Sequence[Any], list[int]]:
        """What :meth:`vectors` takes for each text, and how long it is."""
        return texts, [len(text) for text in texts]

    def vectors(self, texts: Sequence[Any], *, query: bool) -> Vectors:
        """The vectors of some texts, of unit length."""
        encode = self._model.encode_query if query else self._model.encode_document
        found = encode(list(texts), batch_size=len(texts), show_progress_bar=False, convert_to_tensor=True).float()
        vectors: Vectors = found.cpu().numpy()
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep the libraries' warnings and progress bars off the terminal, and leave their settings as they were."""
    from transformers.utils import logging as transformers_logging

    lower: Any = transformers_logging
    verbosity, had_bars = lower.get_verbosity(), lower.is_progress_bar_enabled()
    upper = logging.getLogger("sentence_transformers")
    level = upper.level
    lower.set_verbosity_error()
    lower.disable_progress_bar()
    upper.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        lower.set_verbosity(verbosity)
        upper.setLevel(level)
        if had_bars:
            lower.enable_progress_bar()
