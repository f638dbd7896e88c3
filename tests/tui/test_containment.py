"""Errors injected all over the app: it lives on, says so, logs it, and the other tabs answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from tests.tui.conftest import WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession
from tui import app_commands
from tui.app import RecsysApp
from tui.error_report import reports_folder
from tui.panes import Tab
from tui.panes.base import Pane
from tui.panes.search import SearchPane
from tui.panes.sequence import SequencePane
from tui.panes.user import UserPane
from tui.widgets.completions import Completions
from tui.widgets.details import DetailsScreen
from tui.widgets.heading import Heading, TabBar
from tui.widgets.help import HelpScreen
from tui.widgets.hints import KeyHints
from tui.widgets.histogram import Histogram
from tui.widgets.notice import Notice
from tui.widgets.panel import Panel
from tui.widgets.status import StatusBar
from tui.widgets.table import Table

SECRET = "what the person typed"


def fail(self: Any = None, *_: Any, **__: Any) -> Any:
    raise RuntimeError(SECRET)


async def fail_soon(self: Any = None, *_: Any) -> None:
    raise RuntimeError(SECRET)


@pytest.fixture
def broken() -> Iterator[pytest.MonkeyPatch]:
    """Patches that make the app fail, which a test undoes before it looks whether everything works."""
    patches = pytest.MonkeyPatch()
    yield patches
    patches.undo()


Inject = Callable[[pytest.MonkeyPatch, RecsysApp], None]


def patched(owner: Any, name: str, by: Callable[..., Any] = fail) -> Inject:
    return lambda monkeypatch, _: monkeypatch.setattr(owner, name, by, raising=False)


def when_drawn(do: Callable[[Any], object]) -> Inject:
    """Do something to the User pane once it is opened."""

    def inject(monkeypatch: pytest.MonkeyPatch, _: RecsysApp) -> None:
        mounted = UserPane.on_mount

        def on_mount(pane: UserPane) -> None:
            mounted(pane)
            do(pane)

        monkeypatch.setattr(UserPane, "on_mount", on_mount)
        monkeypatch.setattr(UserPane, "fail_later", fail, raising=False)

    return inject


def undrawable(owner: Any) -> Inject:
    """A widget around the tabs that cannot be drawn any more."""

    def inject(monkeypatch: pytest.MonkeyPatch, app: RecsysApp) -> None:
        monkeypatch.setattr(owner, "render", fail)
        app.query_one(owner).refresh()

    return inject


def only_in(pane: type[Pane[Any]], owner: Any, name: str) -> Inject:
    """A method that fails in the widgets of one pane."""

    def inject(monkeypatch: pytest.MonkeyPatch, _: RecsysApp) -> None:
        method = getattr(owner, name)

        def failing(self: Any, *args: Any, **kwargs: Any) -> Any:
            if any(isinstance(one, pane) for one in self.ancestors_with_self):
                raise RuntimeError(SECRET)
            return method(self, *args, **kwargs)

        monkeypatch.setattr(owner, name, failing)

    return inject


#: What is made to fail, the keys that lead there, and the tab that this costs.
IN_A_TAB: dict[str, tuple[Inject, tuple[str, ...], str]] = {
    "compose of Search": (patched(SearchPane, "compose"), (), "search"),
    "compose of User": (patched(UserPane, "compose"), ("f3",), "user"),
    "compose of Sequence": (patched(SequencePane, "compose"), ("f4",), "sequence"),
    "compose that is no generator": (patched(UserPane, "compose", lambda _: 3), ("f3",), "user"),
    "import": (patched(Tab, "load_pane"), ("f3",), "user"),
    "construction": (patched(UserPane, "__init__"), ("f3",), "user"),
    "mount": (patched(UserPane, "on_mount"), ("f3",), "user"),
    "mount of a widget": (only_in(UserPane, Histogram, "_size_updated"), ("f3",), "user"),
    "mount handler of a child": (patched(Histogram, "on_mount"), ("f3",), "user"),
    "compose of a child": (only_in(UserPane, Panel, "compose"), ("f3",), "user"),
    "resize": (patched(UserPane, "on_resize"), ("f3",), "user"),
    "state": (patched(UserPane, "refresh_state"), ("f3",), "user"),
    "key handler": (patched(UserPane, "on_key"), ("f3", "x"), "user"),
    "key handler of a child": (only_in(UserPane, Table, "action_cursor"), ("f3", "down"), "user"),
    "action": (patched(UserPane, "action_type"), ("f3", "slash"), "user"),
    "check of an action": (patched(UserPane, "check_action"), ("f3",), "user"),
    "answer": (patched(UserPane, "_history_read"), ("f3",), "user"),
    "failure": (patched(UserPane, "failures"), ("f3",), "user"),
    "timer": (when_drawn(lambda pane: pane.set_timer(0.001, fail)), ("f3",), "user"),
    "repeated timer": (when_drawn(lambda pane: pane.set_interval(0.001, fail_soon)), ("f3",), "user"),
    "call later": (when_drawn(lambda pane: pane.call_later(fail)), ("f3",), "user"),
    "call next": (when_drawn(lambda pane: pane.call_next(fail_soon)), ("f3",), "user"),
    "call after refresh": (when_drawn(lambda pane: pane.call_after_refresh(pane.fail_later)), ("f3",), "user"),
    "worker": (when_drawn(lambda pane: pane.run_worker(fail_soon())), ("f3",), "user"),
    "thread worker": (when_drawn(lambda pane: pane.run_worker(fail, thread=True)), ("f3",), "user"),
    "idle": (patched(UserPane, "on_idle"), ("f3",), "user"),
    "drawing a line": (only_in(UserPane, Table, "render_line"), ("f3",), "user"),
    "drawing the page itself": (only_in(UserPane, Notice, "render"), ("f3",), "user"),
    "watcher": (patched(Table, "watch_cursor"), ("f3", "down"), "user"),
    "focus": (only_in(UserPane, Table, "_on_focus"), ("f3",), "user"),
    "explanation": (patched(SearchPane, "explain"), ("h", "down", "d"), "search"),
    "completion": (patched(Completions, "show"), ("f4", "h"), "sequence"),
    "train prompt": (patched(UserPane, "show_train_prompt"), ("f3",), "user"),
    "palette": (patched(SearchPane, "commands"), ("ctrl+p",), "search"),
}


def cases(table: dict[str, Any]) -> list[Any]:
    """The cases of a table; those that fail while drawing need frames that are drawn."""
    drawn = pytest.mark.drawn
    return [pytest.param(*case, id=name, marks=[drawn] * name.startswith("drawing")) for name, case in table.items()]


@pytest.mark.parametrize(("inject", "keys", "tab"), cases(IN_A_TAB))
async def test_an_error_costs_its_tab_alone(make_app, broken, caplog, inject, keys, tab):
    caplog.set_level(logging.ERROR, logger="tui")
    trained = ("sequence",) if inject is IN_A_TAB["train prompt"][0] else ("explicit", "sequence")
    app = make_app(FakeSession(trained=trained), contains_errors=True)
    if not keys:
        inject(broken, app)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        if keys:
            inject(broken, app)
        await pilot.press(*keys)
        await until(pilot, lambda: tab in app._failed_tabs)
        broken.undo()
        while len(app.screen_stack) > 1:
            await pilot.press("escape")
            await settle(pilot)
        await pilot.press({"search": "f2", "user": "f3", "sequence": "f4"}[tab])
        await until(pilot, lambda: "This tab met an error" in screen_text(app))
        assert "A report without personal data was written to" in screen_text(app)
        await other_tabs_answer(app, pilot, tab)
        await pilot.press({"search": "f2", "user": "f3", "sequence": "f4"}[tab])
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert tab not in app._failed_tabs
        await answers(app, pilot, tab)
    assert not app.return_code
    assert any("unexpected error" in record.getMessage() for record in caplog.records)
    assert_reported(tab)


async def answers(app: RecsysApp, pilot: Any, tab: str) -> None:
    await pilot.press({"search": "f2", "user": "f3", "sequence": "f4"}[tab])
    await settle(pilot)
    if tab == "search":
        app.pane("search").line.value = ""
        await type_text(pilot, "heat")
    await settle(pilot)
    shows = {"search": "Heat", "user": "60 users", "sequence": "What comes next"}[tab]
    await until(pilot, lambda: shows in screen_text(app))
    assert "This tab met an error" not in screen_text(app)


async def other_tabs_answer(app: RecsysApp, pilot: Any, tab: str) -> None:
    for other in {"search", "user"} - {tab}:
        await answers(app, pilot, other)


def assert_reported(where: str) -> None:
    reports = [path.read_text(encoding="utf-8") for path in reports_folder().glob("*.txt")]
    assert len(reports) >= 1
    for report in reports:
        assert "RuntimeError" in report or "TypeError" in report
        assert SECRET not in report
        assert str(Path.home()) not in report
    assert any(where in report for report in reports)


#: What is made to fail outside the tabs, and the keys that lead there.
ELSEWHERE: dict[str, tuple[Inject, tuple[str, ...]]] = {
    "drawing the heading": (undrawable(Heading), ("f3",)),
    "drawing the tabs": (undrawable(TabBar), ("f3",)),
    "drawing the status line": (undrawable(StatusBar), ("f3",)),
    "drawing the hints": (undrawable(KeyHints), ("f3",)),
    "message handler of the app": (patched(RecsysApp, "on_busy"), ("f3",)),
    "action of the app": (patched(RecsysApp, "action_help"), ("f1",)),
    "a pop-up": (patched(HelpScreen, "compose"), ("f1",)),
    "mount of a pop-up": (patched(DetailsScreen, "on_mount"), ("h", "down", "d")),
    "an answer for a pop-up": (patched(DetailsScreen, "explain"), ("h", "down", "d")),
    "what the palette offers": (patched(app_commands, "app_commands"), ("ctrl+p",)),
    "the status line's handler": (patched(StatusBar, "busy"), ("f3",)),
}


@pytest.mark.parametrize(("inject", "keys"), cases(ELSEWHERE))
async def test_an_error_outside_the_tabs_costs_no_tab(make_app, broken, caplog, inject, keys):
    caplog.set_level(logging.ERROR, logger="tui")
    app = make_app(contains_errors=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        inject(broken, app)
        await pilot.press(*keys)
        await until(pilot, lambda: caplog.records)
        broken.undo()
        await settle(pilot)
        while len(app.screen_stack) > 1:
            await pilot.press("escape")
            await settle(pilot)
        assert not app._failed_tabs
        await answers(app, pilot, "user")
        await answers(app, pilot, "search")
    assert not app.return_code
    assert_reported("")


async def test_a_training_goes_on_while_a_tab_fails(make_app, broken):
    session = FakeSession(trained=("sequence",))
    gate = session.hold("train")
    app = make_app(session, contains_errors=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("t")
        await until(pilot, lambda: ("train", "explicit", 1) in session.asked)
        app.pane("user").set_timer(0.001, fail)
        await until(pilot, lambda: "This tab met an error" in screen_text(app))
        gate.set()
        await settle(pilot)
        assert "explicit" in session.trained_models
        await pilot.press("r")
        await settle(pilot)
        assert "60 users" in screen_text(app)


async def test_an_error_in_a_thread_is_an_answer(make_app):
    """Extensions that are written in Rust raise errors that are no Exception; a thread must not end by one."""

    class PanicError(BaseException):
        pass

    session = FakeSession(trained=("sequence",))
    session.fail("train", PanicError("at line 3"))
    session.fail("search", PanicError("at line 4"))
    app = make_app(session, contains_errors=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "PanicError" in screen_text(app)
        session.failures.pop("search")
        await pilot.press("f5")
        await settle(pilot)
        assert "Heat" in screen_text(app)
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("t")
        await settle(pilot)
        session.failures.pop("train")
        await pilot.press("t")
        await settle(pilot)
        assert "explicit" in session.trained_models


async def test_a_tab_can_fail_again_after_it_was_reloaded(make_app, broken):
    app = make_app(contains_errors=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        broken.setattr(UserPane, "on_mount", fail)
        await pilot.press("f3")
        await until(pilot, lambda: "This tab met an error" in screen_text(app))
        for _ in range(3):
            await pilot.press("r")
            await settle(pilot)
            assert "This tab met an error" in screen_text(app)
        broken.undo()
        await pilot.press("r")
        await settle(pilot)
        assert "60 users" in screen_text(app)
        await answers(app, pilot, "search")
    assert len(list(reports_folder().glob("*.txt"))) == 1  # the same error is reported once


async def test_threads_of_a_tab_that_failed_end(make_app, broken):
    app = make_app(contains_errors=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        before = len(app.backend._mailboxes)
        for _ in range(3):
            app.pane("user").call_later(fail)
            await until(pilot, lambda: "This tab met an error" in screen_text(app))
            await pilot.press("r")
            await settle(pilot)
        assert len(app.backend._mailboxes) == before


async def test_debug_shows_the_traceback(make_app, broken):
    app = make_app(contains_errors=True, debug=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        broken.setattr(UserPane, "on_mount", fail)
        await pilot.press("f3")
        await until(pilot, lambda: "This tab met an error" in screen_text(app))
        assert "Traceback" in screen_text(app)
        assert f"RuntimeError: {SECRET}" in str(app.query_one("#failed-traceback", Static).content)


async def test_an_error_before_the_first_paint_ends_the_app_with_a_report(make_app, broken):
    app = make_app(contains_errors=True)
    broken.setattr(RecsysApp, "compose", fail)
    await app.run_async(headless=True)
    assert app.return_code == 1
    assert app.fatal is not None
    assert app.fatal.report is not None


async def test_a_loop_of_errors_ends_the_app(make_app, broken):
    """A screen that fails at each attempt to draw it cannot be used, and must not keep a processor busy."""
    app = make_app(contains_errors=True)

    def again(self: Any, *_: Any) -> None:
        self.call_later(self.again)
        raise RuntimeError(SECRET)

    broken.setattr(RecsysApp, "again", again, raising=False)
    broken.setattr(RecsysApp, "on_session_opened", again)
    await app.run_async(headless=True)
    assert app.fatal is not None
    assert app.return_code == 1


async def test_a_report_that_cannot_be_written_is_said(make_app, broken, home):
    home.joinpath("state").write_text("in the way")
    app = make_app(contains_errors=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        broken.setattr(UserPane, "on_mount", fail)
        await pilot.press("f3")
        await until(pilot, lambda: "This tab met an error" in screen_text(app))
        assert "report could not be written" in screen_text(app)


async def test_items_like_one_are_found_although_search_failed(make_app):
    app = make_app(contains_errors=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.pane("search").call_later(fail)
        await until(pilot, lambda: "This tab met an error" in screen_text(app))
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("enter", "m")
        await settle(pilot)
        await until(pilot, lambda: app.active_pane.id == "search" and "liked by the same people" in screen_text(app))
