"""User: the picker, history and recommendations side by side, and training from where it is missed."""

from __future__ import annotations

from engine.data.results import ModelState
from engine.errors import DataError
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession


async def open_user(app, pilot):
    await settle(pilot)
    await pilot.press("f3")
    await settle(pilot)
    return app.pane("user")


async def test_arrows_preview_a_user_with_history_and_recommendations(make_app):
    app = make_app()
    async with app.run_test(size=(120, 60)) as pilot:
        await open_user(app, pilot)
        await pilot.press("down", "down")
        await settle(pilot)
        text = screen_text(app)
        assert "History of user 3" in text
        assert "Recommended for 3 · explicit" in text
        assert "mean 2.50 of 10 ratings" in text
        assert "4.34" in text
        assert "seen" in text


async def test_only_the_user_on_whom_the_cursor_rests_is_asked_for(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        gate = session.hold("recommend", stubborn=True)
        await pilot.press("down")
        await until(pilot, lambda: ("recommend", 2) in session.asked)
        await pilot.press("down", "down", "down")
        gate.set()
        await settle(pilot)
        assert [call[1] for call in session.asked if call[0] == "recommend"] == [1, 2, 5]
        assert "Recommended for 5" in screen_text(app)


async def test_a_user_is_found_by_part_of_an_id(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        pane = await open_user(app, pilot)
        await pilot.press("slash")
        await type_text(pilot, "42")
        await settle(pilot)
        assert [user.user_id for user in pane._users.rows] == [42]
        assert "History of user 42" in screen_text(app)
        await type_text(pilot, "42")
        await settle(pilot)
        assert "No such user" in screen_text(app)


async def test_enter_leads_to_the_recommendations_and_escape_back(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_user(app, pilot)
        await pilot.press("enter")
        assert pane._liked.has_focus
        await pilot.press("enter")
        await until(pilot, lambda: "Esc closes" in screen_text(app))
        await pilot.press("escape")
        await settle(pilot)
        assert pane._liked.has_focus
        await pilot.press("escape")
        assert pane._users.has_focus


async def test_enter_leads_to_recommendations_that_come_after_the_history(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_user(app, pilot)
        gate = session.hold("recommend")
        await pilot.press("down")
        await until(pilot, lambda: "History of user 2" in screen_text(app) and ("recommend", 2) in session.asked)
        pane._recommended.show_notice()
        await pilot.press("enter")
        assert pane._users.has_focus
        gate.set()
        await until(pilot, lambda: pane._liked.has_focus)
        assert "Recommended for 2" in screen_text(app)


async def test_enter_leads_nowhere_late_if_another_user_is_looked_at(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_user(app, pilot)
        gate = session.hold("recommend")
        await pilot.press("down")
        await until(pilot, lambda: ("recommend", 2) in session.asked)
        pane._recommended.show_notice()
        await pilot.press("enter", "down")
        gate.set()
        await until(pilot, lambda: "Recommended for 3" in screen_text(app))
        assert pane._users.has_focus


async def test_training_is_offered_shown_and_answers_when_it_is_done(make_app):
    session = FakeSession(trained=())
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        assert "No model predicts what users like yet" in screen_text(app)
        assert "F5" in screen_text(app)
        gate = session.hold("train")
        await pilot.press("t")
        await until(pilot, lambda: "epoch 1 of 10" in screen_text(app))
        assert "Training explicit" in screen_text(app)
        session._gates.clear()
        gate.set()
        await settle(pilot)
        assert "Recommended for 1 · explicit" in screen_text(app)


async def test_what_orders_the_recommendations_is_marked_and_can_be_changed(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        pane = await open_user(app, pilot)
        assert "At least ↓" in screen_text(app)
        lower = [result.score for result in pane._liked.rows]
        assert lower == sorted(lower, reverse=True)
        await pilot.press("s")
        await settle(pilot)
        assert "At least" not in screen_text(app)
        assert "Predicted ↓" in screen_text(app)
        predicted = [result.predicted_rating for result in pane._liked.rows]
        assert predicted == sorted(predicted, reverse=True)


async def test_a_model_that_another_process_trained_answers_when_the_tab_is_shown_again(make_app):
    session = FakeSession(trained=())
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        assert "No model predicts what users like yet" in screen_text(app)
        session.trained_models["explicit"] = "2025-11-22T08:00:00Z"
        await pilot.press("f2", "f3")
        await until(pilot, lambda: "Recommended for 1 · explicit" in screen_text(app))


async def test_a_model_of_another_tab_is_named_where_none_answers(make_app):
    app = make_app(FakeSession(trained=("sequence",)))
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        assert "Trained for other tabs: sequence." in screen_text(app)


async def test_each_tab_shows_its_own_last_answer_below(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "20 of 20 embedded" in screen_text(app)
        await pilot.press("f3")
        await settle(pilot)
        assert "20 of 20 embedded" not in screen_text(app)
        await pilot.press("f4")
        await settle(pilot)
        assert "explicit · user" not in screen_text(app)
        await pilot.press("f2")
        await settle(pilot)
        assert "20 of 20 embedded" in screen_text(app)


async def test_a_training_that_waits_says_for_what(make_app):
    session = FakeSession(trained=())
    gate = session.hold("train")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f4")
        await settle(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: "epoch 1 of 10" in screen_text(app))
        await pilot.press("f3")
        await settle(pilot, jobs=False)
        await pilot.press("f5")
        await until(pilot, lambda: "Training explicit: waits for training sequence" in screen_text(app))
        assert "then training explicit" in screen_text(app)
        gate.set()
        await settle(pilot)


async def test_other_tabs_are_usable_while_a_model_trains(make_app):
    session = FakeSession(trained=())
    gate = session.hold("train")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("t")
        await until(pilot, lambda: "epoch 1 of 10" in screen_text(app))
        await pilot.press("f2")
        await type_text(pilot, "heat")
        await until(pilot, lambda: "Results · 20" in screen_text(app))
        assert "Training explicit" in screen_text(app)
        # Escape there empties the query and leaves the training alone.
        await pilot.press("escape")
        assert app.state.active_job("user").state == "running"
        gate.set()
        await settle(pilot)
        assert session.trained_models


async def test_escape_stops_training_at_once_on_screen_and_it_can_be_started_again(make_app):
    session = FakeSession(trained=())
    gate = session.hold("train", stubborn=True)
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("t")
        await until(pilot, lambda: "epoch 1 of 10" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Stopping training explicit" in screen_text(app))
        gate.set()
        await settle(pilot)
        assert "Training explicit stopped" in screen_text(app)
        session._gates.clear()
        await pilot.press("t")
        await settle(pilot)
        assert "Recommended for 1" in screen_text(app)


async def test_a_failed_training_says_why(make_app):
    session = FakeSession(trained=())
    session.fail("train", DataError("There is not enough memory to train."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("t")
        await settle(pilot)
        assert "Training explicit failed" in screen_text(app)
        assert "There is not enough memory to train." in screen_text(app)


async def test_a_data_set_without_users_says_so(make_app):
    session = FakeSession(users=0, trained=(), obstacle="no ratings")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        assert "No users" in screen_text(app)
        assert "no ratings" in screen_text(app)
        assert "train" not in {active.binding.action for active in app.active_bindings.values()}


async def test_a_failed_history_can_be_tried_again(make_app):
    session = FakeSession()
    session.fail("history", DataError("The interactions cannot be read."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        assert "The interactions cannot be read." in screen_text(app)
        session.failures.clear()
        await pilot.press("r")
        await settle(pilot)
        assert "mean" in screen_text(app)


async def test_jobs_run_one_after_the_other_and_a_waiting_one_can_be_taken_back(make_app):
    session = FakeSession(trained=())
    gate = session.hold("train")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("t", "f4")
        await pilot.press("f5")
        await until(pilot, lambda: "waits for training explicit" in screen_text(app))
        assert "then training sequence" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "Training sequence stopped" in screen_text(app))
        gate.set()
        await settle(pilot)
        assert set(session.trained_models) == {"explicit"}


def with_bayesian(*trained):
    session = FakeSession(trained=trained)
    session.further_models = [ModelState("bayesian", "user", "Predicts ratings and how far off they may be.")]
    return session


def with_damaged_model(*trained):
    session = FakeSession(trained=trained)
    session.further_models = [ModelState("als", "user", "Least squares.", damage="model.json: its checksum is wrong.")]
    return session


async def test_a_damaged_model_is_named_where_nothing_else_can_answer(make_app):
    app = make_app(with_damaged_model())
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        text = screen_text(app)
        assert "Damaged, to be trained again: als" in text
        assert "its checksum is wrong" in text


async def test_a_damaged_model_is_named_in_the_palette_while_another_answers(make_app):
    app = make_app(with_damaged_model("explicit"))
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        assert "· explicit" in screen_text(app)
        commands = {one.title: one.help for one in app.get_system_commands(app.screen)}
        assert commands["Train als again"] == "Damaged: model.json: its checksum is wrong."
        assert "Answer with als" not in commands


async def test_a_predicted_rating_says_how_far_off_it_may_be(make_app):
    app = make_app(with_bayesian("bayesian"))
    async with app.run_test(size=(200, 60)) as pilot:
        await open_user(app, pilot)
        text = screen_text(app)
        assert "★★★★½" in text
        assert "4.74" in text
        assert "±0.7" in text


async def test_the_reasons_for_a_recommendation_are_in_its_details_and_below_the_list(make_app):
    session = with_bayesian("bayesian")
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_user(app, pilot)
        await pilot.press("enter", "down")
        await settle(pilot)
        assert "Because of Heat and Rififi" in screen_text(app)
        item = app.pane("user")._liked.item
        await pilot.press("d")
        await settle(pilot)
        assert ("explain", 1, item.item_id, "bayesian") in session.asked
        assert "+0.30 Reservoir Dogs (1992)" in screen_text(app)


async def test_a_model_that_cannot_tell_why_is_no_failure(make_app):
    session = FakeSession()
    session.fail("explain", DataError("It cannot tell."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        await pilot.press("enter", "d")
        await settle(pilot)
        assert "Esc closes" in screen_text(app)
        assert "It cannot tell." not in screen_text(app)


async def test_another_trained_model_can_be_asked(make_app):
    app = make_app(with_bayesian("bayesian", "explicit"))
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        shown = []
        for _ in range(3):
            shown.append("explicit" if "Recommended for 1 · explicit" in screen_text(app) else "bayesian")
            await pilot.press("ctrl+t")
            await settle(pilot)
        assert shown == ["bayesian", "explicit", "bayesian"]
        assert "Answer with bayesian" in [command.title for command in app.pane("user").commands()]


async def test_a_model_that_is_trained_beside_another_answers_from_then_on(make_app):
    app = make_app(with_bayesian("bayesian"))
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        assert "Recommended for 1 · bayesian" in screen_text(app)
        app.backend.train("explicit", "user")
        await settle(pilot)
        assert "Recommended for 1 · explicit" in screen_text(app)


async def test_ones_own_row_is_in_sight_above_the_first_user(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_user(app, pilot)
        assert "me (you)" in screen_text(app)


async def test_the_palette_leads_to_what_if_and_to_what_one_would_like(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_user(app, pilot)
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        commands["What if"].callback()
        await settle(pilot)
        assert "What if · nothing is changed yet" in screen_text(app)
        commands["Recommend for me"].callback()
        await settle(pilot)
        assert "me (you)" in screen_text(app)
        assert ("recommend", "me") in session.asked or "1 to 9 and 0" in screen_text(app)
