"""The words of the command line inside the app."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.widgets import Input

from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession
from tui.panes.command_line import CommandLine
from tui.panes.command_words import CommandError, parse


async def command(app, pilot, line: str) -> None:
    await settle(pilot)
    if app.screen.focused is app.pane("search").line:
        await pilot.press("down")
    await pilot.press("colon")
    await until(pilot, lambda: isinstance(app.screen, CommandLine))
    await type_text(pilot, line)
    await pilot.press("enter")
    await settle(pilot)


@given(st.text())
def test_any_line_is_a_command_or_one_sentence(line: str) -> None:
    try:
        word, rest = parse(line)
    except CommandError as error:
        sentence = str(error)
    else:
        sentence = ""
        assert word.name
        assert all(isinstance(one, str) for one in rest)
    assert "\n" not in sentence.replace(repr(line), "")


async def test_a_search_with_its_mode(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await command(app, pilot, "search bank robbers --mode keyword")
        assert app.pane("search").line.value == "bank robbers"
        assert ("search", "bank robbers", "keyword", None) in session.asked
        assert app.pane("search")._table.has_focus


async def test_a_user_is_opened_from_any_tab(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await command(app, pilot, "recommend 42")
        assert app.active_tab == "user"
        assert "Recommended for 42" in screen_text(app)


async def test_titles_become_the_sequence(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await command(app, pilot, 'next "The Matrix" Heat')
        assert app.active_tab == "sequence"
        assert [item.title for item in app.state.draft.items] == ["The Matrix", "Heat"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("recommend nobody", "There is no user 'nobody'"),
        ("recommend", "Name a user"),
        ("train everything", "There is no model 'everything': explicit, sequence."),
        ("fly", "There is no command 'fly'"),
        ("next Nonesuch", "There is no title like"),
        ('next "open', "A quotation mark is not closed."),
        ("search x --mod keyword", "There is no option --mod"),
        ("stop", "Nothing runs that could be stopped."),
    ],
)
async def test_what_cannot_be_done_is_said_in_place(make_app, line, sentence):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await command(app, pilot, line)
        assert isinstance(app.screen, CommandLine)
        assert sentence in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, CommandLine)


async def test_words_are_completed_and_a_model_is_trained(make_app):
    session = FakeSession(trained=())
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("down", "colon")
        await until(pilot, lambda: "what comes after these titles" in screen_text(app))
        await type_text(pilot, "tr")
        await pilot.press("tab")
        await type_text(pilot, "exp")
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert "explicit" in session.trained_models


async def test_a_command_that_is_typed_at_once_loses_no_key(make_app):
    """As a terminal sends what is pasted or typed faster than the line opens: all keys are there before it is."""
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("down")
        table = app.screen.focused
        for character in ":recommend 42\r":
            key = {":": "colon", " ": "space", "\r": "enter"}.get(character, character)
            table._forward_event(events.Key(key, character))
        await settle(pilot)
        await until(pilot, lambda: app.active_tab == "user")
        assert "Recommended for 42" in screen_text(app)


async def test_a_page_is_opened_once_and_escape_closes_it(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await command(app, pilot, "watchlist")
        assert len(app.screen_stack) == 2
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 1


async def test_enter_is_heard_once(make_app, monkeypatch):
    heard: list[str] = []
    submit = Input.action_submit

    async def noted(line: Input) -> None:
        heard.append(line.value)
        await submit(line)

    monkeypatch.setattr(Input, "action_submit", noted)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await command(app, pilot, "theme nosuch")
        assert heard == ["theme nosuch"]
        assert isinstance(app.screen, CommandLine)


async def test_a_long_refusal_is_wrapped(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await command(app, pilot, "theme " + "no-such-theme-" * 6)
        text = screen_text(app)
        assert "✗" in text
        shown = " ".join(text.split())
        sentence = app.screen._said.content.plain.removeprefix("✗ ")
        assert len(sentence) > 76
        assert sentence.split()[-1] in shown
        await pilot.press("ctrl+u")
        await settle(pilot)
        assert not app.screen._said.has_class("-refusal")
