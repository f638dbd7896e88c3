"""Sequence: titles in, completions that forgive, reorder and undo, and what comes next at each change."""

from __future__ import annotations

from textual.events import Paste

from engine.data.results import ModelState
from engine.errors import DataError
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession


async def open_sequence(app, pilot):
    await settle(pilot)
    await pilot.press("f4")
    await settle(pilot)
    return app.pane("sequence")


async def add(pilot, *titles):
    for title in titles:
        await type_text(pilot, title)
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)


def titles(app):
    return [item.title for item in app.state.draft.items]


async def test_a_title_is_completed_and_enter_appends_it(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        await type_text(pilot, "shal")
        await settle(pilot)
        assert pane._completions.open
        assert "Shallow Grave" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert titles(app) == ["Shallow Grave"]
        assert pane.line.value == ""
        assert not pane._completions.open
        assert pane.line.has_focus


async def test_typos_are_forgiven(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_sequence(app, pilot)
        await type_text(pilot, "star wrs")
        await settle(pilot)
        assert "similar" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert titles(app) == ["Star Wars"]


async def test_arrows_choose_among_completions_round_and_round(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_sequence(app, pilot)
        await type_text(pilot, "twilight")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert [item.year for item in app.state.draft.items] == [1998]
        await type_text(pilot, "twilight")
        await settle(pilot)
        await pilot.press("up", "up", "enter")
        await settle(pilot)
        assert [item.year for item in app.state.draft.items] == [1998, 2008]


async def test_enter_before_the_completions_have_come_still_finds_the_title(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_sequence(app, pilot)
        gate = session.hold("complete_title")
        await type_text(pilot, "heat")
        await pilot.press("enter")
        gate.set()
        await settle(pilot)
        assert titles(app) == ["Heat"]


async def test_an_unknown_title_is_said_with_what_may_be_meant(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_sequence(app, pilot)
        await type_text(pilot, "qqq")
        await settle(pilot)
        assert "No title is like “qqq”." in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "Did you mean: Star Wars · Heat?" in screen_text(app)
        assert titles(app) == []


async def test_escape_closes_the_completions_first_and_keeps_what_is_typed(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("escape")
        assert not pane._completions.open
        assert pane.line.value == "heat"
        await pilot.press("escape")
        assert pane.line.value == ""


async def test_next_items_follow_each_change(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        await add(pilot, "heat", "matrix")
        assert "21.0%" in screen_text(app)
        await pilot.press("down", "x")
        await settle(pilot)
        asked = [call[1] for call in session.asked if call[0] == "next_items"]
        assert asked == [(3,), (3, 17), (3,)]
        assert pane._draft.has_focus


async def test_rows_move_and_every_change_can_be_undone(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        await add(pilot, "heat", "matrix", "rififi")
        await pilot.press("down", "K")
        await settle(pilot)
        assert titles(app) == ["Heat", "Rififi", "The Matrix"]
        assert pane._draft.cursor == 1
        await pilot.press("shift+down")
        await settle(pilot)
        assert titles(app) == ["Heat", "The Matrix", "Rififi"]
        await pilot.press("g", "delete")
        await settle(pilot)
        assert titles(app) == ["The Matrix", "Rififi"]
        await pilot.press("X")
        await settle(pilot)
        assert titles(app) == []
        for expected in (2, 3, 3, 3, 2, 1, 0):
            await app.run_action("undo")
            await settle(pilot)
            assert len(titles(app)) == expected


async def test_enter_on_a_next_item_appends_it_and_goes_on(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        await add(pilot, "heat")
        first = pane._next.row.item.title
        await pilot.press("tab", "tab", "enter")
        await settle(pilot)
        assert titles(app) == ["Heat", first]
        assert pane._next.has_focus
        assert pane._next.row.item.title != first


async def test_an_item_of_another_tab_is_added_with_a_key(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "a")
        await settle(pilot)
        assert "Heat (1995) is number 1 of the sequence" in screen_text(app)
        await pilot.press("f4")
        await settle(pilot)
        assert "Watched · 1" in screen_text(app)
        assert "What comes next · sequence" in screen_text(app)


async def test_an_item_that_nobody_rated_is_refused_with_the_reason(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await open_sequence(app, pilot)
        await add(pilot, "seven sam")
        assert titles(app) == []
        assert "Nobody has rated Seven Samurai (1954)" in screen_text(app)


async def test_an_item_that_nobody_rated_is_taken_where_a_model_goes_by_texts(make_app):
    session = FakeSession(trained=("attention", "sequence"))
    session.further_models = [ModelState("attention", "sequence", "Goes by texts.", uses_texts=True)]
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_sequence(app, pilot)
        await add(pilot, "seven sam")
        assert titles(app) == ["Seven Samurai"]


async def test_untrained_offers_to_train_also_while_typing(make_app):
    session = FakeSession(trained=())
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_sequence(app, pilot)
        await add(pilot, "heat")
        assert "No model predicts what comes next yet" in screen_text(app)
        await pilot.press("f5")
        await settle(pilot)
        assert "What comes next · sequence" in screen_text(app)


async def test_a_failure_says_so_and_can_be_tried_again(make_app):
    session = FakeSession()
    session.fail("next_items", DataError("The stored model is damaged: train it again."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_sequence(app, pilot)
        await add(pilot, "heat")
        assert "The stored model is damaged" in screen_text(app)
        session.failures.clear()
        await pilot.press("f5")
        await settle(pilot)
        assert "21.0%" in screen_text(app)


async def test_what_comes_next_for_an_overtaken_sequence_is_never_shown(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        await add(pilot, "heat")
        gate = session.hold("next_items", stubborn=True)
        shown = pane._answer
        await type_text(pilot, "matrix")
        await until(pilot, lambda: pane._completions.open and not pane._completing.pending)
        await pilot.press("enter")
        await until(pilot, lambda: ("next_items", (3, 17)) in session.asked)
        await pilot.press("down", "x", "x")
        gate.set()
        await settle(pilot)
        assert titles(app) == []
        assert pane._answer is None
        assert shown is not None


async def test_a_pasted_list_of_titles_is_added_as_one_change_and_what_is_unknown_is_named(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        pane.line.post_message(Paste("1. Heat\r\n2. No such film\r\n\r\n- Star Wars\r\n"))
        await settle(pilot)
        assert titles(app) == ["Heat", "Star Wars"]
        assert pane.line.value == ""
        assert "2 titles added. Not found: “No such film”." in screen_text(app)
        await pilot.press("escape", "down", "u")
        await settle(pilot)
        assert titles(app) == []


async def test_one_pasted_line_is_text_of_the_input_line(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        pane.line.post_message(Paste("\nHeat\n"))
        await settle(pilot)
        assert pane.line.value == "Heat"
        assert titles(app) == []


async def test_what_if_is_not_overwritten_by_an_answer_that_was_asked_for_before(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        await add(pilot, "Heat", "Rififi")
        pane.rank()
        pane.action_what_if()
        assert not pane._ranking.pending
        await settle(pilot)
        assert "nothing is changed yet" in screen_text(app)
        assert "Moved" in screen_text(app)


async def test_what_if_says_what_each_change_moves(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_sequence(app, pilot)
        await add(pilot, "Heat", "Rififi", "Twilight")
        await pilot.press("down", "i")
        await settle(pilot)
        assert "nothing is changed yet" in screen_text(app)
        await pilot.press("x")
        await settle(pilot)
        assert session.asked[-2][0] == "next_items"
        text = screen_text(app)
        assert "What if · sequence" in text
        assert "Moved" in text
        assert "▲" in text or "▼" in text
        await pilot.press("escape")
        await settle(pilot)
        assert "What comes next · sequence" in screen_text(app)
        assert len(titles(app)) == 2
        assert pane._before is None
