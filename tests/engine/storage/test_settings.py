from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DataError
from engine.storage.settings import read_settings


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert read_settings(tmp_path).embedding_model is None


def test_the_embedding_model_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('# mine\nembedding-model = "~/models/mine"\n')
    assert read_settings(tmp_path).embedding_model == "~/models/mine"


def test_the_reranker_and_its_budget_are_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('reranker = "~/models/cross"\nreranker-milliseconds = 80\n')
    settings = read_settings(tmp_path)
    assert (settings.reranker, settings.reranker_milliseconds) == ("~/models/cross", 80)


@pytest.mark.parametrize(("text", "shown"), [("", None), ("show-adult = true", True), ("show-adult = false", False)])
def test_whether_items_for_adults_show_is_read(tmp_path: Path, text: str, shown: bool | None) -> None:
    (tmp_path / "config.toml").write_text(text)
    assert read_settings(tmp_path).show_adult is shown


@pytest.mark.parametrize(
    "content",
    [
        b'show-adult = "yes"',
        b"show-adult = 1",
        b"embedding-model = 3",
        b"reranker = true",
        b'reranker-milliseconds = "150"',
        b"reranker-milliseconds = true",
        b"reranker-milliseconds = 0",
        b"reranker-milliseconds = inf",
        b"reranker-milliseconds = nan",
        b'embedding-model = ""',
        b"embedding-model",
        b"\xff",
    ],
)
def test_what_is_no_setting_is_said_with_the_files_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(DataError, match=r"config\.toml"):
        read_settings(tmp_path)
