"""What a model's folder tells before the model is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataError
from engine.search.encoder.encoder import Encoder
from engine.search.encoder.model_card import is_multilingual, read_card
from engine.search.encoder.model_files import DEFAULT_MODEL
from engine.search.semantic.embedding_cost import estimate_cost
from tests.engine.search.fakes import save_tiny_model


def test_the_packaged_model_is_english_and_has_the_published_size() -> None:
    card = Encoder().card
    assert (card.name, card.dim, card.multilingual) == (DEFAULT_MODEL, 384, False)
    assert card.parameters == 22_713_728  # as published, with a few positions that are stored beside them
    assert 90e6 < card.size < 95e6


def test_a_folder_tells_its_size_without_any_import_of_torch(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "tiny")
    program = (
        "import sys; from pathlib import Path; from engine.search.encoder.model_card import read_card;"
        f"card = read_card('tiny', Path({str(folder)!r})); print(card.dim, card.parameters, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    dim, parameters, has_torch = done.stdout.split()
    assert (dim, has_torch) == ("16", "False")
    assert int(parameters) > 30_522 * 16


@pytest.mark.parametrize(
    ("readme", "multilingual"),
    [
        ("---\nlanguage: en\ntags:\n- multilingual\n---\n", False),
        ("---\nlanguage:\n- en\n- fr\nlicense: mit\n---\n", True),
        ("---\nlanguage: [en, fr]\n---\n", True),
        ("---\nlanguage: multilingual\n---\n", True),
        ("---\r\nlanguage: \r\n  - eng\r\n---\r\n", False),
        ("No head at all; language: fr", False),
        ("---\nlanguage: fr", False),  # the head never ends
        ("\xff\xfe", False),
    ],
)
def test_the_head_of_the_readme_names_the_languages(tmp_path: Path, readme: str, multilingual: bool) -> None:
    folder = save_tiny_model(tmp_path / "tiny")
    (folder / "README.md").write_bytes(readme.encode("latin-1"))
    assert read_card("tiny", folder).multilingual is multilingual


def test_without_a_readme_the_name_and_the_vocabulary_tell(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "tiny")
    assert not read_card("tiny", folder).multilingual
    assert read_card("intfloat/multilingual-e5-small", folder).multilingual
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 250_002}))
    assert read_card("tiny", folder).multilingual


def test_a_large_english_vocabulary_is_english() -> None:
    assert not is_multilingual("any", 128_100, "deberta-v2", [])


def test_odd_values_in_the_configuration_are_unknown(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "tiny")
    (folder / "config.json").write_text('{"hidden_size": "large", "vocab_size": -1, "max_position_embeddings": true}')
    card = read_card("tiny", folder)
    assert card.max_tokens is None
    assert card.dim == 16  # from the table of token vectors


def test_pickled_weights_are_refused_before_anything_is_told(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "tiny")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(DataError, match="is a pickle, which could run code"):
        read_card("tiny", folder)


def test_the_cost_grows_with_the_texts_and_with_the_parameters(tmp_path: Path) -> None:
    small = read_card("small", save_tiny_model(tmp_path / "small"))
    large = read_card("large", save_tiny_model(tmp_path / "large", dim=64))
    lengths = np.array([43, 430])
    one, two = estimate_cost(small, lengths, 1e9), estimate_cost(large, np.tile(lengths, 2), 1e9)
    assert (one.texts, one.size) == (2, 2 * (16 * 4 + 8))
    assert (two.texts, two.size) == (4, 4 * (64 * 4 + 8))
    assert one.seconds is not None
    assert two.seconds is not None
    assert 0 < 2 * one.seconds < two.seconds


def test_texts_beyond_the_window_cost_no_more(tmp_path: Path) -> None:
    card = read_card("tiny", save_tiny_model(tmp_path / "tiny"))  # reads 64 tokens
    long, longer = (estimate_cost(card, np.array([size]), 1e9).seconds for size in (10_000, 1_000_000))
    assert long == longer
