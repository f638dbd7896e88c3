"""The input line of a pane."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Key, Paste
from textual.message import Message
from textual.widget import Widget

from tui.sanitize import sanitize
from tui.widgets.cell_text import clean
from tui.widgets.limited_input import LimitedInput

_LONGEST = 2_000
#: How often the cursor is shown or hidden, in ten seconds, before it rests: an app left alone should do nothing.
_MOST_BLINKS = 20
_LINE_END = re.compile(r"\s*[\r\n]\s*")


class QueryInput(LimitedInput):
    """A framed input that passes the arrow keys on to the list below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "arrow(1)", "list", id="line-down"),
        Binding("up", "arrow(-1)", "Up", show=False, id="line-up"),
    ]

    DEFAULT_CSS = """
    QueryInput {
        height: 3;
        padding: 0 1;
        background: transparent;
        border: round $foreground 30%;
        border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
        & > .input--placeholder { color: $text-muted; }
        &:focus {
            background: transparent;
            background-tint: transparent;
            border: round $primary;
            border-title-color: $text;
            border-title-style: bold;
        }
    }
    """

    @dataclass
    class Arrow(Message):
        """An arrow key was pressed: 1 for down, -1 for up."""

        by: int

    def __init__(self, title: str, placeholder: str, *, blink: bool = True, id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, max_length=_LONGEST, id=id, select_on_focus=False)
        self.cursor_blink = blink
        self._leads_on = False
        self._blinks = 0
        self._held: list[Key] | None = None
        self.retitle(title)

    def _toggle_cursor(self) -> None:
        """Blink, and let the cursor rest where nothing was typed for some time."""
        self._blinks += 1
        if self._blinks < _MOST_BLINKS:
            super()._toggle_cursor()
        else:
            self._pause_blink(visible=True)

    def _restart_blink(self) -> None:
        self._blinks = 0
        super()._restart_blink()

    def hold_keys(self, seconds: float) -> None:
        """Keep letters back for a moment: a list is about to come, and they may be meant as keys of it."""
        if seconds and self._held is None:
            self._held = []
            self.set_timer(seconds, self.release_keys)

    def release_keys(self, to: Widget | None = None) -> None:
        """Give the letters that were kept back to this line, or to another widget that has the focus now."""
        held, self._held = self._held, None
        if held and self.is_attached and self.screen.focused is (to or self):
            for event in held:
                again = Key(event.key, event.character)
                again.set_sender(self.app)  # as of a key that is pressed: what a parent has sent stops at that parent
                self.app.post_message(again)

    def _on_key(self, event: Key) -> None:  # type: ignore[override]
        if self._held is not None and event.is_printable:
            event.stop()
            event.prevent_default()
            self._held.append(event)

    def _on_paste(self, event: Paste) -> None:
        """Join the lines of a pasted text, and cut it to the room that is left."""
        event.stop()
        event.prevent_default()
        text = sanitize(_LINE_END.sub(" ", event.text.strip("\r\n")))
        start, end = sorted(self.selection)
        room = max(0, _LONGEST - len(self.value) + (end - start))
        if len(text) > room:
            text = text[:room]
            self.notify(f"Cut to {_LONGEST:,} characters.", markup=False)
        if text:
            self.replace(text, start, end)

    def set_leads_on(self, leads: bool) -> None:
        """Set whether there is anything below that Down could go to."""
        if leads != self._leads_on:
            self._leads_on = leads
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the arrow keys only while there is something below."""
        return self._leads_on if action == "arrow" else super().check_action(action, parameters)

    def retitle(self, title: str, subtitle: str = "") -> None:
        """Write on the frame."""
        self.border_title = Content(clean(title))
        self.border_subtitle = Content(clean(subtitle))

    def action_arrow(self, by: int) -> None:
        """Move to the list below, or within it."""
        self.post_message(self.Arrow(by))
