"""Real titles in the five most common views: whole up to 40 characters at 120×36, and up to 24 at 80×24."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.data.items import Item
from tests.tui.conftest import NARROW, WIDE, settle, type_text
from tests.tui.fake import FakeSession
from tui.widgets.cell_text import clean
from tui.widgets.details import ItemDetails
from tui.widgets.item_list import ItemList

DEMO = Path(__file__).parents[2] / "data" / "demo" / "items.csv"
SIZES = {WIDE: 40, NARROW: 24}
#: As many titles as fit any of the lists.
LISTED = 40


def real_items(longest: int) -> tuple[Item, ...]:
    """The longest titles of the demo that are no longer than this, and a few that are longer."""
    with DEMO.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["title"]]
    rows.sort(key=lambda row: (cell_len(row["title"]) > longest, -cell_len(row["title"])))
    chosen = rows[: LISTED - 5] + rows[-5:]
    return tuple(
        Item(number, number, row["title"], int(row["year"] or 0), tuple(row["genres"].split(", ")), row["title"])
        for number, row in enumerate(chosen, 1)
    )


def shown_titles(app, longest: int) -> list[str]:
    """The titles in the windows of all lists that show, after a check that each is whole."""
    titles = []
    for table in app.active_pane.query(ItemList):
        if not table.display or not table.is_on_screen:
            continue
        lines = [table.render_line(y).text for y in range(1, table.size.height)]
        for row, line in zip(table.rows[table.scroll_offset.y :], lines, strict=False):
            item = getattr(row, "item", None) or row[1]
            if cell_len(item.title) <= longest:
                assert clean(item.title) in line, f"{table.id} cuts a title: {line!r}"
                titles.append(item.title)
    return titles


@pytest.mark.parametrize("size", list(SIZES), ids=["wide", "narrow"])
async def test_no_title_of_a_common_length_is_cut(make_app, size):
    longest = SIZES[size]
    items = real_items(longest)
    assert cell_len(items[0].title) == longest
    app = make_app(FakeSession(items))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await type_text(pilot, "the")
        await settle(pilot)
        assert len(shown_titles(app, longest)) > 5, "search"
        await pilot.press("down", "m")
        await settle(pilot)
        assert len(shown_titles(app, longest)) > 5, "more like this"
        liked = app.pane("search")._view.like.title
        assert clean(liked) in str(app.pane("search").query_one("#results").border_title)
        await pilot.press("down", "d")
        await settle(pilot)
        page = app.screen.query_one(ItemDetails)
        text = " ".join(strip.text for strip in page.query("Static").first().render_lines(page.region.reset_offset))
        assert clean(app.pane("search")._table.item.title) in " ".join(text.split()), "details"
        await pilot.press("escape", "f3")
        await settle(pilot)
        assert len(shown_titles(app, longest)) > 6, "user: the history and the recommendations"
        for _ in range(5):
            await pilot.press("f3", "enter", "down", "a")
        await pilot.press("f4")
        await settle(pilot)
        assert len(shown_titles(app, longest)) > 6, "sequence: what was watched, and what comes next"
