"""The bottom line: the keys that do something right now."""

from __future__ import annotations

from itertools import accumulate

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from tui.widgets.cell_text import clean
from tui.widgets.contained import Contained

_NAMES = {
    "escape": "Esc",
    "enter": "↵",
    "space": "Space",
    "tab": "Tab",
    "delete": "Del",
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
}

#: What always has room, at the end of the line.
_LAST = ("palette", "help")


class KeyHints(Contained, Widget):
    """Keys and what they do, nearest to the cursor first; what has no room is behind the help key.

    One widget that draws one line: Textual's own footer is a widget a key, mounted anew at each change of focus,
    and scrolls sideways where it is too narrow.
    """

    DEFAULT_CSS = """
    KeyHints { height: 1; background: $panel; color: $text-muted; text-wrap: nowrap; }
    """

    def on_mount(self) -> None:
        """Redraw when the keys change, and when something opens in front of the screen or closes."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self.watch(self.screen, "stack_updates", self._stack_changed, init=False)

    def _changed(self, _: Screen[object]) -> None:
        self.refresh()

    def _stack_changed(self) -> None:
        self.refresh()

    def hints(self) -> list[tuple[str, str, str]]:
        """Each key that works now, how it is written, and what it does; the help key is last."""
        found: dict[str, tuple[str, str, str]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in found:
                found[binding.action] = (binding.key, self._written(binding), clean(binding.description))
        return sorted(found.values(), key=lambda hint: hint[2] in _LAST)

    def _written(self, binding: Binding) -> str:
        if binding.key_display or binding.key not in _NAMES:
            return clean(self.app.get_key_display(binding))
        return _NAMES[binding.key]

    def render(self) -> Content:
        """The line; empty while something else is in front of the screen, since its keys do nothing then."""
        if self.app.screen_stack[-1:] != [self.screen]:
            return Content()
        parts: list[Content | str | tuple[str, str]] = [" "]
        for hint, _ in self._placed(self.size.width):
            parts += [(f"{hint[1]} ", "bold $text-primary"), f"{hint[2]}  "]
        return Content.assemble(*parts)

    def _placed(self, width: int) -> list[tuple[tuple[str, str, str], int]]:
        """The hints that fit, with the cells they end at; the help key tells of those that do not."""
        hints = self.hints()
        first = [hint for hint in hints if hint[2] not in _LAST]
        for kept in range(len(first), -1, -1):
            more = f" · {len(first) - kept} more" if kept < len(first) else ""
            shown = first[:kept]
            shown += [(key, written, what + more * (what == "help")) for key, written, what in hints if what in _LAST]
            ends = list(accumulate((cell_len(f"{written} {what}  ") for _, written, what in shown), initial=1))[1:]
            if not ends or ends[-1] <= width:
                break
        return list(zip(shown, ends, strict=True))

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        for hint, edge in self._placed(self.size.width):
            if event.x < edge:
                self.app.simulate_key(hint[0])
                return
