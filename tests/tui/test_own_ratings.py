"""One's own ratings in the app: given by digits anywhere, taken back, listed for me first, imported and exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.results import ImportReport, OwnRating
from engine.errors import DataError
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession
from tui.messages import RateItem
from tui.own_ratings import describe
from tui.panes.match_by_hand import ItemPrompt


async def open_user(app, pilot):
    await settle(pilot)
    await pilot.press("f3")
    await settle(pilot)
    return app.pane("user")


def rated(session: FakeSession) -> dict[int, float | None]:
    return {one.item.internal_id: one.rating for one in session.me.ratings() if one.item is not None}


def imagined(session: FakeSession) -> list[tuple[int, float | None, bool]]:
    edits = next(call[2] for call in reversed(session.asked) if call[0] == "what_if")
    return [(edit.item, edit.rating, edit.removed) for edit in edits]


@pytest.mark.parametrize(("key", "stars"), [("1", 0.5), ("5", 2.5), ("9", 4.5), ("0", 5.0)])
async def test_a_digit_rates_by_half_stars_in_any_list(make_app, key, stars):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("enter", key)
        await settle(pilot)
        assert list(rated(session).values()) == [stars]
        assert f"rated {stars:g} of 5 · u undoes" in screen_text(app)
        await pilot.press("u")
        await settle(pilot)
        assert rated(session) == {}
        assert "not rated any more" in screen_text(app)


async def test_no_rating_of_several_quick_ones_is_lost(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("enter")
        gate = session.hold("rate")
        await pilot.press("9", "down", "8", "down", "7", "down", "6")
        gate.set()
        await settle(pilot)
        assert sorted(rated(session).values(), reverse=True) == [4.5, 4.0, 3.5, 3.0]
        await pilot.press("u", "u", "u", "u", "u")
        await settle(pilot)
        assert rated(session) == {}


async def test_details_are_rated_too_and_the_line_takes_digits_as_text(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_user(app, pilot)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "Esc closes" in screen_text(app))
        await pilot.press("8")
        await settle(pilot)
        assert list(rated(session).values()) == [4.0]
        await pilot.press("escape", "slash")
        await type_text(pilot, "42")
        await settle(pilot)
        assert pane.line.value == "42"
        assert len(rated(session)) == 1


async def test_the_watchlist_key_puts_on_and_takes_off(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("enter", "asterisk")
        await settle(pilot)
        assert [one.status for one in session.me.ratings()] == ["watchlist"]
        assert "on your watchlist" in screen_text(app)
        await pilot.press("asterisk")
        await settle(pilot)
        assert session.me.ratings() == []


async def test_what_cannot_be_stored_is_said(make_app):
    session = FakeSession()
    session.fail("rate", DataError("me.jsonl: is damaged."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("enter", "5")
        await settle(pilot)
        assert "✗ not stored: me.jsonl: is damaged." in screen_text(app)


async def test_me_comes_first_and_the_list_follows_each_rating(make_app):
    session = FakeSession()
    session.me.rate(1, 5.0)
    session.me.rate(2, 4.0)
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_user(app, pilot)
        text = screen_text(app)
        assert "me (you)" in text
        assert "Your ratings (me)" in text
        assert "Recommended for you" in text
        await pilot.press("enter")
        first = pane._liked.item
        await pilot.press("9")
        await settle(pilot)
        assert pane._liked.item != first, "what one has rated never comes back"
        assert first in [entry.item for entry in pane._past.rows]
        await pilot.press("u")
        await settle(pilot)
        assert pane._liked.item == first


async def test_without_ratings_the_first_user_shows_and_me_says_how_to_rate(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        assert "History of user 1" in screen_text(app)
        await pilot.press("up")
        await settle(pilot)
        text = screen_text(app)
        assert "Import my ratings" in text
        assert "What you would like is listed here" in text
        assert "try again" not in text


async def test_what_if_changes_the_list_at_once_and_stores_nothing(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_user(app, pilot)
        before = [result.item for result in pane._liked.rows]
        await pilot.press("i", "x")
        await settle(pilot)
        assert "What if · 1 change" in screen_text(app)
        assert imagined(session) == [(1, None, True)]
        await pilot.press("down", "8")
        await settle(pilot)
        assert imagined(session) == [(1, None, True), (2, 4.0, False)]
        pane.go_to(pane._liked)
        added = pane._liked.item
        await pilot.press("0")
        await settle(pilot)
        assert pane._past.rows[0].item == added
        assert "3 changes" in screen_text(app)
        assert "Moved" in screen_text(app)
        await pilot.press("u")
        await settle(pilot)
        assert "2 changes" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "What if" not in screen_text(app)
        assert [result.item for result in pane._liked.rows] == before
        assert session.me.ratings() == []


async def test_another_user_ends_what_if(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_user(app, pilot)
        await pilot.press("i", "x")
        await settle(pilot)
        pane.go_to(pane._users)
        await pilot.press("down")
        await settle(pilot)
        assert "What if" not in screen_text(app)
        assert "Recommended for 2" in screen_text(app)


async def test_an_export_is_imported_and_the_rest_matched_by_hand(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_user(app, pilot)
        app.action_import_ratings()
        await pilot.pause()
        await type_text(pilot, "nothing.csv")
        await pilot.press("enter")
        await settle(pilot)
        assert "no such file" in screen_text(app)
        await pilot.press("ctrl+u")
        await type_text(pilot, "letterboxd.zip")
        await pilot.press("enter")
        await settle(pilot)
        await until(pilot, lambda: "Not in this data set" in screen_text(app))
        assert "Heatt (1995)" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "is" in screen_text(app) and len(app.screen_stack) == 3)
        await pilot.press("enter")
        await settle(pilot)
        assert ("match", "Heatt (1995)", 3) in session.asked
        assert "Heatt" not in screen_text(app).split("✓")[0]
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 1


async def test_what_has_no_like_title_here_is_matched_by_typing_one(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_user(app, pilot)
        app.action_import_ratings()
        await pilot.pause()
        await type_text(pilot, "letterboxd.zip")
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "No title here is like “Another film”" in screen_text(app)
        await type_text(pilot, "iron")
        await settle(pilot)
        assert "The Iron Giant" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert ("match", "Another film", 10) in session.asked
        await pilot.press("enter", "end", "enter")  # the other one, by another title than the nearest
        await settle(pilot)
        await type_text(pilot, "rififi")
        await pilot.press("enter")
        await settle(pilot)
        assert ("match", "Heatt (1995)", 5) in session.asked
        assert "Everything is matched now." in screen_text(app)


async def test_enter_before_the_titles_came_takes_the_first_of_them(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        chosen = []
        gate = session.hold("complete_title")
        app.push_screen(ItemPrompt(app.backend, "It is", "amé", chosen.append))
        await pilot.pause()
        await pilot.press("enter")
        gate.set()
        await settle(pilot)
        assert [item.title for item in chosen] == ["Amélie"]
        assert len(app.screen_stack) == 1


async def test_ratings_that_this_data_set_lacks_are_listed_and_matched_at_any_time(make_app):
    session = FakeSession()
    session.me.rate(1, 4.0)
    session.me.other.append(OwnRating("Der Pate", 1972, "rated", 5.0, 5.0, 1, None, "imdb"))
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.action_match_ratings()
        await settle(pilot)
        text = screen_text(app)
        assert "1 of 2 ratings of me are in this data set" in text
        assert "Der Pate (1972)" in text
        await pilot.press("enter", "ctrl+u")
        await type_text(pilot, "killing")
        await pilot.press("enter")
        await settle(pilot)
        assert ("match", "Der Pate (1972)", 4) in session.asked
        assert "Everything is matched now." in screen_text(app)
        await pilot.press("escape", "f3", "u")
        await settle(pilot)
        assert ("unmatch", "Der Pate (1972)") in session.asked


async def test_a_match_by_hand_is_undone_where_it_was_made(make_app):
    session = FakeSession()
    session.me.other += [
        OwnRating("Der Pate", 1972, "rated", 5.0, 5.0, 1, None, "imdb"),
        OwnRating("Heatt", 1995, "rated", 4.0, 5.0, 1, None, "imdb"),
    ]
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.action_match_ratings()
        await settle(pilot)
        await pilot.press("enter", "ctrl+u")
        await type_text(pilot, "killing")
        await pilot.press("enter")
        await settle(pilot)
        assert "Der Pate (1972): matched with The Killing" in screen_text(app)
        assert "Der Pate (1972)  " not in screen_text(app)
        await pilot.press("u")
        await settle(pilot)
        assert session.asked.count(("unmatch", "Der Pate (1972)")) == 1
        text = screen_text(app)
        assert "Der Pate (1972): no longer matched" in text
        assert text.index("Der Pate (1972)  ") < text.index("Heatt (1995)  ")
        await pilot.press("U")
        await settle(pilot)
        assert session.asked.count(("match", "Der Pate (1972)", 4)) == 1


async def test_what_an_import_took_for_something_else_is_said(make_app):
    session = FakeSession()
    session.me.report = ImportReport(
        "me", "table", 1, 1, 1, 0, 0, 0, (), (("Amelie", session.items[17]),), ("Ratings are read as out of 5.",)
    )
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.action_import_ratings()
        await pilot.pause()
        await type_text(pilot, "films.csv")
        await pilot.press("enter")
        await settle(pilot)
        assert "Ratings are read as out of 5." in screen_text(app)
        assert "“Amelie” is taken as Amélie (2001)." in screen_text(app)


async def test_a_path_is_completed_by_tab_and_the_list_closes_before_the_page(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.action_import_ratings()
        await pilot.pause()
        await type_text(pilot, "/data/l")
        await settle(pilot)
        assert "Tab takes it" in screen_text(app)
        await pilot.press("escape")
        assert "Import my ratings" in screen_text(app)
        await pilot.press("backspace")
        await settle(pilot)
        await pilot.press("down", "down", "tab")
        await settle(pilot)
        assert app.screen.line.value == "/data/films/"
        await pilot.press("ctrl+u")
        await type_text(pilot, "/data/l")
        await settle(pilot)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert ("import_file", "/data/letterboxd.zip") in session.asked


async def test_the_ratings_are_exported(make_app, tmp_path: Path):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.action_export_ratings()
        await pilot.pause()
        await pilot.press("ctrl+u")
        await type_text(pilot, str(tmp_path / "m.csv"))
        await pilot.press("enter")
        await settle(pilot)
        assert ("export", str(tmp_path / "m.csv"), False) in session.asked
        assert len(app.screen_stack) == 1


def test_every_outcome_is_one_line() -> None:
    from tests.tui.fake import make_items

    heat = make_items()[2]
    said = OwnRating("Heat", 1995, "seen", None, 5.0, None, heat)
    assert describe(RateItem(heat), said, "") == "✓ Heat (1995): seen · u undoes"
    assert describe(None, None, "") == "There is nothing to undo."
    assert describe(RateItem(heat, status="forget"), None, "") == "✗ You have said nothing about it."
    assert describe(RateItem(heat, 3), None, "no room") == "✗ not stored: no room"
