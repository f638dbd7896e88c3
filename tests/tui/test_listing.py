"""Lists of items as other programs take them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.items import Item
from engine.data.results import HistoryEntry, Result
from tests.hostile.texts import FORMULAS
from tui.item_page import has_browser, page_of
from tui.listing import Listing, as_csv, as_json, as_markdown, as_row, bound_of
from tui.widgets.item_list import record_of


def item(title: str = "Heat", **metadata: object) -> Item:
    return Item(3, 103, title, 1995, ("Crime", "Drama"), "", metadata)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_every_format_keeps_every_title_in_order(titles: list[str]) -> None:
    records = [record_of(Result(rank, item(title), 0.5)) for rank, title in enumerate(titles, 1)]
    rows = list(csv.DictReader(io.StringIO(as_csv(records), newline="")))
    assert [row["title"].removeprefix("'") for row in rows] == [title.removeprefix("'") for title in titles]
    assert [record["title"] for record in json.loads(as_json(records))] == titles
    assert as_markdown(records).count("\n") == len(titles) + 2
    assert "\n" not in as_row(records[0])


@pytest.mark.parametrize("text", FORMULAS)
def test_no_format_for_a_spreadsheet_runs_a_formula(text: str) -> None:
    record = record_of(Result(1, item(text, note=text), 0.5))
    table = list(csv.DictReader(io.StringIO(as_csv([record]), newline="")))
    assert table[0]["title"] == table[0]["note"] == f"'{text}"
    assert as_row(record).split("\t")[1].startswith("'")


def test_numbers_that_a_model_gives_are_kept_and_others_left_out() -> None:
    listing = Listing("x", (record_of(Result(1, item(), 4.123456789, predicted_rating=4.123456789, std=0.5)),))
    assert (
        listing.as_text("md").splitlines()[0]
        == "| Rank | Title | Year | Genres | Score | Predicted rating | Std | Item id |"
    )
    assert "probability" not in listing.as_text("csv")
    assert "4.12346" in listing.as_text("csv")
    assert json.loads(listing.as_text("json"))[0]["predicted_rating"] == 4.123456789


def test_a_history_and_a_sequence_have_records_too() -> None:
    assert record_of(HistoryEntry(item(), 4.5, 10))["rating"] == 4.5
    assert record_of((2, item()))["rank"] == 2


def test_a_column_of_the_data_named_as_one_of_ours_stays_apart() -> None:
    table = as_csv([record_of(HistoryEntry(item(rating=8.1), 4.5, None))])
    row = next(csv.DictReader(io.StringIO(table)))
    assert (row["rating"], row["metadata.rating"]) == ("4.5", "8.1")


def test_markdown_of_a_title_is_text() -> None:
    assert r"\[a\](b) \| \*x\*" in as_markdown([record_of((1, item("[a](b) | *x*")))])


@pytest.mark.parametrize(
    ("kind", "item_id", "metadata", "address"),
    [
        ("movies", 862, {"imdb_id": "tt0114709"}, "https://www.imdb.com/title/tt0114709/"),
        ("imdb", "tt0114709", {}, "https://www.imdb.com/title/tt0114709/"),
        ("table", 1, {"tmdb_id": 862.0}, "https://www.themoviedb.org/movie/862"),
        ("anime", 5114, {}, "https://myanimelist.net/anime/5114"),
        ("movielens", 1, {}, "https://movielens.org/movies/1"),
        ("table", 1, {"URL": "https://example.org/a?b=c"}, "https://example.org/a?b=c"),
        ("table", 1, {"url": "javascript:alert(1)"}, None),
        ("table", 1, {"url": "file:///etc/passwd"}, None),
        ("table", 1, {"url": "https://user@example.org/"}, None),
        ("table", 1, {"url": "https://[bad"}, None),
        ("table", 1, {"imdb_id": "tt1/../../x"}, None),
        ("demo", "heat-1995", {}, None),
        ("table", 5114, {}, None),
    ],
)
def test_the_page_of_an_item_follows_from_its_data(kind, item_id, metadata, address) -> None:
    page = page_of(Item(1, item_id, "x", None, (), "", metadata), kind)
    assert (page and page.address) == address


def test_no_browser_is_started_over_ssh_or_without_a_display(monkeypatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert not has_browser({"SSH_TTY": "/dev/pts/0", "DISPLAY": ":0"})
    assert not has_browser({})
    assert has_browser({"WAYLAND_DISPLAY": "wayland-0"})


@pytest.mark.parametrize(("score", "shown"), [(5.17, 5.0), (4.2, 4.2)])
def test_a_rating_is_at_least_no_more_than_what_is_predicted(score: float, shown: float) -> None:
    result = Result(1, Item(1, 1, "Heat"), score, predicted_rating=5.0)
    assert bound_of(result) == shown
