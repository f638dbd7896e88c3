"""The screen with the map of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.backend.backend import Backend
from tui.map.canvas import MapCanvas
from tui.map.side import MapSide
from tui.messages import (
    Answered,
    Failed,
    Failure,
    MapLayer,
    ShowMap,
)
from tui.panes.base import Debouncer
from tui.state import AppState
from tui.widgets.cell_text import clean, count
from tui.widgets.hints import KeyHints
from tui.widgets.item_list import ItemList
from tui.widgets.notice import Notice
from tui.widgets.popup import ClosedOnce
from tui.widgets.table import Table

if TYPE_CHECKING:
    from engine.session import ItemMap, Surroundings

#: From these widths on there is more room beside the map.
_WIDE, _VERY_WIDE = 100, 160
#: How many neighbours light up.
_NEIGHBOURS = 12
#: What a map is; and the cells beside what is said in the heading.
_NEAR, _BESIDE_ABOUT = "by meaning: what is near is alike", 7
#: The name of the job that refines the map; it works for no tab.
TASK = "map"

#: The keys of the map, for the help screen.
KEYS = (
    ("← ↑ ↓ → h j k l", "the next item in a direction; with Shift farther"),
    ("+ -", "closer, farther; the mouse wheel, too"),
    ("Home", "the whole map"),
    ("n N", "next and previous marked item"),
    ("Enter d", "details"),
    ("Space", "what can be done with the item: more like this …"),
    ("Tab", "the list of neighbours; . goes to one on the map"),
    ("Esc M", "close the map"),
)


class MapScreen(ClosedOnce, ModalScreen[None]):
    """The catalogue laid out by meaning, in front of the tabs.

    Parameters
    ----------
    backend, state
        The way to the engine, and what is known.
    shown
        The item to begin with, and the items to mark.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("full_stop", "go_there", "go there", key_display=".", id="map-go-there"),
        Binding("e,f5", "embed", "embed", id="embed"),
        Binding("r,f5", "retry", "try again", id="retry"),
        Binding("tab,shift+tab", "other_side", "neighbours", key_display="Tab", id="map-other-side"),
        Binding("f1,question_mark", "help", "help", key_display="?", id="help"),
        Binding("escape,q,M", "dismiss", "close", id="close"),
    ]

    DEFAULT_CSS = """
    MapScreen {
        background: $background;
        & > #map-heading { height: 1; background: $panel; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > Horizontal { height: 1fr; }
        &.-wide MapSide { width: 42; }
        &.-very-wide MapSide { width: 52; }
    }
    """

    def __init__(self, backend: Backend, state: AppState, shown: ShowMap) -> None:
        super().__init__()
        self._backend, self._state = backend, state
        self._layers: tuple[MapLayer, ...] = shown.layers
        self._start = None if shown.item is None else shown.item.internal_id
        self._heading = Static(id="map-heading")
        self._notice = Notice()
        self._canvas = MapCanvas(id="map-canvas")
        self._side = MapSide()
        self._map: ItemMap | None = None
        self._around: Surroundings | None = None
        self._failure: Failure | None = None
        self._embedded = -1
        self._said = ""
        self._job_seen: tuple[int, str] | None = None
        self._drawing = backend.mailbox("map", self.post_message)
        self._looking = backend.mailbox("around", self.post_message)
        self._moving = Debouncer(self, lambda: state.pace.glance)

    def compose(self) -> ComposeResult:
        """The map, and beside it what is near the cursor."""
        yield self._heading
        with Horizontal():
            yield self._notice
            yield self._canvas
            yield self._side
        yield KeyHints()

    def on_mount(self) -> None:
        """Ask for the map."""
        self._resize(self.app.size.width)
        self._canvas.display = self._side.display = False
        self.refresh_state()

    def on_resize(self, event: events.Resize) -> None:
        """Give the panel beside the map the room that there is."""
        self._resize(event.size.width)

    def on_unmount(self) -> None:
        """End the threads of the requests; a refinement goes on."""
        self._moving.cancel()
        self._drawing.close()
        self._looking.close()

    def _resize(self, width: int) -> None:
        self.set_class(_WIDE <= width < _VERY_WIDE, "-wide")
        self.set_class(width >= _VERY_WIDE, "-very-wide")

    # -- requests ---------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow what is embedded, and the jobs."""
        dataset = self._state.dataset
        if (
            dataset is not None
            and self._state.active_job("search") is None
            and dataset.embedding.done != self._embedded
        ):
            self._embedded = dataset.embedding.done
            self._ask()
        job = self._state.last_job(TASK)
        if job is not None and (job.id, job.state) != self._job_seen:
            self._job_seen = job.id, job.state
            if job.state == "done":
                self._ask()
        self._draw()

    def _ask(self) -> None:
        self._failure = None
        self._drawing.ask(lambda session, job: session.map.current(job))

    def on_answered(self, message: Answered) -> None:
        """Show the map, or what is around an item of it."""
        message.stop()
        if self._drawing.is_current(message.request):
            self._show(message.value)
        elif self._looking.is_current(message.request):
            self._lit(message.value)

    def on_failed(self, message: Failed) -> None:
        """Say why there is no map."""
        message.stop()
        if self._drawing.is_current(message.request):
            self._failure = message.failure
            self._draw()
        elif self._looking.is_current(message.request):
            self.notify(clean(message.failure.text), severity="error", markup=False)

    def _show(self, found: ItemMap) -> None:
        item = self._start if self._map is None else self._canvas.item
        self._map = found
        self._canvas.show(found, self._layers, item)
        self._side.explain(self._canvas.marked)
        last = self._state.last_job(TASK)
        if not found.refined and (last is None or last.state == "done"):
            self._backend.refine_map()
        self._draw()
        if self.focused is None:
            self.set_focus(self._canvas)

    @on(MapCanvas.Moved)
    def _moved(self) -> None:
        self._around = None
        self.say("")
        self._moving.call(self._look_around)

    def _look_around(self) -> None:
        item = self._canvas.item
        if item is not None:
            self._looking.ask(lambda session, job: session.map.around(item, _NEIGHBOURS, job))

    def _lit(self, found: Surroundings) -> None:
        if found.item.internal_id != self._canvas.item:
            return
        self._around = found
        near = tuple(result.item.internal_id for result in found.nearest)
        self._canvas.light_up(found.item, MapLayer("near", "nearest in meaning", near))
        self._side.show(found)

    # -- drawing ----------------------------------------------------------------------------------------------
    def _draw(self) -> None:
        has_map = self._map is not None and self._failure is None
        self._canvas.display = self._side.display = has_map
        self._notice.display = not has_map
        self._head()
        if not has_map:
            self._explain()
        self.refresh_bindings()

    def say(self, text: str) -> None:
        """Confirm something until the cursor moves: the status line is behind the map."""
        if text != self._said:
            self._said = text
            self._head()

    def _head(self) -> None:
        self._heading.update(Content.assemble(("Map", "bold $text"), "  ", clean(self._said or self._about())))

    def _about(self) -> str:
        parts = []
        if self._map is not None:
            parts.append(count(len(self._map.items), "item"))
            if self._map.num_missing:
                parts.append(f"{self._map.num_missing:,} not embedded")
            parts.append(_NEAR)
        job = self._state.last_job(TASK)
        if job is not None and job.active:
            progress = job.progress
            share = f" {progress.done / progress.total:.0%}" if progress is not None and progress.total else ""
            parts.insert(
                1, f"first picture · {'refining' + share if job.state != 'waiting' else 'refining waits for its turn'}"
            )
        elif job is not None and job.failure is not None:
            parts.insert(1, f"first picture; refining failed: {job.failure.text}")
        about = " · ".join(parts)
        # What is always true gives way to what is going on.
        if cell_len(about) > self.size.width - _BESIDE_ABOUT:
            about = " · ".join(part for part in parts if part != _NEAR)
        return about

    def _explain(self) -> None:
        """Say why there is no map, and what to do."""
        embedding, failure = self._state.active_job("search"), self._failure
        if self._state.failure is not None:
            self._notice.show("No data set is open", self._state.failure.text)
        elif embedding is not None:
            self._notice.show_job(embedding, "")
        elif failure is None:
            self._notice.show("Drawing the map …", "The first picture takes a few seconds.")
        elif failure.kind == "untrained":
            self._notice.show("Nothing to draw a map of yet", failure.text, ("embed", "e", "embed the catalogue"))
        else:
            self._notice.show_failed("The map cannot be drawn", failure)

    # -- keys -------------------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        has_map = self._map is not None and self._failure is None
        match action:
            case "other_side":
                return has_map
            case "go_there":
                return has_map and self.focused is self._side.near
            case "embed":
                untrained = self._failure is not None and self._failure.kind == "untrained"
                return untrained and self._state.active_job("search") is None
            case "retry":
                return self._failure is not None and self._failure.kind != "untrained"
        return True

    def action_go_there(self) -> None:
        """Put the cursor of the map on the neighbour that is marked in the list."""
        item = self._side.near.item
        if item is not None:
            self._canvas.go_to(item.internal_id)
            self.set_focus(self._canvas)

    def action_other_side(self) -> None:
        """Go from the map to the list of neighbours, or back."""
        self.set_focus(self._canvas if self.focused is self._side.near else self._side.near)

    def action_embed(self) -> None:
        """Embed the catalogue."""
        self._backend.embed()

    def action_retry(self) -> None:
        """Ask for the map again."""
        self._ask()
        self._draw()

    def action_help(self) -> None:
        """Show the keys of the map."""
        from tui.widgets.help import HelpScreen

        self.app.push_screen(HelpScreen([("Map", KEYS), ("In the list", ItemList.KEYS)]))

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        if isinstance(event.table, ItemList) and (details := event.table.details()):
            self.post_message(details)

    @on(Table.LeftTop)
    def _left_list(self) -> None:
        self.set_focus(self._canvas)
