"""Containing errors: an unexpected error costs the tab or the pop-up in which it was raised, and not the app."""

from __future__ import annotations

import logging
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from weakref import WeakSet

from textual._context import active_message_pump
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import WorkerFailed, active_worker

from tui.error_report import write_report
from tui.panes.base import Pane
from tui.panes.failed import FailedPane
from tui.tracebacks import name_of, place_of

if TYPE_CHECKING:
    from textual.app import App

logger = logging.getLogger(__name__)

#: So many errors within so many seconds are a loop: then the screen is of no use any more, and the app ends.
_STORM_ERRORS, _STORM_SECONDS = 300, 10.0
#: A widget around the panes that fails in one of these cannot be drawn at all.
_DRAWING = {"render", "render_line", "render_lines", "get_content_width", "get_content_height"}


@dataclass(frozen=True, slots=True)
class TabFailed:
    """A pane that has to be replaced."""

    name: str
    place: str
    report: Path | None
    traceback: str

    def page(self) -> FailedPane:
        """What takes the pane's place."""
        return FailedPane(self.name, self.place, self.report, self.traceback)


@dataclass(frozen=True, slots=True)
class ScreenFailed:
    """A pop-up that has to be closed."""

    screen: Screen[object]
    report: Path | None


@dataclass(frozen=True, slots=True)
class OtherFailed:
    """Something that failed and can be gone on with."""

    report: Path | None


@dataclass(frozen=True, slots=True)
class AppFailed:
    """Nothing can be gone on with."""

    report: Path | None


Failed = TabFailed | ScreenFailed | OtherFailed | AppFailed


class Containment:
    """Finds out what an error costs, and reports it once.

    Parameters
    ----------
    app
        The app in which errors are raised.
    debug
        Whether a tab that failed shows the traceback.
    """

    def __init__(self, app: App[None], *, debug: bool = False) -> None:
        self._app = app
        self._debug = debug
        self._reports: dict[tuple[str, str, str], Path | None] = {}
        self._lost: WeakSet[Widget] = WeakSet()
        self._times: deque[float] = deque(maxlen=_STORM_ERRORS)

    def take(self, error: Exception) -> Failed:
        """What an error costs. What it was raised in is hidden at once, so that it is not drawn again."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        self._times.append(time.monotonic())
        widget = self._source(error)
        tab = None if widget is None else next((one for one in _with_ancestors(widget) if _is_tab(one)), None)
        if tab is not None and tab in self._lost:
            logger.debug("the tab %s met a further error", tab.id)  # often a consequence of the first one
            return TabFailed(str(tab.id), self.summary(error), None, "")
        where = "the app" if widget is None else f"the widget {type(widget).__name__}"
        if tab is not None:
            where = f"the tab {tab.id}"
        report = self._report(error, where)
        if len(self._times) == _STORM_ERRORS and self._times[-1] - self._times[0] < _STORM_SECONDS:
            return AppFailed(report)
        if tab is not None:
            tab.display = False
            self._lost.add(tab)
            if isinstance(tab, FailedPane):
                return OtherFailed(report)  # there is nothing simpler to show
            return TabFailed(str(tab.id), self.summary(error), report, self.traceback(error))
        screen = self._screen_of(widget)
        if screen is not None and screen is not self._app.screen_stack[0]:
            return ScreenFailed(screen, report)
        if widget is not None and widget is not screen and _failed_to_draw(error):
            widget.display = False
        return OtherFailed(report)

    def fail_tab(self, name: str, error: Exception) -> TabFailed:
        """What it costs that the pane of a tab could not even be made."""
        return TabFailed(name, self.summary(error), self._report(error, f"the tab {name}"), self.traceback(error))

    def give_up(self, error: Exception) -> AppFailed:
        """What it costs that the app itself could not be made."""
        return AppFailed(self._report(error, "the start of the app"))

    def traceback(self, error: Exception) -> str:
        """The whole traceback, if it was asked for."""
        return "".join(traceback.format_exception(error)) if self._debug else ""

    @staticmethod
    def summary(error: Exception) -> str:
        """An error in half a line: its type and where it was raised."""
        return f"{name_of(error)} in {place_of(error)}"

    def _report(self, error: Exception, where: str) -> Path | None:
        signature = (type(error).__name__, place_of(error), where)
        if signature in self._reports:  # a timer or a refresh may meet the same error ten times a second
            logger.debug("%s met the same error again", where)
            return self._reports[signature]
        logger.error("%s met an unexpected error", where, exc_info=error)
        path = self._reports[signature] = write_report(error, where)
        return path

    def _source(self, error: Exception) -> Widget | None:
        """The widget in which an error was raised: the innermost one of the traceback, else the one that is at work."""
        found: Widget | None = None
        for frame in _frames(error):
            owner = frame.f_locals.get("self")
            # The main screen draws and lays out all others, and so is in most tracebacks.
            if isinstance(owner, Widget) and owner not in self._app.screen_stack[:1]:
                found = owner
        if found is not None:
            return found
        with suppress(LookupError):
            node = active_worker.get().node
            if isinstance(node, Widget):
                return node
        with suppress(LookupError):
            pump = active_message_pump.get()
            if isinstance(pump, Widget):
                return pump
        return None

    @staticmethod
    def _screen_of(widget: Widget | None) -> Screen[object] | None:
        if widget is None:
            return None
        return next((one for one in _with_ancestors(widget) if isinstance(one, Screen)), None)


def _with_ancestors(widget: Widget) -> Iterator[Widget]:
    yield from (one for one in widget.ancestors_with_self if isinstance(one, Widget))


def _is_tab(widget: Widget) -> bool:
    return isinstance(widget, Pane | FailedPane)


def _frames(error: Exception) -> Iterator[FrameType]:
    step = error.__traceback__
    while step is not None:
        yield step.tb_frame
        step = step.tb_next


def _failed_to_draw(error: Exception) -> bool:
    return any(frame.f_code.co_name in _DRAWING for frame in _frames(error))
