"""The commands for runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def trained(run: Run, films: str) -> str:
    assert run("train", "explicit", "-d", films, "--set", "n_iter=1").status == 0
    assert run("train", "popular", "-d", films).status == 0
    assert run("train", "explicit", "-d", films, "--set", "n_iter=2").status == 0
    return films


def test_runs_are_listed_sorted_and_filtered(run: Run, trained: str) -> None:
    listed = json.loads(run("runs", "list", "-d", trained, "--json").out)
    assert [(one["id"], one["model"], one["state"], one["current"]) for one in listed] == [
        (1, "explicit", "finished", True),
        (2, "popular", "finished", True),
        (3, "explicit", "finished", True),
    ]
    of_model = json.loads(run("runs", "list", "-d", trained, "--model", "explicit", "--reverse", "--json").out)
    assert [one["id"] for one in of_model] == [3, 1]
    by_model = json.loads(run("runs", "list", "-d", trained, "--sort", "model", "--json").out)
    assert [one["id"] for one in by_model] == [1, 3, 2]
    assert run("runs", "list", "-d", trained, "--sort", "beauty").status == 2
    table = run("runs", "list", "-d", trained).out
    assert "popular" in table


def test_what_differs_between_two_runs_is_shown(run: Run, trained: str) -> None:
    found = json.loads(run("runs", "diff", "1", "3", "-d", trained, "--json").out)
    assert {"name": "options.n_iter", "first": 1, "second": 2} in found
    assert "n_iter" in run("runs", "diff", "1", "3", "-d", trained).out


def test_a_removed_run_can_be_taken_back(run: Run, trained: str) -> None:
    removed = run("runs", "remove", "2", "-d", trained)
    assert removed.status == 0
    assert "runs restore 2" in removed.err
    assert [one["id"] for one in json.loads(run("runs", "list", "-d", trained, "--json").out)] == [1, 3]
    assert json.loads(run("runs", "list", "--removed", "-d", trained, "--json").out)[0]["id"] == 2
    assert json.loads(run("runs", "restore", "2", "-d", trained, "--json").out) == {"dataset": "films", "restored": [2]}
    assert run("runs", "show", "2", "-d", trained).status == 0


def test_a_run_that_does_not_exist_is_named_in_one_sentence(run: Run, trained: str) -> None:
    for words in (("show", "9"), ("remove", "9"), ("diff", "1", "9"), ("note", "9", "x"), ("promote", "9")):
        outcome = run("runs", *words, "-d", trained)
        assert outcome.status == 1
        assert outcome.err == "The data set 'films' has no run 9: `recsys-tui runs list` shows the runs.\n"


def test_a_note_is_kept_and_shown_without_its_control_characters(run: Run, trained: str) -> None:
    run("runs", "note", "1", "a", "\x1b[31mred", "idea", "-d", trained)
    assert "\x1b" not in run("runs", "list", "-d", trained).out
    assert json.loads(run("runs", "show", "1", "-d", trained, "--json").out)["note"] == "a \x1b[31mred idea"


def test_a_promoted_model_answers_and_the_choice_can_be_cleared(run: Run, trained: str) -> None:
    assert run("runs", "promote", "2", "-d", trained).status == 0
    assert "by popular" in run("recommend", "ann", "-d", trained).err
    defaults = json.loads(run("models", "default", "-d", trained, "--json").out)
    assert defaults[0] == {"task": "user", "model": "popular", "chosen": True}
    assert run("models", "default", "--clear", "user", "-d", trained).status == 0
    assert "by explicit" in run("recommend", "ann", "-d", trained).err
    refused = run("runs", "promote", "1", "-d", trained)
    assert refused.status == 1
    assert "recsys-tui train explicit -d films --set n_iter=1" in refused.err


def test_a_damaged_record_is_named_and_the_others_are_listed(run: Run, trained: str, home: Path) -> None:
    (home / "data" / "datasets" / "films" / "runs" / "2.json").write_text("{")
    outcome = run("runs", "list", "-d", trained, "--json")
    assert outcome.status == 0
    assert [one["id"] for one in json.loads(outcome.out)] == [1, 3]
    assert "2.json" in outcome.err
    checked = run("check", "-d", trained, "--json")
    assert checked.status == 1
    assert [one["name"] for one in json.loads(checked.out) if one["condition"] == "damaged"] == ["2"]
