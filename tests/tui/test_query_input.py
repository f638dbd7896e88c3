"""The input line: its cursor, and its end."""

from __future__ import annotations

from textual.app import App, ComposeResult

from tui.widgets.query_input import QueryInput


class LineApp(App[None]):
    """An app of one line, whose cursor the tests have blink."""

    def compose(self) -> ComposeResult:
        yield QueryInput("Search", "words", blink=False)


def shown_in(line: QueryInput, times: int) -> list[bool]:
    """Whether the cursor is shown after each of so many half seconds."""
    shown = []
    for _ in range(times):
        line._toggle_cursor()
        shown.append(line._cursor_visible)
    return shown


async def test_a_cursor_that_nobody_moves_rests_until_the_next_key():
    async with LineApp().run_test() as pilot:
        line = pilot.app.query_one(QueryInput)
        assert False in shown_in(line, 10)
        shown_in(line, 10)
        assert all(shown_in(line, 10))
        await pilot.press("a")
        assert False in shown_in(line, 10)


async def test_a_full_line_says_so_once_and_rings_no_bell(monkeypatch):
    said, rung = [], []
    monkeypatch.setattr(QueryInput, "notify", lambda self, message, **_: said.append(message))
    monkeypatch.setattr(LineApp, "bell", lambda self: rung.append(True))
    async with LineApp().run_test() as pilot:
        line = pilot.app.query_one(QueryInput)
        line.value = "x" * 2_000
        await pilot.press("a", "b", "c")
        assert said == ["No more than 2,000 characters fit."]
        await pilot.press("backspace", "d", "e")
        assert len(said) == 2
        assert not rung
