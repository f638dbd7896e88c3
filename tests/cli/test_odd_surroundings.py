"""Surroundings that no command can use are said in one sentence."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run

COMMANDS = (("datasets", "list"), ("check",), ("me", "list"), ("search", "heist"))


@pytest.mark.parametrize("words", COMMANDS, ids=str)
@pytest.mark.parametrize("home", ["~nosuchuser/x" + "y" * 300, "caf\udce9"], ids=["too long", "no text"])
def test_a_folder_with_an_impossible_name(
    run: Run, words: tuple[str, ...], home: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path / home))
    outcome = run(*words)
    assert "Unexpected" not in outcome.err
    assert "Traceback" not in outcome.err
    if words == ("search", "heist") or "\udce9" in home:
        assert outcome.status == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may look into everything")
@pytest.mark.parametrize("words", COMMANDS, ids=str)
@pytest.mark.parametrize("folder", ["config", "state", "data/datasets/demo"])
def test_a_folder_that_may_not_be_looked_into(
    run: Run, words: tuple[str, ...], folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path))
    assert run("datasets", "add", "demo").status == 0
    closed = tmp_path / folder
    closed.mkdir(parents=True, exist_ok=True)
    before = stat.S_IMODE(closed.stat().st_mode)
    closed.chmod(0)
    try:
        outcome = run(*words)
    finally:
        closed.chmod(before)
    assert "Unexpected" not in outcome.err
    assert "Traceback" not in outcome.err
    if words == ("check",):
        assert outcome.status == 1
        assert "permission denied" in outcome.out


@pytest.mark.parametrize(
    "words",
    [
        ("runs", "note", "1", "caf\udce9"),
        ("search", "x", "--embedding-model", "~nosuchuser/x"),
        ("tune", "als", "--metric", "\udc9b"),
        ("datasets", "query", "demo", "select '\udc9b'"),
        ("datasets", "add", "u", "--ratings", "https://a:b:c/x.csv"),
    ],
    ids=lambda words: words[0],
)
def test_an_argument_that_is_no_text_or_names_nobody(
    run: Run, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path))
    outcome = run(*words)
    assert "Unexpected" not in outcome.err
    assert "Traceback" not in outcome.err
    assert "codec" not in outcome.err


@pytest.mark.skipif(sys.platform == "win32", reason="closed by the shell")
def test_queries_from_a_closed_input(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tui.entry", "search", "--queries", "-", "--mode", "keyword"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *words],
        env={**os.environ, "RECSYS_TUI_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert "Unexpected" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "There is not enough memory"),
        (ImportError("libx.so: failed to map segment from shared object"), "There is not enough memory"),
        (ImportError("no module named x"), "Unexpected error: ImportError"),
    ],
    ids=str,
)
def test_a_library_for_which_there_is_no_memory(
    run: Run, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing() -> object:
        raise error

    monkeypatch.setattr("engine.session.datasets.open_workspace", failing)
    outcome = run("datasets", "list")
    assert outcome.status == 1
    assert outcome.err.startswith(said)
