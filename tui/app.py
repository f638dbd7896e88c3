"""The app: three tabs, a heading, a status line, the keys. It draws and passes messages, nothing else."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input, Static

from engine.session import Job
from tui import messages, themes
from tui.backend.backend import Backend
from tui.backend.services import SessionLike
from tui.state import AppState, Pace
from tui.widgets.formatting import clean, count, duration
from tui.widgets.heading import Heading, TabBar
from tui.widgets.hints import KeyHints
from tui.widgets.notice import job_heading
from tui.widgets.status import StatusBar

if TYPE_CHECKING:
    from textual.driver import Driver

    from engine.data.results import Overview
    from engine.session import Item
    from tui.panes.base import Pane

#: Tabs in their order; a pane is imported and mounted when its tab is first opened.
TABS = (("search", "Search"), ("user", "User"), ("sequence", "Sequence"))

#: Below this there is no room for a list and its frame. A terminal of 80×24 with a status line of tmux is above it.
_NARROWEST, _SHORTEST = 64, 18


class RecsysApp(App[None]):
    """Search, User and Sequence over one data set.

    Parameters
    ----------
    open_session
        Opens the data set; called in a thread after the first paint.
    dataset_name
        What is being opened, for the heading until more is known.
    log_hint
        Where the details of unexpected errors go.
    pace
        How fast the screen reacts.
    clock
        Seconds, for what is measured.
    blink
        Whether cursors blink.
    """

    TITLE = "recsys-tui"
    CSS_PATH = Path(__file__).with_suffix(".tcss")

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"{number},f{number + 1}", f"open('{name}')", label, show=False)
            for number, (name, label) in enumerate(TABS, 1)
        ),
        Binding("ctrl+p", "command_palette", "palette", key_display="^p"),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("f1", "help", "help"),
        Binding("q,f10,ctrl+q", "quit", "Quit", show=False),
    ]

    def __init__(
        self,
        open_session: Callable[[Job], SessionLike],
        dataset_name: str,
        *,
        log_hint: str = "the log",
        pace: Pace | None = None,
        clock: Callable[[], float] = time.perf_counter,
        blink: bool = True,
        theme: str | None = None,
    ) -> None:
        super().__init__()
        for known in (themes.DARK, themes.LIGHT):
            self.register_theme(known)
        self.theme = theme if theme in self.available_themes else themes.DARK.name
        self.state = AppState(dataset_name, pace or Pace())
        self.backend = Backend(open_session, clean(dataset_name), self.post_message, log_hint=log_hint, clock=clock)
        self._blink = blink
        self._heading = Heading()
        self._heading.dataset = clean(dataset_name)
        self._heading.device = "○ starting"
        self._tabs = TabBar(TABS)
        self._status = StatusBar(self.state.pace)
        self._asked_to_quit = float("-inf")
        self._typed_early = ""

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice, with an Esc that counts sooner on Unix."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from tui.driver import PromptDriver

        return PromptDriver

    def compose(self) -> ComposeResult:
        """The shell alone: it paints in half the time that the first pane would take with it."""
        yield self._heading
        yield self._tabs
        yield ContentSwitcher(id="tabs")
        yield self._status
        yield KeyHints()

    def on_mount(self) -> None:
        """Mark the first tab."""
        self._tabs.active = "search"

    def on_key(self, event: events.Key) -> None:
        """Keep what is typed before there is a line to type it into."""
        if event.character is not None and event.is_printable and not self.panes:
            self._typed_early += event.character
            event.stop()

    def on_resize(self, event: events.Resize) -> None:
        """Say so where the window is too small to draw in."""
        base = self.screen_stack[0]
        too_small = event.size.width < _NARROWEST or event.size.height < _SHORTEST
        if too_small and not base.query("#too-small"):
            base.mount(Static(f"This window is too small.\n\n{_NARROWEST}×{_SHORTEST} is the least.", id="too-small"))
        elif not too_small:
            base.query("#too-small").remove()

    def on_ready(self) -> None:
        """Go on once the shell is on the screen."""
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        """Open the first tab and the data set."""
        switcher, pane = self.query_one("#tabs", ContentSwitcher), self._make("search")
        if switcher.is_attached:
            await switcher.mount(pane)
        if not pane.is_attached:
            return  # the app was left before it began
        switcher.current = "search"
        pane.focus_start()
        if self._typed_early:
            pane.query_one(Input).insert_text_at_cursor(self._typed_early)
        if not gc.isenabled():
            # Whoever started us put the collector off until now: it costs a fifth of the way to the first paint.
            # What has been made so far stays for good, so it need never be looked at.
            gc.freeze()
            gc.enable()
        self._status.busy("open", f"opening {clean(self.state.name)}")
        self.backend.open()

    # -- tabs -------------------------------------------------------------------------------------------------
    @property
    def panes(self) -> list[Pane]:
        """The panes that have been opened."""
        return list(self.query_one("#tabs", ContentSwitcher).children)  # type: ignore[arg-type]

    def pane(self, name: str) -> Pane:
        """An opened pane."""
        return self.query_one(f"#tabs > #{name}")  # type: ignore[return-value]

    @property
    def active_pane(self) -> Pane:
        """The pane that shows."""
        return self.pane(self._tabs.active)

    async def action_open(self, name: str) -> None:
        """Open a tab."""
        switcher = self.query_one("#tabs", ContentSwitcher)
        if name == self._tabs.active or not self.panes:
            return
        if not self.query(f"#{name}"):
            await switcher.mount(self._make(name))
        left = self.pane(self._tabs.active)
        left.last_focus = self.screen_stack[0].focused
        switcher.current = name
        self._tabs.active = name
        pane = self.pane(name)
        pane.refresh_state()
        pane.focus_again()

    def _make(self, name: str) -> Pane:
        # Imported here so that the first paint does not wait for what it does not show.
        if name == "search":
            from tui.panes.search import SearchPane

            return SearchPane(self.backend, self.state, blink=self._blink)
        if name == "user":
            from tui.panes.user import UserPane

            return UserPane(self.backend, self.state, blink=self._blink)
        from tui.panes.sequence import SequencePane

        return SequencePane(self.backend, self.state, blink=self._blink)

    @on(TabBar.Picked)
    async def _picked(self, event: TabBar.Picked) -> None:
        await self.action_open(event.name)

    def on_descendant_focus(self) -> None:
        """Digits open tabs only while nothing is typed."""
        self._tabs.typing = isinstance(self.screen_stack[0].focused, Input)

    # -- from the backend -------------------------------------------------------------------------------------
    def on_session_opened(self, message: messages.SessionOpened) -> None:
        """The data set is there."""
        self.state.catalogue, self.state.failure = message.catalogue, None
        self._heading.dataset = describe(message.catalogue.overview)
        self._status.busy("open", "")
        self._status.busy("device", "loading the libraries that compute")
        self._tell_pane()

    def on_session_failed(self, message: messages.SessionFailed) -> None:
        """The data set could not be opened; every pane says so."""
        self.state.failure = message.failure
        self._heading.device = "✗ not opened"
        self._status.busy("open", "")
        self._tell_pane()

    def on_catalogue_changed(self, message: messages.CatalogueChanged) -> None:
        """A job has changed what is embedded or trained."""
        self.state.catalogue = message.catalogue
        self._tell_pane()

    def on_device_ready(self, message: messages.DeviceReady) -> None:
        """What computes is loaded."""
        self.state.device = clean(message.name)
        self._status.busy("device", "preparing search")
        self._show_device()

    def on_warmed_up(self, message: messages.WarmedUp) -> None:
        """What the first questions need is loaded, or cannot be."""
        self.state.warm = message.failure is None
        self._status.busy("device", "")
        if message.failure is not None:
            self._status.said = f"✗ {clean(message.failure.text)}"
        elif self._is_to_go_on():
            self.backend.embed()
        self._tell_pane()

    def _is_to_go_on(self) -> bool:
        """Whether an earlier run began to embed the catalogue and did not come to the end."""
        catalogue = self.state.catalogue
        return catalogue is not None and catalogue.embedding.interrupted and self.state.last_job("search") is None

    def on_device_failed(self, message: messages.DeviceFailed) -> None:
        """What computes could not be loaded."""
        self.state.device_failure = message.failure
        self._heading.device = "✗ no device"
        self._status.busy("device", "")
        self._status.said = f"✗ {clean(message.failure.text)}"

    def on_job_changed(self, message: messages.JobChanged) -> None:
        """A long job moves on."""
        job = message.job
        self.state.jobs[job.id] = job
        running = self.state.active_job()
        self._status.job = running
        self._status.others = sum(one.active for one in self.state.jobs.values()) - 1
        self._show_device()
        if job.state in ("done", "stopped", "failed"):
            self._tell_end(job)
        self._tell_pane()

    def _tell_end(self, job: messages.JobView) -> None:
        if job.task not in dict(TABS):
            return
        took = "" if job.seconds is None else f" in {duration(job.seconds)}"
        what = job_heading(job)
        elsewhere = self._tabs.active != job.task
        if job.state == "failed" and job.failure is not None:
            self.notify(clean(job.failure.text), title=what, severity="error", markup=False, timeout=10)
        elif job.state == "stopped":
            self._status.said = f"{what}; what was done is kept" if job.task == "search" else what
        else:
            self._status.said = f"✓ {what}{took}"
            if elsewhere:
                self.notify(f"{what}{took}: see {dict(TABS)[job.task]}.", markup=False)

    def _show_device(self) -> None:
        if self.state.device:
            doing = "● working" if self._status.job is not None else "● ready"
            self._heading.device = f"{self.state.device} {doing}"

    def _tell_pane(self) -> None:
        # The one that shows; the others look when they are opened.
        if self.panes:
            self.active_pane.refresh_state()

    # -- from the panes ---------------------------------------------------------------------------------------
    def on_busy(self, message: messages.Busy) -> None:
        """A pane waits."""
        self._status.busy(message.source, message.text)

    def on_said(self, message: messages.Said) -> None:
        """A pane has an answer."""
        self._status.said = clean(message.text)

    def on_add_to_sequence(self, message: messages.AddToSequence) -> None:
        """Append to the sequence, and say so where it cannot be seen."""
        refusal = self._refuses(message.item)
        if refusal:
            self._status.said = f"✗ {refusal}"
            return
        draft = self.state.draft
        draft.append(message.item)
        if self._tabs.active != "sequence":
            self._status.said = f"✓ {_named(message.item)} is number {len(draft)} of the sequence (F4)"
        self._tell_pane()

    def _refuses(self, item: Item) -> str:
        """Why an item cannot be part of a sequence; empty if it can."""
        catalogue = self.state.catalogue
        if catalogue is None or item.internal_id <= catalogue.overview.num_rated_items or catalogue.takes_unrated:
            return ""
        return f"Nobody has rated {_named(item)}, so no model knows what comes after it."

    async def on_more_like_this(self, message: messages.MoreLikeThis) -> None:
        """Go to Search with an item."""
        from tui.panes.search import SearchPane

        await self.action_open("search")
        pane = self.pane("search")
        assert isinstance(pane, SearchPane)
        pane.more_like(message.item)

    def on_show_details(self, message: messages.ShowDetails) -> None:
        """Show an item in front of the list."""
        from tui.widgets.details import DetailsScreen

        self.push_screen(DetailsScreen(message))
        self.active_pane.explain(message.item)

    def on_copy_text(self, message: messages.CopyText) -> None:
        """Copy by way of the terminal, which works over SSH too."""
        self.copy_to_clipboard(message.text)
        self._status.said = f"✓ copied: {message.text}"

    # -- keys -------------------------------------------------------------------------------------------------
    def action_command_palette(self) -> None:
        """Show the palette."""
        from tui.widgets.popup import Palette

        if not self.screen.is_modal:
            self.push_screen(Palette(id="--command-palette"))

    def action_change_theme(self) -> None:
        """Choose the colours, seen as one goes through them."""
        from textual.theme import ThemeProvider

        from tui.widgets.popup import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def action_help(self) -> None:
        """Show the keys."""
        from tui.widgets.help import HelpScreen

        self.push_screen(HelpScreen())

    def action_help_quit(self) -> None:
        """Ctrl+C copies in an input; elsewhere the second one within two seconds quits."""
        now = time.monotonic()
        if now - self._asked_to_quit < 2:
            self.exit()
        else:
            self._asked_to_quit = now
            self.notify("Press Ctrl+C again to quit.", markup=False, timeout=2)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers in the present state."""
        for name, label in TABS:
            yield SystemCommand(f"Open {label}", f"Go to the {label} tab", partial(self.run_action, f"open('{name}')"))
        job = self.state.active_job()
        if job is not None:
            yield SystemCommand(f"Stop {job.label}", "Stop the job that runs", partial(self.backend.cancel, job.id))
        catalogue = self.state.catalogue
        if catalogue is not None:
            if not catalogue.embedding.complete and self.state.active_job("search") is None:
                yield SystemCommand("Embed", "Embed the catalogue for search by meaning", self.backend.embed)
            for model in catalogue.models:
                if not model.obstacle and self.state.active_job(model.task) is None:
                    again = " again" if model.trained else ""
                    train = partial(self.backend.train, model.name, model.task)
                    yield SystemCommand(f"Train {model.name}{again}", clean(model.description), train)
        yield from self.active_pane.commands()
        yield SystemCommand("Theme", "Choose the colours", self.action_change_theme)
        yield SystemCommand("Keys", "Show all keys", self.action_help)
        yield SystemCommand("Quit", "Leave at once; what is embedded is kept", self.action_quit)


def describe(overview: Overview) -> str:
    """A data set in a line."""
    audience = count(overview.num_users, "user")
    if overview.simulated:
        audience = f"simulated audience of {overview.num_users:,}"
    title = clean(overview.title) or clean(overview.name)
    return " · ".join([title, count(overview.num_items, "item"), audience])


def _named(item: Item) -> str:
    from tui.widgets.items import full_title

    return full_title(item)
