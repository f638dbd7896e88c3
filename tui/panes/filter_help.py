"""The filters in the query line: which were recognized, and how a half-typed one can be completed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.sanitize import sanitize
from tui.widgets.completions import FILTERS, Completions

if TYPE_CHECKING:
    from engine.session import Completion, ParsedQuery, Problem
    from tui.backend.protocols import Search
    from tui.messages import Answered
    from tui.panes.base import Pane
    from tui.widgets.filter_line import FilterLine

_LISTED = 8
#: From so many letters on a word may be meant to become a field.
_NAME_FROM = 2


class FilterHelp:
    """Marks the filters of a line at every key, and offers completions of the one before the cursor.

    The values of a filter are listed below the line, to choose from. The name of a field is only suggested behind the
    cursor, because most words that begin like a field's name are ordinary words.

    Parameters
    ----------
    pane
        The pane of the line; its key hints are updated.
    line
        The line.
    """

    def __init__(self, pane: Pane[Search], line: FilterLine) -> None:
        self._pane = pane
        self._line = line
        self.completions: Completions[Completion] = Completions(FILTERS)
        # Not debounced: it takes less than a millisecond, and the colours must follow the keys.
        self._interpreting = pane.request("line", "", self._interpreted, lambda _: self.close())

    @property
    def open(self) -> bool:
        """Whether completions are listed below the line."""
        return self.completions.open

    def typed(self) -> None:
        """The line has changed."""
        line, cursor = self._line.value, self._line.cursor_position
        self._line.keep_suggestion()
        if line.strip():
            self._interpreting.send(lambda search, _: _interpret(search, line, cursor))
        else:
            self._interpreting.withdraw()
            self._line.mark(None)
            self.close()

    def close(self) -> None:
        """Offer nothing until something is typed."""
        self.completions.close()
        self._line.suggest_rest("", choice=False)
        self._pane.refresh_keys()

    def settle(self) -> None:
        """Take the line as it is: offer nothing, and show what is wrong with it."""
        self._interpreting.withdraw()
        self._line.mark(self._line.parsed if self._line.value.strip() else None)
        self.close()

    def step(self, by: int) -> None:
        """Mark the next or the previous completion."""
        self.completions.step(by)

    def accept(self) -> None:
        """Put the completion that is marked, or else the first, into the line."""
        choice = self.completions.choice
        if choice is not None:
            line, after = self._line.value, max(self._line.cursor_position - choice.end, 0)
            text = sanitize(choice.text)  # the engine finds a value by its words, whatever stands between them
            self.completions.close()
            self._line.value = line[: choice.start] + text + line[choice.end :]
            self._line.cursor_position = choice.start + len(text) + after

    def _interpreted(self, message: Answered) -> None:
        read: _Interpretation = message.value
        rest = ""
        if read.choices and self._pane.is_at(self._line):
            hint = "↑ ↓ choose · Tab takes · Esc closes"
            here = read.problems_here
            # While values begin like the text, it is half typed and not wrong.
            is_wrong = bool(here) and all(choice.count is None for choice in read.choices)
            self.completions.show(
                read.choices, marked=bool(here), hint=hint, problem=here[0].message if is_wrong else ""
            )
        else:
            self.completions.close()
            rest = read.rest
        # What is only half typed is not wrong yet.
        beginning = self.open and len(read.problems_here) == len(read.parsed.problems)
        self._line.mark(read.parsed, quiet=beginning)
        self._line.suggest_rest(rest, choice=self.open)
        self._pane.refresh_keys()


@dataclass(frozen=True, slots=True)
class _Interpretation:
    """A line as the engine reads it. ``problems_here`` are the problems at the cursor."""

    parsed: ParsedQuery
    choices: list[Completion]
    rest: str
    problems_here: list[Problem]


def _interpret(search: Search, line: str, cursor: int) -> _Interpretation:
    """Read a line; runs in a worker thread."""
    parsed, offered = search.parse_query(line), search.complete_filter(line, cursor, _LISTED)
    here = [span.problem for span in parsed.spans if span.problem is not None and span.start <= cursor <= span.end]
    choices = [one for one in offered if one.count is not None]
    if any(one.text.casefold() == line[one.start : one.end].casefold() for one in choices):
        choices = []  # the value is complete
    elif here and not choices:
        from engine.session import Completion

        choices = [Completion(text, text, None, wrong.start, wrong.end) for wrong in here for text in wrong.suggestions]
    return _Interpretation(parsed, choices, _rest_of_name(offered, line, cursor), here)


def _rest_of_name(offered: list[Completion], line: str, cursor: int) -> str:
    """The missing rest of a field's name at the end of the line."""
    for one in offered:
        typed = line[one.start : one.end]
        if one.count is None and cursor == one.end == len(line) and len(typed) >= _NAME_FROM:
            return one.text[len(typed) :] if one.text.startswith(typed.casefold()) else ""
    return ""
