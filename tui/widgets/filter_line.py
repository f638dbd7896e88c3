"""The query line: its filters are marked, and a half-typed one can be completed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar

from rich.highlighter import Highlighter
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from tui.widgets.cell_text import clean
from tui.widgets.query_input import QueryInput

if TYPE_CHECKING:
    from rich.text import Text

    from engine.session import ParsedQuery


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of the line that is a filter, or looks like one."""

    start: int
    end: int
    understood: bool

    def moved(self, before: str, after: str) -> Mark:
        """Where the mark is after the line has changed: marks must not blink at each key."""
        head = _common_length(before, after)
        tail = _common_length(before[head:][::-1], after[head:][::-1])
        shift, edge = len(after) - len(before), len(before) - tail
        start = self.start if self.start <= head else max(self.start, edge) + shift
        end = self.end + shift if self.end >= edge else min(self.end, head)
        return Mark(start, max(start, end), self.understood)


def _common_length(one: str, other: str) -> int:
    """The length of the common beginning of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


class _Marker(Highlighter):
    def __init__(self, line: FilterLine) -> None:
        self._line = line

    def highlight(self, text: Text) -> None:
        for mark in self._line.marks:
            name = "filter-line--filter" if mark.understood else "filter-line--problem"
            text.stylize(self._line.get_component_rich_style(name, partial=True), mark.start, mark.end)


class FilterLine(QueryInput):
    """A framed input with marked filters, their meaning on the frame, and a suggestion behind the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", "complete", key_display="Tab", id="complete")]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"filter-line--filter", "filter-line--problem"}

    DEFAULT_CSS = """
    FilterLine {
        border-subtitle-align: left;
        & > .filter-line--filter { color: $text-primary; text-style: bold; }
        & > .filter-line--problem { color: $text-error; text-style: underline; }
        & > .input--suggestion { color: $text-muted; }
    }
    """

    class Complete(Message):
        """Tab was pressed, or Right at the end of the line, and there is something to complete."""

    def __init__(self, title: str, placeholder: str, *, blink: bool = True, id: str | None = None) -> None:
        super().__init__(title, placeholder, blink=blink, id=id)
        self.highlighter = _Marker(self)
        self.parsed: ParsedQuery | None = None
        """The line as it was last parsed."""
        self._marked = ""
        self._marks: tuple[Mark, ...] = ()
        self._rest = ""
        self._completable = False

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks, moved to where they are in the current line."""
        if self._marked != self.value:
            self._marks = tuple(mark.moved(self._marked, self.value) for mark in self._marks)
            self._marked = self.value
        return self._marks

    def mark(self, parsed: ParsedQuery | None, *, quiet: bool = False) -> None:
        """Show the filters of the line. ``quiet`` leaves problems out while the last word is still being typed."""
        self.parsed = parsed
        spans = () if parsed is None else parsed.spans
        self._marked = self.value
        self._marks = tuple(Mark(span.start, span.end, span.problem is None) for span in spans)
        self.border_subtitle = _meaning(parsed, quiet) if parsed is not None else Content()
        self.refresh()

    def suggest_rest(self, rest: str, *, choice: bool) -> None:
        """Suggest how the line may go on, and let Tab complete it.

        Parameters
        ----------
        rest
            What is missing at the end of the line; empty for nothing.
        choice
            Whether completions are listed below the line.
        """
        self._rest = self.value + rest if rest else ""
        self._suggestion = self._rest
        if self._completable != bool(rest or choice):
            self._completable = not self._completable
            self.refresh_bindings()

    def keep_suggestion(self) -> None:
        """Keep the suggestion while it is being typed: it must not blink at each key."""
        typed = self.value
        if len(typed) < len(self._rest) and self._rest.startswith(typed) and self.cursor_at_end and typed:
            self._suggestion = self._rest
        else:
            self.suggest_rest("", choice=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tab goes to the next place while there is nothing to complete."""
        return self._completable if action == "complete" else super().check_action(action, parameters)

    def action_complete(self) -> None:
        """Complete what is typed."""
        if self._rest and self.cursor_at_end:
            self.value = self._rest
            self.cursor_position = len(self.value)
        else:
            self.post_message(self.Complete())

    def action_cursor_right(self, select: bool = False) -> None:
        """At the end of the line, complete what is typed."""
        if self._completable and self.cursor_at_end and not select:
            self.action_complete()
        else:
            super().action_cursor_right(select)


def _meaning(parsed: ParsedQuery, quiet: bool) -> Content:
    parts: list[Content | str | tuple[str, str]] = []
    if parsed.problems and not quiet:
        parts.append((f"✗ {clean(parsed.problems[0].message)}", "$text-error"))
    for label in filter(None, (*(one.label for one in parsed.filters), parsed.order_label)):
        parts += ["  "] * bool(parts) + [(f" {clean(label)} ", "$text on $primary 30%")]
    return Content.assemble(*parts)
