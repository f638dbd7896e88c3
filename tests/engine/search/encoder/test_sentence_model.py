"""Models that are computed by this package: the same vectors as by sentence-transformers, and nothing imported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DamagedError, DataError
from engine.search.encoder import bert_numpy as bert
from engine.search.encoder import numpy_encoder as own_model
from engine.search.encoder.bert_numpy import vectors_of
from engine.search.encoder.bert_torch import TorchBert
from engine.search.encoder.encoder import Encoder
from engine.search.encoder.model_files import DEFAULT_MODEL, locate
from engine.search.encoder.sentence_model import read_model
from engine.search.encoder.weights import read_weights

TEXTS = [
    "Kimi no Na wa. Drama, Romance, School, Supernatural Movie episodes: 1",
    "a heist that goes wrong",
    "",
    "🎬 ünïcödé 君の名は。 [PAD] [MASK]",
    "robots " * 300,
    *(f"text {number} " * number for number in range(1, 9)),
]
SMALL = {"vocab_size": 30522, "max_position_embeddings": 140}
BERT = {**SMALL, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}


def make(folder: Path, kind: str, pooling: str = "mean", prompts: dict[str, str] | None = None, **options: Any) -> Path:
    """A small model with random weights, as sentence-transformers saves one."""
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as kinds

    torch.manual_seed(0)
    plain = folder / "plain"
    settings = {**SMALL, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48} if kind == "DistilBert" else BERT
    config = getattr(transformers, f"{kind}Config")(**{**settings, "pad_token_id": 0, **options})
    model = getattr(transformers, f"{kind}Model")(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight) * 0.3)
    model.save_pretrained(plain)
    transformers.AutoTokenizer.from_pretrained(str(locate(DEFAULT_MODEL))).save_pretrained(plain)
    modules = [
        kinds.Transformer(str(plain), max_seq_length=128),
        kinds.Pooling(32, pooling_mode=pooling),
        kinds.Normalize(),
    ]
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder / "saved"))
    return folder / "saved"


def theirs(folder: Path, *, query: bool) -> np.ndarray:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    return (model.encode_query if query else model.encode_document)(TEXTS, normalize_embeddings=True)


@pytest.mark.parametrize(
    ("kind", "pooling", "options"),
    [
        ("Bert", "mean", {}),
        ("Bert", "cls", {"layer_norm_eps": 1e-5}),
        ("Roberta", "mean", {"pad_token_id": 1}),
        ("XLMRoberta", "mean", {}),
        ("Camembert", "cls", {"pad_token_id": 1}),
        ("DistilBert", "mean", {}),
        ("MPNet", "mean", {"pad_token_id": 1}),
    ],
)
def test_vectors_are_those_of_sentence_transformers(tmp_path: Path, kind: str, pooling: str, options: Any) -> None:
    folder = make(tmp_path, kind, pooling, **options)
    model = read_model(folder)
    assert model is not None
    tokens, expected = model.tokens(TEXTS), theirs(folder, query=False)
    np.testing.assert_allclose(vectors_of(model.weights, tokens, pooling), expected, atol=1e-5)
    np.testing.assert_allclose(
        TorchBert(model.weights, pooling, "cpu").vectors(tokens, exact=True), expected, atol=1e-5
    )


def test_queries_and_items_have_the_prompts_that_the_model_comes_with(tmp_path: Path) -> None:
    folder = make(tmp_path, "Bert", prompts={"query": "query: ", "passage": "passage: "})
    encoder = Encoder(str(folder), exact=True)
    for query in (False, True):
        np.testing.assert_allclose(encoder.encode(TEXTS, query=query), theirs(folder, query=query), atol=1e-5)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_weights_stored_in_half_precision_are_widened(tmp_path: Path, kind: str) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = make(tmp_path, "Bert")
    path = folder / "model.safetensors"
    save_file({name: tensor.to(getattr(torch, kind)) for name, tensor in load_file(path).items()}, path)
    expected = {name: tensor.float().numpy() for name, tensor in load_file(path).items()}
    found = read_weights(path)
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])


def test_a_query_needs_neither_torch_nor_transformers() -> None:
    code = (
        "import sys\n"
        "from engine.search.encoder.encoder import Encoder\n"
        "print(Encoder().encode(['a heist'], query=True).shape)\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'scipy') if name in sys.modules])\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (printed.stdout, printed.stderr) == ("(1, 384)\n[]\n", "")


def test_a_catalogue_needs_neither_transformers_nor_their_trainers() -> None:
    code = (
        "import sys\n"
        "from engine.search.encoder.encoder import Encoder\n"
        "print(Encoder().encode(['a heist that goes wrong'] * 99).shape)\n"
        "print([name for name in ('transformers', 'sentence_transformers', 'sklearn') if name in sys.modules])\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (printed.stdout, printed.stderr) == ("(99, 384)\n[]\n", "")


def test_half_precision_where_it_is_chosen_keeps_the_direction() -> None:
    texts = [f"a film about number {number} " + "and robots " * (number % 9) for number in range(100)]
    ours, exact = Encoder(), Encoder(exact=True)
    ours.encode(texts[:60])  # here it is chosen or not
    assert np.einsum("ij,ij->i", ours.encode(texts), exact.encode(texts)).min() >= 0.998


def test_queries_that_were_expected_keep_their_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bert, "has_bfloat16", lambda: True)
    queries = ["a heist that goes wrong", "robots", "", "君の名は。", "a film in which " + "nobody knows " * 40]
    ours, exact = Encoder(), Encoder(exact=True)
    for encoder in (ours, exact, ours):
        encoder.expect_queries()
    vectors = [np.stack([one.encode([query], query=True)[0] for query in queries]) for one in (ours, exact)]
    assert np.einsum("ij,ij->i", *vectors).min() >= 0.9999
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-6, "it is computed in bfloat16"
    np.testing.assert_allclose(vectors[1], Encoder().encode(queries, query=True), atol=1e-6)
    np.testing.assert_array_equal(ours.encode(queries[:2]), exact.encode(queries[:2]), "but no item is")


def test_a_model_that_bfloat16_moves_too_far_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bert, "has_bfloat16", lambda: True)
    monkeypatch.setattr(own_model, "_FAITHFUL", 1.1)
    encoder = Encoder()
    before = encoder.encode(["robots"], query=True)
    encoder.expect_queries()
    np.testing.assert_array_equal(encoder.encode(["robots"], query=True), before)


def test_queries_are_left_as_they_are_where_bfloat16_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bert, "has_bfloat16", lambda: False)
    encoder = Encoder()
    before = encoder.encode(["robots"], query=True)
    encoder.expect_queries()
    np.testing.assert_array_equal(encoder.encode(["robots"], query=True), before)


def test_a_query_has_the_same_vector_alone_and_among_many() -> None:
    texts = ["a heist that goes wrong", "robots", "a love story in high school", "君の名は", "x " * 300, "detectives"]
    encoder = Encoder()
    alone = [encoder.encode([text], query=True)[0] for text in texts]
    np.testing.assert_allclose(encoder.encode(texts, query=True), alone, atol=1e-5)


# -- what is left to sentence-transformers ------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The default model, to be changed: its weights are a link."""
    copy = tmp_path / "model"
    shutil.copytree(locate(DEFAULT_MODEL), copy, ignore=shutil.ignore_patterns("*.safetensors"))
    (copy / "model.safetensors").symlink_to(locate(DEFAULT_MODEL) / "model.safetensors")
    return copy


def change(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**(json.loads(path.read_text()) if path.exists() else {}), **changes}))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: change(folder / "config.json", model_type="modernbert"),
        lambda folder: change(folder / "config.json", hidden_act="relu"),
        lambda folder: change(folder / "config.json", position_embedding_type="relative_key"),
        lambda folder: change(folder / "config.json", num_hidden_layers=7),
        lambda folder: change(folder / "config.json", hidden_size=768),
        lambda folder: change(folder / "1_Pooling" / "config.json", pooling_mode_max_tokens=True),
        lambda folder: change(folder / "1_Pooling" / "config.json", include_prompt=False),
        lambda folder: change(folder / "sentence_bert_config.json", do_lower_case=True),
        lambda folder: change(folder / "tokenizer_config.json", do_lower_case=False),
        lambda folder: (folder / "tokenizer.json").unlink(),
        lambda folder: (folder / "modules.json").write_text(
            json.dumps(
                [
                    *json.loads((folder / "modules.json").read_text()),
                    {"path": "3", "type": "sentence_transformers.Dense"},
                ]
            )
        ),
    ],
)
def test_what_is_not_known_for_certain_is_not_guessed_at(folder: Path, spoil: Callable[[Path], Any]) -> None:
    assert read_model(folder) is not None
    spoil(folder)
    assert read_model(folder) is None


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 40, b"\xff" * 40, b"\x02" + b"\x00" * 7 + b"[]", b"not weights at all"]
)
def test_what_is_no_safetensors_file_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(DamagedError, match="not a whole safetensors file"):
        read_weights(path)


def test_damage_is_one_sentence(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(b"{}")
    with pytest.raises(DataError, match="cannot be loaded"):
        Encoder(str(folder)).load()
