"""What the folder of an embedding model tells about it: its size, its dimensions, and whether it is multilingual."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.search.encoder.model_files import decisive_files
from engine.storage.guarded import MAX_TEXT_BYTES, read_bytes, read_json

#: A vocabulary of at least this size is that of a multilingual model, unless the model's card names its one language.
#: The vocabularies of English models have 30 to 60 thousand entries, those of multilingual ones 120 to 500 thousand.
_LARGE_VOCABULARY = 100_000
#: Architectures whose vocabulary is large although they know English only.
_ENGLISH_ARCHITECTURES = {"deberta-v2"}
_MULTILINGUAL_NAME = re.compile(r"multilingual|multi-lingual|xlm|labse|bge-m3|-polyglot", re.IGNORECASE)
#: The number of entries of the card's list of languages that are read.
_MOST_LANGUAGES = 400
#: How the names of tables of token vectors end: those of BERT, of large language models, and of static models.
_TOKEN_TABLES = ("embeddings.weight", "embed_tokens.weight", "embedding.weight")
_ENGLISH = {"en", "eng", "english"}


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of an embedding model before it is loaded; None where its folder does not tell.

    Attributes
    ----------
    name
        The name or folder by which it was asked for.
    size
        The bytes of the files that are read to build it.
    parameters, embedding_parameters
        The number of its parameters, and how many of them are in the table of token vectors: a text is computed with
        the others only.
    dim
        The numbers in a vector.
    max_tokens
        The number of tokens that are read of a text.
    multilingual
        Whether it knows other languages than English.
    """

    name: str
    size: int
    parameters: int | None = None
    embedding_parameters: int | None = None
    dim: int | None = None
    max_tokens: int | None = None
    multilingual: bool = False


def read_card(name: str, folder: Path) -> ModelCard:
    """Read what a model's folder tells about it; no weights are read.

    Parameters
    ----------
    name
        The name or folder by which the model was asked for.
    folder
        The folder of its files.

    Raises
    ------
    DataError
        If the folder is not a model that can be read safely.
    """
    files = decisive_files(folder)
    inner = folder if (folder / "config.json").is_file() else folder / "0_Transformer"
    config = _settings(inner / "config.json")
    shapes = _shapes([path for path in files if path.suffix == ".safetensors"])
    tables = [shape for tensor, shape in shapes.items() if tensor.endswith(_TOKEN_TABLES) and len(shape) == 2]
    table = max(tables, key=_count, default=None)
    vocabulary = _whole(config.get("vocab_size")) or (table[0] if table else None)
    dim = _dense_dim(folder) or _whole(config.get("hidden_size")) or _whole(config.get("dim"))
    limits = [
        _settings(folder / "sentence_bert_config.json").get("max_seq_length"),
        config.get("max_position_embeddings"),
    ]
    return ModelCard(
        name,
        size=sum(path.stat().st_size for path in files),
        parameters=sum(_count(shape) for shape in shapes.values()) or None,
        embedding_parameters=None if table is None else _count(table),
        dim=dim or (table[1] if table else None),
        max_tokens=next((limit for one in limits if (limit := _whole(one))), None),
        multilingual=is_multilingual(name, vocabulary, str(config.get("model_type", "")), _languages(folder)),
    )


def is_multilingual(name: str, vocabulary: int | None, architecture: str, languages: Sequence[str]) -> bool:
    """Whether a model knows other languages than English, by what it says of itself.

    Parameters
    ----------
    name
        Its name or folder.
    vocabulary
        The size of its vocabulary.
    architecture
        The ``model_type`` of its configuration.
    languages
        The languages that its card names.

    Examples
    --------
    >>> is_multilingual("paraphrase-multilingual-MiniLM-L12-v2", None, "bert", [])
    True
    >>> is_multilingual("my-model", 250_002, "xlm-roberta", []), is_multilingual("my-model", 250_002, "bert", ["en"])
    (True, False)
    """
    if languages:
        return any(language.casefold() not in _ENGLISH for language in languages)
    if _MULTILINGUAL_NAME.search(Path(name).name):
        return True
    return (vocabulary or 0) >= _LARGE_VOCABULARY and architecture not in _ENGLISH_ARCHITECTURES


def _languages(folder: Path) -> list[str]:
    """The languages in the head of a model's README: ``language: en``, ``language: [en, fr]``, or one a line."""
    try:
        text = read_bytes(folder / "README.md", MAX_TEXT_BYTES).decode("utf-8", "replace")
    except DataError:
        return []
    head = re.match(r"---\r?\n(.*?)\r?\n---", text, re.DOTALL)
    found = head and re.search(r"^languages?:[ \t]*(.*(?:\r?\n[ \t]*-[ \t].*)*)", head[1], re.MULTILINE)
    return re.findall(r"[\w-]*\w", found[1])[:_MOST_LANGUAGES] if found else []


def _shapes(files: Sequence[Path]) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in some files, from the heads of the files."""
    from safetensors import safe_open

    shapes: dict[str, tuple[int, ...]] = {}
    for path in files:
        try:
            with safe_open(path, framework="numpy") as tensors:
                shapes |= {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
        except Exception:  # the library raises kinds of its own; what is damaged is said when the model is loaded
            return {}
    return shapes


def _dense_dim(folder: Path) -> int | None:
    """The numbers that the last of a model's dense layers gives; None if it has none."""
    dims = [_whole(_settings(path).get("out_features")) for path in sorted(folder.glob("*_Dense/config.json"))]
    return dims[-1] if dims else None


def _settings(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty if there is none."""
    with suppress(DataError, json.JSONDecodeError):
        return read_json(path, dict[str, Any])
    return {}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
