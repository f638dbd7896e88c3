"""The app: the tabs, a heading, a status line, the keys. It draws and passes messages on, and computes nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input, Static

from tui import collector
from tui.keymap.keymap import Keymap, UsesKeymap, shown_key
from tui.navigation import Navigation
from tui.own_ratings_app import OwnRatingsApp
from tui.pace import Pace
from tui.panes import TABS, import_pane, tab_bindings
from tui.sanitize import sanitize
from tui.state import AppState
from tui.themes import OWN
from tui.widgets.cell_text import clean, duration, full_title
from tui.widgets.contained import Contained
from tui.widgets.heading import Heading, TabBar, dataset_line
from tui.widgets.hints import KeyHints
from tui.widgets.line_filter import LineSanitizer
from tui.widgets.notice import job_heading, what_was_kept
from tui.widgets.status import StatusBar

if TYPE_CHECKING:
    from textual.filter import LineFilter
    from textual.theme import Theme

    from engine.session import Item, Job
    from tui import messages
    from tui.backend.backend import Backend
    from tui.backend.protocols import SessionLike
    from tui.item_actions import ItemActions
    from tui.item_pictures import ItemPictures
    from tui.lean_drawing import LeanDrawing
    from tui.live_settings import LiveSettings
    from tui.map.screen import MapScreen
    from tui.navigation import Place
    from tui.panes.base import Pane
    from tui.panes.command_line import CommandLine
    from tui.resume import Resume
    from tui.settings.effective import SettingsSource
    from tui.terminal import Protocol
    from tui.widgets.help import Section

#: The smallest window with room for a list and its frame. A terminal of 80×24 with a status line of tmux is larger.
_MIN_WIDTH, _MIN_HEIGHT = 64, 18

#: Themes that need no more contrast, as a test measures.
_READABLE = frozenset([*(theme.name for theme in OWN), "textual-dark"])


class MainScreen(UsesKeymap, Contained, Screen[None]):
    """The screen with the tabs."""


class RecsysApp(OwnRatingsApp):
    """The tabs over one data set.

    Parameters
    ----------
    open_session
        Opens the data set; called in a worker thread after the first paint.
    dataset_name
        The name of the data set, for the heading until more is known.
    open_other
        Opens another data set by its name; called as ``open_session`` is. Without it the data set cannot be switched.
    log_hint
        Where the details of unexpected errors are.
    pace
        How fast the screen reacts.
    clock
        Seconds, to measure how long answers take.
    blink
        Whether cursors blink.
    theme
        The name of the theme; None, or one that does not exist, means the dark theme.
    themes
        A person's own themes.
    settings
        What a person has set; the app follows its changes.
    state_folder
        Where it is kept in which state the app was left; None to keep nothing.
    restores
        Whether the app begins where it was left.
    image_protocol
        How pictures are drawn; None to draw none.
    few_characters
        Whether drawings keep to the characters of a small font.
    debug, contains_errors
        See :class:`tui.contained_app.ContainedApp`.
    """

    TITLE = "recsys-tui"
    CSS_PATH = Path(__file__).with_suffix(".tcss")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "palette", key_display="^p", id="palette"),
        Binding("question_mark", "help", "help", key_display="?", id="help"),
        Binding("f1", "help", "help", id="help"),
        Binding("q", "quit", "Quit", show=False, id="quit"),
        Binding("f10,ctrl+q", "quit", "Quit", show=False, priority=True, id="quit"),
        Binding("alt+left,left_square_bracket", "go_back", "Back", show=False, id="go-back"),
        Binding("alt+right,right_square_bracket", "go_forward", "Forward", show=False, id="go-forward"),
        Binding("u", "undo", "undo", id="undo"),
        Binding("U", "redo", "Redo", show=False, id="redo"),
        Binding("apostrophe", "jump", "Jump", show=False, key_display="'", id="jump"),
        Binding("colon", "command_line", "Command", show=False, key_display=":", id="command-line"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True, id="suspend"),
    ]

    def __init__(
        self,
        open_session: Callable[[Job], SessionLike],
        dataset_name: str,
        *,
        open_other: Callable[[str, Job], SessionLike] | None = None,
        log_hint: str = "the log",
        pace: Pace | None = None,
        clock: Callable[[], float] = time.perf_counter,
        blink: bool = True,
        theme: str | None = None,
        themes: Sequence[Theme] = (),
        settings: SettingsSource | None = None,
        state_folder: Path | None = None,
        restores: bool = True,
        image_protocol: Protocol | None = "half-cell",
        few_characters: bool = False,
        debug: bool = False,
        contains_errors: bool = True,
    ) -> None:
        super().__init__(debug=debug, contains_errors=contains_errors)
        self._log_hint = log_hint
        for known in (*OWN, *themes):
            self.register_theme(known)
        self.keymap = Keymap()
        self.theme = theme if theme in self.available_themes else OWN[0].name
        self.state = AppState(dataset_name, pace or Pace())
        self._lean: LeanDrawing | None = None
        self._settings: LiveSettings | None = None
        if settings is not None:
            from tui.live_settings import LiveSettings

            self._settings = LiveSettings(self, settings, self.state.pace, self.set_keys, self.save_traffic)
            self._settings.apply_unchecked()
        self._resume: Resume | None = None
        self._state_folder, self._restores = state_folder, restores
        self._left: set[str] = set()
        """The data sets that were open before, which come back as they were in any case."""
        self._open_session, self._clock = open_session, clock
        self._open_other = open_other
        self._blink = blink
        self._heading = Heading()
        self._heading.dataset = clean(dataset_name)
        self._heading.device = "○ starting"
        self._titles = {tab.name: tab.title for tab in TABS}
        for binding in Binding.make_bindings(tab_bindings()):
            self._bindings._add_binding(binding)  # App.bind() takes neither priority nor a name of an action
        self._tabs = TabBar(tuple((tab.name, tab.key, tab.title) for tab in TABS))
        self._status = StatusBar(self.state.pace)
        self._quit_requested_at = float("-inf")
        self._typed_early = ""
        self._command_line: CommandLine | None = None
        self._navigation = Navigation()
        self._travelling = False
        self._sanitizer = LineSanitizer()
        self._glyphs: tuple[LineFilter, ...] = ()
        if few_characters:
            from tui.widgets.plain_glyphs import PlainGlyphs

            self._glyphs = (PlainGlyphs(),)
        self._image_protocol = image_protocol
        self._map: MapScreen | None = None

    @cached_property
    def backend(self) -> Backend:
        """The worker threads, which the panes ask."""
        # Imported here so that the first paint does not wait for it, nor for the messages of its threads.
        from tui.backend.backend import Backend

        name = clean(self.state.name)
        return Backend(
            self._open_session,
            name,
            self.post_message,
            log_hint=self._log_hint,
            clock=self._clock,
            report_every=lambda: self.state.pace.progress,
        )

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, and then the one through which everything goes that is drawn."""
        return [*super().get_line_filters(), self._sanitizer, *self._glyphs]

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write what was drawn; over a slow connection only what has changed of it."""
        if self._lean is not None and renderable is not None:
            renderable = self._lean.lean(renderable, self.size)
        super()._display(screen, renderable)

    def save_traffic(self, saves: bool) -> None:
        """Write only what has changed of the screen from now on, or all that is drawn anew."""
        if saves != (self._lean is not None):
            from tui.lean_drawing import LeanDrawing

            self._lean = LeanDrawing() if saves else None

    def get_default_screen(self) -> MainScreen:
        """The screen that is never closed."""
        return MainScreen(id="_default")

    def compose(self) -> ComposeResult:
        """The shell without a pane, which takes half the time to paint."""
        yield self._heading
        yield self._tabs
        yield ContentSwitcher(id="tabs")
        yield self._status
        yield KeyHints()

    def on_mount(self) -> None:
        """Mark the first tab."""
        self._tabs.active = TABS[0].name

    def on_key(self, event: events.Key) -> None:
        """Keep what is typed before there is an input line."""
        if self._command_line is not None and self._command_line is self.screen:
            if self._command_line.take_key(event):
                event.prevent_default()  # else it would act through the bindings of the line, too
        elif event.character is not None and event.is_printable and not self.panes:
            self._typed_early += event.character
            event.stop()

    def on_resize(self, event: events.Resize) -> None:
        """Show a message if the window is too small to draw in."""
        base = self.screen_stack[0]
        too_small = event.size.width < _MIN_WIDTH or event.size.height < _MIN_HEIGHT
        if too_small and not base.query("#too-small"):
            base.mount(Static(f"This window is too small.\n\n{_MIN_WIDTH}×{_MIN_HEIGHT} is the least.", id="too-small"))
        elif not too_small:
            base.query("#too-small").remove()

    def on_ready(self) -> None:
        """Continue once the shell is on the screen."""
        self.begin_containing()
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        """Open the first tab and the data set, and apply the settings."""
        collector.go_on()
        await self._open_with(TABS[0].name)
        if self._settings is not None and not self._exit:
            self._settings.begin()

    async def _open_with(self, first: str) -> None:
        """Open the data set, with this tab before it."""
        await import_pane(first)
        if self._exit:
            return  # the app was left meanwhile
        switcher, pane = self.query_one("#tabs", ContentSwitcher), self._make(first)
        if switcher.is_attached:
            await switcher.mount(pane)
        if self._exit or not switcher.is_attached:
            return  # the app was left before this
        if pane.is_attached and first not in self._failed_tabs:
            switcher.current = first
            pane.focus_start()
            if self._typed_early:
                pane.query_one(Input).insert_text_at_cursor(self._typed_early)
        self._status.busy("open", f"opening {clean(self.state.name)}")
        # The threads would take every other turn of the interpreter from the first drawing of the pane.
        self.call_after_refresh(self.backend.open)

    # -- tabs -------------------------------------------------------------------------------------------------
    async def action_open(self, name: str) -> None:
        """Open a tab; in the one that is open, go to its input line."""
        switcher = self.query_one("#tabs", ContentSwitcher)
        if not self.panes:
            return
        self._close_pages()
        if name == self._tabs.active:
            self.pane(name).focus_line()
            return
        if not self.query(f"#{name}"):
            await import_pane(name)
        with self.batch_update():  # a pane is laid out once when all of it is there, and not each time a part is added
            await self._open(name, switcher)

    async def _open(self, name: str, switcher: ContentSwitcher) -> None:
        if not self.query(f"#{name}"):
            await switcher.mount(self._make(name))
        left = self.pane(self._tabs.active)
        left.last_focus = self.screen_stack[0].focused
        self._leave(self._here())
        switcher.current = name
        self._tabs.active = name
        pane = self.pane(name)
        pane.refresh_state()
        pane.focus_again()
        self._status.note = clean(pane.status)
        self.look_again()
        if self._resume is not None:
            self._resume.restore_pane(name)
        self._show_trail()

    # -- places -----------------------------------------------------------------------------------------------
    def _here(self) -> Place | None:
        """Where one is now; None in a tab that met an error, and once the app ends."""
        from tui.panes.base import Pane

        pane = self.active_pane if self.panes else None
        return pane.place() if isinstance(pane, Pane) else None

    def _leave(self, place: Place | None) -> None:
        """Remember a place, unless one is on the way to another that is remembered already."""
        if place is not None and not self._travelling:
            self._navigation.leave(place)

    def on_leave_place(self, message: messages.LeavePlace) -> None:
        """A pane is about to show something else."""
        self._leave(message.place)
        self._show_trail()

    def _show_trail(self) -> None:
        self._tabs.trail = self._navigation.trail(self._here())

    async def action_go_back(self) -> None:
        """Go back to where one was before."""
        await self._travel(self._navigation.back, "There is nothing to go back to.")

    async def action_go_forward(self) -> None:
        """Go forward to where one came back from."""
        await self._travel(self._navigation.forward, "There is nothing to go forward to.")

    async def _travel(self, step: Callable[[Place], Place | None], nowhere: str) -> None:
        here = self._here() if self.panes else None
        place = None if here is None else step(here)
        if place is None:
            self._status.note = nowhere
            return
        async with self._on_the_way(place.tab) as pane:
            pane.return_to(place)
        self._show_trail()

    @asynccontextmanager
    async def _on_the_way(self, tab: str) -> AsyncIterator[Any]:
        """Open the pane of a tab, without remembering the places that are passed on the way."""
        self._travelling = True
        try:
            if tab != self._tabs.active:
                await self._open_working(tab)
            yield self.pane(tab)
        finally:
            self._travelling = False

    def action_undo(self) -> None:
        """Undo the last change of anything."""
        self._say_changed(self.state.changes.undo(), "undone: {} · U redoes")

    def action_redo(self) -> None:
        """Make the change again that was undone last."""
        self._say_changed(self.state.changes.redo(), "done again: {} · u undoes")

    def _say_changed(self, what: str, said: str) -> None:
        if what:
            self._status.note = f"✓ {said.format(clean(what))}"
            self.refresh_pane()
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only actions that would do something now."""
        match action:
            case "undo":
                return self.state.changes.can_undo
            case "redo":
                return self.state.changes.can_redo
        return super().check_action(action, parameters)

    @property
    def active_tab(self) -> str:
        """The name of the tab that is shown."""
        return self._tabs.active

    def title_of(self, tab: str) -> str:
        """The title of a tab."""
        return self._titles[tab]

    def make_pane(self, name: str) -> Pane[Any]:
        """Make the pane of a tab."""
        # Imported here so that the first paint does not wait for panes that it does not show.
        make: Callable[..., Pane[Any]] = next(tab for tab in TABS if tab.name == name).load_pane()
        return make(self.backend, self.state, blink=self._blink)

    @on(TabBar.Picked)
    async def _picked(self, event: TabBar.Picked) -> None:
        await self.action_open(event.name)

    # -- from the backend -------------------------------------------------------------------------------------
    def on_session_opened(self, message: messages.SessionOpened) -> None:
        """The data set is open."""
        self.state.dataset, self.state.failure = message.dataset, None
        self._heading.dataset = dataset_line(message.dataset.overview)
        self._navigation.clear()
        self._show_trail()
        self._status.busy("open", "")
        self._status.busy("device", "loading the libraries that compute")
        self.refresh_pane()

        if self._state_folder is not None and self._resume is None:
            from tui.resume import Resume

            self._resume = Resume(
                self,
                self.backend,
                self.state,
                self._state_folder,
                restores=self._restores or message.dataset.overview.name in self._left,
                open_tab=self.action_open,
            )
            self._resume.begin(message.dataset.overview.name)

    def write_last_state(self) -> None:
        """Write where the app was left, once it has ended."""
        if self._resume is not None:
            self._resume.write_end()

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Leave the app, and note where it is."""
        if self._resume is not None:
            self._resume.note_end()
        super().exit(*arguments, **options)

    def on_session_failed(self, message: messages.SessionFailed) -> None:
        """The data set could not be opened; every pane shows why."""
        self.state.failure = message.failure
        self._heading.device = "✗ not opened"
        self._status.busy("open", "")
        self.refresh_pane()

    def on_dataset_changed(self, message: messages.DatasetChanged) -> None:
        """A job has changed what is embedded or trained."""
        self.state.dataset = message.dataset
        self.refresh_pane()

    def on_app_focus(self) -> None:
        """Look whether something was trained or embedded in another terminal meanwhile."""
        self.look_again()

    def look_again(self) -> None:
        """Have the state of the data set read again, unless a job will have that done at its end."""
        if self.state.dataset is not None and self.state.active_job() is None:
            self.backend.look_again()

    def on_device_ready(self, message: messages.DeviceReady) -> None:
        """The libraries that compute are loaded."""
        self.state.device = clean(message.name)
        self._status.busy("device", "preparing search")
        self._show_device()

    def on_warmed_up(self, message: messages.WarmedUp) -> None:
        """What the first requests need is loaded, or could not be loaded."""
        self.state.warm = message.failure is None
        self._status.busy("device", "")
        if message.failure is not None:
            self._status.tell(f"✗ {clean(message.failure.text)}")
        elif self._should_resume_embedding():
            self.backend.embed()
        self.refresh_pane()

    def _should_resume_embedding(self) -> bool:
        """Whether an earlier run began to embed the catalogue and did not finish."""
        dataset = self.state.dataset
        return dataset is not None and dataset.embedding.interrupted and self.state.last_job("search") is None

    def on_device_failed(self, message: messages.DeviceFailed) -> None:
        """The libraries that compute could not be loaded."""
        self._heading.device = "✗ no device"
        self._status.busy("device", "")
        self._status.tell(f"✗ {clean(message.failure.text)}")

    def on_job_changed(self, message: messages.JobChanged) -> None:
        """A long job moves on."""
        job = message.job
        self.state.jobs[job.id] = job
        running = self.state.active_job()
        self._status.job = running
        waiting = [one for one in self.state.waiting_jobs() if one is not running]
        self._status.others, self._status.next = len(waiting), clean(waiting[0].label) if waiting else ""
        self._show_device()
        if job.state in ("done", "stopped", "failed"):
            self._notify_end(job)
        self.refresh_pane()
        for screen in self.screen_stack[1:]:
            from tui.widgets.popup import PopUp

            if isinstance(screen, PopUp):
                screen.job_changed(job)

    def on_warned(self, message: messages.Warned) -> None:
        """A job has something to say that must not be missed."""
        self.notify(clean(message.text), severity="warning", markup=False, timeout=10)

    def _notify_end(self, job: messages.JobView) -> None:
        if job.task not in self._titles and job.state != "failed":
            return
        took = "" if job.seconds is None else f" in {duration(job.seconds)}"
        what = job_heading(job)
        elsewhere = self._tabs.active != job.task
        if job.state == "failed" and job.failure is not None:
            self.notify(clean(job.failure.text), title=what, severity="error", markup=False, timeout=10)
            self._status.note = f"✗ {what}"
        elif job.state == "stopped":
            self._status.note = what + what_was_kept(job)
        elif job.outcome:
            self._status.note = f"✓ {clean(job.outcome)}{took}"
        else:
            self._status.note = f"✓ {what}{took}"
            if elsewhere:
                self.notify(f"{what}{took}: see {self._titles[job.task]}.", markup=False)

    def _show_device(self) -> None:
        if self.state.device:
            doing = "● working" if self._status.job is not None else "● ready"
            self._heading.device = f"{self.state.device} {doing}"

    def refresh_pane(self) -> None:
        """Only the pane that is shown follows; the others do when they are opened."""
        if not self._exit and self.panes:
            self.active_pane.refresh_state()
            if self._map is not None:
                self._map.refresh_state()

    # -- another data set -------------------------------------------------------------------------------------
    def on_switch_dataset(self, message: messages.SwitchDataset) -> None:
        """Open another data set; while a job works for this one, ask first."""
        job = self.state.job_to_lose(self._titles)
        if job is None:
            self.call_later(self._switch, message.name)
            return
        from tui.widgets.prompt import Question

        what = f"{job_heading(job)}. It works for the data set that is open, and would be stopped."
        switch = partial(self.call_later, self._switch, message.name)
        self.push_screen(Question(f"Open {clean(message.name)}?", what, "stop it and open", switch))

    async def _switch(self, name: str) -> None:
        """Close this data set: threads, state and panes are those of one data set."""
        if self._open_other is None or self._exit:
            return
        if self._resume is not None:
            self._resume.note_end()
            self._resume.close()
            self._resume = None
        self._left.add(self.state.name if self.state.dataset is None else self.state.dataset.overview.name)
        self.backend.close(0)
        await self.query_one("#tabs", ContentSwitcher).remove_children()
        # What the old threads have sent is handled before the new ones begin.
        self.call_later(self._open_dataset, name, partial(self._open_other, name))

    async def _open_dataset(self, name: str, open_session: Callable[[Job], SessionLike]) -> None:
        self._open_session = open_session
        self.state = AppState(name, self.state.pace, profile=self.state.profile)
        del self.backend  # a property that is made once, and now anew
        # What holds the earlier threads and state is made anew when it is next asked for.
        for made in ("_actions", "_pictures"):
            self.__dict__.pop(made, None)
        self._own_ratings = None
        self._failed_tabs.clear()
        self._status.clear()
        self._heading.dataset, self._heading.device = clean(name), "○ starting"
        self._tabs.trail = ()  # its places are those of the other data set
        await self._open_with(self._tabs.active)

    # -- from the panes ---------------------------------------------------------------------------------------
    def on_busy(self, message: messages.Busy) -> None:
        """A pane waits for an answer, or no longer does."""
        self._status.busy(message.source, message.text)

    def on_status_changed(self, message: messages.StatusChanged) -> None:
        """A pane has an answer."""
        self._status.tell(clean(message.text), loud=message.loud)
        self._show_trail()

    def on_add_to_sequence(self, message: messages.AddToSequence) -> None:
        """Append to the sequence, and confirm it if the sequence is not shown."""
        if refusal := self._refusal(message.item):
            self._say(f"✗ {refusal}")
            return
        draft = self.state.draft
        draft.append(message.item)
        if self._tabs.active != "sequence":
            key = shown_key(self, "open-sequence", "F4")
            self._say(f"✓ {full_title(message.item)} is number {len(draft)} of the sequence ({key})")
        self.refresh_pane()
        self.refresh_bindings()

    def _refusal(self, item: Item) -> str:
        """Why an item cannot be part of a sequence; empty if it can be."""
        dataset = self.state.dataset
        if dataset is None or item.internal_id <= dataset.overview.num_rated_items or dataset.takes_unrated:
            return ""
        return f"Nobody has rated {full_title(item)}, so no model knows what comes after it."

    async def on_more_like_this(self, message: messages.MoreLikeThis) -> None:
        """Open Search with items like this one."""
        self._close_pages()
        from tui.panes.search import SearchPane

        self._leave(self._here())
        async with self._on_the_way("search") as pane:
            if isinstance(pane, SearchPane):
                pane.more_like(message.item)
        self._show_trail()

    async def _open_working(self, tab: str) -> None:
        """Open a tab, anew if it met an error."""
        await self.action_open(tab)
        if tab in self._failed_tabs:
            from tui.panes.failed import ReloadTab

            await self.on_reload_tab(ReloadTab(tab))

    def on_show_map(self, message: messages.ShowMap) -> None:
        """Show the map of the catalogue in front of the tabs."""
        from tui.map.screen import MapScreen

        if self._map is None and not self.screen.is_modal:
            self._map = MapScreen(self.backend, self.state, message)
            self.push_screen(self._map, self._map_closed)

    def open_map(self) -> None:
        """Show the map with what this tab lists."""
        from tui.panes.base import Pane

        if isinstance(pane := self.active_pane, Pane):
            pane.action_map()

    def open_export(self) -> None:
        """Ask what is exported for all users or items."""
        from tui.panes.base import Pane

        if isinstance(pane := self.active_pane, Pane):
            pane.action_export_all()

    def _close_pages(self) -> None:
        """Close the map or whatever is in front of the tabs: what is asked for leads to one of them."""
        while len(self.screen_stack) > 1:
            self.screen.dismiss()

    def _map_closed(self, _: None) -> None:
        self._map = None

    def on_show_details(self, message: messages.ShowDetails) -> None:
        """Show the details of an item in front of the list."""
        from tui.widgets.details import DetailsScreen

        self.push_screen(DetailsScreen(message))
        self.active_pane.explain(message.item)

    def on_copy_text(self, message: messages.CopyText) -> None:
        """Copy through the terminal, which works over SSH, too."""
        self.copy_to_clipboard(message.text)
        self._say(f"✓ copied: {clean(message.what or message.text)}")

    def on_copy_title(self, message: messages.CopyTitle) -> None:
        """Copy a title."""
        title = full_title(message.item)
        self.copy_to_clipboard(title)
        self._say(f"✓ copied: {title}")

    @cached_property
    def _pictures(self) -> ItemPictures:
        """What reads and draws pictures; made when the first is asked for."""
        from tui.item_pictures import ItemPictures

        return ItemPictures(self, self.backend, self.state, self._image_protocol)

    @cached_property
    def _actions(self) -> ItemActions:
        """What verbs ask for; made when the first one does."""
        from tui.item_actions import ItemActions

        return ItemActions(self, self.backend, self.state)

    def on_answered(self, message: messages.Answered) -> None:
        """A rating is stored, or a browser has taken an address, or not."""
        if not self.own_ratings_answered(message) and not self._actions.marks.answered(message):
            self._actions.browsed(message)

    def on_failed(self, message: messages.Failed) -> None:
        """A rating or a mark could not be stored."""
        if not self.own_ratings_answered(message):
            self._actions.marks.answered(message)

    def on_mark_item(self, message: messages.MarkItem) -> None:
        """Pin an item, or hide it."""
        self._actions.marks.switch(message)

    def on_items_marked(self) -> None:
        """Search again, with what is pinned and hidden now."""
        self.state.marks += 1
        self.refresh_bindings()
        self.refresh_pane()

    def on_copy_as(self, message: messages.CopyAs) -> None:
        """Ask in which form a record is copied."""
        self._actions.copy_as(message.record)

    def on_export_list(self, message: messages.ExportList) -> None:
        """Ask where a list goes to."""
        self._actions.export(message.listing)

    def on_open_export(self, message: messages.OpenExport) -> None:
        """Ask what is exported for all users or items."""
        from tui.panes.export_form import ExportForm

        if not self.screen.is_modal:
            self.push_screen(ExportForm(self.backend, message))

    def on_open_page(self, message: messages.OpenPage) -> None:
        """Open the page of an item."""
        self._actions.open_page(message.item)

    async def on_show_user(self, message: messages.ShowUser) -> None:
        """Open the User tab with a user."""
        self._close_pages()
        from tui.panes.user import UserPane

        self._leave(self._here())
        async with self._on_the_way("user") as pane:
            if isinstance(pane, UserPane):
                pane.show_user(message.user, message.part, message.model)
        self._show_trail()

    async def on_replace_sequence(self, message: messages.ReplaceSequence) -> None:
        """Open the Sequence tab with other items; an undo brings the earlier ones back."""
        self._close_pages()
        self.state.draft.replace(item for item in message.items if not self._refusal(item))
        await self._open_working("sequence")
        self.refresh_pane()

    def on_picture_wanted(self, message: messages.PictureWanted) -> None:
        """Have the picture of an item read."""
        self._pictures.find(message)

    def send_picture(self, number: int, sequence: str) -> None:
        """Send a picture to the terminal in turn with what is drawn; without a sequence, have it forgotten."""
        from tui.widgets.kitty import forgetting

        known = self._sanitizer.pictures
        (known.add if sequence else known.discard)(number)
        if self._driver is not None:
            self._driver.write(sequence or forgetting(number))

    def on_find_fans(self, message: messages.FindFans) -> None:
        """List the users who rated an item highest."""
        self._actions.find_fans(message.item)

    def on_find_similar_users(self, message: messages.FindSimilarUsers) -> None:
        """List the users who are most like one."""
        self._actions.find_similar_users(message.user)

    def _say(self, text: str) -> None:
        """Confirm something in the status line, and on the map, which covers that line."""
        self._status.note = text
        if self._map is not None:
            self._map.say(text)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text, line by line without what a terminal would act upon when it is pasted."""
        super().copy_to_clipboard("\n".join(map(sanitize, text.split("\n"))))

    # -- keys -------------------------------------------------------------------------------------------------
    def set_keys(self, keymap: Keymap) -> None:
        """Have these keys hold from now on."""
        if keymap != self.keymap:
            self.keymap = keymap
            if self.is_running:
                self.refresh_bindings()

    def action_command_palette(self) -> None:
        """Show the palette."""
        from tui.widgets.palette import Palette, PlacedCommands

        if not self.screen.is_modal:
            self.push_screen(Palette(providers=[PlacedCommands], id="--command-palette"))

    def action_jump(self) -> None:
        """Show letters beside the rows and places, of which one is typed to go there."""
        from tui.widgets.jump import JumpScreen, targets_on

        if targets := targets_on(self.screen_stack[0]):
            self.push_screen(JumpScreen(targets))

    def action_command_line(self) -> None:
        """Open a line for the words of the command line."""
        from tui.panes.command_line import CommandLine

        if self.panes:
            self._command_line = CommandLine(self.backend)
            self.push_screen(self._command_line)

    @property
    def tab_names(self) -> dict[str, str]:
        """The names of the tabs with their titles."""
        return dict(self._titles)

    async def on_search_for(self, message: messages.SearchFor) -> None:
        """Open Search with a line."""
        from tui.panes.search import SearchPane

        self._leave(self._here())
        async with self._on_the_way("search") as pane:
            if isinstance(pane, SearchPane):
                pane.search_for(message.line, message.mode)
        self._show_trail()

    def action_change_theme(self) -> None:
        """Choose the theme; each is shown while the cursor is on it."""
        from tui.widgets.theme_picker import ThemePicker

        own = [theme.name for theme in OWN]
        themes = sorted(self.available_themes.values(), key=lambda theme: (theme.name not in own, theme.ansi))
        self.push_screen(ThemePicker(themes, self.theme, self.choose_theme))

    def choose_theme(self, name: str) -> None:
        """Take a theme; it comes back at the next start unless the settings name another."""
        self.theme = name
        if self._settings is not None and self._settings.effective["theme"] not in (None, name):
            where = self._settings.effective.points["theme"].source
            self.notify(f"The {where} names another theme, which comes back at the next start.", markup=False)

    def get_css_variables(self) -> dict[str, str]:
        """The colours of the theme; of one that is not this app's, with enough contrast."""
        variables, theme = super().get_css_variables(), self.current_theme
        if theme.ansi or theme.name in _READABLE:
            return variables
        from tui.themes.contrast import with_contrast

        return with_contrast(variables, dark=theme.dark)

    def action_help(self) -> None:
        """Show the keys."""
        from tui.key_help import configured
        from tui.widgets.help import HelpScreen

        self.push_screen(HelpScreen(configured(self.help_sections(), self.keymap)))

    def help_sections(self) -> Iterator[Section]:
        """All keys by the place they work in, the tab that is open first, with how its numbers are read."""
        from tui.key_help import GLOBAL_KEYS
        from tui.widgets.item_list import ItemList

        shown = [(written, what) for _, written, what in self.query_one(KeyHints).hints() if what != "help"]
        if shown:
            yield "Here and now", tuple(shown)
        yield (here := next(tab for tab in TABS if tab.name == self.active_tab)).title, self.active_pane.help_keys()
        if numbers := here.load_pane().NUMBERS:
            yield "How to read the numbers", numbers
        yield "In a list", ItemList.KEYS
        tabs = (" ".join(tab.key for tab in TABS), f"{', '.join(self._titles.values())}; again: its input line")
        yield "Everywhere", (tabs, *GLOBAL_KEYS)
        for tab in TABS:
            if tab is not here:
                yield tab.title, tab.load_pane().KEYS
        reports = str(Path(self._log_hint).with_name("reports"))
        yield "If something goes wrong", (("log", self._log_hint), ("reports of errors", reports))

    async def action_quit(self) -> None:
        """Leave the app; while a job runs, ask first."""
        self._quit()

    def _quit(self) -> None:
        from tui.widgets.quit_prompt import QuitPrompt

        if isinstance(self.screen, QuitPrompt) or self.state.job_to_lose(self._titles) is None:
            self.exit()  # asked a second time, or there is nothing to ask
        else:
            self.push_screen(QuitPrompt(self.state, self._titles))

    def action_leave(self) -> None:
        """Leave the app without a question."""
        self.exit()

    def action_suspend_process(self) -> None:
        """Give the terminal back to the shell until the app is brought to the foreground."""
        from tui.terminal import has_shell

        if has_shell():
            super().action_suspend_process()
        else:
            self.notify("There is no shell here that could bring the app back.", markup=False, timeout=4)

    @on(Driver.SignalResume)
    def _resumed(self) -> None:
        """Draw everything anew: the shell has cleared the screen."""
        for screen in self.screen_stack:
            screen.refresh(layout=True)

    def action_help_quit(self) -> None:
        """Ctrl+C copies in an input line; elsewhere a second Ctrl+C within two seconds quits."""
        now = time.monotonic()
        if now - self._quit_requested_at < 2:
            self._quit()
        else:
            self._quit_requested_at = now
            self.notify("Press Ctrl+C again to quit.", markup=False, timeout=2)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers now."""
        from tui.app_commands import app_commands

        try:
            # Textual reads their first four fields, which are those of its own commands.
            yield from cast("Iterable[SystemCommand]", app_commands(self))
        except Exception as error:  # Textual would leave these commands out in silence
            self._handle_exception(error)
