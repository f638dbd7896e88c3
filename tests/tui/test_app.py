"""The shell: tabs, keys and their hints, help, palette, sizes, start and end."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from textual.widgets import Input, Static

from engine.data.results import Overview
from engine.errors import DataError
from engine.session import Progress
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import NASTY, FakeSession, make_items
from tui.messages import LeavePlace, StatusChanged
from tui.panes import TABS as PANES
from tui.widgets.heading import dataset_line
from tui.widgets.hints import KeyHints
from tui.widgets.quit_prompt import QuitPrompt, what_is_kept

TABS = tuple(tab.name for tab in PANES)
KEYS = {tab.name: tab.key.lower() for tab in PANES}


async def test_the_first_paint_needs_no_session(make_app):
    session = FakeSession()
    gate = session.hold("open")
    app = make_app(open_session=lambda job: session.enter("open", job=job) or session)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "opening fake" in screen_text(app))
        assert "Describe what you are looking for" in screen_text(app)
        gate.set()
        await settle(pilot)


async def test_what_is_typed_before_the_first_pane_is_there_is_not_lost(make_app):
    app = make_app()
    begin = app._begin
    app._begin = lambda: None
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*"heist")
        await begin()
        await settle(pilot)
        assert app.query_one("#search Input", Input).value == "heist"


async def test_typing_before_the_data_set_is_open_is_answered_once_it_is(make_app):
    session = FakeSession()
    gate = session.hold("open")

    def open_session(job):
        session.enter("open", job=job)
        return session

    app = make_app(session, open_session=open_session)
    async with app.run_test(size=WIDE) as pilot:
        await type_text(pilot, "heat")
        await until(pilot, lambda: "opening fake" in screen_text(app))
        gate.set()
        await settle(pilot)
        assert "Results · 20" in screen_text(app)


async def test_a_data_set_that_takes_long_to_open_shows_its_progress(make_app):
    session = FakeSession()
    gate = session.hold("open")

    def open_session(job):
        job.report(Progress("reading ratings.csv", 40, 100, "rows"))
        session.enter("open", job=job)
        return session

    app = make_app(session, open_session=open_session)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "Opening fake: reading ratings.csv" in screen_text(app))
        assert "40%" in screen_text(app)
        gate.set()
        await settle(pilot)
        assert "Opening" not in screen_text(app)


async def test_a_data_set_that_cannot_be_opened_says_why_on_every_tab_and_can_be_tried_again(make_app):
    session = FakeSession()
    broken = [True]

    def open_session(job):
        if broken:
            raise DataError("manifest.json is damaged (line 3): remove the data set and add it again.")
        return session

    app = make_app(session, open_session=open_session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for key in ("f2", "f3", "f4"):
            await pilot.press(key)
            await settle(pilot)
            assert "manifest.json is damaged (line 3)" in screen_text(app)
            assert "not opened" in screen_text(app)
        broken.clear()
        await pilot.press("f5")
        await settle(pilot)
        assert "cpu ● ready" in screen_text(app)
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "Heat" in screen_text(app)


async def test_a_device_that_is_not_there_is_said(make_app):
    session = FakeSession()
    session.fail("device_name", DataError("There is no CUDA device here: start with --device cpu."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "no device" in screen_text(app)
        assert "There is no CUDA device here" in screen_text(app)


async def test_function_keys_open_tabs_and_digits_never_do(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        assert app.pane("search").line.value == "2"
        assert "F3 User" in screen_text(app)
        await pilot.press("down", "2")
        await settle(pilot)
        assert app.active_pane.id == "search"
        assert "F3 User" in screen_text(app)
        await pilot.press("f3")
        await settle(pilot)
        assert app.active_pane.id == "user"
        await pilot.press("f2")
        await settle(pilot)
        assert app.active_pane.id == "search"
        # The cursor is where it was left.
        assert app.focused is app.pane("search")._table
        # On the tab that is open, its key goes to the line, and typing replaces what stands there.
        await pilot.press("f2", "h")
        await settle(pilot)
        assert app.pane("search").line.value == "h"


async def test_the_keys_of_tabs_and_quitting_work_in_pop_ups_too(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for opening in ("f1", "ctrl+p"):
            await pilot.press(opening)
            await settle(pilot)
            assert len(app.screen_stack) == 2
            await pilot.press("f4" if opening == "f1" else "f3")
            await settle(pilot)
            assert len(app.screen_stack) == 1
        assert app.active_pane.id == "user"
        await pilot.press("f1", "f10")
    assert app.return_code == 0


async def test_keys_pressed_right_after_a_tab_is_opened_go_to_that_tab(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        driver = app._driver
        assert driver is not None
        await pilot.press("f4", "h", "e", "a", "t")
        await settle(pilot)
        assert app.pane("sequence").line.value == "heat"
        assert app.pane("search").line.value == ""


async def test_tabs_open_with_a_click(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.click("TabBar", offset=(14, 0))
        await settle(pilot)
        assert app.active_pane.id == "user"


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("state", ["fresh", "trained", "working"])
async def test_every_hint_stands_for_a_key_that_does_something(make_app, tab, state):
    session = FakeSession() if state == "trained" else FakeSession(embedded=0, trained=())
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press(KEYS[tab])
        await settle(pilot)
        if state == "working":
            session.hold("embed")
            session.hold("train")
            if tab == "data":  # F5 starts no job there
                app.backend.embed()
            else:
                await pilot.press("f5")
            await until(pilot, lambda: app.state.active_job())
        hints = app.screen.query_one(KeyHints)
        shown = screen_text(app).splitlines()[-1]
        left_out = [what for _, written, what in hints.hints() if f"{written} {what}" not in shown]
        told = re.search(r"help · (\d+) more", shown)
        assert len(left_out) == (int(told[1]) if told else 0)
        for key, _, _ in hints.hints():
            active = app.screen.active_bindings[key]
            assert active.enabled
            # The action exists on the node it belongs to, so pressing the key runs it.
            name = re.match(r"(?:app\.)?(\w+)", active.binding.action)[1]
            assert hasattr(active.node, f"action_{name}") or hasattr(app, f"action_{name}")


async def test_hints_that_have_no_room_are_behind_the_help_key(make_app):
    app = make_app()
    async with app.run_test(size=(66, 24)) as pilot:
        await settle(pilot)
        await pilot.press("h")
        await settle(pilot)
        await pilot.press("down")
        await settle(pilot)
        line = screen_text(app).splitlines()[-1]
        assert re.search(r"\? help · \d+ more", line)
        assert len(line.rstrip()) <= 66
        left_out = [what for _, _, what in app.screen.query_one(KeyHints).hints() if what not in line]
        await pilot.press("question_mark")
        await settle(pilot)
        assert left_out
        assert "Here and now" in screen_text(app)
        assert all(what in screen_text(app) for what in left_out)


async def test_help_lists_keys_that_exist(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f1")
        await pilot.pause()
        assert "Here and now" in screen_text(app)
        for _ in range(4):
            await pilot.press("pagedown")
        await pilot.press("escape")
        await pilot.pause()
        assert "Here and now" not in screen_text(app)
        assert [place for place, _ in app.help_sections()] == [
            "Here and now",
            "Search",
            "How to read the numbers",
            "In a list",
            "Everywhere",
            "User",
            "Sequence",
            "Models",
            "Data",
            "If something goes wrong",
        ]


@pytest.mark.parametrize("tab", PANES, ids=lambda tab: tab.name)
def test_a_pane_declares_what_the_shell_reads(tab):
    pane = tab.load_pane()
    assert tab.name == pane.TASK
    assert pane.KEYS
    assert isinstance(getattr(pane, "NEEDS", ""), str)
    session = FakeSession()
    assert pane.service_of(session) in (session, *vars(session).values())


async def test_the_palette_knows_the_state(make_app):
    app = make_app(FakeSession(embedded=0, trained=("explicit",)))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        offered = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Open User", "Embed", "Train explicit again", "Train sequence", "Theme", "Quit"} <= offered
        await pilot.press("ctrl+p")
        await type_text(pilot, "open seq")
        await until(pilot, lambda: "Go to the Sequence tab" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app._tabs.active == "sequence")


async def test_a_job_can_be_stopped_from_any_tab_by_the_palette(make_app):
    session = FakeSession(trained=())
    session.hold("train")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("t")
        await until(pilot, lambda: app.state.active_job("user"))
        await pilot.press("f2")
        commands = {command.title: command.callback for command in app.get_system_commands(app.screen)}
        commands["Stop training explicit"]()
        await settle(pilot)
        assert app.state.last_job("user").state == "stopped"


@pytest.mark.parametrize("size", [(120, 36), (100, 30), (80, 24), (80, 23), (64, 18)])
@pytest.mark.parametrize("tab", TABS)
async def test_nothing_is_drawn_outside_any_window(make_app, size, tab):
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "a", KEYS[tab])
        await settle(pilot)
        lines = screen_text(app).splitlines()
        assert len(lines) == size[1]
        assert "too small" not in screen_text(app)
        for widget in app.active_pane.walk_children():
            if widget.display and widget.region.area and all(node.display for node in widget.ancestors):
                assert app.screen.region.contains_region(widget.region) or widget.region.y >= 0


@pytest.mark.parametrize("size", [(63, 24), (80, 17), (20, 5)])
async def test_a_window_that_is_too_small_says_so_and_recovers(make_app, size):
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "too small" in " ".join(screen_text(app).split())
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "too small" not in screen_text(app)
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "Results · 20" in screen_text(app)
        await pilot.resize_terminal(*size)
        await settle(pilot)
        assert "too small" in " ".join(screen_text(app).split())


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_text_of_a_catalogue_is_shown_and_never_obeyed(make_app, size):
    session = FakeSession(make_items(NASTY), title="[red]data[/]\x1b[2J", trained=("explicit", "sequence"))
    app = make_app(session)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await type_text(pilot, "x")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        await pilot.press("escape", "m")
        await settle(pilot)
        assert "[bold red]x[/]" in screen_text(app)
        for key in ("a", "y", "f3", "enter", "enter", "escape", "f4"):
            await pilot.press(key)
            await settle(pilot)
            drawn = screen_text(app)
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", drawn)
            assert len(drawn.splitlines()) == size[1]


async def test_escape_pressed_over_and_over_never_leaves_the_app(make_app):
    session = FakeSession(embedded=5, trained=())
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for keys in ("f1", "f3", "t", "f4", "f5", "f2", "f5", "ctrl+p", "h", "down", "enter"):
            await pilot.press(keys, *["escape"] * 4)
        await settle(pilot)
        assert app.is_running
        assert isinstance(app.focused, Input) or app.focused is not None


@pytest.mark.parametrize("keys", [["ctrl+q"], ["f10"], ["down", "q"], ["ctrl+c", "ctrl+c"]])
async def test_the_app_is_left_at_once_while_no_job_runs(make_app, keys):
    session = FakeSession(trained=())
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        session.hold("search", stubborn=True)
        await type_text(pilot, "x")
        await pilot.press(*keys)
        assert not app.is_running or app._exit


@pytest.mark.parametrize(
    ("first", "second"),
    [(["ctrl+q"], "ctrl+q"), (["f10"], "y"), (["down", "q"], "q"), (["ctrl+c", "ctrl+c"], "ctrl+c")],
)
async def test_while_a_job_runs_the_app_asks_once_before_it_is_left(make_app, first, second):
    session = FakeSession(trained=())
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        session.hold("train", stubborn=True)
        app.backend.train("explicit", "user")
        app.backend.train("sequence", "sequence")
        await until(pilot, lambda: sum(job.active for job in app.state.jobs.values()) == 2)
        await until(pilot, lambda: any(job.goes_on_later for job in app.state.jobs.values()))
        await pilot.press(*first)
        await until(pilot, lambda: "Quit while a job runs?" in screen_text(app))
        assert "What it has learnt is kept: R" in screen_text(app)
        assert "1 more job waits." in words_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: "Quit while a job runs?" not in screen_text(app))
        assert app.is_running
        await pilot.press("ctrl+q", second)
        assert not app.is_running or app._exit
    assert app.backend.close(grace=0.0) is True


def words_of(app):
    """What a pop-up says, wherever its lines break."""
    return " ".join(str(page.content) for page in app.screen.query(Static))


async def test_the_question_says_what_of_an_embedding_and_of_an_older_model_is_kept(make_app):
    session = FakeSession(embedded=5)
    gates = [session.hold("embed"), session.hold("train")]
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.state.active_job("search") and app.state.active_job("search").progress)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "The 5 texts embedded so far are kept" in screen_text(app))
        await pilot.press("escape")
        gates[0].set()
        app.backend.train("explicit", "user")
        await until(pilot, lambda: app.state.active_job("user") and app.state.active_job("user").state == "running")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "What it has learnt is kept: R in the Models tab" in words_of(app))
        by_no_epochs = replace(app.state.active_job("user"), progress=None)
        assert "The model explicit that was trained before stays." in what_is_kept(by_no_epochs, app.state.dataset)


async def test_the_question_is_about_the_job_that_still_runs(make_app):
    session = FakeSession(embedded=5)
    gates = [session.hold("embed"), session.hold("train")]
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.state.active_job("search") and app.state.active_job("search").progress)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "The 5 texts embedded so far are kept" in words_of(app))
        app.backend.train("explicit", "user")
        await until(pilot, lambda: "What it has learnt is kept" in words_of(app))
        assert "embedded so far" not in words_of(app)
        for gate in gates:
            gate.set()
        await until(pilot, lambda: not isinstance(app.screen, QuitPrompt))


async def test_the_question_goes_when_the_job_has_ended(make_app):
    session = FakeSession(trained=())
    gate = session.hold("train")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.backend.train("explicit", "user")
        await until(pilot, lambda: app.state.active_job("user"))
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "Quit while a job runs?" in screen_text(app))
        gate.set()
        await settle(pilot)
        assert "Quit while a job runs?" not in screen_text(app)
        assert app.is_running


def test_a_simulated_audience_is_called_so():
    real = Overview("m", "Movies", "movies", False, 1, 2, 2, 3, None, False)
    made = Overview("d", "Demo", "demo", True, 600, 412, 400, 9, (1.0, 5.0), True)
    assert dataset_line(real) == "Movies · 2 items · 1 user"
    assert dataset_line(made) == "Demo · 412 items · simulated audience of 600"


async def test_leaving_before_the_first_tab_is_there_is_quiet(make_app):
    app = make_app()
    ready = app.on_ready

    def leave() -> None:
        ready()
        app.exit()

    app.on_ready = leave
    async with app.run_test(size=WIDE):
        pass  # an error on the way out would be raised here
    assert not app.is_running


async def test_an_answer_that_comes_while_the_app_ends_does_nothing(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        place = app.pane("search").place()
    app.on_status_changed(StatusChanged("late"))
    app.on_leave_place(LeavePlace(place))
    assert app.panes == []


async def test_a_hint_can_be_clicked(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        line = screen_text(app).splitlines()[-1]
        await pilot.click(KeyHints, offset=(line.index("F1"), 0))
        await until(pilot, lambda: "Here and now" in screen_text(app))


async def test_what_is_added_or_copied_from_a_pop_up_arrives(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "Esc closes" in screen_text(app))
        await pilot.press("a", "y")
        await settle(pilot)
        assert app.clipboard == "Heat (1995)"
        assert [item.title for item in app.state.draft.items] == ["Heat"]
        await pilot.press("m")
        await settle(pilot)
        assert "More like Heat (1995)" in screen_text(app)
