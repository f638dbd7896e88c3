"""Nothing that is drawn, typed, copied or offered makes a terminal obey it, whatever widget it goes through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color

from engine.data.results import ModelState
from tests.hostile.texts import CONTROLS, DECEPTIONS, MARKUP, SEQUENCES
from tests.tui.conftest import WIDE, screen_text, settle, until
from tests.tui.fake import FakeSession, make_items
from tui.sanitize import is_obeyed
from tui.widgets.line_filter import LineSanitizer

BLACK = Color(0, 0, 0)


@given(st.lists(st.text() | st.sampled_from(SEQUENCES + CONTROLS + DECEPTIONS)))
def test_a_line_keeps_its_width_and_loses_what_a_terminal_obeys(texts: list[str]) -> None:
    line = LineSanitizer().apply([Segment(text) for text in texts], BLACK)
    assert not any(map(is_obeyed, "".join(segment.text for segment in line)))
    joined = [text for text in texts if "\u200d" not in text and "\ufe0f" not in text]  # wide together, not alone
    kept = [segment.text for segment, text in zip(line, texts, strict=True) if text in joined]
    assert [*map(cell_len, kept)] == [*map(cell_len, joined)]


def test_a_harmless_line_is_the_same_object() -> None:
    line = [Segment("Amélie 千と千尋 ━╸", Style(bold=True))]
    assert LineSanitizer().apply(line, BLACK) is line


def test_a_hyperlink_is_dropped_and_its_text_stays() -> None:
    (segment,) = LineSanitizer().apply([Segment("Heat", Style(link="http://pwned.example", bold=True))], BLACK)
    assert segment.text == "Heat"
    assert segment.style is not None
    assert segment.style.bold
    assert segment.style.link is None


async def test_a_completion_brings_no_control_character_into_the_line_and_still_filters(make_app) -> None:
    value = "Aa\x1b]52;c;cHduZWQ=\x1b\\\n\u202eb"
    titles = [value, value, "Heat", "Rififi"]
    app = make_app(FakeSession(make_items(titles)))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.pane("search").line.insert_text_at_cursor("genre:a")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        line = app.pane("search").line
        assert line.value == 'genre:"Aa\ufffd]52;c;cHduZWQ=\ufffd\\ \ufffdb"'
        assert line.cursor_at_end
        await settle(pilot)
        assert [result.item.title for result in app.pane("search")._table.rows] == [value, value]
        assert "\x1b" not in screen_text(app)


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\x9d52;cb", "a\u202eb", "a\x7fb"])
async def test_what_is_pasted_or_set_is_sanitized(make_app, text: str) -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        line = app.pane("search").line
        line.post_message(events.Paste(text))
        await settle(pilot)
        assert line.value.startswith("a\ufffd")
        line.value = f"{text}\ud800"
        assert not any(map(is_obeyed, line.value))


async def test_the_clipboard_gets_lines_of_text_alone(make_app) -> None:
    app = make_app()
    async with app.run_test(size=WIDE):
        app.copy_to_clipboard("Heat\x1b[2J\nRififi\ud800\r")
        assert app.clipboard == "Heat\ufffd[2J\nRififi\ufffd "


@pytest.mark.parametrize("name", [*MARKUP, "x\x1b[2J"], ids=ascii)
async def test_the_palette_shows_names_as_they_are(make_app, name: str) -> None:
    session = FakeSession()
    session.further_models = [ModelState(f"odd{name}", "user", f"{name} described")]
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p", *"odd")
        shown = f"Train odd{name}".replace("\x1b", "\ufffd")
        await until(pilot, lambda: shown in screen_text(app))
        assert f"{name} described".replace("\x1b", "\ufffd") in screen_text(app)
        await pilot.press("escape")
