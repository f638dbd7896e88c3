"""What an empty line shows: what is popular, and what was searched for before."""

from __future__ import annotations

from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text
from tests.tui.fake import FakeSession

RECENT = ["robbers genre:crime", "a boy and his robot"]


async def test_the_most_popular_items_can_be_walked_through(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "Most popular · 20" in screen_text(app)
        await pilot.press("down", "down")
        assert app.pane("search")._table.has_focus
        await pilot.press("enter")
        assert app.pane("search")._details.has_focus


async def test_up_in_an_empty_line_gives_the_last_query_as_shells_do(make_app):
    session = FakeSession(recent=RECENT)
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        assert "a boy and his robot" in screen_text(app)
        seen = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            await settle(pilot)
            seen.append(app.pane("search").line.value)
        assert seen == [RECENT[0], RECENT[1], RECENT[1], RECENT[0], ""]
        assert app.pane("search").line.has_focus
        assert "Most popular" in screen_text(app)


async def test_what_is_changed_after_it_was_recalled_is_a_query_like_any_other(make_app):
    app = make_app(FakeSession(recent=RECENT))
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("up", "up", "s")
        await settle(pilot)
        assert app.pane("search").line.value == "a boy and his robots"
        await pilot.press("up")
        assert app.pane("search").line.value == "a boy and his robots"
        await pilot.press("down")
        assert app.pane("search")._table.has_focus


async def test_a_recent_search_is_made_again_from_the_list(make_app):
    app = make_app(FakeSession(recent=RECENT))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        pane = app.pane("search")
        pane.go_to(pane.query_one("#recent-searches"))
        await pilot.press("down", "enter")
        await settle(pilot)
        assert pane.line.value == RECENT[1]
        assert pane._table.has_focus
        assert "Recent searches" not in screen_text(app)


async def test_queries_that_led_somewhere_are_remembered(make_app):
    session = FakeSession(recent=RECENT)
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "rain")
        await settle(pilot)
        assert session.recent == RECENT
        await pilot.press("enter")
        await settle(pilot)
        assert session.recent == ["rain", *RECENT]
        await pilot.press("escape", "escape")
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "d")
        await settle(pilot)
        assert session.recent == ["heat", "rain", *RECENT]
        await pilot.press("escape", "escape", "escape")
        await settle(pilot)
        await pilot.press("up")
        assert app.pane("search").line.value == "heat"
