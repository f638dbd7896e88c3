"""Over a slow connection less is written, and the terminal shows the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyte
import pytest
from rich.console import Console
from textual.widgets import Static

from tests.tui.conftest import NARROW, WIDE, settle
from tests.tui.fake import FakeSession
from tui.app import RecsysApp
from tui.lean_drawing import LeanDrawing

MakeApp = Callable[..., RecsysApp]

pytestmark = pytest.mark.drawn


class Terminal:
    """A terminal that is written on, and how much."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.screen = pyte.Screen(*size)
        self._stream = pyte.Stream(self.screen)
        self.written = 0

    def write(self, text: str) -> None:
        self.written += len(text.encode())
        self._stream.feed(text)

    @property
    def cells(self) -> list[list[Any]]:
        return [[self.screen.buffer[y][x] for x in range(self.screen.columns)] for y in range(self.screen.lines)]


class Both:
    """Two terminals, of which one gets what Textual writes and the other what is left of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
        self.usual, self.lean = Terminal(size), Terminal(size)
        drawing = LeanDrawing()
        console = Console(color_system="truecolor", force_terminal=True)

        def display(app: RecsysApp, screen: Any, renderable: Any) -> None:
            if renderable is not None and app._running and screen is app.screen:
                self.usual.write(renderable.render_segments(console))
                self.lean.write(drawing.lean(renderable, app.size).render_segments(console))

        monkeypatch.setattr(RecsysApp, "_display", display)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_terminal_shows_the_same(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    both = Both(monkeypatch, size)
    app = make_app(FakeSession())
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys in ([*"heat"], ["down"] * 3, ["d"], ["escape"], ["f3"], ["down"], ["enter"], ["f6"], ["f2"], ["f1"]):
            for key in keys:
                await pilot.press(key)
                await settle(pilot)
                assert both.lean.cells == both.usual.cells
    assert both.lean.written < both.usual.written / 1.5


async def test_what_other_terminals_draw_wider_is_written_whole(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Both(monkeypatch, NARROW)
    app = make_app(FakeSession())
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        line = Static("千と千尋の神隠し e\u0301 👩‍🚀 one", markup=False)
        await app.screen.mount(line)
        await settle(pilot)
        for text in ("千と千尋の神隠し e\u0301 👩‍🚀 two", "plain two", "千と two"):
            line.update(text)
            before = both.lean.written
            await settle(pilot)
            assert both.lean.cells == both.usual.cells
            assert both.lean.written > before


async def test_a_change_of_size_draws_everything(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = LeanDrawing()
    console = Console(color_system="truecolor", force_terminal=True)
    app = make_app(FakeSession())
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        regions = {app.screen.children[0].region}

        def written(size: Any) -> str:
            app.screen._compositor._dirty_regions |= regions
            update = app.screen._compositor.render_update()
            return str(drawing.lean(update, size).render_segments(console))

        assert written(app.size)
        assert not written(app.size)
        assert written(app.size.with_width(100))
