"""Jump mode, the palette, and the first help: ways to everything for who does not know the keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession
from tui.widgets.jump import JumpScreen, labels


@given(st.integers(0, 26 * 26))
def test_labels_are_distinct_and_none_begins_another(number: int) -> None:
    found = labels(number)
    assert len(found) == len(set(found)) == number
    singles = {label for label in found if len(label) == 1}
    assert not any(label[0] in singles for label in found if len(label) == 2)


async def test_a_letter_leads_to_its_row(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        table = app.pane("search")._table
        await pilot.press("down", "apostrophe")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        label = next(key for key, target in app.screen._targets.items() if getattr(target.go, "args", (0,))[-1] == 4)
        line = next(line for line in screen_text(app).splitlines() if table.rows[4].item.title in line)
        assert f"│{label}" in line
        await pilot.press(*label)
        await settle(pilot)
        assert table.has_focus
        assert table.cursor == 4


async def test_another_key_closes_the_letters(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("down", "apostrophe")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.press("1")
        await settle(pilot)
        assert not isinstance(app.screen, JumpScreen)


async def test_the_palette_shows_places_keys_and_states(make_app):
    app = make_app()
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "ctrl+p")
        await until(pilot, lambda: "Who liked it" in screen_text(app))
        lines = [" ".join(line.split()) for line in screen_text(app).splitlines()]
        assert any("Here More like this m" in line for line in lines)
        assert any("Search Search: hybrid ^t ● current" in line for line in lines)


async def test_help_begins_with_the_open_tab_and_how_its_numbers_are_read(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        titles = [title for title, _ in app.help_sections()]
        assert titles[:4] == ["Here and now", "User", "How to read the numbers", "In a list"]
        assert sorted(titles).count("User") == 1


async def test_the_first_start_offers_queries_made_from_the_data(make_app):
    session = FakeSession(samples=("crime from the 1990s", "heat"))
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "Try one of these" in text
        assert "crime from the 1990s" in text
        assert "F3 what a user would like" in text
        await pilot.press("up")
        await settle(pilot)
        assert app.pane("search").line.value == "crime from the 1990s"
