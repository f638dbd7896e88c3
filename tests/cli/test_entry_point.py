"""Models and readers of other packages: installed beside recsys-tui, they are like all others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run

PACKAGES = Path(__file__).parent.parent / "packages"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="without hatchling the test package cannot be built")
    place = tmp_path_factory.mktemp("site")
    quietly = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", *quietly, "--target", place, *sorted(PACKAGES.iterdir())]
    subprocess.run([str(word) for word in command], check=True)
    return place


def test_a_model_of_another_package_is_listed_trained_measured_and_recommends(
    process: Run, installed: Path, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ratings, items = files
    words = ("datasets", "add", "films", "--kind", "table", "--ratings", ratings, "--items", items)
    assert process(*words).status == 0
    assert "no model 'random'" in process("train", "random").err

    monkeypatch.setenv("PYTHONPATH", str(installed))
    listed = {one["name"]: one for one in json.loads(process("models", "list", "--json").out)}
    assert listed["random"]["kind"] == "user"
    assert "throw of dice" in listed["random"]["description"]
    assert listed["random"]["options"]["sides"]["default"] == 6

    outcome = process("train", "random", "--set", "sides=20", "--json")
    assert outcome.status == 0, outcome.err
    assert json.loads(outcome.out)["options"] == {"sides": 20, "random_state": 42}
    outcome = process("recommend", "ann", "-m", "random", "--json")
    assert outcome.status == 0, outcome.err
    assert [one["item_id"] for one in json.loads(outcome.out)] == ["stalker"]
    again = process("recommend", "ann", "-m", "random", "--include-seen", "--json")
    assert len({one["score"] for one in json.loads(again.out)}) > 1
    outcome = process("evaluate", "random", "implicit", "--set", "n_iter=1", "--json")
    assert [one["model"] for one in json.loads(outcome.out)] == ["random", "implicit"], outcome.err


def test_a_reader_of_another_package_reads_its_files_beside_a_broken_one(
    process: Run, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays = tmp_path / "plays.csv"
    plays.write_text("listener,song\nann,blue\nbob,blue\n")
    monkeypatch.setenv("PYTHONPATH", str(installed))
    outcome = process("datasets", "add", "songs", "--ratings", plays, "--json")
    assert outcome.status == 0, outcome.err
    assert json.loads(outcome.out)["kind"] == "plays"
    outcome = process("datasets", "add", "other", "--ratings", plays, "--kind", "broken")
    assert outcome.status == 1
    assert "the package recsys-tui-plays cannot be used" in outcome.err
    assert "librarian is not installed" in outcome.err
