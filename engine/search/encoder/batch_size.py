"""How many texts a sentence model encodes at a time: as many as suit its device and the memory that is free."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import DataError, ErrorKind, RecsysError
from engine.runtime import memory
from engine.storage.guarded import read_json

#: Texts at a time on a CPU and on another device, and at most lost when the process is killed.
ON_CPU, ON_DEVICE = 64, 1024
#: The layers of a transformer hold so many vectors of its width for each token, and scores of attention so often.
_VECTORS, _SCORES = 12, 3
#: The width, the heads and the longest text of the packaged model, for a model that does not describe itself.
_WIDTH, _HEADS, _TOKENS = 384, 12, 256
#: A model of more tokens takes so many of a text, as far as the memory is concerned: hardly a text has more.
_MOST_TOKENS = 2048


def fitting_batch_size(folder: Path, device: str) -> int:
    """The number of texts to encode at a time.

    Parameters
    ----------
    folder
        The folder of the model.
    device
        The torch device that encodes.

    Raises
    ------
    RecsysError
        If not even one text fits into the memory that is free.
    """
    size = ON_CPU if device == "cpu" else ON_DEVICE
    free = _free_on(device)
    if free is None:
        return size
    needed = text_bytes(folder)
    while size * needed > free:
        size //= 2
        if not size:
            raise RecsysError(
                f"Embedding a text needs about {memory.describe_bytes(needed)} of memory, and only "
                f"{memory.describe_bytes(free)} is free on {device}.",
                kind=ErrorKind.NOT_ENOUGH_MEMORY,
                needed=needed,
                free=free,
            )
    return size


def text_bytes(folder: Path) -> int:
    """Estimate the memory of encoding one text of the largest length, in single precision."""
    model, sentences = _read(folder / "config.json"), _read(folder / "sentence_bert_config.json")
    width = _number(model, "hidden_size", _WIDTH)
    heads = _number(model, "num_attention_heads", _HEADS)
    tokens = _number(sentences, "max_seq_length", _number(model, "max_position_embeddings", _TOKENS))
    tokens = min(tokens, _MOST_TOKENS)
    return 4 * tokens * (_VECTORS * width + _SCORES * heads * tokens)


def weight_bytes(folder: Path) -> int:
    """The size of a model's weights on disk."""
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors") if path.is_file())


def _free_on(device: str) -> int | None:
    if device == "cpu":
        return memory.available()
    import torch

    return memory.available(torch.device(device))


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_json(path, dict[str, Any])
    except DataError:
        return {}


def _number(values: dict[str, Any], name: str, default: int) -> int:
    value = values.get(name)
    return value if isinstance(value, int) and value > 0 else default
