"""The sentence model by ONNX Runtime: no torch is imported, and a query has its vector in some milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from engine.errors import DamagedError, MissingError
from engine.runtime.thread_pool import in_parts
from engine.search.encoder.model_files import is_packaged
from engine.storage.guarded import read_json

T = TypeVar("T")

Vectors = npt.NDArray[np.float32]

#: A thread is given no fewer texts.
_LEAST = 4
_GRAPH = Path(__file__).with_name("minilm.onnx")


def graph_of(folder: Path) -> Path | None:
    """The ONNX graph for a model's folder; None where it has none.

    The packaged model comes without one: its graph is part of this program (see ``make_graph.py``). Other models are
    used as they were exported, in ``onnx/model.onnx``.
    """
    graph = _GRAPH if is_packaged(folder) else folder / "onnx" / "model.onnx"
    return graph if graph.is_file() and (folder / "tokenizer.json").is_file() and _pooling(folder) else None


class OnnxEncoder:
    """A sentence model on the CPU, in float32.

    Parameters
    ----------
    folder
        As sentence-transformers saved it.
    graph
        See :func:`graph_of`.
    threads
        How many threads share each layer. Several are quicker for a query; for the texts of a catalogue, one is,
        since each core then has texts of its own and waits for no other.

    Raises
    ------
    DamagedError
        If graph, weights or tokeniser cannot be read.
    """

    device = "cpu"

    def __init__(self, folder: Path, graph: Path, *, threads: int = 1) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that wait in a loop take a core from NumPy between two queries.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # The weights are mapped from here.
        where = folder if graph == _GRAPH else graph.parent
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(where))
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(graph.read_bytes(), options, ["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # either library raises kinds of its own, and bare Exception
            raise DamagedError(
                f"{folder}: the weights, graph or tokeniser are damaged: get the model again."
            ) from error
        config = read_json(folder / "config.json", _Config)
        self.dim = config.hidden_size
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_limit(folder, config))
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._pooling = _pooling(folder)
        about = _settings(folder / "config_sentence_transformers.json", _Prompts)
        self._prompts = about.prompts or {}
        self._default = self._prompts.get(about.default_prompt_name or "", "")

    def prepare(self, texts: Sequence[str], *, query: bool) -> tuple[Sequence[Any], list[int]]:
        """The numbers of each text's tokens, and how many they are."""
        names = ("query",) if query else ("document", "passage", "corpus")
        prompt = next((self._prompts[name] for name in names if name in self._prompts), self._default)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch([prompt + text for text in texts])]
        return tokens, [len(one) for one in tokens]

    def vectors(self, texts: Sequence[Any], *, query: bool) -> Vectors:
        """The vectors of some texts, of unit length; neighbours of equal length are computed together."""
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)

        def work(begin: int, end: int) -> None:
            for _, group in groupby(range(begin, end), key=lambda row: len(texts[row])):
                rows = list(group)
                vectors[rows] = self._equally_long([texts[row] for row in rows])

        in_parts(len(texts), _LEAST, work)
        return vectors

    def _equally_long(self, texts: list[list[int]]) -> Vectors:
        tokens = np.array(texts, dtype=np.int64)
        more = {"attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        given = {name: more.get(name, tokens) for name in self._inputs}
        vectors: Vectors = self._session.run(None, given)[0]
        if vectors.ndim == 3:  # an exported model gives those of its tokens
            vectors = vectors[:, 0] if self._pooling == "cls" else vectors.mean(axis=1)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors


@dataclass(frozen=True, slots=True)
class _Config:
    """What is read of ``config.json``."""

    hidden_size: int
    max_position_embeddings: int = 512


@dataclass(frozen=True, slots=True)
class _Prompts:
    """What is read of ``config_sentence_transformers.json``."""

    prompts: dict[str, str] | None = None
    default_prompt_name: str | None = None


@dataclass(frozen=True, slots=True)
class _Lengths:
    """What is read of ``sentence_bert_config.json`` and ``tokenizer_config.json``."""

    max_seq_length: int | None = None
    model_max_length: float | None = None


def _settings(path: Path, kind: type[T]) -> T:
    """The settings of a file of the model; the defaults if there is no such file."""
    try:
        return read_json(path, kind)
    except MissingError:
        return kind()


def _pooling(folder: Path) -> str | None:
    """``"mean"`` or ``"cls"``; None for what only sentence-transformers knows."""
    try:
        modules = read_json(folder / "modules.json", list[dict[str, Any]])
    except MissingError:
        return "mean"  # what sentence-transformers does with a model that transformers saved
    kinds = [str(one.get("type")).rpartition(".")[2] for one in modules]
    try:
        settings = read_json(folder / "1_Pooling" / "config.json", dict[str, Any])
    except MissingError:
        settings = {}
    mode = settings.get("pooling_mode") or [
        name.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
        for name, chosen in settings.items()
        if name.startswith("pooling_mode_") and chosen
    ]
    modes = [mode] if isinstance(mode, str) else mode
    plain = kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
    return modes[0] if plain and modes in (["mean"], ["cls"]) else None


def _limit(folder: Path, config: _Config) -> int:
    """How many tokens of a text are read."""
    limit = _settings(folder / "sentence_bert_config.json", _Lengths).max_seq_length
    about = _settings(folder / "tokenizer_config.json", _Lengths)
    room = config.max_position_embeddings
    return int(min(limit or about.model_max_length or room, room))
