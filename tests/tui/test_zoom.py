"""Zooming: the list that has the focus fills the tab, and the others come back."""

from __future__ import annotations

from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text


async def test_a_list_fills_the_tab_and_escape_brings_the_others_back(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("enter", "z")
        await settle(pilot)
        pane, text = app.active_pane, screen_text(app)
        assert pane._recommended.region == pane.region
        assert "History of" not in text
        assert "╭─ 60 users" not in text
        assert "z or Esc shows the other lists again" in text
        await pilot.press("down", "escape")
        await settle(pilot)
        assert pane._liked.has_focus, "the first Esc only ends the zoom"
        assert pane._liked.cursor == 1
        assert "History of user 1" in screen_text(app)
        await pilot.press("z", "z")
        await settle(pilot)
        assert "History of user 1" in screen_text(app)


async def test_what_is_hidden_shows_again_when_the_focus_goes_there(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heist")
        await settle(pilot)
        await pilot.press("down", "z")
        await settle(pilot)
        assert "Details" not in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "Esc closes" in screen_text(app), "without a panel beside the list, details open in front"
        await pilot.press("escape", "slash")
        await settle(pilot)
        assert app.active_pane.zoomed is None
        assert "Details" in screen_text(app)


async def test_z_is_text_while_one_types(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "zz")
        await settle(pilot)
        assert app.active_pane.line.value == "zz"
        assert app.active_pane.zoomed is None
