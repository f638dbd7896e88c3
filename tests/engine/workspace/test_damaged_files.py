"""One spoilt file hides nothing else; ``benchmarks/reliability/damaged_files.py`` runs many more of these trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.workspace.damage import ask, files_of, make_home, trial


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("damage") / "home"
        patch.setenv("RECSYS_TUI_HOME", str(home))
        make_home(home)
        return home, ask(home)


def test_there_is_one_file_of_each_kind(template: tuple[Path, dict[str, Any]]) -> None:
    names = {file.name.partition("-")[0] for file in files_of(template[0])}
    assert names >= {
        *("manifest.json", "items", "users", "interactions", "words.npz", "current.json"),
        *("report.json", "model.json", "model.safetensors", "version.json"),
        *("vectors.npy", "hashes.npy", "ease", "config.toml", "look.json", "tales.json", "model"),
    }


@pytest.mark.parametrize("first", range(0, 40, 8))
def test_a_spoilt_file_is_named_or_made_again_and_hides_nothing_else(
    template: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    home, expected = template
    for seed in range(first, first + 8):
        copy = tmp_path / str(seed)
        monkeypatch.setenv("RECSYS_TUI_HOME", str(copy))
        trial(home, expected, copy, seed)
