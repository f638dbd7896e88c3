"""The config command: what holds, where it comes from, and what is wrong where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.storage.config_file import read_config
from tui import cli
from tui.settings.declared import SETTINGS
from tui.settings.effective import config_path
from tui.settings.template import template


@pytest.fixture
def config(home: Path) -> Path:
    path = home / "config" / "config.toml"
    path.parent.mkdir()
    return path


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert cli.main(["config", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_everything_has_a_default(capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys)
    assert {one["source"] for one in found["settings"]} == {"default"}
    assert [one["name"] for one in found["settings"]] == [setting.name for setting in SETTINGS]
    assert found["problems"] == []
    assert found["file"] == str(config_path())


def test_an_option_goes_before_the_environment_and_that_before_the_file(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('\n\nkeymap = "vim"\ndataset = "one"\nlog-level = "debug"\n')
    monkeypatch.setenv("RECSYS_TUI_DATASET", "two")
    monkeypatch.setenv("RECSYS_TUI_LOG_LEVEL", "error")
    assert cli.main(["-d", "three", "config", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["settings"]}
    assert (found["keymap"]["value"], found["keymap"]["source"], found["keymap"]["line"]) == ("vim", "file", 3)
    assert (found["dataset"]["value"], found["dataset"]["place"]) == ("three", "--dataset")
    assert (found["log-level"]["value"], found["log-level"]["place"]) == ("error", "RECSYS_TUI_LOG_LEVEL")


@pytest.mark.parametrize(
    ("content", "line", "name", "part"),
    [
        ('theme = "recsys-lite"', 1, "theme", "recsys-light"),
        ("settle-milliseconds = -1", 1, "settle-milliseconds", "number from 0"),
        ("# mine\nrestore = 1", 2, "restore", "true or false"),
        ('colour = "none"', 1, "colour", "did you mean colours"),
        ('keymap = "vi"', 1, "keymap", "default, vim, emacs"),
        ("keys = 3", 1, "keys", "table"),
        ('[keys]\nsort = "w"', 2, "keys", "the key of why"),
        ('[keys]\nmore-like = "m"', 2, "keys", "more-like-this"),
        ('[keys]\nsort = "hyper"', 2, "keys", "no key"),
        ("[keys]\nsort = 3", 2, "keys", "in quotes"),
        ('[keys]\ntheme = "nord"', 2, "keys", "above"),
        ('keys.quit = "^i"', 1, "keys", "tab"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_the_default_holds(
    config: Path, capsys: pytest.CaptureFixture[str], content: str, line: int, name: str, part: str
) -> None:
    config.write_text(content)
    found = printed(capsys)
    (problem,) = found["problems"]
    assert (problem["line"], problem["name"]) == (line, name)
    assert f"config.toml, line {line}" in problem["message"]
    assert part in problem["message"]
    assert len(problem["message"]) <= 400
    assert "\n" not in problem["message"]
    assert name == "keys" or not any(one["name"] == name and one["source"] != "default" for one in found["settings"])


@pytest.mark.parametrize(
    "content", [b"theme = [", b"\xff\xfe", b"a = " + b"[" * 10_000], ids=["syntax", "bytes", "deep"]
)
def test_a_file_that_cannot_be_read_sets_nothing(
    config: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    config.write_bytes(content)
    found = printed(capsys)
    assert len(found["problems"]) == 1
    assert {one["source"] for one in found["settings"]} == {"default"}


def test_people_see_a_table(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('keymap = "vim"\ncolour = "16"\n[keys]\nquit = ["q", "ctrl+x"]\n')
    assert cli.main(["config"]) == 0
    output = capsys.readouterr()
    rows = [line.split() for line in output.out.splitlines()]
    assert ["keymap", "vim", "config.toml,", "line", "1"] in rows
    assert any(row[:4] == ["keys", "quit", "q", "ctrl+x"] for row in rows)
    assert "did you mean colours" in output.err


def test_editing_begins_with_a_file_that_explains_everything(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    assert cli.main(["config", "edit"]) == 0
    assert config.read_text() == template()
    assert "every entry is used" in capsys.readouterr().err
    for setting in SETTINGS:
        assert setting.written() in config.read_text().replace("\n#", "\n")


def test_what_editing_leaves_wrong_is_said(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('keymap = "vim"\n')
    monkeypatch.setenv("VISUAL", "sed -i s/vim/vi/")
    assert cli.main(["config", "edit", "--json"]) == 1
    output = capsys.readouterr()
    assert json.loads(output.out)["problems"][0]["line"] == 1
    assert "line 1: keymap must be one of" in output.err


def test_the_file_that_explains_everything_is_right_once_the_marks_are_removed(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in template().splitlines()
    ]
    config.write_text("\n".join(lines))
    assert printed(capsys)["problems"] == []
    assert set(read_config(config).content) == {setting.name for setting in SETTINGS}


def test_actions_are_listed_with_their_keys(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('keymap = "emacs"\n[keys]\nwhy = "W"\n')
    assert cli.main(["config", "actions", "--json"]) == 0
    found = {one["action"]: one["keys"] for one in json.loads(capsys.readouterr().out)}
    assert found["why"] == ["W"]
    assert found["palette"] == ["alt+x"]
    assert found["more-like-this"] == ["m"]
