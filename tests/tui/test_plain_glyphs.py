"""What is drawn on a terminal whose font has few characters, and with few colours."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from tests.tui.conftest import WIDE, settle
from tui.terminal import has_few_characters, has_few_colours
from tui.widgets import plain_glyphs
from tui.widgets.plain_glyphs import PlainGlyphs


def plain(text: str) -> str:
    return "".join(segment.text for segment in PlainGlyphs().apply([Segment(text)], Color(0, 0, 0)))


def test_every_stand_in_is_as_wide_and_in_the_font_of_the_ibm_pc() -> None:
    for code, stand_in in plain_glyphs._TABLE.items():
        assert cell_len(stand_in) == cell_len(chr(code)) == 1
        assert stand_in.encode("cp437")


def test_frames_bars_and_the_dots_of_the_map_keep_their_shape() -> None:
    assert plain("╭─ Results ─╮") == "┌─ Results ─┐"
    assert plain("▸ Amélie ━━╸ 50%") == "> Amélie ─── 50%"
    assert plain("\u2800\u2801\u281b\u28ff") == " ·:▓"


async def test_nothing_that_the_app_draws_itself_is_left(make_app) -> None:
    app = make_app(few_characters=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press(*"heat", "enter")
        await settle(pilot)
        strips = app.screen._compositor.render_strips()
        filters = app.get_line_filters()
        drawn = ""
        for strip in strips:
            segments = list(strip)
            for one in filters:
                segments = one.apply(segments, Color(0, 0, 0))
            drawn += "".join(segment.text for segment in segments)
        assert "┌─ Search" in drawn
        assert not [character for character in drawn if character not in _font()]


def _font() -> set[str]:
    return {bytes([code]).decode("cp437") for code in range(32, 256)}


@pytest.mark.parametrize(
    ("environment", "few_colours", "few_characters"),
    [
        ({"TERM": "linux"}, True, True),
        ({"TERM": "screen"}, True, False),
        ({"TERM": "xterm"}, True, False),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, False, False),
        ({"TERM": "xterm-256color"}, False, False),
        ({"TERM": "screen-256color"}, False, False),
        ({"TERM": "tmux-256color"}, False, False),
        ({"TERM": "xterm-kitty"}, False, False),
        ({"TERM": "alacritty"}, False, False),
        ({}, True, False),
    ],
)
def test_what_a_terminal_says_of_itself(
    environment: dict[str, str], few_colours: bool, few_characters: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert has_few_colours(environment) is few_colours
    assert has_few_characters(environment) is few_characters
