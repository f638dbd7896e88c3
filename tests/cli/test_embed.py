"""The embed command, and what embedding costs, said before it begins."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.engine.search.fakes import save_tiny_cross_encoder, save_tiny_model


def test_the_cost_is_said_before_anything_is_embedded(run: Run, films: str, tmp_path: Path) -> None:
    model = save_tiny_model(tmp_path / "multilingual-tiny")
    outcome = run("embed", "-d", films, "--embedding-model", model, "--dry-run", "--json")
    cost = json.loads(outcome.out)
    assert outcome.status == 0
    assert (cost["multilingual"], cost["dim"], cost["done"], cost["total"]) == (True, 16, 0, 5)
    assert cost["texts"] == 5
    assert cost["size"] == 5 * (16 * 4 + 8)
    assert f"To be embedded with {model} (multilingual, " in outcome.err
    assert "5 texts, about 1 s on this processor, less than 1 MB on disk." in outcome.err


def test_after_it_nothing_is_left(run: Run, films: str) -> None:
    first = run("embed", "-d", films)
    assert "5 of 5 items are embedded with all-MiniLM-L6-v2." in first.out
    assert "nothing is left to embed" in run("embed", "-d", films).err


def test_a_model_that_is_not_there_is_one_sentence(run: Run, films: str, tmp_path: Path) -> None:
    outcome = run("embed", "-d", films, "--embedding-model", tmp_path / "none")
    assert outcome.status == 1
    assert outcome.out == ""
    assert "there is no folder with an embedding model here" in outcome.err


def test_a_reranker_of_the_settings_answers_and_a_wrong_one_is_said(
    run: Run, films: str, home: Path, tmp_path: Path
) -> None:
    model = save_tiny_cross_encoder(tmp_path / "cross-encoder")
    config = home / "config" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f"reranker = '{model}'\nreranker-milliseconds = 60000\n")
    outcome = run("search", "monster", "in", "space", "-d", films, "--json")
    assert json.loads(outcome.out)
    assert "ot re-ranked" not in outcome.err
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    outcome = run("search", "monster", "in", "space", "-d", films, "--json")
    assert json.loads(outcome.out)
    assert "Not re-ranked: " in outcome.err
    assert "is a pickle, which could run code" in outcome.err


def test_a_search_without_memory_for_the_model_goes_by_words(run: Run, films: str, monkeypatch) -> None:
    monkeypatch.setattr("engine.runtime.memory.available", lambda device=None: 100_000_000)
    outcome = run("search", "alien", "-d", films)
    assert outcome.status == 0
    assert "Alien" in outcome.out
    assert "Loading the embedding model needs about" in outcome.err
    assert run("search", "alien", "-d", films, "--mode", "semantic").status == 1
