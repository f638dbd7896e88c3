"""An app of tabs that goes on after an unexpected error, without the tab or the pop-up in which it was raised."""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from textual.css.query import NoMatches
from textual.widgets import ContentSwitcher

from tui.base_app import BaseApp

if TYPE_CHECKING:
    from textual.message import Message

    from tui.containment import AppFailed, Containment, ScreenFailed, TabFailed
    from tui.panes.base import Pane
    from tui.panes.failed import FailedPane, ReloadTab

#: The least seconds between two notices of errors.
_ERROR_NOTICES_EVERY = 2.0

#: A pane, or what stands in its place after an error.
AnyPane: TypeAlias = "Pane[Any] | FailedPane"


class ContainedApp(BaseApp):
    """An app whose panes are in a ``ContentSwitcher`` with the id ``tabs``.

    An unexpected error costs the tab or the pop-up in which it was raised: the tab then shows where a report of the
    error lies, and can be reloaded.

    Parameters
    ----------
    debug
        Whether a tab that failed shows the traceback.
    contains_errors
        Whether unexpected errors are contained as described above. Otherwise the first one ends the app, so that a test
        fails by it.

    Attributes
    ----------
    fatal
        The error report, if the app had to end because of an error.
    """

    def __init__(self, *, debug: bool = False, contains_errors: bool = True) -> None:
        super().__init__()
        self.fatal: AppFailed | None = None
        self._debug_errors = debug
        self._contains_errors = contains_errors
        self._failed_tabs: set[str] = set()
        self._error_notified_at = float("-inf")
        self._begun = False

    # -- what the app has ------------------------------------------------------------------------------------------
    @property
    def active_tab(self) -> str:
        """The name of the tab that is shown."""
        raise NotImplementedError

    def title_of(self, tab: str) -> str:
        """The title of a tab."""
        raise NotImplementedError

    def make_pane(self, name: str) -> Pane[Any]:
        """Make the pane of a tab."""
        raise NotImplementedError

    # -- panes -----------------------------------------------------------------------------------------------------
    @property
    def panes(self) -> list[AnyPane]:
        """The panes that have been opened; none any more once the app ends and its screen is gone."""
        try:
            return list(self.query_one("#tabs", ContentSwitcher).children)  # type: ignore[arg-type]
        except NoMatches:  # an answer came while the app was ending
            return []

    def pane(self, name: str) -> AnyPane:
        """An opened pane."""
        return self.query_one(f"#tabs > #{name}")  # type: ignore[return-value]

    @property
    def active_pane(self) -> AnyPane:
        """The pane that is shown."""
        return self.pane(self.active_tab)

    def _make(self, name: str) -> AnyPane:
        try:
            return self.make_pane(name)
        except Exception as error:
            if not self._contains_errors:
                raise
            self._failed_tabs.add(name)
            return self._containment.fail_tab(name, error).page()

    async def _put(self, pane: AnyPane) -> None:
        """Put a pane into the place of the one that its tab has."""
        switcher = self.query_one("#tabs", ContentSwitcher)
        with self.batch_update():
            for old in [one for one in self.panes if one.id == pane.id]:
                await old.remove()
            await switcher.mount(pane)
            pane.display = pane.id == self.active_tab
            if pane.display:
                switcher.current = pane.id

    # -- errors ----------------------------------------------------------------------------------------------------
    def begin_containing(self) -> None:
        """Contain errors from now on. Before there is a screen to go on with, an error ends the app."""
        self._begun = True

    @cached_property
    def _containment(self) -> Containment:
        # Imported here so that the first paint does not wait for what only an error needs.
        from tui.containment import Containment

        return Containment(self, debug=self._debug_errors)

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self._begun:
                raise  # there is no screen yet to go on with
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """Contain an error: Textual calls this for every one that nothing else has handled."""
        if not self._contains_errors:
            super()._handle_exception(error)
            return
        from tui.containment import AppFailed, ScreenFailed, TabFailed

        failed = self._containment.take(error) if self._begun else self._containment.give_up(error)
        match failed:
            case TabFailed():
                if failed.name not in self._failed_tabs:
                    self._failed_tabs.add(failed.name)
                    self.call_later(self._replace_failed, failed)
            case ScreenFailed():
                self.call_later(self._close_failed, failed)
            case AppFailed():
                self.fatal = failed
                self._return_code = 1
                self._close_messages_no_wait()
            case _:
                self._notify_error("Something met an error and was left out.", failed.report)

    async def _replace_failed(self, failed: TabFailed) -> None:
        page = failed.page()
        await self._put(page)
        if failed.name == self.active_tab:
            page.focus_start()
        else:
            self._notify_error(f"The tab {self.title_of(failed.name)} met an error.", failed.report)

    def _close_failed(self, failed: ScreenFailed) -> None:
        if failed.screen in self.screen_stack:
            while len(self.screen_stack) > 1 and failed.screen in self.screen_stack:
                self.pop_screen()
            self._notify_error("This window met an error and was closed.", failed.report)

    def _notify_error(self, what: str, report: Path | None) -> None:
        now = time.monotonic()
        if now - self._error_notified_at < _ERROR_NOTICES_EVERY:
            return  # a timer that fails would fill the screen
        self._error_notified_at = now
        where = "A report could not be written." if report is None else f"Report: {report}"
        self.notify(f"{what} {where}", severity="error", markup=False, timeout=10)

    async def on_reload_tab(self, message: ReloadTab) -> None:
        """Make a pane anew that met an error."""
        self._failed_tabs.discard(message.name)
        pane = self._make(message.name)
        await self._put(pane)
        pane.refresh_state()
        if message.name == self.active_tab:
            pane.focus_start()
