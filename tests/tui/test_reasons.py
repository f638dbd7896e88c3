"""Why an item is listed, and which way items are alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import NotTrainedError
from engine.search.evidence import FEATURES
from tests.tui.conftest import NARROW, WIDE, running, screen_text, settle, type_text
from tests.tui.fake import FakeSession
from tui.panes.search_reasons import _PARTS
from tui.widgets.explanation import Explanation, ExplanationScreen


async def test_details_say_why_and_without_what_the_match_would_fall(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        text = screen_text(app)
        assert 'text "heat"' in text
        assert "Its match would fall without" in text
        asked = len(session.asked)
        await pilot.press("down", "down", "up")
        await settle(pilot)
        assert "Its match would fall without" in screen_text(app)
        assert [call[0] for call in session.asked[asked:]].count("explain_match") <= 1, "what is known is kept"


async def test_the_pop_up_says_why_too(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        text = screen_text(app)
        assert 'text "heat"' in text
        assert "−14 %" in text
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("d")
        await settle(pilot)
        assert "−14 %" in screen_text(app), "also at the second time, from what is known"


async def test_the_pop_up_says_what_orders_a_list_that_only_conditions_made(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "genre:crime")
        await settle(pilot)
        await pilot.press("down", "w")
        await settle(pilot)
        assert "the best known come first" in screen_text(app)


async def test_reasons_of_an_item_that_was_left_are_not_shown(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        gate = session.hold("explain_match", stubborn=True)
        await pilot.press("down", "down", "down")
        gate.set()
        await settle(pilot)
        item = app.pane("search")._table.item
        assert item.metadata["overview"][:20] in screen_text(app).replace("│", "")


async def test_likeness_goes_by_meaning_taste_or_both(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "m")
        await settle(pilot)
        titles = []
        for _ in range(4):
            titles.append(app.pane("search")._view.heading)
            await pilot.press("ctrl+t")
            await settle(pilot)
        assert [title.partition(" · ")[2] for title in titles] == [
            "by meaning and taste",
            "by meaning",
            "by taste",
            "by meaning and taste",
        ]
        await pilot.press("escape")
        await settle(pilot)
        assert "Search · hybrid" in screen_text(app)
        assert "Results · 20" in screen_text(app)


@pytest.mark.parametrize("mode", ["keyword", "semantic"])
async def test_more_like_this_works_whatever_the_mode(make_app, mode):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.pane("search").set_mode(mode)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "m")
        await settle(pilot)
        assert "More like" in screen_text(app)
        assert [call for call in session.asked if call[0] == "search"][-1][2] != "keyword"


async def test_a_likeness_that_is_unknown_is_said_and_offers_another(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        session.fail("search", NotTrainedError("Nobody who liked it is known to have liked anything else."))
        await pilot.press("down", "m")
        await settle(pilot)
        text = screen_text(app)
        assert "Nothing is like Heat (1995)" in text
        assert "another kind of likeness" in text
        assert "embed" not in text.splitlines()[12]


def test_each_part_of_a_match_has_a_name():
    assert set(FEATURES) <= set(_PARTS)


async def test_a_long_cause_is_read_to_its_end_at_every_width(app):
    cause = "Humanity finds an object below the surface of the moon and sends HAL with a crew to where it comes from."
    async with running(app, size=NARROW) as pilot:
        app.push_screen(ExplanationScreen(Explanation("2001", "space", "62%", (), [("the moon", 0.5), (cause, 0.4)])))
        for size in (NARROW, WIDE, NARROW):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert all(word in screen_text(app) for word in cause.split())


async def test_what_becomes_known_while_the_page_is_composed_is_shown(app):
    class Early(ExplanationScreen):
        def compose(self):
            yield from super().compose()
            self.update(replace(self.explanation, without=[("a late answer", 0.4)]))

    async with running(app) as pilot:
        app.push_screen(Early(Explanation("2001", "space", "62%", ())))
        await settle(pilot)
        assert "a late answer" in screen_text(app)
