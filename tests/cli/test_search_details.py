"""What a search says beside its results: counts, what it made of the query, and what it left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.data.results import Answer, Correction, Understood
from engine.session.search import SearchService
from tests.cli.conftest import Run


@pytest.fixture
def understanding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that corrects and understands words, unless they are to be taken literally."""
    plain = SearchService.search

    def search(self: SearchService, query, *words, literal=(), **options) -> Answer:  # type: ignore[no-untyped-def]
        answer = plain(self, query, *words, literal=literal, **options)
        if literal:
            return answer
        corrections = (Correction("monstr", "monster"),)
        understood = (Understood("before 1980", "year < 1980", "year:<1980"),)
        return replace(answer, corrections=corrections, understood=understood, remark="Few of the words occur here.")

    monkeypatch.setattr(SearchService, "search", search)


def test_the_list_stays_a_list_and_what_was_understood_is_said_beside_it(
    run: Run, films: str, understanding: None
) -> None:
    outcome = run("search", "monster", "-d", films, "--mode", "keyword", "--json")
    assert [one["item_id"] for one in json.loads(outcome.out)] == ["alien"]
    assert "Searched for 'monster' instead of 'monstr'; --as-typed searches for 'monstr'." in outcome.err
    assert "Understood 'before 1980' as year < 1980 (year:<1980)" in outcome.err
    assert "Few of the words occur here." in outcome.err


def test_with_details_one_object_says_everything(run: Run, films: str, understanding: None) -> None:
    outcome = run("search", "monster", "-d", films, "--mode", "keyword", "--json", "--details")
    found = json.loads(outcome.out)
    assert [one["item_id"] for one in found["results"]] == ["alien"]
    assert found["corrections"] == [{"typed": "monstr", "used": "monster"}]
    assert found["understood"] == [{"typed": "before 1980", "label": "year < 1980", "condition": "year:<1980"}]
    assert (found["method"], found["hidden"], found["unknown_words"]) == ("keyword", 0, [])


def test_as_typed_nothing_is_corrected_or_understood(run: Run, films: str, understanding: None) -> None:
    outcome = run("search", "monster", "-d", films, "--mode", "keyword", "--as-typed")
    assert "instead of" not in outcome.err
    assert "Understood" not in outcome.err


def test_details_count_what_was_found(run: Run, films: str) -> None:
    found = json.loads(run("search", "a", "-d", films, "--mode", "keyword", "--json", "--details").out)
    counts = {one["field"]: {value["label"]: value["count"] for value in one["values"]} for one in found["facets"]}
    assert counts["genre"]["Science Fiction"] == 4
    table = run("search", "a", "-d", films, "--mode", "keyword", "--details").out
    assert "Genre: Science Fiction 4" in table
    assert "%" in table, "the match is in percent"


def test_many_queries_have_their_details_a_line(run: Run, films: str, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("monster\n\nzzzzzz\n")
    outcome = run("search", "--queries", queries, "-d", films, "--mode", "keyword", "--json", "--details")
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert [len(line["results"]) for line in lines] == [1, 0, 0]
    assert [bool(line["facets"]) for line in lines] == [False, False, False], "one film divides into nothing"


def test_items_for_adults_are_counted_and_shown_on_request(run: Run, tmp_path: Path, home: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_text("id,title,genres,text\na,Night,Hentai,a story\nb,Day,Drama,a story\nc,Noon,Comedy,a story\n")
    assert run("datasets", "add", "mine", "--kind", "table", "--items", items).status == 0
    outcome = run("search", "story", "-d", "mine", "--mode", "keyword", "--json")
    assert {one["item_id"] for one in json.loads(outcome.out)} == {"b", "c"}
    assert "1 adult title is hidden; --adult shows them." in outcome.err
    shown = run("search", "story", "-d", "mine", "--mode", "keyword", "--json", "--adult")
    assert len(json.loads(shown.out)) == 3
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "config.toml").write_text("show-adult = true\n")
    assert len(json.loads(run("search", "story", "-d", "mine", "--mode", "keyword", "--json").out)) == 3


def test_the_order_is_nudged_by_ones_own_ratings_on_request(run: Run, films: str) -> None:
    search = ("search", "monster", "-d", films, "--mode", "keyword")
    assert "nudged" not in run(*search).err
    outcome = run(*search, "--for-me", "--json", "--details")
    assert json.loads(outcome.out)["nudged"].startswith("not nudged: no item of")
    assert "Not nudged: no item of" in outcome.err
    run("me", "rate", "Alien", "5", "-d", films, "--profile", "ann")
    assert "train a model" in run(*search, "--for-me", "--profile", "ann").err
    outcome = run(*search, "--profile", "ann")
    assert outcome.status == 2
    assert "--profile says whose ratings --for-me means: give both." in outcome.err
