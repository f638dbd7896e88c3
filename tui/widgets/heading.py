"""The top two lines: the data set and the device, and the tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.widgets.cell_text import clean, count, fit, shorten
from tui.widgets.contained import Contained

if TYPE_CHECKING:
    from engine.session import Overview

#: So long is each of the breadcrumbs at most.
_LONGEST_CRUMB = 24


class Heading(Contained, Widget):
    """One line: the program, the data set, and at the right the device and its state."""

    DEFAULT_CSS = """
    Heading { height: 1; background: $panel; color: $text-muted; text-wrap: nowrap; }
    """

    dataset: reactive[str] = reactive("")
    device: reactive[str] = reactive("")

    def render(self) -> Content:
        """The line; where room is short, the data set is cut first."""
        width = self.size.width
        program, device = " recsys-tui   ", f"  {shorten(self.device, width // 2)} "
        room = max(width - cell_len(program) - cell_len(device), 0)
        return Content.assemble((program, "bold $text-primary"), (fit(self.dataset, room), "$text"), device)


class TabBar(Contained, Widget):
    """One line: the tabs with the keys that open them, the open one marked."""

    DEFAULT_CSS = """
    TabBar { height: 1; background: $surface; color: $text-muted; text-wrap: nowrap; }
    """

    active: reactive[str] = reactive("")
    trail: reactive[tuple[str, ...]] = reactive(())
    """The places that led here and the present one, for the room at the right."""
    hovered: reactive[str] = reactive("")

    class Picked(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, tabs: tuple[tuple[str, str, str], ...]) -> None:
        """Take the name, the key and the label of each tab."""
        super().__init__()
        self._tabs = [(name, f"{key} ", clean(label)) for name, key, label in tabs]

    def render(self) -> Content:
        """The tabs."""
        parts: list[tuple[str, str]] = []
        for name, key, label in self._tabs:
            if name == self.active:
                box = "$text on $primary 40%"
                parts += [(f" {key}", box), (f"{label}  ", f"bold {box}")]
            else:
                parts += [(" ", ""), (key, "$text-primary"), (f"{label}  ", "$text" if name == self.hovered else "")]
        return Content.assemble(*parts, self._breadcrumbs(sum(cell_len(text) for text, _ in parts)))

    def _breadcrumbs(self, taken: int) -> str:
        """The last of the places for which there is room, at the right."""
        room, shown = self.size.width - taken - 2, ""
        for title in reversed(self.trail):
            longer = f"{shorten(title, _LONGEST_CRUMB)} › {shown}" if shown else shorten(title, _LONGEST_CRUMB)
            if cell_len(longer) > room:
                break
            shown = longer
        if len(self.trail) < 2 or " › " not in shown:
            return ""
        return fit(shown, room + 1, right=True)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show which tab a click would open."""
        self.hovered = self._at(event.x) or ""

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self.hovered = ""

    def on_click(self, event: events.Click) -> None:
        """Open a tab."""
        name = self._at(event.x)
        if name is not None:
            self.post_message(self.Picked(name))

    def _at(self, x: int) -> str | None:
        edge = 0
        for name, key, label in self._tabs:
            edge += cell_len(f" {key}{label}  ")
            if x < edge:
                return name
        return None


def dataset_line(overview: Overview) -> str:
    """A data set in one line."""
    audience = count(overview.num_users, "user")
    if overview.simulated:
        audience = f"simulated audience of {overview.num_users:,}"
    title = clean(overview.title) or clean(overview.name)
    return " · ".join([title, count(overview.num_items, "item"), audience])
