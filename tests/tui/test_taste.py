"""A user's taste, and how alike another user is."""

from __future__ import annotations

import pytest

from engine.session import TasteShare
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, until
from tests.tui.fake import FakeSession
from tui.messages import FindSimilarUsers
from tui.widgets.taste_page import EVERYONE, share_line


@pytest.mark.parametrize("size", [(64, 18), NARROW, WIDE])
async def test_taste_is_shown_and_another_user_can_be_compared(make_app, size):
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("T")
        await until(pilot, lambda: "Genres" in screen_text(app))
        assert "Crime" in screen_text(app)
        assert EVERYONE in screen_text(app)
        await pilot.press("7", "enter")
        await until(pilot, lambda: "Beside user 7" in screen_text(app))
        assert "3 items of 23 and 20 in common (7%)" in screen_text(app)
        await pilot.press("x", "enter")
        await until(pilot, lambda: "There is no user" in screen_text(app))
        await pilot.press("escape")
        await settle(pilot)
        assert not app.screen.is_modal


async def test_an_own_profile_has_a_taste(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("home")
        await settle(pilot)
        assert str(app.pane("user")._user) == "me"
        await pilot.press("T")
        await until(pilot, lambda: "Genres" in screen_text(app))
        assert "Your taste (me)" in screen_text(app)
        assert "your share" in screen_text(app)


def test_the_mark_stands_where_everybodys_share_ends():
    label, drawn, numbers = share_line(TasteShare("Crime", 0.5, 0.25), 0.5, 60)
    assert len(label + drawn + numbers) == 60
    assert drawn.index(EVERYONE) == round(len(drawn) / 2)
    assert numbers.split() == ["50%", "25%"]


async def test_users_like_one_are_listed_and_lead_to_them(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        user = app.pane("user")._user
        await pilot.press("m")
        await settle(pilot)
        assert f"Users like {user} · 5 users" in screen_text(app)
        assert "25%" in screen_text(app)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert not app.screen.is_modal
        assert app.pane("user")._user not in (None, user)


async def test_that_nobody_is_like_a_user_is_said(make_app):
    session = FakeSession(users=1)
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        app.post_message(FindSimilarUsers(1))
        await settle(pilot)
        assert "Nobody is like this user" in screen_text(app)
