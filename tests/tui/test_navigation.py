"""Back and forward through the places one was at, and undo of what was changed anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text
from tests.tui.fake import FakeSession
from tui.navigation import Changes, Navigation, Place


def place(key: int) -> Place:
    return Place("search", str(key), None, key)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_back_leads_through_all_places_and_forward_to_the_end_again(keys: list[int]) -> None:
    visited = [place(key) for position, key in enumerate(keys) if position == 0 or keys[position - 1] != key]
    navigation = Navigation()
    for one in visited[:-1]:
        navigation.leave(one)
    here, seen = visited[-1], [visited[-1]]
    while (before := navigation.back(here)) is not None:
        here = before
        seen.append(here)
    assert [one.key for one in reversed(seen)] == [one.key for one in visited]
    while (after := navigation.forward(here)) is not None:
        here = after
    assert here.key == visited[-1].key


def test_the_trail_has_the_present_place_once() -> None:
    navigation = Navigation()
    for key in (1, 2):
        navigation.leave(place(key))
    assert navigation.trail(place(3)) == ("1", "2", "3")
    assert navigation.trail(place(2)) == ("1", "2")
    assert navigation.trail(None) == ("1", "2")


@given(st.lists(st.sampled_from(["change", "undo", "redo"])))
def test_undo_and_redo_keep_the_changes_in_order(steps: list[str]) -> None:
    changes, done, undone, number = Changes(), [], [], 0
    value: list[int] = []
    for step in steps:
        if step == "change":
            number += 1
            value.append(number)
            changes.record(str(number), value.pop, lambda number=number: value.append(number))
            done, undone = [*done, number], []
        elif step == "undo":
            assert changes.undo() == (str(done[-1]) if done else "")
            if done:
                undone.append(done.pop())
        else:
            assert changes.redo() == (str(undone[-1]) if undone else "")
            if undone:
                done.append(undone.pop())
        assert value == done


async def test_back_returns_from_items_like_one_of_a_user_with_the_cursor_where_it_was(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("down", "enter", "down", "down")
        await settle(pilot)
        pane = app.pane("user")
        held = pane._liked.item
        await pilot.press("m")
        await settle(pilot)
        assert app.active_tab == "search"
        assert "like Twilight" in screen_text(app).splitlines()[1]
        assert "user 2 ›" in screen_text(app).splitlines()[1]
        await pilot.press("left_square_bracket")
        await settle(pilot)
        assert app.active_tab == "user"
        assert pane._liked.has_focus
        assert pane._liked.item == held
        assert pane._user == 2
        await pilot.press("alt+right")
        await settle(pilot)
        assert app.active_tab == "search"
        assert "More like Twilight" in screen_text(app)


async def test_back_goes_through_earlier_searches_without_asking_again(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("enter", "down", "slash")
        await type_text(pilot, "robot")
        await settle(pilot)
        await pilot.press("enter")
        asked = len([one for one in session.asked if one[0] == "search"])
        await pilot.press("left_square_bracket")
        await settle(pilot)
        pane = app.pane("search")
        assert (pane.line.value, pane._table.cursor, pane._table.has_focus) == ("heat", 1, True)
        await pilot.press("right_square_bracket")
        await settle(pilot)
        assert pane.line.value == "robot"
        assert len([one for one in session.asked if one[0] == "search"]) == asked
        await pilot.press("right_square_bracket")
        await settle(pilot)
        assert "nothing to go forward to" in screen_text(app)


async def test_the_trail_tells_two_searches_for_the_same_words_apart(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("enter", "ctrl+y")
        await settle(pilot)
        assert screen_text(app).splitlines()[1].rstrip().endswith("heat › heat · for me")


async def test_a_change_is_undone_and_redone_from_any_tab(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "a")
        await settle(pilot)
        assert len(app.state.draft) == 1
        await pilot.press("u")
        await settle(pilot)
        assert len(app.state.draft) == 0
        assert "undone: “Heat” added to the sequence" in screen_text(app)
        await pilot.press("U")
        await settle(pilot)
        assert len(app.state.draft) == 1
