"""Pinning and hiding items from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def films(run: Run, tmp_path: Path, home: Path) -> str:
    table = tmp_path / "items.csv"
    table.write_text("id,title,text\n1,Night,a story\n2,Day,a story\n-3,Noon,a story\n")
    assert run("datasets", "add", "mine", "--kind", "table", "--items", table).status == 0
    return "mine"


def found(run: Run, films: str) -> list[int]:
    outcome = run("search", "story", "-d", films, "--mode", "keyword", "--json")
    return [one["item_id"] for one in json.loads(outcome.out)]


def test_hidden_items_are_not_found_and_pinned_ones_come_first(run: Run, films: str) -> None:
    first, _, last = found(run, films)
    assert run("items", "hide", first, "-d", films).status == 0
    assert run("items", "pin", last, "-d", films).status == 0
    assert found(run, films)[0] == last
    assert len(found(run, films)) == 2
    assert "1 title that you hid is left out" in run("search", "story", "-d", films, "--mode", "keyword").err
    listed = json.loads(run("items", "list", "-d", films, "--json").out)
    assert [(one["item_id"], one["mark"]) for one in listed] == [(last, "pinned"), (first, "hidden")]
    assert run("items", "reset", first, last, "-d", films).status == 0
    assert found(run, films)[0] == first


def test_of_several_items_none_is_marked_if_one_is_unknown(run: Run, films: str) -> None:
    outcome = run("items", "hide", "Night", "Dusk Til Dawn Forever", "-d", films)
    assert outcome.status == 1
    assert "Dusk" in outcome.err
    assert "No item is pinned or hidden." in run("items", "list", "-d", films).err


def test_damaged_marks_hide_nothing_and_are_named(run: Run, films: str, home: Path) -> None:
    assert run("items", "hide", "Night", "-d", films).status == 0
    (path,) = home.rglob("pins.json")
    path.write_text('{"hidden": 7}')
    assert len(found(run, films)) == 3
    assert "pins.json" in run("items", "list", "-d", films).err
    assert run("items", "hide", "Day", "-d", films).status == 1
    assert path.read_text() == '{"hidden": 7}', "what is damaged is not written over"
    assert "pins.json" in run("check", "-d", films).out
