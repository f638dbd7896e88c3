"""What a large window says of the item under the cursor, and why an item comes next."""

from __future__ import annotations

from textual.geometry import Region

from engine.errors import NotTrainedError
from tests.tui.conftest import NARROW, VERY_WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession
from tui.messages import OwnRatingsChanged
from tui.panes.item_panel import ItemPanel


async def test_a_large_window_shows_the_recommendation_its_reasons_and_neighbours(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=VERY_WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3", "enter")
        await settle(pilot)
        pane = app.pane("user")
        item, text = pane._liked.item, screen_text(app)
        assert item.metadata["overview"][:30] in text
        assert "What speaks for it, of what they have seen:" in text
        assert f"Nearest in meaning to {item.title}" in text
        asked = len(session.asked)
        app.on_own_ratings_changed(OwnRatingsChanged())
        await settle(pilot)
        again = [call[0] for call in session.asked[asked:]]
        assert not {"around", "explain"} & set(again), "what is shown already is not asked for again"


async def test_the_page_follows_the_list_with_the_focus(make_app):
    app = make_app()
    async with app.run_test(size=VERY_WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3", "enter")
        await settle(pilot)
        pane = app.pane("user")
        pane.go_to(pane._past)
        await settle(pilot)
        await pilot.press("down")
        await settle(pilot)
        assert f"Nearest in meaning to {pane._past.item.title}" in screen_text(app)
        near = pane.query_one("#near-items")
        near.focus()
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.screen.query_one("ItemDetails").subject().details.item == near.item
        await pilot.press("escape", "up", "up")
        await settle(pilot)
        assert app.screen.focused in (pane._past, pane._liked), "up from the first neighbour leads back"


async def test_a_smaller_window_leaves_the_room_to_the_lists(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=VERY_WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3", "enter")
        await settle(pilot)
        panel = app.pane("user").query_one(ItemPanel)
        assert panel.display
        await pilot.resize_terminal(*NARROW)
        await settle(pilot)
        assert panel.region == Region()
        asked = len(session.asked)
        await pilot.press("down")
        await settle(pilot)
        assert not [call for call in session.asked[asked:] if call[0] in ("around", "explain")]


async def test_without_embeddings_there_are_no_neighbours(make_app):
    session = FakeSession(embedded=0)
    app = make_app(session)
    async with app.run_test(size=VERY_WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "What speaks for it" in screen_text(app))
        assert "Nearest in meaning" not in screen_text(app)
        assert not [call for call in session.asked if call[0] == "around"]


async def test_a_failure_of_the_neighbours_is_said_in_their_place(make_app):
    session = FakeSession()
    session.fail("around", NotTrainedError("This item is not embedded yet."))
    app = make_app(session)
    async with app.run_test(size=VERY_WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3", "enter")
        await settle(pilot)
        assert "This item is not embedded yet." in screen_text(app)


async def test_what_comes_next_has_its_reason_below_the_list_and_in_the_details(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f4")
        for title in ("heat", "thief"):
            await type_text(pilot, title)
            await settle(pilot)
            await pilot.press("enter")
            await settle(pilot)
        pane = app.pane("sequence")
        titles = [item.title for item in reversed(app.state.draft.items)]
        assert f"Because of {titles[0]}" in screen_text(app)
        pane.go_to(pane._next)
        asked = len(session.asked)
        await pilot.press("down", "up")
        await settle(pilot)
        calls = [call for call in session.asked[asked:] if call[0] == "explain_next"]
        assert len(calls) <= 1, "what is known is kept"
        await pilot.press("d")
        await settle(pilot)
        assert "What speaks for it, of the titles watched:" in screen_text(app)
        assert "+0.90" in screen_text(app)


async def test_a_model_that_cannot_say_why_says_nothing(make_app):
    session = FakeSession()
    session.fail("explain_next", NotTrainedError("This model cannot explain itself."))
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f4")
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "Because of" not in screen_text(app)
        assert "What comes next · sequence" in screen_text(app)
