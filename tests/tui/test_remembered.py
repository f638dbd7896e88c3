"""The theme is the same at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui import launch as launching
from tui.app import RecsysApp
from tui.remembered import FILE, read_theme, write_theme


def test_a_theme_is_found_again(tmp_path: Path) -> None:
    assert read_theme(tmp_path) is None
    write_theme(tmp_path / "new", "recsys-light")
    assert read_theme(tmp_path / "new") == "recsys-light"


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 100_000, b'{"theme": 3}', b"\xff\xfe"])
def test_a_spoilt_file_is_no_theme(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert read_theme(tmp_path) is None
    write_theme(tmp_path / FILE, "recsys-light")  # where there can be no folder: nothing happens


def test_the_app_begins_with_what_was_chosen(make_app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_app(theme="recsys-light").theme == "recsys-light"
    assert make_app(theme="of another version").theme == "recsys-dark"
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path))
    left = []
    monkeypatch.setattr(launching, "leave", left.append)
    monkeypatch.setattr(launching, "require_terminal", lambda: None)
    monkeypatch.setattr(launching, "_log_errors_of_threads", lambda: None)  # it would hold for all later tests

    async def choose(app: RecsysApp) -> None:
        app.theme = "textual-light"

    async def choose_nothing(app: RecsysApp) -> None:
        pass

    monkeypatch.setattr(RecsysApp, "run_async", choose)
    launching.launch(None, "cpu")
    assert read_theme(tmp_path / "state") == "textual-light"
    monkeypatch.setattr(RecsysApp, "run_async", choose_nothing)
    (tmp_path / "state" / FILE).unlink()
    launching.launch(None, "cpu")
    assert read_theme(tmp_path / "state") is None, "nothing was chosen"
    assert len(left) == 2
