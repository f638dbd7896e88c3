"""The check command: its exit status, its JSON, and that one spoilt thing hides nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def trained(run: Run, films: str) -> Path:
    """The folder of the data set `films`, with a trained model."""
    assert run("train", "popular", "-d", films).status == 0
    return Path(json.loads(run("paths", "--json").out)["data"]) / "datasets" / films


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_everything_is_whole(run: Run, trained: Path) -> None:
    outcome = run("check")
    assert (outcome.status, outcome.err.splitlines()[-1]) == (0, "Everything is whole.")
    assert "popular" in outcome.out
    findings = json.loads(run("check", "--json", "-d", "films").out)
    assert {finding["condition"] for finding in findings} == {"whole"}
    assert set(findings[0]) == {"dataset", "kind", "name", "path", "condition", "detail", "repair"}


def test_nothing_is_stored(run: Run) -> None:
    outcome = run("check")
    assert (outcome.status, outcome.out) == (0, "")
    assert json.loads(run("check", "--json").out) == []


def test_damage_is_named_with_what_repairs_it(run: Run, trained: Path) -> None:
    spoil(next(trained.glob("models/popular/**/model.safetensors")))
    outcome = run("check")
    assert outcome.status == 1
    assert "1 of " in outcome.err
    assert "check --repair" in outcome.err
    damaged = [one for one in json.loads(run("check", "--json").out) if one["condition"] == "damaged"]
    assert [(one["kind"], one["name"]) for one in damaged] == [("model", "popular")]
    repaired = run("check", "--repair")
    assert repaired.status == 0
    assert "Repaired: 1 of " in repaired.err
    assert run("check").status == 0


def test_an_unknown_data_set_is_refused(run: Run, films: str) -> None:
    outcome = run("check", "-d", "novels")
    assert outcome.status == 1
    assert "novels" in outcome.err


def test_a_damaged_model_is_listed_as_damaged(run: Run, trained: Path) -> None:
    assert run("train", "als", "-d", "films", "--set", "n_iter=1").status == 0
    spoil(next(trained.glob("models/als/**/model.safetensors")))
    listed = run("models", "list")
    assert listed.status == 0
    assert "films (damaged)" in listed.out
    assert "als on films is damaged" in listed.err
    by_name = {one["name"]: one for one in json.loads(run("models", "list", "--json").out)}
    assert by_name["als"]["datasets"] == []
    assert "checksum" in by_name["als"]["damaged"]["films"]
    assert by_name["popular"]["datasets"] == ["films"]
    assert run("recommend", "ann", "-d", "films").status == 0
    refused = run("recommend", "ann", "-d", "films", "-m", "als")
    assert refused.status == 1
    assert "`recsys-tui train als -d films` trains one" in refused.err


def test_a_damaged_data_set_stays_in_the_list(run: Run, trained: Path, files: tuple[Path, Path]) -> None:
    ratings, items = files
    assert run("datasets", "add", "copies", "--ratings", ratings, "--items", items).status == 0
    (trained / "manifest.json").write_text("{")
    outcome = run("datasets", "list")
    assert outcome.status == 0
    assert "films.damaged-1" in outcome.out
    assert "was moved to" in outcome.err
    listed = {one["name"]: one for one in json.loads(run("datasets", "list", "--json").out)}
    assert listed["copies"]["damaged"] is None
    assert listed["films.damaged-1"]["damaged"].endswith("films.damaged-1")
    assert set(listed["copies"]) == set(listed["films.damaged-1"])
    assert run("search", "heat", "-d", "copies", "--mode", "keyword").status == 0
