"""Pop-ups close once, however many keys arrive before they are gone."""

from __future__ import annotations

import pytest

from tests.tui.conftest import WIDE, running, screen_text, settle, until
from tui.widgets.hints import KeyHints


@pytest.mark.parametrize("opening", ["f1", "ctrl+p", "d"])
async def test_a_pop_up_asked_twice_to_close_takes_nothing_else_with_it(make_app, opening):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("h")
        await settle(pilot)
        await pilot.press("down", opening)
        await until(pilot, lambda: len(app.screen_stack) == 2)
        pop_up = app.screen
        pop_up.dismiss()
        pop_up.dismiss()
        await settle(pilot)
        assert len(app.screen_stack) == 1
        assert "Results" in screen_text(app)


@pytest.mark.parametrize(
    ("opening", "shown"), [("f1", "close"), ("d", "close"), ("colon", "complete"), ("space", "choose"), ("w", "close")]
)
async def test_the_bottom_line_shows_the_keys_of_what_is_in_front(make_app, opening, shown):
    app = make_app()
    async with running(app, "h", "down") as pilot:
        before = screen_text(app).splitlines()[-1]
        assert "palette" in before
        await pilot.press(opening)
        await settle(pilot)
        line = screen_text(app).splitlines()[-1]
        active = {active.binding.description for active in app.screen.active_bindings.values()}
        assert shown in line
        assert "palette" not in line
        assert {what for _, _, what in app.screen.query_one(KeyHints).hints()} <= active
        await pilot.press("escape")
        await settle(pilot)
        assert screen_text(app).splitlines()[-1] == before


@pytest.mark.parametrize("opening", ["ctrl+p", "apostrophe"])
async def test_a_screen_without_hints_hides_those_behind_it(make_app, opening):
    app = make_app()
    async with running(app, "h", "down") as pilot:
        before = screen_text(app).splitlines()[-1]
        await pilot.press(opening)
        await settle(pilot)
        assert not screen_text(app).splitlines()[-1].strip()
        await pilot.press("escape")
        await settle(pilot)
        assert screen_text(app).splitlines()[-1] == before


async def test_paging_in_a_palette_that_is_not_laid_out_yet_is_harmless(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p", "down", "pageup", "pagedown", "end", "pagedown", "escape")
        await settle(pilot)
        assert app.is_running
