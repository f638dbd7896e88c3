"""The smallest window: each list has its rows, and what had to go is a key away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.data.results import ModelState
from tests.tui.conftest import screen_text, settle, type_text
from tests.tui.fake import FakeSession
from tui.app import RecsysApp
from tui.widgets.table import Table

MakeApp = Callable[..., RecsysApp]

SMALLEST = (64, 18)


@pytest.fixture
def session() -> FakeSession:
    session = FakeSession(recent=["heat", "robbers", "genre:crime"])
    for number in range(5):
        session.runs.add("evaluate", "explicit" if number % 2 else "sequence")
    return session


def rows_of(table: Table[object]) -> int:
    """How many rows of a table can be seen at once."""
    return table.size.height - table._top


@pytest.mark.parametrize(
    ("keys", "lists"),
    [
        ([], ("#found", "#recent-searches")),
        ([*"heat"], ("#found",)),
        (["f3", "enter"], ("#users", "#past", "#liked")),
        (["f4", *"heat", "enter"], ("#next",)),
        (["f6"], ("#models-list",)),
        (["f6", "tab"], ("#runs-list",)),
    ],
    ids=["start", "search", "user", "sequence", "models", "runs"],
)
async def test_each_list_shows_three_rows(
    make_app: MakeApp, session: FakeSession, keys: list[str], lists: tuple[str, ...]
) -> None:
    app = make_app(session)
    async with app.run_test(size=SMALLEST) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        shown = {table.id: rows_of(table) for table in app.screen.query(Table) if table.visible and table.size}
        assert not [one for one in lists if shown.get(one.removeprefix("#"), 0) < 3], shown


async def test_the_list_that_has_no_room_is_one_key_or_click_away(make_app: MakeApp, session: FakeSession) -> None:
    app = make_app(session)
    async with app.run_test(size=SMALLEST) as pilot:
        await settle(pilot)
        await pilot.press("f6")
        await settle(pilot)
        assert "Runs · 5 · Tab" in screen_text(app)
        await pilot.press("tab")
        await settle(pilot)
        assert "models trained · Tab" in screen_text(app)
        assert "evaluate" in screen_text(app)
        await pilot.click("#model-side Panel")
        await settle(pilot)
        assert "Runs · 5 · Tab" in screen_text(app)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "Tab" not in screen_text(app).split("Runs")[1].splitlines()[0]


async def test_news_keep_the_key_that_undoes_them(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=SMALLEST) as pilot:
        await settle(pilot)
        app._status.note = (
            "✓ A title that is much longer than the window is wide (1999): no longer on your list · u undoes"
        )
        await pilot.pause()
        assert "…: no longer on your list · u undoes" in screen_text(app)


async def test_a_value_of_a_form_that_has_no_room_keeps_its_arrows(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=SMALLEST) as pilot:
        await settle(pilot)
        await pilot.press("f3", "enter", "E")
        await settle(pilot)
        line = next(line for line in screen_text(app).splitlines() if " What " in line)
        assert "… ›" in line


async def test_the_key_that_helps_shows_where_not_all_of_a_notice_does(make_app: MakeApp) -> None:
    session = FakeSession(trained=())
    session.further_models = [ModelState("svd", "user", "A description that is so long that it takes a second line.")]
    app = make_app(session)
    async with app.run_test(size=SMALLEST) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        assert "F5" in screen_text(app).split("Recommended")[1]


async def test_what_was_found_in_a_file_shows_below_its_columns(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=SMALLEST) as pilot:
        await settle(pilot)
        await pilot.press("f7", "a")
        await settle(pilot)
        await type_text(pilot, "/data/ratings.csv")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "1,000 items, 60 users" in screen_text(app)
        assert "who" in screen_text(app)
