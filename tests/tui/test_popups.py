"""Pop-ups close once, however many keys arrive before they are gone."""

from __future__ import annotations

import pytest

from tests.tui.conftest import WIDE, screen_text, settle, until


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


async def test_paging_in_a_palette_that_is_not_laid_out_yet_is_harmless(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p", "down", "pageup", "pagedown", "end", "pagedown", "escape")
        await settle(pilot)
        assert app.is_running
