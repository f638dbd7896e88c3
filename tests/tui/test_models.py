"""The Models tab: training, measuring, pausing and queueing, options as a form, and the runs that are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import Static

from engine.data.model_cards import Unfinished
from engine.data.results import ModelState
from engine.errors import RecsysError
from engine.session import ValidationCurve
from tests.tui.conftest import NARROW, VERY_WIDE, WIDE, running, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession
from tests.tui.fake_runs import make_study
from tui.app import RecsysApp
from tui.messages import JobView
from tui.pace import Pace
from tui.panes.comparison_page import ComparisonPage
from tui.panes.curves_page import Curve, CurvesPage, curves_content
from tui.panes.study_page import StudyPage
from tui.widgets.choices import ChoiceTable
from tui.widgets.details import DetailsScreen
from tui.widgets.notice import pace_text

MakeApp = Callable[..., RecsysApp]


@pytest.fixture
def session() -> FakeSession:
    session = FakeSession()
    for kind, model in (("train", "explicit"), ("evaluate", "explicit"), ("evaluate", "sequence")):
        session.runs.add(kind, model)
    return session


def asked(session: FakeSession, method: str) -> list[tuple[Any, ...]]:
    return [call for call in session.asked if call[0] == method]


async def go_to_runs(pilot: Any) -> None:
    await pilot.press("f6")
    await settle(pilot)
    await pilot.press("tab")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_models_and_runs_are_listed_with_what_they_need(
    app: RecsysApp, session: FakeSession, size: tuple[int, int]
) -> None:
    async with running(app, "f6", size=size):
        text = screen_text(app)
        assert "2 of 2 models trained" in text
        assert "Runs · 3" in text
        assert "Needs ratings" in text
        assert "GB free" in text


async def test_the_list_has_the_focus_though_another_tab_was_shown_when_it_came(
    app: RecsysApp, session: FakeSession
) -> None:
    gate = session.hold("runs")
    async with running(app) as pilot:
        await pilot.press("f6", "f2")
        gate.set()
        await settle(pilot)
        await pilot.press("f6", "t")
        await settle(pilot)
        assert asked(session, "train")


def at_pace(make_app: MakeApp, session: FakeSession, hold: float) -> RecsysApp:
    return make_app(session, pace=Pace(settle=0, glance=0, patience=0, frame=0, hold=hold))


async def test_keys_pressed_before_the_list_came_are_keys_of_the_list(make_app: MakeApp, session: FakeSession) -> None:
    app, gate = at_pace(make_app, session, hold=3600), session.hold("runs")
    async with running(app) as pilot:
        await pilot.press("f6", "t")
        gate.set()
        await settle(pilot)
        assert asked(session, "train")
        assert app.pane("models").line.value == ""


async def test_letters_are_text_where_no_list_comes(make_app: MakeApp, session: FakeSession) -> None:
    session.fail("runs", RecsysError("The runs cannot be read."))
    app = at_pace(make_app, session, hold=0.01)
    async with running(app) as pilot:
        await pilot.press("f6", "t", "x")
        await until(pilot, lambda: app.pane("models").line.value == "tx")
        assert not asked(session, "train")


async def test_t_trains_and_e_measures_the_model_under_the_cursor(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6") as pilot:
        await pilot.press("down", "t", "e")
        await settle(pilot)
        assert asked(session, "train")[-1][1] == "sequence"
        assert asked(session, "evaluate")[0][1] == "sequence"
        assert "Runs · 5" in screen_text(app)


async def test_options_are_typed_into_a_form_and_mistakes_are_said_there(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", size=NARROW) as pilot:
        await pilot.press("enter")
        await settle(pilot)
        assert "number of epochs; default 10; tuning tries 5 to 50" in screen_text(app)
        await type_text(pilot, "many")
        await pilot.press("enter")
        await settle(pilot)
        assert "must be a number" in screen_text(app)
        assert not asked(session, "train")
        await pilot.press(*["backspace"] * 4)
        await type_text(pilot, "3")
        await pilot.press("enter")
        await settle(pilot)
        assert asked(session, "train")
        assert any("training explicit (n_iter=3)" in job.label for job in app.state.jobs.values())


async def test_a_training_is_paused_and_goes_on_while_others_wait(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6") as pilot:
        gate = session.hold("train")
        await pilot.press("t")
        await until(pilot, lambda: asked(session, "train"))
        await pilot.press("p")
        await until(pilot, lambda: "paused" in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: "1 waiting" in screen_text(app))
        gate.set()
        await pilot.pause()
        assert len(asked(session, "train")) == 1
        await pilot.press("p")
        await settle(pilot)
        assert len(asked(session, "train")) == session.epochs
        assert asked(session, "evaluate")


async def test_escape_stops_the_training_under_way_even_while_paused(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6") as pilot:
        gate = session.hold("train")
        await pilot.press("t")
        await until(pilot, lambda: asked(session, "train"))
        await pilot.press("p")
        gate.set()
        await pilot.press("escape")
        await settle(pilot)
        assert [job.state for job in app.state.jobs.values() if job.model] == ["stopped"]


async def test_marked_runs_are_compared_and_users_put_side_by_side(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "tab") as pilot:
        await pilot.press("space", "space", "v")
        await settle(pilot)
        assert asked(session, "compare_runs") == [("compare_runs", (3, 2))]
        assert "are tied by ndcg@10" in screen_text(app)
        await pilot.press("right")
        await settle(pilot)
        text = screen_text(app)
        assert "User 7 (1 of the 3" in text
        assert "✓" in text
        for key in ("right", "left", "left"):
            await pilot.press(key)
            await settle(pilot)
        assert [call[1] for call in asked(session, "side_by_side")] == [7, 12, 7, "a long name of a user"]
        await pilot.press("escape")
        await settle(pilot)
        assert "User " not in screen_text(app)
        assert "are tied by ndcg@10" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 1


async def test_the_details_of_what_is_listed_side_by_side_are_a_key_away(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "tab", "space", "space", "v", "right", "d") as pilot:
        title, places = app.screen.query_one(ChoiceTable).rows[0]
        assert title in screen_text(app)
        assert places.startswith("1 of ")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, DetailsScreen)
        assert title in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "User 7 (1 of the 3" in screen_text(app)


async def test_users_whose_lists_differ_are_listed_and_opened_side_by_side(
    app: RecsysApp, session: FakeSession
) -> None:
    async with running(app, "f6", "tab") as pilot:
        await pilot.press("space", "space", "v")
        await settle(pilot)
        assert "sequence #3 and explicit #2 are right equally often" in screen_text(app)
        assert "sequence #3 finds more for 12 users, explicit #2 for 9; both equally many for 20" in screen_text(app)
        await pilot.press("u")
        await settle(pilot)
        text = screen_text(app)
        assert "The users whose lists differ most" in text
        assert "2 of 10" in text
        await pilot.press("down", "enter")
        await settle(pilot)
        assert [call[1] for call in asked(session, "side_by_side")] == [12]
        assert "User 12 (2 of the 3" in screen_text(app)
        await pilot.press("right")
        await settle(pilot)
        assert "User a long name of a user (3 of the 3" in screen_text(app)


async def test_models_of_sequences_are_compared_after_the_sequence_of_the_sequence_tab(
    app: RecsysApp, session: FakeSession
) -> None:
    session.runs.add("evaluate", "markov")
    async with running(app) as pilot:
        app.state.draft.extend(session.items[:2])
        await go_to_runs(pilot)
        await pilot.press("space", "space", "v")
        await settle(pilot)
        assert "after the sequence" in screen_text(app)
        await pilot.press("s")
        await settle(pilot)
        assert asked(session, "side_by_side_after") == [("side_by_side_after", (1, 2))]
        text = screen_text(app)
        assert f"After {session.items[0].title} · {session.items[1].title}" in text
        assert "nothing is held out" in text


async def test_the_winner_of_a_search_is_compared_after_the_sequence_of_the_sequence_tab(
    app: RecsysApp, session: FakeSession
) -> None:
    session.runs.add("tune", "markov", study=make_study("markov", 12, 12, "mrr"))
    async with running(app) as pilot:
        app.state.draft.extend(session.items[:2])
        await go_to_runs(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("t")
        await settle(pilot)
        assert "after the sequence" in screen_text(app)
        await pilot.press("s")
        await settle(pilot)
        assert asked(session, "side_by_side_after") == [("side_by_side_after", (1, 2))]


@pytest.mark.parametrize("size", [NARROW, WIDE, VERY_WIDE])
async def test_figures_of_many_models_stand_below_each_other_and_wrap_nowhere(
    app: RecsysApp, session: FakeSession, size: tuple[int, int]
) -> None:
    for number in range(8):
        session.runs.add("evaluate", f"model{number}")
    async with running(app, "f6", "tab", size=size) as pilot:
        await pilot.press(*["space"] * 8, "v")
        await settle(pilot)
        page = app.screen
        assert isinstance(page, ComparisonPage)
        lines = str(page.query_one(Static).content).splitlines()
        metrics = [line for line in lines if line.startswith("ndcg@10  ")]
        assert sum(len(line.split()) - 1 for line in metrics) >= 8, "a figure of each model"
        assert len(metrics) > 1 or size == VERY_WIDE, "there is room for eight models in 200 columns"
        assert max(map(cell_len, metrics)) <= page.query_one(".page").size.width


async def test_the_comparison_can_be_read_and_left_while_users_are_counted(
    app: RecsysApp, session: FakeSession
) -> None:
    async with running(app, "f6", "tab") as pilot:
        gate = session.hold("head_to_head")
        await pilot.press("space", "space", "v")
        await until(pilot, lambda: "Comparing the lists of all users" in screen_text(app))
        assert "are tied by ndcg@10" in screen_text(app)
        await pilot.press("u", "right")
        await pilot.pause()
        assert len(app.screen_stack) == 2, "there are no users to list yet"
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        gate.set()
        await settle(pilot)
        assert len(app.screen_stack) == 1


async def test_each_pair_of_three_models_has_its_users(app: RecsysApp, session: FakeSession) -> None:
    session.runs.add("evaluate", "third")
    async with running(app, "f6", "tab") as pilot:
        await pilot.press("space", "space", "space", "v")
        await settle(pilot)
        await pilot.press("u")
        await settle(pilot)
        assert "third #4 and sequence #3 are right equally often" in screen_text(app)
        await pilot.press("right")
        await settle(pilot)
        assert "third #4 is right more often than explicit #2" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "User 7 (1 of the 3" in screen_text(app)


async def test_why_users_cannot_be_counted_stands_beside_the_comparison(app: RecsysApp, session: FakeSession) -> None:
    session.fail("head_to_head", RecsysError("The values of run 3 are damaged."))
    async with running(app, "f6", "tab") as pilot:
        await pilot.press("space", "space", "v")
        await settle(pilot)
        assert "The values of run 3 are damaged." in screen_text(app)
        assert "are tied by ndcg@10" in screen_text(app)


async def test_the_differences_of_two_runs_are_shown(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "tab") as pilot:
        await pilot.press("space", "space", "f")
        await settle(pilot)
        lines = screen_text(app).splitlines()
        [heading] = [line for line in lines if "#3 evaluate sequence" in line and "│ " in line and "Kind" not in line]
        assert "#2 evaluate explicit" in heading
        [options] = [line for line in lines if "n_iter" in line]
        assert options.index("13") == heading.index("#3")
        assert options.index("12") == heading.index("#2")


async def test_data_without_times_is_measured_by_the_protocols_that_need_none(
    app: RecsysApp, session: FakeSession
) -> None:
    overview = session.data.overview()
    session.data.overview = lambda: replace(overview, has_timestamps=False, num_users=1)  # type: ignore[method-assign]
    async with running(app, "f6") as pilot:
        assert "measured by random" in screen_text(app)
        await pilot.press("o")
        assert "measured by user" in screen_text(app)
        await pilot.press("o", "e")
        await settle(pilot)
        assert asked(session, "evaluate")[0][2].protocol == "random"
        await pilot.press("f3")
        await settle(pilot)
        assert "1 user " in screen_text(app)


async def test_keys_that_need_marks_say_so(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "tab", "v") as pilot:
        assert "Mark two models or runs with Space first: v compares them." in screen_text(app)
        await pilot.press("space", "space", "space", "f")
        await settle(pilot)
        assert "Mark two runs with Space first: f lists their differences." in screen_text(app)
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("size", [VERY_WIDE, NARROW])
async def test_all_of_a_run_can_be_read_in_any_window(
    app: RecsysApp, session: FakeSession, size: tuple[int, int]
) -> None:
    """The tab itself shows as many lines of it as it has room for."""
    session.runs.add(
        "evaluate",
        "markov",
        segments={"new users": {"ndcg@10": 0.1234}, "popular items": {"ndcg@10": 0.4321}},
        machine={"host": "a", "python": "3.11"},
        version="1.2",
        error="it was stopped because of an error that takes a long sentence to say, " * 2 + "unmistakably",
    )
    async with running(app, "f6", "tab", "d", size=size) as pilot:
        shown = screen_text(app)
        for _ in range(40):
            await pilot.press("down")
        await settle(pilot)
        text = shown + screen_text(app)
        facts = ("ndcg@10", "n_iter", "(0.1800 to 0.2500)", "popular items", "0.4321", "python 3.11", "unmistakably")
        assert [fact for fact in facts if fact not in text] == []
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 1


async def test_all_of_a_model_can_be_read_in_a_low_window(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "d", size=NARROW) as pilot:
        assert "Model explicit" in screen_text(app)
        assert "loss=regression" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 1


async def test_removed_runs_come_back_with_u(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "tab") as pilot:
        await pilot.press("x")
        await settle(pilot)
        assert sorted(session.runs.stored) == [1, 2]
        await pilot.press("u")
        await settle(pilot)
        assert sorted(session.runs.stored) == [1, 2, 3]


async def test_a_note_is_written_and_found_by_the_filter(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "tab") as pilot:
        await pilot.press("n")
        await type_text(pilot, "twice as wide")
        await pilot.press("enter")
        await settle(pilot)
        assert session.runs.stored[3].note == "twice as wide"
        await pilot.press("slash")
        await type_text(pilot, "wide")
        await settle(pilot)
        assert "No such model" in screen_text(app)
        assert "sequence" in screen_text(app)


async def test_a_run_is_promoted_or_it_is_said_why_not(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "tab") as pilot:
        await pilot.press("P")
        await settle(pilot)
        assert asked(session, "promote") == [("promote", 3)]
        session.fail("promote", RecsysError("Run 3 cannot become the default."))
        await pilot.press("P")
        await settle(pilot)
        assert "cannot become the default" in screen_text(app)


async def test_the_order_and_the_protocol_change_by_a_key(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6", "tab") as pilot:
        assert "by number" in screen_text(app)
        await pilot.press("s", "s", "o")
        await pilot.pause()
        text = screen_text(app)
        assert "by figure" in text
        assert "measured by random" in text


async def test_what_cannot_be_trained_is_not_offered(make_app: MakeApp) -> None:
    session = FakeSession(obstacle="it has no ratings", trained=())
    session.further_models = [ModelState("popular", "user", "Counts.", obstacle="it has no ratings")]
    app = make_app(session)
    async with running(app) as pilot:
        await pilot.press("f6")
        await settle(pilot)
        assert "this data cannot train it: it has no ratings" in screen_text(app)
        await pilot.press("t", "e", "enter")
        await settle(pilot)
        assert not app.state.jobs or not any(job.model for job in app.state.jobs.values())
        assert len(app.screen_stack) == 1


async def test_damaged_runs_are_counted_and_hide_no_other(app: RecsysApp, session: FakeSession) -> None:
    session.runs.damage = ("runs/9.json: is damaged.",)
    async with running(app, "f6"):
        assert "1 damaged" in screen_text(app)
        assert "Runs · 3" in screen_text(app)


async def test_models_that_cannot_be_read_say_so_and_r_tries_again(app: RecsysApp, session: FakeSession) -> None:
    session.fail("runs", RecsysError("The runs cannot be read now."))
    async with running(app, "f6", size=NARROW) as pilot:
        assert "The runs cannot be read now." in screen_text(app)
        del session.failures["runs"]
        await pilot.press("escape", "f5")
        await settle(pilot)
        assert "Runs · 3" in screen_text(app)


async def start_search(pilot: Any, app: RecsysApp, trials: str = "12") -> None:
    await pilot.press("f6")
    await settle(pilot)
    await pilot.press("T")
    await settle(pilot)
    await type_text(pilot, trials)
    await pilot.press("enter")
    await settle(pilot)


async def test_a_search_is_watched_and_its_winner_trained_and_compared(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, size=NARROW) as pilot:
        await start_search(pilot, app)
        text = screen_text(app)
        assert "12 of 12 trials · best 0.7800 in trial 6" in text
        assert "What matters" in text
        assert "learning_rate against rmse" in text
        assert "pruned" in text
        await pilot.press("right")
        await settle(pilot)
        assert "loss against rmse" in screen_text(app)
        assert "regression" in screen_text(app)
        await pilot.press("t")
        await settle(pilot)
        assert asked(session, "prove")[0][1:] == ("explicit", {"learning_rate": 0.0064, "loss": "regression"})
        assert "Comparison of runs" in screen_text(app)


async def test_a_search_under_way_shows_its_trials_and_is_stopped(app: RecsysApp, session: FakeSession) -> None:
    session.held_trials = 7
    gate = session.hold("tune")
    async with running(app, "f6") as pilot:
        await pilot.press("T")
        await settle(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "7 of 20 trials" in screen_text(app))
        text = screen_text(app)
        assert "running" in text
        assert "diverged" in text
        assert "told from 10 trials on" in text
        await pilot.press("t")
        await pilot.press("escape")
        await until(pilot, lambda: "best so far" in screen_text(app))
        await pilot.press("T")
        await until(pilot, lambda: "7 of 20 trials" in screen_text(app))
        await pilot.press("s")
        await settle(pilot)
        assert not asked(session, "prove")
        assert [job.state for job in app.state.jobs.values() if job.model] == ["stopped"]
        assert "t trains and compares the best" in screen_text(app)
    gate.set()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("0",), "whole number from 1"),
        (("5", "tab", "a", "space", "b"), "metric is a name"),
        (("5", "tab", "tab", "n", "a", "n"), "above 0"),
    ],
)
async def test_mistakes_in_what_a_search_is_to_be_are_said(
    app: RecsysApp, session: FakeSession, typed: tuple[str, ...], said: str
) -> None:
    async with running(app, "f6", size=NARROW) as pilot:
        await pilot.press("T", *typed, "enter")
        await settle(pilot)
        assert said in screen_text(app)
        assert not asked(session, "tune")


async def test_enter_shows_the_trials_of_a_search_that_was_kept(app: RecsysApp, session: FakeSession) -> None:
    session.runs.add("tune", "explicit", study=make_study("explicit", 12, 12))
    async with running(app, "f6", "tab", size=NARROW) as pilot:
        assert "best so far" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "12 of 12 trials" in screen_text(app)
        await pilot.press("o")
        await settle(pilot)
        lines = [line for line in screen_text(app).splitlines() if "best " in line and "learning_rate=" in line]
        assert len(lines) == 1
        await pilot.press("enter")
        await settle(pilot)
        best = next(run.study.best for run in session.runs.stored.values() if run.study)
        assert best is not None
        assert f"Trial {best.number} of explicit" in screen_text(app)
        for name, value in best.options.items():
            shown = f"{value:.4g}" if isinstance(value, float) else str(value)
            assert any(name in line and shown in line for line in screen_text(app).splitlines()), name


async def test_a_training_is_validated_where_that_is_chosen(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6") as pilot:
        await pilot.press("t", "V", "down", "t")
        await settle(pilot)
        assert "validated" in screen_text(app)
        without, validated = (job for job in app.state.jobs.values() if job.model)
        assert without.validation is None
        assert validated.validation is not None
        assert validated.validation.metric == "rmse"
        assert validated.validation.epochs[-1] == session.epochs


async def test_curves_of_marked_runs_are_drawn_over_each_other(app: RecsysApp, session: FakeSession) -> None:
    curve = ValidationCurve("ndcg@10", (1, 2, 4), (0.1, 0.15, 0.2))
    session.runs.add("train", "explicit", losses=(1.2, 0.9, 0.8), validation=curve)
    async with running(app, "f6", "tab") as pilot:
        assert "validation ndcg@10" in screen_text(app)
        await pilot.press("space", "down", "down", "space", "c")
        await settle(pilot)
        text = screen_text(app)
        assert "Loss of explicit regression by epoch" in text
        assert "━ #4 explicit 0.8" in text
        assert "━ #1 explicit 0.55" in text
        assert "Validation ndcg@10 by epoch" in text
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1


async def test_an_interrupted_training_is_shown_and_goes_on_by_a_key(app: RecsysApp, session: FakeSession) -> None:
    session.unfinished["explicit"] = Unfinished(7, 20, "2025-11-21T22:00:00+00:00", {"n_iter": 20})
    session.unfinished["sequence"] = Unfinished(0, 0, "", {}, damage="training/sequence is damaged.")
    async with running(app, "f6") as pilot:
        text = screen_text(app)
        assert "at 7/20" in text
        assert "Interrupted after epoch 7 of 20: R goes on" in text
        assert "R resume" in text
        await pilot.press("down", "R")
        await settle(pilot)
        assert "cannot go on: training/sequence is damaged." in screen_text(app)
        assert not asked(session, "train")
        await pilot.press("up", "R")
        await settle(pilot)
        assert asked(session, "train")[0][1] == "explicit"
        assert "at 7/20" not in screen_text(app)
        assert "R resume" not in screen_text(app)


async def test_quitting_while_training_says_that_it_is_kept(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6") as pilot:
        gate = session.hold("train")
        await pilot.press("t")
        await until(pilot, lambda: any(job.goes_on_later for job in app.state.jobs.values()))
        await pilot.press("f10")
        await until(pilot, lambda: "R in the Models tab goes on" in screen_text(app))
        await pilot.press("escape", "escape")
        gate.set()
        await settle(pilot)


@pytest.mark.parametrize(("loss", "charts"), [("", 1), ("regression", 1), ("poisson", 2)])
def test_a_training_is_drawn_over_earlier_ones_of_the_same_loss_only(loss: str, charts: int) -> None:
    job = JobView(1, "user", "training explicit", "running", model="explicit", loss=loss, losses=(2.0, 1.0))
    curves = [Curve("#1 explicit", "explicit regression", (2.0, 0.5), None), Curve.of_job(job, "regression")]
    assert curves_content(curves, 60).plain.count("Loss of explicit") == charts


def test_a_report_that_comes_before_the_curves_are_open_is_kept() -> None:
    page = CurvesPage([], JobView(1, "user", "training explicit", "running", model="explicit"))
    page.job_changed(JobView(1, "user", "training explicit", "running", model="explicit", losses=(2.0, 1.0)))
    assert page._job is not None
    assert page._job.losses == (2.0, 1.0)


async def test_two_quick_keys_train_the_winner_once(app: RecsysApp, session: FakeSession) -> None:
    session.runs.add("tune", "explicit", study=make_study("explicit", 12, 12))
    async with running(app, "f6", "tab", size=NARROW) as pilot:
        await pilot.press("enter")
        await settle(pilot)
        page = app.screen
        assert isinstance(page, StudyPage)
        assert page.check_action("prove", ())
        page.action_prove()
        assert not page.check_action("prove", ())  # no report of the job has come yet
        await settle(pilot)
        assert len(asked(session, "prove")) == 1


async def test_marked_models_are_measured_and_compared_by_one_key(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6") as pilot:
        await pilot.press("space")
        await settle(pilot)
        assert "Marked: explicit. Mark another to compare." in screen_text(app)
        await pilot.press("space")
        await settle(pilot)
        assert "v measures and compares them" in screen_text(app)
        await pilot.press("v")
        await settle(pilot)
        assert asked(session, "compare_models") == [("compare_models", ("explicit", "sequence"), "leave-one-out")]
        assert "are tied by ndcg@10" in screen_text(app)
        assert len(app.screen_stack) == 2


async def test_a_comparison_that_ends_behind_another_tab_leaves_its_runs_marked(
    app: RecsysApp, session: FakeSession
) -> None:
    async with running(app, "f6") as pilot:
        gate = session.hold("compare_models")
        await pilot.press("space", "space", "v")
        await until(pilot, lambda: asked(session, "compare_models"))
        await pilot.press("f2")
        gate.set()
        await settle(pilot)
        assert len(app.screen_stack) == 1
        await pilot.press("f6")
        await settle(pilot)
        await pilot.press("v")
        await settle(pilot)
        assert "are tied by ndcg@10" in screen_text(app)


async def test_a_mark_is_taken_away_again(app: RecsysApp, session: FakeSession) -> None:
    async with running(app, "f6") as pilot:
        await pilot.press("space", "up", "space")
        await settle(pilot)
        assert "Marked" not in screen_text(app)


@pytest.mark.parametrize(
    ("pace", "unit", "shown"),
    [
        (0.36, "trials", "2.8 s per trial"),
        (0.002, "epochs", "8 min 20 s per epoch"),
        (0.5, "batches", "2.0 s per batch"),
        (1.24, "trials", "1.2 trials/s"),
        (425.4, "texts", "425 texts/s"),
        (20_000, "users", "20,000 users/s"),
    ],
)
def test_a_pace_below_one_is_the_time_that_each_takes(pace: float, unit: str, shown: str) -> None:
    assert pace_text(pace, unit) == shown
