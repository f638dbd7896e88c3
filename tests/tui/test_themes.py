"""Themes: choosing one with a preview, and files of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import screen_text, settle
from tui import launch
from tui.themes.catalogue import read_themes
from tui.themes.own import OWN
from tui.widgets.choices import ChoiceTable


async def test_a_theme_is_shown_before_it_is_chosen(make_app) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.action_change_theme()
        await pilot.pause()
        assert "● recsys-dark" in screen_text(app)
        await pilot.press("down")
        app.screen.show_highlighted()
        assert app.theme == "recsys-light"
        await pilot.press("escape")
        assert app.theme == "recsys-dark"
        app.action_change_theme()
        await pilot.pause()
        await pilot.press("down", "enter")
        assert app.theme == "recsys-light"
        assert not app.screen.is_modal


async def test_every_theme_can_be_chosen(make_app) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.action_change_theme()
        await pilot.pause()
        listed = app.screen.query_one(ChoiceTable).rows
        assert len(listed) == len(app.available_themes)
        assert [name.strip("●○ ") for name, _ in listed][: len(OWN)] == [theme.name for theme in OWN]


async def test_a_theme_of_ones_own_is_used(make_app, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('dark = false\nprimary = "#005b8f"\nbackground = "white"\n')
    themes = read_themes(tmp_path)
    assert not themes.problems
    app = make_app(themes=themes.themes, theme="mine")
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.theme == "mine"
        assert not app.current_theme.dark


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ('primary = "blu"', "line 1: primary must be a colour"),
        ('dark = "yes"\nprimary = "red"', "line 1: dark must be true or false"),
        ("dark = true", "the colour primary is missing"),
        ('\nprimry = "red"', "line 2: primry is no entry of a theme; did you mean primary"),
        ('primary = "auto"', "theme"),
        ("primary", "cannot be read"),
    ],
)
def test_a_file_that_is_no_theme_is_named_and_hides_no_other(tmp_path: Path, content: str, part: str) -> None:
    (tmp_path / "bad.toml").write_text(content)
    (tmp_path / "good.toml").write_text('primary = "#6ea8fe"')
    found = read_themes(tmp_path)
    assert [theme.name for theme in found.themes] == ["good"]
    (problem,) = found.problems
    assert "bad.toml" in problem
    assert part in problem


def test_a_file_cannot_take_the_place_of_a_theme(tmp_path: Path) -> None:
    (tmp_path / "nord.toml").write_text('primary = "red"')
    assert "rename" in read_themes(tmp_path).problems[0]


def test_sixteen_colours_are_those_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "auto")
    monkeypatch.setenv("RECSYS_TUI_COLOURS", "16")
    app = launch.make_app(None, "cpu")
    assert app.theme == "ansi-dark"
    assert app.console.color_system == "standard"
