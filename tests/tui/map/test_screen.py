"""The map as a person uses it: from each tab, by keys and by the mouse, in every state."""

from __future__ import annotations

import pytest

from engine.errors import RecsysError
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, until
from tests.tui.fake import NASTY, FakeSession, make_items
from tui.map.canvas import MapCanvas
from tui.map.screen import MapScreen


async def open_map(pilot, *keys: str) -> MapScreen:
    await settle(pilot)
    for key in (*keys, "M"):
        await pilot.press(key)
        await settle(pilot)
    assert isinstance(pilot.app.screen, MapScreen)
    return pilot.app.screen


def canvas(app) -> MapCanvas:
    return app.screen.query_one(MapCanvas)


async def test_it_opens_on_the_item_under_the_cursor_and_names_its_neighbours(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, *"heist", "enter", "down")
        text = screen_text(app)
        assert "◉ Heat (1995)" in text
        assert "○ nearest in meaning" in text
        assert "The Killing (1956)" in text
        assert "Science Fiction" in text
        assert "◆ best 20 found: 20" in text


async def test_a_users_history_and_recommendations_are_layers(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await until(pilot, lambda: "Recommended for" in screen_text(app))
        await open_map(pilot)
        text = screen_text(app)
        assert "● history of user 1: 9" in text
        assert "▲ recommended by explicit: 11" in text


async def test_a_sequence_and_what_comes_next_are_layers(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for item in session.items[:3]:
            app.state.draft.append(item)
        await open_map(pilot, "f4", "tab")
        text = screen_text(app)
        assert "■ the sequence: 3" in text
        assert "▲ what comes next: 17" in text


async def test_keys_move_the_cursor_and_zoom(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_map(pilot, "f3")
        before = canvas(app).item
        await pilot.press("right")
        await settle(pilot)
        assert canvas(app).item != before
        await pilot.press("plus", "plus")
        assert canvas(app).viewport.zoom > 2
        column, row = canvas(app)._cells[:, canvas(app).cursor]
        assert 0 <= column < canvas(app).size.width
        assert 0 <= row < canvas(app).size.height
        await pilot.press("home")
        assert canvas(app).viewport.zoom == 1
        await pilot.press("n")
        marked = [int(point) for layer in canvas(app).marked for point in layer.points]
        assert canvas(app).cursor in marked


async def test_a_step_paints_the_lines_that_become_different_and_no_others(make_app, monkeypatch):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        shown = canvas(app)
        rows = range(shown.size.height)
        before = [shown.render_line(row) for row in rows]
        painted: set[int] = set()
        refresh = shown.refresh
        monkeypatch.setattr(
            shown, "refresh", lambda *regions: [refresh(*regions), painted.update(region.y for region in regions)][0]
        )
        await pilot.press("right")
        await settle(pilot)
        different = {row for row in rows if shown.render_line(row) != before[row]}
        assert different
        assert different <= painted < set(rows)


async def test_every_item_can_be_reached_by_arrows(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        seen, waiting = set(), [canvas(app).cursor]
        while waiting:
            point = waiting.pop()
            if point in seen:
                continue
            seen.add(point)
            for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                canvas(app).cursor = point
                canvas(app).action_go(across, down)
                waiting.append(canvas(app).cursor)
        assert len(seen) == 20


async def test_more_like_this_closes_the_map_and_searches(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        item = canvas(app).item
        await pilot.press("m")
        await settle(pilot)
        assert not app.screen.is_modal
        assert app.active_tab == "search"
        assert ("search", "", "hybrid", 100 + item) in app_session(app).asked
        await pilot.press("M")
        await settle(pilot)
        assert isinstance(app.screen, MapScreen), "it can be opened again"


def app_session(app) -> FakeSession:
    return app.backend._connection.wait_for_session()


async def test_details_open_in_front_and_lead_on(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        await pilot.press("enter")
        await settle(pilot)
        assert "Esc closes" in screen_text(app)
        await pilot.press("m")
        await until(pilot, lambda: not app.screen.is_modal)
        assert app.active_tab == "search"


async def test_an_item_is_added_and_said(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        await pilot.press("a")
        await settle(pilot)
        assert len(app.state.draft) == 1
        await until(pilot, lambda: "is number 1 of the sequence" in screen_text(app))


async def test_a_click_picks_and_the_wheel_zooms(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        column, row = canvas(app)._cells[:, 12]
        await pilot.click(MapCanvas, offset=(int(column), int(row)))
        await settle(pilot)
        assert canvas(app).cursor == 12
        await pilot.click(MapCanvas, offset=(int(column), int(row)))
        await settle(pilot)
        assert "Esc closes" in screen_text(app), "a second click shows details"
        await pilot.press("escape")
        canvas(app).on_mouse_scroll_up(_Wheel(3, 3))
        assert canvas(app).viewport.zoom > 1


class _Wheel:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def stop(self) -> None: ...


async def test_a_neighbour_in_the_list_can_be_gone_to(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        first = canvas(app).item
        await pilot.press("tab", "down", "full_stop")
        await settle(pilot)
        assert canvas(app).item not in (first, None)
        assert app.focused is canvas(app)


async def test_without_embeddings_it_says_what_embeds_and_then_draws(make_app):
    app = make_app(FakeSession(embedded=0))
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        assert "Nothing to draw a map of yet" in screen_text(app)
        await pilot.press("e")
        await until(pilot, lambda: "nearest in meaning" in screen_text(app))


async def test_a_draft_is_shown_while_it_is_refined(make_app):
    session = FakeSession()
    session.map.refined = False
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        session.hold("refine")
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("M")
        await until(pilot, lambda: "first picture · refining 33%" in screen_text(app))
        assert "nearest in meaning" in screen_text(app)
        session._gates["refine"].set()
        await until(pilot, lambda: "first picture" not in screen_text(app))
        await settle(pilot)
        assert session.asked.count(("map",)) == 3


async def test_a_failed_refinement_leaves_the_first_picture(make_app):
    session = FakeSession()
    session.map.refined = False
    session.fail("refine", RecsysError("There is not enough memory."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_map(pilot, "f3")
        text = screen_text(app)
        assert "refining failed: There is not enough memory." in text
        assert "nearest in meaning" in text


async def test_a_failure_is_said_and_can_be_repeated(make_app):
    session = FakeSession()
    session.fail("map", RecsysError("The embeddings cannot be read."))
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_map(pilot, "f3")
        assert "The map cannot be drawn" in screen_text(app)
        session.failures.clear()
        await pilot.press("r")
        await settle(pilot)
        assert "nearest in meaning" in screen_text(app)


@pytest.mark.parametrize("size", [(64, 18), NARROW, WIDE, (200, 60)])
async def test_hostile_titles_and_a_single_item_are_drawn(make_app, size):
    for items in (make_items(NASTY), make_items(["Alone"])):
        app = make_app(FakeSession(items))
        async with app.run_test(size=size) as pilot:
            await open_map(pilot, "f3")
            await pilot.press("right", "down", "plus", "left", "up", "minus", "tab", "tab")
            await settle(pilot)
            await pilot.resize_terminal(100, 30)
            await settle(pilot)
            assert "◉" in screen_text(app)
            await pilot.press("escape")
            await settle(pilot)
            assert not app.screen.is_modal


async def test_in_an_input_line_m_is_a_letter(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("M")
        await settle(pilot)
        assert app.active_pane.line.value == "M"
