"""Exports for all users from inside the app: the form, the job, and what happens to files that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession
from tui.panes.command_line import CommandLine
from tui.panes.export_form import ExportForm


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def open_form(app, pilot, tab: str = "f7") -> ExportForm:
    await settle(pilot)
    await pilot.press(tab)
    await settle(pilot)
    if app.screen.focused is app.active_pane.line:
        app.open_export()  # a letter would be typed into the line
    else:
        await pilot.press("E")
    await until(pilot, lambda: isinstance(app.screen, ExportForm))
    await settle(pilot)
    return app.screen


async def test_enter_writes_what_the_form_shows_as_a_job(make_app, here):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_form(app, pilot)
        text = screen_text(app)
        for words in ("recommendations: what each user would like", "explicit, the best trained", ".parquet"):
            assert words in text
        await pilot.press("enter")
        await settle(pilot)
        assert (here / "recommendations.parquet").read_text() == "written"
        assert "recommendations.parquet: 600 rows of 60 users, by explicit" in screen_text(app)
        (order,) = session.exports.orders
        assert (order.kind, order.model, order.k, order.target.replace) == ("recommendations", None, 10, False)


async def test_kind_model_length_and_format_are_changed_with_the_arrow_keys(make_app, here):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await open_form(app, pilot)
        await pilot.press("right", "right", "down", "right", "down", "backspace", "backspace", "5")
        await pilot.press("down", "right")
        await pilot.pause()
        assert app.screen._typed("file").value == "neighbours-knn.csv"
        await pilot.press("enter")
        await settle(pilot)
        (order,) = session.exports.orders
        assert (order.kind, order.model, order.k, order.target.path.name) == (
            "neighbours",
            "knn",
            5,
            "neighbours-knn.csv",
        )


async def test_an_existing_file_is_replaced_only_when_asked_twice(make_app, here):
    session = FakeSession()
    app = make_app(session)
    (here / "recommendations.parquet").write_text("mine")
    async with app.run_test(size=NARROW) as pilot:
        await open_form(app, pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "exists already. Enter again replaces it" in screen_text(app)
        assert (here / "recommendations.parquet").read_text() == "mine"
        await pilot.press("up", "x", "backspace")  # another look at the name takes the consent back
        await pilot.press("enter")
        await settle(pilot)
        assert (here / "recommendations.parquet").read_text() == "mine"
        await pilot.press("enter")
        await settle(pilot)
        assert (here / "recommendations.parquet").read_text() == "written"


async def test_what_cannot_be_written_is_said_in_the_form(make_app, here):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        form = await open_form(app, pilot)
        await pilot.press("left", "left")  # the vectors of a factorisation, for which no model is trained
        await pilot.press("enter")
        await settle(pilot)
        assert "No model that can give vectors is trained" in screen_text(app)
        await pilot.press("right")  # a report
        form._typed("file").value = "nowhere/report.html"
        await pilot.press("enter")
        await settle(pilot)
        assert "the folder does not exist" in str(form._said.content)
        assert not session.exports.orders
        form.set_focus(form._choice("kind"))
        await pilot.press("right")
        await settle(pilot)  # the fields of this kind are there
        await pilot.press("down", "down", "backspace", "backspace", "0", "enter")
        await settle(pilot)
        assert "must be a number from 1" in str(form._said.content)
        form._typed("count").value = "10"
        form._typed("file").value = "~nobody-of-this-name/report.html"
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "no home folder of '~nobody-of-this-name'" in str(form._said.content)


async def test_an_export_is_stopped_with_escape_and_says_that_what_was_done_is_kept(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await open_form(app, pilot)
        session.hold("export_all")
        await pilot.press("enter")
        await until(pilot, lambda: "Exporting recommendations" in screen_text(app))
        await pilot.press("escape")
        await settle(pilot)
        assert "what was done is kept" in app._status.note
        assert not session.exports.orders


@pytest.mark.parametrize(("tab", "kind"), [("f3", "recommendations"), ("f4", "next"), ("f6", "recommendations")])
async def test_each_tab_begins_with_what_it_answers(make_app, tab, kind):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        form = await open_form(app, pilot, tab)
        assert form._choice("kind").value == kind


async def test_the_command_line_fills_the_form(make_app, here):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await pilot.press("down", "colon")
        await until(pilot, lambda: isinstance(app.screen, CommandLine))
        await type_text(pilot, "export recommendations lists.jsonl -m knn -k 3")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ExportForm))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        (order,) = session.exports.orders
        assert (order.model, order.k, order.target.path.name) == ("knn", 3, "lists.jsonl")
