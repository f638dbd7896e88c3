"""What the tests of the screens share: an app over a fake session, steady in every respect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual._styles_cache import StylesCache
from textual.pilot import Pilot

from tests.tui.fake import FakeSession
from tui.app import RecsysApp
from tui.pace import Pace
from tui.panes import TABS

VERY_WIDE, WIDE, NARROW = (200, 60), (120, 36), (80, 24)


@pytest.fixture(autouse=True, scope="session")
def imported_panes() -> None:
    """The panes are there, or a thread of the first test would import them, of which :func:`settle` knows nothing."""
    for tab in TABS:
        tab.load_pane()


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's terminal or settings shows."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")

    # Pilot waits after each key until the process is idle by the clock: up to a second where another thread works.
    monkeypatch.setattr("textual.pilot.wait_for_idle", nothing_left_to_run)
    monkeypatch.setattr("textual.app.wait_for_idle", nothing_left_to_run)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """A cache of Textual keeps what the last thousand widgets drew, which each collection would go through again."""
    yield
    StylesCache.get_inner_outer.cache_clear()


@pytest.fixture(autouse=True)
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are counted, and not drawn for a terminal that is not there, which took two fifths of the time.

    What is looked at, a picture or :func:`screen_text`, is drawn when it is asked for. Tests that look at how frames
    are drawn are marked ``drawn``.
    """
    drawn, as_usual = request.node.get_closest_marker("drawn"), Compositor.render_update

    def counted(
        compositor: Compositor, full: bool = False, screen_stack: list[Any] | None = None, simplify: bool = False
    ) -> Any:
        Watch.frames += 1
        if drawn or full:
            return as_usual(compositor, full, screen_stack, simplify)
        compositor._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", counted)


async def nothing_left_to_run(*_: float) -> None:
    """Give way until the event loop has nothing to run before its next timer."""
    ready: Any = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    for _ in range(10_000):
        await asyncio.sleep(0)
        if not ready:
            return


@pytest.fixture
def make_app() -> Callable[..., RecsysApp]:
    """An app over a session, with no debounce, no blinking and a spinner that shows at once and stands still."""

    def make(session: FakeSession | None = None, **options: Any) -> RecsysApp:
        opened = session or FakeSession()
        pace = options.pop("pace", Pace(settle=0, glance=0, patience=0, frame=0, hold=0))
        options.setdefault("contains_errors", False)  # an unexpected error makes the test fail
        return RecsysApp(
            options.pop("open_session", lambda _: opened), "fake", pace=pace, clock=opened.clock, blink=False, **options
        )

    return make


@pytest.fixture
def session() -> FakeSession:
    """A session with nothing remarkable; modules have others."""
    return FakeSession()


@pytest.fixture
def app(make_app: Callable[..., RecsysApp], session: FakeSession) -> RecsysApp:
    """An app over the session."""
    return make_app(session)


def told(app: RecsysApp) -> list[str]:
    """What is told in front of the screen, unwrapped."""
    return [notification.message for notification in app._notifications]


@asynccontextmanager
async def running(app: RecsysApp, *keys: str, size: tuple[int, int] = WIDE) -> AsyncIterator[Pilot[Any]]:
    """Run an app until it is at rest, and again after each of some keys."""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        yield pilot


async def settle(pilot: Pilot[Any], *, jobs: bool = True) -> None:
    """Wait until every thread has answered and the screen stays as it is; without ``jobs`` long ones go on."""
    app = pilot.app
    assert isinstance(app, RecsysApp)
    quiet, watch = 0, Watch(app)
    before: object = None

    def at_rest() -> bool:
        nonlocal quiet, before
        # An answer that was handled may still lay out anew what shows it.
        now = watch.state() if app.backend.idle or not (jobs or app.backend.answering) else None
        quiet = quiet + 1 if now is not None and now == before else 0
        before = now
        return quiet > 2

    await until(pilot, at_rest)


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait until something holds; half a minute is never needed and only keeps a broken test from hanging."""
    loop = asyncio.get_running_loop()
    end = loop.time() + 30
    while loop.time() < end:
        await pilot.pause()
        if condition():
            await pilot.pause()
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came to hold")


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type text, key by key."""
    await pilot.press(*("space" if character == " " else character for character in text))


class Watch:
    """What a screen shows as time goes on, compared without reading it as long as no frame is drawn."""

    frames = 0

    #: After so many looks at a screen that never stands still, as with a spinner, it is read.
    _PATIENCE = 20

    def __init__(self, app: RecsysApp) -> None:
        self._app, self._looks, self._read, self._text = app, 0, -1, ""

    def state(self) -> object:
        """What stays equal while the screen shows the same; None where something is still to be laid out or done."""
        screen = self._app.screen
        self._looks += 1
        if screen._layout_required or screen._callbacks:
            return None
        if self._looks > self._PATIENCE:
            return self.text()
        return None if self._due else self.frames

    @property
    def _due(self) -> bool:
        """Whether a frame is due that was not drawn yet."""
        screen = self._app.screen
        due = screen._layout_required or screen._scroll_required or screen._repaint_required
        return bool(due or screen._dirty_widgets or screen._compositor._dirty_regions)

    def text(self) -> str:
        """What the screen shows now, as :func:`screen_text` has it."""
        if self._due or self._read != self.frames:
            self._read, self._text = self.frames, screen_text(self._app)
        return self._text


def screen_text(app: RecsysApp) -> str:
    """What the screen shows, as plain lines."""
    width, height = app.size
    visible_screen_stack.set(app._background_screens)  # or what is dimmed behind a pop-up would be kept as empty
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).ljust(width) for strip in lines[:height])
