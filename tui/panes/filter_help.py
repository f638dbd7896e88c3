"""What the query line is understood to mean, and how it may go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.widgets.completions import FILTERS, Completions

if TYPE_CHECKING:
    from engine.session import Completion, ParsedQuery, Problem
    from tui.backend.services import SessionLike
    from tui.messages import Answered
    from tui.panes.base import Pane
    from tui.widgets.filter_line import FilterLine

_LISTED = 8
#: From so many letters on a word may be meant to become a field.
_NAME_FROM = 2


class FilterHelp:
    """Marks the filters of a line at every key, and offers to complete the one before the cursor.

    Values hang below the line, as one chooses among them. The name of a field is only hinted at behind the cursor:
    most words that begin like one are words.

    Parameters
    ----------
    pane
        Whose line it is; asked to show its keys anew.
    line
        The line.
    """

    def __init__(self, pane: Pane, line: FilterLine) -> None:
        self._pane = pane
        self._line = line
        self.completions: Completions[Completion] = Completions(FILTERS)
        # At once and without settling: it costs less than a millisecond, and colours must follow the keys.
        self._asking = pane.question("line", "", self._understood, lambda _: self.close())

    @property
    def open(self) -> bool:
        """Whether a list hangs below the line."""
        return self.completions.open

    def typed(self) -> None:
        """The line has changed."""
        line, cursor = self._line.value, self._line.cursor_position
        self._line.keep_offer()
        if line.strip():
            self._asking.ask(lambda session, _: _understand(session, line, cursor))
        else:
            self._asking.withdraw()
            self._line.mark(None)
            self.close()

    def close(self) -> None:
        """Offer nothing, until something is typed."""
        self.completions.close()
        self._line.offer("", choice=False)
        self._pane.refresh_keys()

    def settle(self) -> None:
        """What is typed is meant so: offer nothing, and say what is wrong with it."""
        self._asking.withdraw()
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
            self.completions.close()
            self._line.value = line[: choice.start] + choice.text + line[choice.end :]
            self._line.cursor_position = choice.start + len(choice.text) + after

    def _understood(self, message: Answered) -> None:
        meaning: _Meaning = message.value
        rest = ""
        if meaning.choices and self._pane.is_at(self._line):
            hint = "↑ ↓ choose · Tab takes · Esc closes"
            here = meaning.problems_here
            # Half typed it is not wrong yet: then there are values that begin so.
            is_wrong = bool(here) and all(choice.count is None for choice in meaning.choices)
            self.completions.show(
                meaning.choices, marked=bool(here), hint=hint, problem=here[0].message if is_wrong else ""
            )
        else:
            self.completions.close()
            rest = meaning.rest
        # What is not typed to its end is not wrong yet.
        beginning = self.open and len(meaning.problems_here) == len(meaning.parsed.problems)
        self._line.mark(meaning.parsed, quiet=beginning)
        self._line.offer(rest, choice=self.open)
        self._pane.refresh_keys()


@dataclass(frozen=True, slots=True)
class _Meaning:
    """A line as the engine understands it; ``problems_here`` are those before the cursor."""

    parsed: ParsedQuery
    choices: list[Completion]
    rest: str
    problems_here: list[Problem]


def _understand(session: SessionLike, line: str, cursor: int) -> _Meaning:
    """For the worker."""
    parsed, offered = session.search.parse_query(line), session.search.complete_filter(line, cursor, _LISTED)
    here = [span.problem for span in parsed.spans if span.problem is not None and span.start <= cursor <= span.end]
    choices = [one for one in offered if one.count is not None]
    if any(one.text.casefold() == line[one.start : one.end].casefold() for one in choices):
        choices = []  # typed to its end
    elif here and not choices:
        from engine.session import Completion

        choices = [Completion(text, text, None, wrong.start, wrong.end) for wrong in here for text in wrong.suggestions]
    return _Meaning(parsed, choices, _rest_of_name(offered, line, cursor), here)


def _rest_of_name(offered: list[Completion], line: str, cursor: int) -> str:
    """What is missing of the name of a field at the end of the line."""
    for one in offered:
        typed = line[one.start : one.end]
        if one.count is None and cursor == one.end == len(line) and len(typed) >= _NAME_FROM:
            return one.text[len(typed) :] if one.text.startswith(typed.casefold()) else ""
    return ""
