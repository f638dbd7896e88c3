"""What an index or an embedding takes is compared with what is free, before it begins."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.data.items import ItemTable
from engine.errors import ErrorKind, RecsysError
from engine.runtime import memory
from engine.search import SearchIndex
from engine.search.co_occurrence import CoOccurrence
from engine.search.memory import keyword_index, texts
from engine.search.semantic import quantization_cache
from engine.search.semantic.quantization_cache import QuantizationCache
from engine.search.semantic.vector_store import VectorStore, hash_texts
from tests.engine.conftest import make_dataset
from tests.engine.search.fakes import FakeEncoder

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks/reliability/search_memory.py"


def with_free(monkeypatch: pytest.MonkeyPatch, cpu: int, device: int = 0) -> None:
    monkeypatch.setattr(memory, "available", lambda wanted=None: cpu if wanted is None else device)


def test_an_index_of_words_that_has_no_room_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    items = make_dataset().items
    index = SearchIndex(items)
    with_free(monkeypatch, keyword_index(items) - 1)
    with pytest.raises(RecsysError, match=r"^Indexing the words of 5 items needs about 2 MB of memory") as caught:
        index.search("a", mode="keyword")
    assert caught.value.kind is ErrorKind.NOT_ENOUGH_MEMORY
    with_free(monkeypatch, 10**9)
    index.search("a", mode="keyword")


def test_every_column_that_is_searched_counts() -> None:
    items = make_dataset().items
    items = ItemTable(items.id_map, items.table.append_column("studio", pa.array(["a name " * 1_000] * len(items))))
    assert keyword_index(items, ["studio"]) > keyword_index(items) + 10 * 7_000 * len(items)


def test_a_catalogue_whose_texts_have_no_room_is_not_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items, encoder = make_dataset().items, FakeEncoder()
    (tmp_path / "embeddings").mkdir()
    index = SearchIndex(items, VectorStore(tmp_path / "embeddings", encoder.identity), encoder)
    with_free(monkeypatch, texts(items) - 1)
    with pytest.raises(RecsysError, match=r"^Embedding the texts of 5 items needs about"):
        index.semantic.embed()
    with_free(monkeypatch, texts(items))
    assert index.semantic.embed().complete


def test_vectors_that_a_device_has_no_room_for_are_searched_by_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words, encoder = [f"text {number}" for number in range(20)], FakeEncoder()
    (tmp_path / "embeddings").mkdir()
    store = VectorStore(tmp_path / "embeddings", encoder.identity)
    store.embed(words, encoder)
    with_free(monkeypatch, cpu=10**12, device=100)
    index = store.index(hash_texts(words), "cuda:0")
    assert "20 vectors need" in caplog.text
    assert "on cuda:0" in caplog.text
    items, _ = index.search(encoder.encode_queries(words[7:8]), 1)
    assert items[0, 0] == 7


def test_without_room_for_codes_the_exact_search_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantization_cache, "LARGE", 10)
    vectors, cache = np.eye(20, 64, dtype=np.float32), QuantizationCache()
    with_free(monkeypatch, 1_000)
    assert cache.of(vectors, "file") is None
    with_free(monkeypatch, 10**9)
    assert cache.of(vectors, "file") is not None
    with_free(monkeypatch, 0)  # the codes are there already
    assert cache.of(vectors, "file") is not None


def test_interactions_that_have_no_room_to_be_sorted_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    liked = CoOccurrence(make_dataset().interactions)
    with_free(monkeypatch, 100)
    with pytest.raises(RecsysError, match=r"^Comparing items by the users who liked them needs about"):
        liked.similarity(1)
    with_free(monkeypatch, 10**9)
    assert len(liked.similarity(1)) == liked._interactions.num_items


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of memory is read from Linux's /proc")
@pytest.mark.parametrize("kind", ["keyword index", "texts"])
def test_what_is_stated_is_what_it_takes(kind: str) -> None:
    command = [sys.executable, str(SCRIPT), "--one", kind, "20000", "120"]
    got = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert got["stated"] == pytest.approx(got["measured"], rel=0.3)
