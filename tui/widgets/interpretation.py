"""What a search made of a query: words it corrected, conditions it understood, and words it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.widgets.cell_text import clean, shorten
from tui.widgets.contained import Contained

if TYPE_CHECKING:
    from engine.data.results import Answer, Understood

#: Words and labels longer than this are shortened, in cells.
_LONGEST = 30


class Interpretation(Contained, Static):
    """Up to three lines above the results; nothing where a query was taken as it was typed."""

    DEFAULT_CSS = """
    Interpretation { height: auto; padding: 0 2; color: $text-muted; }
    """

    @dataclass
    class Dropped(Message):
        """A condition was clicked, which drops it."""

        typed: str

    def __init__(self) -> None:
        super().__init__(id="interpretation")
        self.display = False
        self._shown = Content()
        self._understood: tuple[Understood, ...] = ()
        self._chips: tuple[int, tuple[int, ...]] = (-1, ())

    def show(self, answer: Answer | None) -> None:
        """Show what was made of the query of this answer; where nothing was found, the notice says what is unknown."""
        lines: list[Content] = []
        self._chips, self._understood = (-1, ()), ()
        if answer is not None:
            lines += [_corrections(answer)] if answer.corrections else []
            if answer.understood:
                self._understood = answer.understood
                line, ends = _conditions(answer.understood)
                self._chips = len(lines), ends
                lines.append(line)
            doubts = " ".join(doubts_of(answer)) if answer.results else ""
            lines += [Content(doubts)] if doubts else []
        shown = Content("\n").join(lines)
        if not shown.is_same(self._shown):
            self._shown = shown
            self.update(shown)
        if self.display != bool(lines):
            self.display = bool(lines)

    def on_click(self, event: events.Click) -> None:
        """Drop the condition that was clicked."""
        offset = event.get_content_offset(self)
        line, ends = self._chips
        if offset is None or offset.y != line:
            return
        for one, end in zip(self._understood, ends, strict=True):
            if offset.x < end:
                self.post_message(self.Dropped(one.typed))
                return


def doubts_of(answer: Answer) -> list[str]:
    """Sentences on what a search does not know of a query; a remark that names the words says it alone."""
    remark = [clean(answer.remark)] if answer.remark else []
    words = [f"“{shorten(one, _LONGEST)}”" for one in answer.unknown_words]
    if not words or all(one in answer.remark for one in answer.unknown_words):
        return remark
    named = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    return [f"No item has {named}.", *remark]


def correction_text(answer: Answer) -> str:
    """The words that were searched for instead of others."""
    return ", ".join(
        f"{shorten(one.used, _LONGEST)} instead of “{shorten(one.typed, _LONGEST)}”" for one in answer.corrections
    )


def _corrections(answer: Answer) -> Content:
    return Content.assemble(
        "Searched for ", (correction_text(answer), "$text"), "  ", ("^o", "bold $text-primary"), " searches as typed"
    )


def _conditions(understood: tuple[Understood, ...]) -> tuple[Content, tuple[int, ...]]:
    """The conditions side by side, and the cells at which each ends."""
    parts: list[Content | str | tuple[str, str]] = []
    ends: list[int] = []
    at = 0
    for one in understood:
        # A list of values that is cut says less than the words that were typed for it.
        label = one.label if cell_len(one.label) <= _LONGEST else min(one.typed, one.label, key=cell_len)
        chip = f" {shorten(label, _LONGEST)} ✕ "
        parts += [(chip, "$text on $primary 30%"), " "]
        at += cell_len(chip) + 1
        ends.append(at)
    return Content.assemble(*parts, " ", ("^l", "bold $text-primary"), " drops the last"), tuple(ends)
