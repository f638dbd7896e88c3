"""Lists that go to their end, of which only what comes into sight is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from engine.data.items import Item
from engine.data.ranked_pages import RankedPages
from engine.data.results import Answer, Result
from engine.errors import DataError
from tests.tui.conftest import NARROW, screen_text, settle, type_text
from tests.tui.fake import FakeSession, FakeUsers
from tui.widgets.pages import PAGE, PagedRows
from tui.widgets.table import Column, Table

MILLION = 1_000_000


class LongTable(App[None]):
    """A table of a million rows, which are made when they are wanted."""

    def __init__(self, known: bool) -> None:
        super().__init__()
        self.table: Table[int] = Table((Column("Row", lambda row, _: f"row number {row}", main=True),))
        self._known = known
        self.asked: list[tuple[int, int]] = []
        self.moved: list[int | None] = []

    def compose(self):
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self.table.show(range(PAGE), total=MILLION if self._known else None, more=not self._known)

    def on_table_wanted(self, event: Table.Wanted) -> None:
        self.asked.append((event.start, event.end))
        self.table.fill(event.start, range(event.start, event.end), MILLION)

    def on_table_moved(self, event: Table.Moved) -> None:
        self.moved.append(event.table.row)


@pytest.mark.parametrize("known", [True, False])
async def test_a_million_rows_can_be_walked_to_the_end_and_read_in_pages(known):
    app = LongTable(known)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        if not known:  # how many there are is asked for first
            await pilot.pause()
        assert app.table.row == MILLION - 1
        assert app.moved[-1] == MILLION - 1
        lines = [app.table.render_line(y).text for y in range(20)]
        assert f"▸ row number {MILLION - 1}" in lines[-1]
        assert all(end - start <= 2 * PAGE for start, end in app.asked)
        assert sum(end - start for start, end in app.asked) <= 4 * PAGE, "only what is looked at is read"
        await pilot.press("g", "pagedown", "pagedown")
        assert app.table.row is not None


async def test_a_row_that_is_not_there_yet_is_no_row():
    app = LongTable(known=True)
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show(range(PAGE), total=MILLION)
        app.table.action_last()
        assert app.table.row is None
        app.table.action_choose()
        assert "…" in app.table.render_line(19).text
        await pilot.pause()
        assert app.table.row == MILLION - 1


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 60), st.integers(0, 300))
def test_what_is_wanted_is_what_is_missing(total, start, height, first):
    rows: PagedRows[int] = PagedRows(range(min(first, total)), total)
    while wanted := rows.missing(start, start + height):
        begin, end = wanted
        assert 0 <= begin < end <= total
        assert rows.get(begin) is None or rows.get(end - 1) is None or end - begin > 1
        rows.fill(begin, range(begin, end), total)
    assert [rows.get(place) for place in range(start, min(start + height, total))] == list(
        range(start, min(start + height, total))
    )


def make(ids: Any, rank: int) -> list[Result]:
    return [Result(place, Item(int(one), int(one), f"Film {one}"), -float(one)) for place, one in enumerate(ids, rank)]


@given(
    st.integers(0, 50), st.lists(st.integers(1, 60), max_size=12, unique=True), st.integers(0, 70), st.integers(0, 70)
)
def test_pages_of_a_ranking_are_its_parts(length, first, start, stop):
    ids = np.arange(1, length + 1)
    pages = RankedPages(ids, make).after(make(first, 1))
    whole = pages.page(0, len(pages))
    assert [line.item.internal_id for line in whole] == [*first, *(one for one in ids if one not in first)]
    assert [line.rank for line in whole] == list(range(1, len(pages) + 1))
    assert pages.page(start, stop) == whole[start:stop]
    assert len(RankedPages.of(whole)) == len(whole)


async def test_all_users_are_listed(make_app):
    session = FakeSession(users=5000)
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        assert "5,000 users" in screen_text(app)
        await pilot.press("G")
        await settle(pilot)
        assert "▸ 5000" in screen_text(app)
        assert "History of user 5000" in screen_text(app)
        await type_text(pilot, "/77")
        await settle(pilot)
        assert "found" in screen_text(app)
        assert app.pane("user")._users.row.user_id == 77


def long_answers(monkeypatch: pytest.MonkeyPatch, length: int = 5000) -> None:
    """Have the fake recommend this many films."""

    def recommend(
        self: FakeUsers, user: Any, k: int = 10, model: str | None = None, *args: Any, **options: Any
    ) -> Answer:
        pages = RankedPages(np.arange(1, length + 1), make)
        return Answer(pages.page(0, k), "explicit", whole=lambda: pages)

    monkeypatch.setattr(FakeUsers, "recommend", recommend)


async def test_recommendations_go_to_their_end(make_app, monkeypatch):
    long_answers(monkeypatch)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        assert "first 100" in screen_text(app)
        await pilot.press("enter", "G")
        await settle(pilot)
        assert "explicit · 5,000" in screen_text(app)
        assert "Film 5000" in screen_text(app)
        assert app.pane("user")._liked.row.rank == 5000


async def test_what_cannot_be_read_is_said_and_the_list_stays(make_app, monkeypatch):
    def broken() -> RankedPages:
        raise DataError("The file is damaged.")

    def recommend(
        self: FakeUsers, user: Any, k: int = 10, model: str | None = None, *args: Any, **options: Any
    ) -> Answer:
        return replace(Answer(tuple(make(range(1, k + 1), 1)), "explicit"), whole=broken)

    monkeypatch.setattr(FakeUsers, "recommend", recommend)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("enter", "G")
        await settle(pilot)
        text = screen_text(app)
        assert "only 100 rows could be read: The file is damaged." in text
        assert "Film 100" in text
