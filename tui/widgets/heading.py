"""The top two lines: whose data and what computes, and the tabs."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.text import clean, fit, shorten


class Heading(Widget):
    """One line: the program, the data set, and at the right the device and how it is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"heading--program", "heading--muted"}

    DEFAULT_CSS = """
    Heading {
        height: 1;
        background: $panel;
        & > .heading--program { text-style: bold; color: $text-primary; }
        & > .heading--muted { color: $text-muted; }
    }
    """

    dataset: reactive[str] = reactive("")
    device: reactive[str] = reactive("")

    def render_line(self, y: int) -> Strip:
        """Draw the line; the data set gives way before the device does."""
        width = self.size.width
        program, device = " recsys-tui   ", f"  {shorten(self.device, width // 2)} "
        room = max(width - cell_len(program) - cell_len(device), 0)
        return Strip(
            [
                Segment(program, self.get_visual_style("heading--program").rich_style),
                Segment(fit(self.dataset, room), self.rich_style),
                Segment(device, self.get_visual_style("heading--muted").rich_style),
            ]
        ).adjust_cell_length(width, self.rich_style)


class TabBar(Widget):
    """One line: the tabs with the keys that open them, the open one marked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tabs--key", "tabs--open", "tabs--hover"}

    DEFAULT_CSS = """
    TabBar {
        height: 1;
        background: $surface;
        color: $text-muted;
        & > .tabs--key { color: $text-muted; }
        & > .tabs--open { color: $text; background: $primary 40%; text-style: bold; }
        & > .tabs--hover { background: $block-hover-background; }
    }
    """

    active: reactive[str] = reactive("")
    typing: reactive[bool] = reactive(False)
    hovered: reactive[str] = reactive("")

    class Picked(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, tabs: tuple[tuple[str, str], ...]) -> None:
        """Take pairs of name and label."""
        super().__init__()
        self._tabs = tabs

    def _labels(self) -> list[tuple[str, str]]:
        # While text is being typed digits belong to it, and the function keys are what works.
        keys = [f"F{number + 1}" if self.typing else f" {number}" for number in range(1, len(self._tabs) + 1)]
        return [(name, f" {key} {clean(label)}  ") for key, (name, label) in zip(keys, self._tabs, strict=True)]

    def render_line(self, y: int) -> Strip:
        """Draw the tabs."""
        segments = []
        for name, label in self._labels():
            component = "tabs--open" if name == self.active else "tabs--hover" if name == self.hovered else "tabs--key"
            segments.append(Segment(label, self.get_visual_style(component).rich_style))
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

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
        for name, label in self._labels():
            edge += cell_len(label)
            if x < edge:
                return name
        return None
