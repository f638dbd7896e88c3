"""Keys that are set in the configuration: what they are called, what they do, and when two of them clash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.binding import Binding, BindingsMap
from textual.keys import Keys

from tests.tui.conftest import WIDE, screen_text, settle, type_text
from tests.tui.fake import FakeSession
from tui.actions import actions, conflicts
from tui.key_help import configured
from tui.keymap.keymap import Keymap, make_keymap, objection_to_names
from tui.keymap.keys import KeyNameError, parse_key, parse_keys, write_key
from tui.keymap.presets import PRESETS


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Ctrl+P", "ctrl+p"),
        ("^p", "ctrl+p"),
        ("C-p", "ctrl+p"),
        ("M-x", "alt+x"),
        ("?", "question_mark"),
        ("F5", "f5"),
        ("Esc", "escape"),
        ("PgUp", "pageup"),
        ("Shift+↑", "shift+up"),
        ("shift+k", "K"),
        ("K", "K"),
        ("-", "minus"),
        ("+", "plus"),
        ("ctrl+-", "ctrl+minus"),
        (" ", "space"),
    ],
)
def test_keys_are_understood_in_every_usual_spelling(written: str, key: str) -> None:
    assert parse_key(written) == key


@pytest.mark.parametrize("written", ["", "foo", "ctrl+foo", "hyper+x", "\x1b", "ctrl+i", "^m", "C-h", 3])
def test_what_is_no_key_is_refused(written: object) -> None:
    with pytest.raises(KeyNameError):
        parse_key(written)


def test_several_keys_are_a_list_or_have_commas_between_them() -> None:
    assert parse_keys("q, ctrl+q") == parse_keys(["q", "ctrl+q"]) == ("q", "ctrl+q")
    assert parse_keys(",") == parse_keys([","]) == ("comma",)


@given(
    st.sampled_from(sorted(str(key.value) for key in Keys)) | st.characters(codec="ascii", exclude_categories=["Cc"])
)
def test_a_key_is_understood_as_it_is_written_in_the_help(name: str) -> None:
    try:
        key = parse_key(name)
    except KeyNameError:
        return
    assert parse_key(write_key(key)) == key


@pytest.mark.parametrize("preset", PRESETS)
def test_no_set_of_keys_has_two_actions_on_one_key(preset: str) -> None:
    keymap, objections = make_keymap(preset, {})
    assert conflicts(keymap) == []
    assert not objections


def test_two_actions_on_one_key_are_found() -> None:
    keymap, _ = make_keymap("default", {"sort": "w"})
    (conflict,) = conflicts(keymap)
    assert (conflict.key, conflict.actions) == ("w", ("sort", "why"))


def test_two_actions_may_change_their_keys() -> None:
    keymap, _ = make_keymap("default", {"sort": "w", "why": ["s", "ctrl+s"]})
    assert conflicts(keymap) == []


def test_what_is_no_key_and_no_action_is_objected_to() -> None:
    own = {"sort": "foo", "why": 3, "more-like": "m", "help": "f1"}
    keymap, objections = make_keymap("default", own)
    assert set(objections) == {"sort", "why"}
    assert objection_to_names(own, actions()) == {
        "more-like": "there is no action more-like; did you mean more-like-this"
    }
    assert keymap.keys["help"] == ("f1",)


def test_other_bindings_of_a_key_stay() -> None:
    """Textual's own keymap would remove them."""
    bindings = BindingsMap(
        [
            Binding("escape", "stop", id="stop"),
            Binding("escape", "back", id="back"),
            Binding("q,f10", "quit", id="quit"),
        ]
    )
    applied = Keymap({"stop": ("ctrl+g", "x"), "quit": ("f10",)}).apply(bindings)
    assert sorted((key, binding.action) for key, binding in applied) == [
        ("ctrl+g", "stop"),
        ("escape", "back"),
        ("f10", "quit"),
        ("x", "stop"),
    ]


async def test_a_key_that_was_set_works_and_the_old_one_no_longer(make_app) -> None:
    app = make_app()
    app.keymap, _ = make_keymap("default", {"open-user": "alt+u", "more-like-this": "M"})
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        assert app.active_tab == "search"
        await pilot.press("alt+u")
        assert app.active_tab == "user"
        await pilot.press("f2")
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down")
        assert "M more like this" in screen_text(app)
        await pilot.press("m")
        await settle(pilot)
        assert "More like Heat" not in screen_text(app)
        await pilot.press("M")
        await settle(pilot)
        assert "More like" in screen_text(app)


async def test_a_letter_that_is_set_is_still_text_in_an_input_line(make_app) -> None:
    app = make_app()
    app.keymap, _ = make_keymap("default", {"quit": "x"})
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("x")
        assert app.active_pane.line.value == "x"
        assert "x" not in app.screen.active_bindings


async def test_emacs_moves_by_control_keys(make_app) -> None:
    app = make_app()
    app.keymap, _ = make_keymap("emacs", {})
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("ctrl+n")
        assert not app.active_pane.is_at(app.active_pane.line)
        await pilot.press("ctrl+g")
        assert app.active_pane.is_at(app.active_pane.line)
        await pilot.press("alt+x")
        assert app.screen.is_modal


async def test_notices_and_titles_name_the_keys_that_are_set(make_app) -> None:
    app = make_app(FakeSession(trained=()))
    app.keymap, _ = make_keymap("default", {"train": ["alt+t", "t"], "search-mode": "alt+m"})
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "Alt+M" in screen_text(app)
        assert "Ctrl+T" not in screen_text(app)
        await pilot.press("f3")
        await settle(pilot)
        assert "Alt+T   train explicit" in screen_text(app)
        assert "F5" not in screen_text(app)


async def test_the_help_shows_the_keys_that_are_set(make_app) -> None:
    app = make_app()
    app.keymap, _ = make_keymap("default", {"sort": "alt+s", "palette": "alt+x"})
    async with app.run_test() as pilot:
        await settle(pilot)
        sections = dict(configured(app.help_sections(), app.keymap))
    assert "Alt+S" in [keys for keys, _ in sections["Search"]]
    assert "Alt+X" in [keys for keys, _ in sections["Everywhere"]]
    assert any(keys == "name:value" for keys, _ in sections["Search"])
