"""A fake embedding model for tests: fast, and with predictable vectors."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from engine.runtime.job import Job
from engine.search.encoder.model_card import ModelCard
from engine.search.encoder.model_files import DEFAULT_MODEL, ModelIdentity, locate
from engine.text.normalize import words

DIM = 16


def vector_of(text: str) -> np.ndarray:
    """A vector for a text: the same for the same words, and close for texts that share words."""
    total = np.full(DIM, 1e-3)
    for word in words(text):
        seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest())
        total += np.random.RandomState(seed).standard_normal(DIM)
    return (total / np.linalg.norm(total)).astype(np.float32)


class FakeEncoder:
    """A replacement of Encoder without torch that records the texts it encodes."""

    dim = DIM
    device = "cpu"

    def __init__(self, name: str = "fake", version: str = "1", *, multilingual: bool = False) -> None:
        self.card = ModelCard(name, 1000, 100, 50, DIM, 64, multilingual)
        self.identity = ModelIdentity(name, hashlib.sha256(version.encode()).hexdigest())
        self.encoded: list[str] = []
        self.loaded = False

    def load(self) -> None:
        self.loaded = True

    def is_ready(self, texts: int) -> bool:
        return True

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self.encode(texts)

    def encode(self, texts: Sequence[str], job: Job | None = None) -> np.ndarray:
        vectors = np.zeros((len(texts), DIM), np.float32)
        for rows, batch in self.encode_many(texts, job):
            vectors[rows] = batch
        return vectors

    def encode_many(
        self, texts: Sequence[str], job: Job | None = None, batch_size: int | None = 4
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        self.load()
        batch_size = batch_size or 4
        order = np.argsort([-len(text) for text in texts], kind="stable")
        for start in range(0, len(order), batch_size):
            if job is not None:
                job.checkpoint()
            rows = order[start : start + batch_size]
            self.encoded += [texts[row] for row in rows]
            yield rows, np.stack([vector_of(texts[row]) for row in rows])


def save_tiny_model(folder: Path, seed: int = 0, dim: int = 16) -> Path:
    """Write a small model folder as transformers saves it, with random weights."""
    random = np.random.RandomState(seed)
    settings = {"model_type": "bert", "hidden_act": "gelu", "hidden_size": dim, "num_hidden_layers": 1}
    settings |= {"intermediate_size": 2 * dim, "max_position_embeddings": 64}
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({**settings, "num_attention_heads": 2, "layer_norm_eps": 1e-12}))
    shutil.copy(locate(DEFAULT_MODEL) / "tokenizer.json", folder)
    block = "encoder.layer.0."
    linear = {f"{block}attention.self.{part}": (dim, dim) for part in ("query", "key", "value")}
    linear |= {f"{block}attention.output.dense": (dim, dim)}
    linear |= {f"{block}intermediate.dense": (2 * dim, dim), f"{block}output.dense": (dim, 2 * dim)}
    tensors = {f"{name}.weight": random.standard_normal(shape) * 0.3 for name, shape in linear.items()}
    tensors |= {f"{name}.bias": np.zeros(shape[0]) for name, shape in linear.items()}
    for name in ("embeddings.", f"{block}attention.output.", f"{block}output."):
        tensors |= {f"{name}LayerNorm.weight": np.ones(dim), f"{name}LayerNorm.bias": np.zeros(dim)}
    for name, rows in (("word", 30522), ("position", 64), ("token_type", 2)):
        tensors[f"embeddings.{name}_embeddings.weight"] = random.standard_normal((rows, dim))
    save_file(
        {name: tensor.astype(np.float32) for name, tensor in tensors.items()},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    return folder


def save_tiny_cross_encoder(folder: Path, seed: int = 0, outputs: int = 1) -> Path:
    """Write a small cross-encoder as transformers saves it, with random weights."""
    dim = 16
    save_tiny_model(folder, seed, dim)
    config = json.loads((folder / "config.json").read_text())
    config |= {"architectures": ["BertForSequenceClassification"], "num_labels": outputs}
    config |= {"id2label": {str(one): f"LABEL_{one}" for one in range(outputs)}}
    config |= {"label2id": {f"LABEL_{one}": one for one in range(outputs)}}
    (folder / "config.json").write_text(json.dumps(config))
    random = np.random.RandomState(seed)
    tensors = {f"bert.{name}": tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    more = {
        "bert.pooler.dense.weight": random.standard_normal((dim, dim)) * 0.1,
        "bert.pooler.dense.bias": np.zeros(dim),
    }
    more |= {"classifier.weight": random.standard_normal((outputs, dim)), "classifier.bias": np.zeros(outputs)}
    tensors |= {name: tensor.astype(np.float32) for name, tensor in more.items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder
