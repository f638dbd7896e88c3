"""A sentence model encodes as many texts at a time as there is memory for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from engine.errors import ErrorKind, RecsysError
from engine.runtime import memory
from engine.search.encoder.batch_size import fitting_batch_size, text_bytes
from engine.search.encoder.encoder import Encoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps({"hidden_size": 384, "num_attention_heads": 12}))
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 256}))
    return tmp_path


def with_free(monkeypatch: pytest.MonkeyPatch, cpu: int | None, device: int | None = None) -> None:
    monkeypatch.setattr(memory, "available", lambda wanted=None: cpu if wanted is None else device)


def test_fewer_texts_are_encoded_at_a_time_where_memory_is_short(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = text_bytes(folder)
    for free, size in ((None, 64), (64 * one, 64), (64 * one - 1, 32), (one, 1)):
        with_free(monkeypatch, free)
        assert fitting_batch_size(folder, "cpu") == size


def test_a_device_is_asked_for_its_own_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = text_bytes(folder)
    with_free(monkeypatch, cpu=0, device=300 * one)
    assert fitting_batch_size(folder, "cuda:0") == 256
    with_free(monkeypatch, cpu=0, device=None)
    assert fitting_batch_size(folder, "cuda:0") == 1024


def test_no_room_for_one_text_is_refused_in_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 1_000_000)
    with pytest.raises(RecsysError, match=r"^Embedding a text needs about 14 MB .* 1 MB is free on cpu\.$") as caught:
        fitting_batch_size(folder, "cpu")
    assert caught.value.kind is ErrorKind.NOT_ENOUGH_MEMORY


def test_larger_models_take_more(folder: Path) -> None:
    small = text_bytes(folder)
    (folder / "config.json").write_text(json.dumps({"hidden_size": 1024, "num_attention_heads": 16}))
    assert text_bytes(folder) > small


@pytest.mark.parametrize("content", ["{", "[]", '{"hidden_size": "a"}', '{"hidden_size": -1}', ""])
def test_a_model_that_does_not_describe_itself_counts_as_the_packaged_one(tmp_path: Path, content: str) -> None:
    expected = text_bytes(tmp_path / "absent")
    for name in ("config.json", "sentence_bert_config.json"):
        (tmp_path / name).write_text(content)
    assert text_bytes(tmp_path) == expected


def test_a_model_that_has_no_room_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder()
    encoder.identity  # noqa: B018 -- its files are found
    with_free(monkeypatch, 1_000_000)
    with pytest.raises(RecsysError, match=r"^Loading the embedding model needs about \d+ MB of memory"):
        encoder.load()
    assert not encoder.loaded


def test_a_device_that_runs_out_of_memory_is_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        device, dim = "cpu", 2

        def prepare(self, texts: list[str], *, query: bool) -> tuple[list[str], list[int]]:
            return texts, [1] * len(texts)

        def vectors(self, texts: list[str], *, query: bool) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

    encoder = Encoder()
    monkeypatch.setattr(encoder, "_load", Full)
    with pytest.raises(MemoryError):
        encoder.encode_queries(["a"])
