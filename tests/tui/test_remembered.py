"""The theme is the same at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import settle, until
from tui.remembered import FILE, read_theme, write_theme


def test_a_theme_is_found_again(tmp_path: Path) -> None:
    assert read_theme(tmp_path) is None
    write_theme(tmp_path / "new", "recsys-light")
    assert read_theme(tmp_path / "new") == "recsys-light"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"theme": 3}', b"\xff\xfe"])
def test_a_spoilt_file_is_no_theme(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert read_theme(tmp_path) is None
    write_theme(tmp_path / FILE, "recsys-light")  # where there can be no folder: nothing happens


async def test_the_app_begins_with_what_was_chosen_and_keeps_what_is(make_app) -> None:
    kept: list[str] = []
    app = make_app(theme="recsys-light", keep_theme=kept.append)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.theme == "recsys-light"
        assert kept == []
        app.theme = "textual-light"
        await until(pilot, lambda: kept)
    assert kept == ["textual-light"]
    assert make_app(theme="of another version").theme == "recsys-dark"
