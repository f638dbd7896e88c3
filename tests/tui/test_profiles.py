"""Profiles of one's own ratings inside the app, and the watchlist."""

from __future__ import annotations

from tests.tui.conftest import NARROW, WIDE, screen_text, settle, told, type_text, until
from tests.tui.fake import FakeSession
from tui.messages import RateItem
from tui.panes.profiles import ProfilesScreen
from tui.panes.watchlist import WatchlistScreen


async def open_page(app, pilot, action: str, screen: type) -> None:
    await settle(pilot)
    await app.run_action(action)
    await until(pilot, lambda: isinstance(app.screen, screen))
    await settle(pilot)


async def test_a_profile_is_made_and_ratings_go_to_it(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_page(app, pilot, "app.profiles", ProfilesScreen)
        await pilot.press("n")
        await type_text(pilot, "ann")
        await pilot.press("enter")
        await settle(pilot)
        assert session.me.profiles() == ["me", "ann"]
        await pilot.press("down", "enter")
        await settle(pilot)
        app.post_message(RateItem(session.items[0], half_stars=8))
        await settle(pilot)
        assert [one.title for one in session.me.ratings("ann")] == ["Reservoir Dogs"]
        assert session.me.ratings() == []
        await app.run_action("app.undo")
        await settle(pilot)
        assert session.me.ratings("ann") == []


async def test_a_removed_profile_comes_back_and_a_renamed_one_is_still_rated_for(make_app):
    session = FakeSession()
    session.me.make_profile("ann")
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_page(app, pilot, "app.profiles", ProfilesScreen)
        await pilot.press("x")
        await settle(pilot)
        assert session.me.profiles() == ["ann"]
        assert app.state.profile == "ann"
        await pilot.press("u")
        await settle(pilot)
        assert session.me.profiles() == ["ann", "me"]
        await pilot.press("home", "R", "backspace")
        await type_text(pilot, "bea")
        await pilot.press("enter")
        await settle(pilot)
        assert session.me.profiles() == ["me", "bea"]
        assert app.state.profile == "bea"
        await pilot.press("u")
        await settle(pilot)
        assert session.me.profiles() == ["me", "ann"]
        assert app.state.profile == "ann"


async def test_what_was_rated_for_a_profile_that_is_gone_is_not_undone_or_made_again(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.post_message(RateItem(session.items[0], half_stars=8))
        await settle(pilot)
        assert app.state.changes.can_undo
        await open_page(app, pilot, "app.profiles", ProfilesScreen)
        await pilot.press("R", "backspace")
        await type_text(pilot, "bea")
        await pilot.press("enter")
        await settle(pilot)
        assert session.me.profiles() == ["bea"]
        assert not app.state.changes.can_undo


async def test_a_taken_name_is_said(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_page(app, pilot, "app.profiles", ProfilesScreen)
        await pilot.press("n")
        await type_text(pilot, "me")
        await pilot.press("enter")
        await settle(pilot)
        assert told(app) == ["There is a profile 'me' already: choose another name."]
        assert "n new" in screen_text(app)


async def test_the_watchlist_lists_what_was_put_on_it_and_x_takes_it_off(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for item in session.items[:2]:
            session.me.rate(item.internal_id, None, status="watchlist")
        await open_page(app, pilot, "app.watchlist", WatchlistScreen)
        text = screen_text(app)
        assert "Watchlist of me · 2 items" in text
        assert "The Asphalt Jungle" in text
        await pilot.press("x")
        await settle(pilot)
        assert [one.title for one in session.me.watchlist()] == ["Reservoir Dogs"]
        await until(pilot, lambda: "Watchlist of me · 1 item" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: "Watchlist of me · 2 items" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "Watchlist of me · 1 item" in screen_text(app))
        await pilot.press("8")
        await settle(pilot)
        await until(pilot, lambda: "Nothing to watch" in screen_text(app))


async def test_no_change_of_several_quick_ones_is_lost(make_app):
    session = FakeSession()
    for name in ("ann", "bea"):
        session.me.make_profile(name)
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_page(app, pilot, "app.profiles", ProfilesScreen)
        pages = app.screen
        pages._ask(lambda me: str(me.remove_profile("ann")))
        pages._ask(lambda me: str(me.remove_profile("bea")))
        await settle(pilot)
        assert session.me.profiles() == ["me"]


async def test_more_like_an_item_of_the_watchlist_is_shown_in_front(make_app):
    session = FakeSession()
    session.me.rate(1, None, status="watchlist")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_page(app, pilot, "app.watchlist", WatchlistScreen)
        await pilot.press("m")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await settle(pilot)
        assert app.active_tab == "search"
        assert app.pane("search")._view.like == session.items[0]
