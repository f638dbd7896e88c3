"""The place in which a cluster shares data, as an option and as a setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize("as_setting", [False, True])
def test_a_folder_that_there_is_not_is_one_sentence(run: Run, films: str, home: Path, as_setting: bool) -> None:
    place = home / "nothing"
    if as_setting:
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "config.toml").write_text(f"storage = '{place}'\n")
        outcome = run("--on", "ray", "train", "als", "-d", films)
    else:
        outcome = run("--storage", place, "train", "als", "-d", films, "--on", "ray")
    assert outcome.status == 1
    assert f"{place}: there is no such folder" in outcome.err
    assert "--storage names another place." in outcome.err


def test_an_address_that_is_none_is_refused_before_anything_is_read(run: Run, films: str) -> None:
    outcome = run("train", "als", "-d", films, "--on", "ray", "--storage", "gs://bucket/x")
    assert outcome.status == 2
    assert "a folder or s3://BUCKET/PREFIX" in outcome.err


def test_without_a_cluster_it_is_told_that_the_option_says_nothing(run: Run, films: str, tmp_path: Path) -> None:
    for words in (("train", "popular", "--storage", tmp_path), ("--storage", tmp_path, "train", "popular")):
        outcome = run(*words, "-d", films)
        assert outcome.status == 0
        assert "--storage says nothing without --on" in outcome.err
    assert not list(tmp_path.glob("recsys-tui-run-*"))


def test_a_setting_is_nothing_to_work_on_this_machine(run: Run, films: str, home: Path) -> None:
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "config.toml").write_text("storage = '/nowhere'\n")
    outcome = run("train", "popular", "-d", films)
    assert outcome.status == 0
    assert "--storage" not in outcome.err
