"""One line of a form: a value that is chosen with the arrow keys, or one that is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui.widgets.cell_text import clean, shorten
from tui.widgets.limited_input import LimitedInput


class FormInput(LimitedInput):
    """A value that is typed."""

    DEFAULT_CSS = """
    FormInput { width: 1fr; height: 1; border: none; padding: 0 1; background: $foreground 6%; }
    FormInput:focus { border: none; background: $primary 25%; }
    """

    def __init__(self, value: str = "", placeholder: str = "", *, longest: int = 200, id: str | None = None) -> None:
        super().__init__(value, placeholder=clean(placeholder), max_length=longest, select_on_focus=False, id=id)
        self.cursor_blink = False


class ChoiceLine(Static, can_focus=True):
    """A value of a few; the left and right arrow keys, the space bar and a click change it.

    Parameters
    ----------
    id
        The name of the value.
    changed
        Called when another value was chosen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "step(1)", "change", key_display="←→", id="next-value"),
        Binding("left", "step(-1)", "Previous value", show=False, id="previous-value"),
    ]

    DEFAULT_CSS = """
    ChoiceLine { width: 1fr; height: 1; padding: 0 1; background: $foreground 6%; text-wrap: nowrap; }
    ChoiceLine:focus { background: $primary 25%; }
    """

    def __init__(self, id: str, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__(id=id)
        # A message would be handled after keys that are already pressed, which may be for lines that it shows.
        self._changed = changed
        self._choices: Sequence[tuple[str, str]] = ()
        self._at = 0

    @property
    def value(self) -> str:
        """The value that is chosen; empty if there is none."""
        return self._choices[self._at][0] if self._choices else ""

    def offer(self, choices: Sequence[tuple[str, str]], value: str = "") -> None:
        """Offer these values, each with what is shown of it, and begin with one of them."""
        self._choices = tuple(choices)
        self._at = next((place for place, (one, _) in enumerate(choices) if one == value), 0)
        self._draw()

    def action_step(self, by: int) -> None:
        """Take the next value."""
        if len(self._choices) > 1:
            self._at = (self._at + by) % len(self._choices)
            self._draw()
            self._changed()

    def on_resize(self) -> None:
        """Cut what is shown where the line has become too short for it."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Take the next value."""
        event.stop()
        self.focus()
        self.action_step(1)

    def _draw(self) -> None:
        shown = self._choices[self._at][1] if self._choices else "–"
        before, after = ("‹ ", " ›") if len(self._choices) > 1 else ("  ", "")
        width = self.content_size.width
        room = width - cell_len(before + after) if width else cell_len(clean(shown))
        self.update(Content(f"{before}{shorten(shown, room)}{after}"))
