"""The drawing of a map: points as braille dots, names of regions, marks of layers, and a cursor on one item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.listing import item_record
from tui.map.layers import Marked, mark, positions
from tui.map.picture import STYLES, Palette, area_of, draw
from tui.map.viewport import Viewport, nearest_to, next_in_direction
from tui.messages import ShowDetails
from tui.verbs import ITEM_VERBS, ItemSubject, bindings_of
from tui.widgets.verb_target import VerbTarget

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.session import Item, ItemMap
    from tui.messages import MapLayer

#: How much a key or a turn of the wheel magnifies.
_STEP = 1.5
#: How many cells a long step goes.
_FAR = 12


class MapCanvas(VerbTarget[ItemSubject], Widget, can_focus=True):
    """A map of any size in any window.

    Drawing is arithmetic on whole arrays, so that tens of thousands of points move with the keys.
    """

    VERBS = tuple(verb for verb in ITEM_VERBS if verb.id != "export-list")

    withheld = frozenset({"who-liked-it"})  # its key moves to the right

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "details", "details", id="choose"),
        Binding("left,h", "go(-1,0)", "Left", show=False, id="map-left"),
        Binding("right,l", "go(1,0)", "Right", show=False, id="map-right"),
        Binding("up,k", "go(0,-1)", "Up", show=False, id="map-up"),
        Binding("down,j", "go(0,1)", "Down", show=False, id="map-down"),
        Binding("shift+left,H", f"go(-1,0,{_FAR})", "Far left", show=False, id="map-far-left"),
        Binding("shift+right,L", f"go(1,0,{_FAR})", "Far right", show=False, id="map-far-right"),
        Binding("shift+up,K", f"go(0,-1,{_FAR // 2})", "Far up", show=False, id="map-far-up"),
        Binding("shift+down,J", f"go(0,1,{_FAR // 2})", "Far down", show=False, id="map-far-down"),
        Binding("plus,equals_sign,pageup", "zoom(1)", "closer", key_display="+", id="map-closer"),
        Binding("minus,pagedown", "zoom(-1)", "farther", key_display="-", id="map-farther"),
        Binding("home,0", "whole", "Whole map", show=False, id="map-whole"),
        Binding("n", "mark(1)", "next mark", id="map-next-mark"),
        Binding("N", "mark(-1)", "Previous mark", show=False, id="map-previous-mark"),
        *bindings_of(VERBS),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = STYLES

    DEFAULT_CSS = """
    MapCanvas {
        width: 1fr;
        height: 1fr;
        & > .map--area-0 { color: $text-primary; }
        & > .map--area-1 { color: $text-success; }
        & > .map--area-2 { color: $text-secondary; }
        & > .map--area-3 { color: $text-warning; }
        & > .map--area-4 { color: $text-error; }
        & > .map--area-5 { color: $text-muted; }
        & > .map--label { text-style: bold; }
        & > .map--known { color: $text; text-style: bold; }
        & > .map--offered { color: $text-accent; text-style: bold; }
        & > .map--near { color: $text; text-style: bold; background: $primary 30%; }
        & > .map--cursor { color: $background; background: $text-accent; text-style: bold; }
    }
    """

    @dataclass
    class Moved(Message):
        """The cursor is on another item.

        Attributes
        ----------
        item
            Its internal id.
        """

        item: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._map: ItemMap | None = None
        self._areas: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._places: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._marked: list[Marked] = []
        self._near: Marked | None = None
        self._known: Item | None = None
        self._asked_for = ""
        self._viewport = Viewport(1, 1)
        self._points: npt.NDArray[np.float32] = np.zeros((2, 0), dtype=np.float32)
        self._cells = self._points
        self._palette: Palette | None = None
        self._lines: list[Strip] | None = None
        self._is_due = False
        self._dragged: tuple[int, int] | None = None
        self.cursor = 0
        """The position of the item under the cursor among the points of the map."""

    # -- content ----------------------------------------------------------------------------------------------
    @property
    def item(self) -> int | None:
        """The internal id of the item under the cursor."""
        return None if self._map is None else int(self._map.items[self.cursor])

    @property
    def marked(self) -> Sequence[Marked]:
        """The layers, without that of the items near the cursor."""
        return self._marked

    @property
    def viewport(self) -> Viewport:
        """What shows."""
        return self._viewport

    def show(self, one: ItemMap, layers: Sequence[MapLayer], item: int | None = None) -> None:
        """Show a map.

        Parameters
        ----------
        one
            The map.
        layers
            The items to mark.
        item
            The internal id of the item under the cursor; the best known one if it is not on the map.
        """
        self._map, self._points = one, np.ascontiguousarray(one.points.T)
        self._places = positions(one.items)
        self._marked = [mark(layer, self._places) for layer in layers]
        self._near = self._known = None
        self._areas = area_of(one)
        known = item is not None and 0 <= item < len(self._places) and self._places[item] >= 0
        first = next((int(layer.points[0]) for layer in self._marked if len(layer.points)), 0)
        self.cursor = int(self._places[item]) if known else first
        self._project()
        self._see_cursor()
        self.post_message(self.Moved(int(one.items[self.cursor])))

    def light_up(self, item: Item, layer: MapLayer) -> None:
        """Mark what is near the item under the cursor; what was asked for of this item is then done."""
        self._near, self._known = mark(layer, self._places), item
        self._draw_anew()
        verb, self._asked_for = self._asked_for, ""
        if verb:
            self.action_verb(verb)
        self.refresh_bindings()

    # -- verbs ------------------------------------------------------------------------------------------------
    def subject(self) -> ItemSubject | None:
        """The item under the cursor, once more than its number is known."""
        item = self._known
        return None if item is None else ItemSubject(ShowDetails(item), lambda: item_record(item))

    def action_verb(self, name: str) -> None:
        """Have something done with the item under the cursor, as soon as it is known."""
        if self._known is None:
            self._asked_for = name
        else:
            super().action_verb(name)

    def action_details(self) -> None:
        """Show the details of the item under the cursor."""
        self.action_verb("details")

    def go_to(self, item: int) -> None:
        """Put the cursor on an item, if it is on the map."""
        if 0 <= item < len(self._places) and self._places[item] >= 0:
            self._set_cursor(int(self._places[item]))

    # -- moving -----------------------------------------------------------------------------------------------
    def action_go(self, across: int, down: int, least: int = 1) -> None:
        """Move the cursor to the next item in a direction."""
        if self._map is not None:
            found = next_in_direction(self._cells, self.cursor, across, down, least)
            if found is None and least > 1:
                found = next_in_direction(self._cells, self.cursor, across, down)
            if found is not None:
                self._set_cursor(found)

    def action_zoom(self, steps: int) -> None:
        """Magnify what is around the cursor, or go back from it."""
        if self._map is not None:
            column, row = self._cells[:, self.cursor]
            self._look(self._viewport.zoomed(_STEP**steps, float(column), float(row)))

    def action_whole(self) -> None:
        """Show the whole map."""
        self._look(Viewport(self._viewport.width, self._viewport.height))

    def action_mark(self, by: int) -> None:
        """Move the cursor to the next marked item, layer by layer."""
        marked = [int(point) for layer in self._marked for point in layer.points]
        if marked:
            at = marked.index(self.cursor) + by if self.cursor in marked else (0 if by > 0 else -1)
            self._set_cursor(marked[at % len(marked)])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the next mark only where something is marked, and verbs also while the item is looked up."""
        match action:
            case "mark":
                return any(len(layer.points) for layer in self._marked)
            case "details":
                return self._map is not None
            case "verb" if self._known is None:
                return self._map is not None and parameters[0] not in self.withheld
        return super().check_action(action, parameters)

    def _set_cursor(self, point: int) -> None:
        if point != self.cursor and self._map is not None:
            self.cursor, self._near, self._known, self._asked_for = point, None, None, ""
            self._see_cursor()
            self._draw_anew()
            self.post_message(self.Moved(int(self._map.items[point])))

    def _see_cursor(self) -> None:
        if self._cells.size:
            column, row = self._cells[:, self.cursor]
            self._look(self._viewport.showing(float(column), float(row)))

    def _look(self, viewport: Viewport) -> None:
        if viewport != self._viewport:
            self._viewport = viewport
            self._project()

    def _project(self) -> None:
        if self._map is not None:
            self._cells = self._viewport.cells(self._points)
        self._draw_anew()

    # -- the mouse --------------------------------------------------------------------------------------------
    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag the map."""
        self._dragged = event.x, event.y
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the map."""
        if self._dragged is not None and self._viewport.zoom > 1:
            self._look(self._viewport.moved(-event.delta_x, -event.delta_y))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Pick the item under the mouse, unless the map was dragged."""
        self.release_mouse()
        begun, self._dragged = self._dragged, None
        if self._map is None or begun is None or begun != (event.x, event.y):
            return
        found = nearest_to(self._cells, event.x, event.y)
        if found == self.cursor:
            self.action_details()
        else:
            self._set_cursor(found)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Magnify what is under the mouse."""
        event.stop()
        self._look(self._viewport.zoomed(_STEP, event.x, event.y))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go back from what is under the mouse."""
        event.stop()
        self._look(self._viewport.zoomed(1 / _STEP, event.x, event.y))

    # -- drawing ----------------------------------------------------------------------------------------------
    def on_resize(self, event: events.Resize) -> None:
        """Draw in the new size."""
        self._viewport = replace(self._viewport, width=max(event.size.width, 1), height=max(event.size.height, 1))
        self._lines = None
        self._project()
        self._see_cursor()

    def notify_style_update(self) -> None:
        """Draw in the new colours."""
        super().notify_style_update()
        self._lines = self._palette = None

    def on_focus(self) -> None:
        """Show that keys move the cursor."""
        self._draw_anew()

    def _draw_anew(self) -> None:
        """Draw when all that is at hand has been done, and paint only the lines that have become different.

        A step of the cursor changes few lines, and over a slow line each of them costs time.
        """
        if self._lines is None:
            self.refresh()
        elif not self._is_due:
            self._is_due = True
            self.call_next(self._paint_changes)

    def _paint_changes(self) -> None:
        self._is_due = False
        before = self._lines
        if before is None or self._map is None:
            return
        self._lines = self._draw(self._map)
        changed = [
            Region(0, row, self.size.width, 1)
            for row, (old, new) in enumerate(zip_longest(before, self._lines))
            if old != new
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if self._map is None:
            return Strip.blank(self.size.width, self.rich_style)
        if self._lines is None:
            self._lines = self._draw(self._map)
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width, self.rich_style)

    def _draw(self, one: ItemMap) -> list[Strip]:
        near = () if self._near is None else (self._near,)
        if self._palette is None:
            self._palette = Palette(self.get_visual_style)
        return draw(one, self._cells, self._viewport, (*self._marked, *near), self.cursor, self._areas, self._palette)
