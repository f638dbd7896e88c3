"""The ONNX encoder: the vectors of sentence-transformers, and what happens to models that are damaged or strange."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from engine.errors import CancelledError, DamagedError
from engine.runtime.job import Job
from engine.search.encoder import encoder as embedding
from engine.search.encoder import library_encoder, make_graph, onnx_encoder
from engine.search.encoder.encoder import Encoder
from engine.search.encoder.model_files import DEFAULT_MODEL, Stamps, identify, locate
from engine.search.encoder.onnx_encoder import OnnxEncoder, graph_of

TEXTS = [
    "Kimi no Na wa. Drama, Romance, School, Supernatural Movie episodes: 1",
    "a heist that goes wrong",
    "",
    "🎬 ünïcödé 君の名は。 [PAD] [MASK]",
    "robots " * 2000,
    *(f"text {number} " * number for number in range(1, 70)),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The packaged model without its weights, as one that is not packaged."""
    copy = tmp_path / "model"
    shutil.copytree(locate(DEFAULT_MODEL), copy, ignore=shutil.ignore_patterns("*.safetensors"))
    return copy


def theirs(texts: list[str]) -> np.ndarray:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(locate(DEFAULT_MODEL)), device="cpu").encode(texts)


def test_vectors_are_those_of_sentence_transformers() -> None:
    expected, encoder = theirs(TEXTS), Encoder(device="cpu", exact=True)
    assert encoder.encode(TEXTS).dtype == np.float32
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=1e-6)
    np.testing.assert_allclose(encoder.encode_queries(TEXTS), expected, atol=1e-6)
    assert encoder.encode_queries([]).shape == (0, 384)


def test_the_graph_is_what_the_script_makes() -> None:
    pytest.importorskip("onnx")
    made = make_graph.make(locate(DEFAULT_MODEL)).SerializeToString(deterministic=True)
    assert make_graph.GRAPH.read_bytes() == made


@pytest.mark.parametrize("size", [0, 200_000, 60_000_000])
def test_cut_off_weights_are_one_sentence(folder: Path, size: int) -> None:
    with open(locate(DEFAULT_MODEL) / "model.safetensors", "rb") as whole:
        (folder / "model.safetensors").write_bytes(whole.read(size))
    with pytest.raises(DamagedError, match="are damaged") as raised:
        OnnxEncoder(folder, make_graph.GRAPH)
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


def export(folder: Path, table: np.ndarray) -> None:
    """Write an ONNX graph that looks each token up, with its table in a file beside it."""
    onnx = pytest.importorskip("onnx")
    ints = [onnx.helper.make_tensor_value_info(n, 7, ["b", "l"]) for n in ("input_ids", "attention_mask")]
    out = onnx.helper.make_tensor_value_info("last_hidden_state", 1, ["b", "l", "d"])
    look_up = onnx.helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])
    weights = [onnx.numpy_helper.from_array(table, "table")]
    graph = onnx.helper.make_graph([look_up], "own", ints, [out], weights)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    (folder / "onnx").mkdir()
    onnx.save(model, folder / "onnx" / "model.onnx", save_as_external_data=True, location="model.onnx_data")


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_folders_own_graph_is_used(folder: Path, pooling: str) -> None:
    table = np.random.default_rng(0).standard_normal((30522, 384)).astype(np.float32)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": pooling}))
    assert graph_of(folder) is None
    export(folder, table)
    (folder / "model.safetensors").write_bytes(b"")  # what identifies a model, and is not read
    encoder = Encoder(str(folder))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    rows = table[tokenizer.encode("a heist").ids]
    row = rows.mean(axis=0) if pooling == "mean" else rows[0]
    np.testing.assert_allclose(encoder.encode_queries(["a heist"])[0], row / np.linalg.norm(row), atol=1e-6)


def test_a_folders_own_graph_is_part_of_its_identity(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")
    before = identify("own", folder, Stamps(None))
    export(folder, np.zeros((30522, 384), dtype=np.float32))
    assert identify("own", folder, Stamps(None)) != before


def test_pooling_that_is_not_known_is_left_to_the_library(folder: Path) -> None:
    export(folder, np.zeros((30522, 384), dtype=np.float32))
    assert graph_of(folder) is not None
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": "max"}))
    assert graph_of(folder) is None


def test_encoding_stops_between_batches() -> None:
    job = Job()
    batches = Encoder().encode_many(TEXTS[:20], job, 4)
    next(batches)
    job.cancel()
    with pytest.raises(CancelledError):
        next(batches)


@pytest.mark.parametrize("fast", [True, False])
def test_bfloat16_computes_catalogues_only_where_it_is_fast(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    for module in (embedding, library_encoder):
        monkeypatch.setattr(module, "fast_bfloat16", lambda device: fast)
    encoder: Any = Encoder(device="cpu")
    texts = [text[:60] for text in TEXTS]  # long ones take most of a minute where bfloat16 is slow
    vectors = encoder.encode(texts)
    assert type(encoder._many).__name__ == ("SentenceTransformersEncoder" if fast else "OnnxEncoder")
    assert (vectors * theirs(texts)).sum(1).min() > (0.99 if fast else 0.999999)
    assert isinstance(encoder._load(), onnx_encoder.OnnxEncoder), "queries are computed in float32 all the same"
