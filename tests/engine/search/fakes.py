"""A model of the tests' own: quick, and its vectors can be known beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from engine.folding import words
from engine.job import Job
from engine.search.model_files import ModelIdentity

DIM = 16


def vector_of(text: str) -> np.ndarray:
    """Texts with the same words have the same direction, texts that share words are near."""
    total = np.full(DIM, 1e-3)
    for word in words(text):
        seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest())
        total += np.random.RandomState(seed).standard_normal(DIM)
    return (total / np.linalg.norm(total)).astype(np.float32)


class FakeEncoder:
    """As Encoder, without torch; remembers what it was asked to encode."""

    dim = DIM
    device = "cpu"

    def __init__(self, name: str = "fake", version: str = "1") -> None:
        self.identity = ModelIdentity(name, hashlib.sha256(version.encode()).hexdigest())
        self.encoded: list[str] = []
        self.loaded = False

    def load(self) -> None:
        self.loaded = True

    def encode(
        self, texts: Sequence[str], batch_size: int | None = 4, job: Job | None = None, *, query: bool = False
    ) -> np.ndarray:
        vectors = np.zeros((len(texts), DIM), np.float32)
        for rows, batch in self.batches(texts, batch_size, job, query=query):
            vectors[rows] = batch
        return vectors

    def batches(
        self, texts: Sequence[str], batch_size: int | None = 4, job: Job | None = None, *, query: bool = False
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
