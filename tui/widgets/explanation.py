"""Why an item is found: a page in front of the list."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from tui.widgets.bars import bar
from tui.widgets.cell_text import clean, fit, shorten
from tui.widgets.popup import PopUp

_BAR, _NAME = 12, 8
#: The parts that are shown; those of a smaller weight say little.
_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known about the place of an item in a list.

    Attributes
    ----------
    title
        The item.
    query
        The query, as it was typed.
    match
        The estimate of how well the item fits, as it is shown; empty if the list is ordered by something else.
    reasons
        The words that the item has, by where they stand, and how near it is in meaning.
    without
        Parts of the item, and by how much its match, from 0 to 1, is lower without each of them, the weightiest first;
        None while they are not known.
    parts
        Names and values of what the score is made of.
    """

    title: str
    query: str
    match: str
    reasons: tuple[str, ...]
    without: Sequence[tuple[str, float]] | None = None
    parts: Sequence[tuple[str, float]] = ()


class ExplanationScreen(PopUp):
    """The explanation as a pop-up; what becomes known later is added."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,w", "dismiss", "close", id="close"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="cursor-down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="cursor-up"),
    ]

    DEFAULT_CSS = """
    ExplanationScreen {
        & Static { color: $text-muted; }
    }
    """

    def __init__(self, explanation: Explanation) -> None:
        super().__init__()
        self._text = _Text(explanation)

    @property
    def explanation(self) -> Explanation:
        """What is shown."""
        return self._text.shown

    def compose(self) -> ComposeResult:
        """One page of text."""
        with VerticalScroll(classes="page") as page:
            page.border_title = Content("Why is it here?")
            page.border_subtitle = Content("Esc closes")
            yield self._text

    def update(self, explanation: Explanation) -> None:
        """Show what is known now."""
        self._text.show(explanation)

    def action_scroll(self, by: int) -> None:
        """Scroll the page."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


class _Text(Static):
    """The text of the page; a long cause goes on below its beginning."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__()
        self.shown = explanation

    def show(self, explanation: Explanation) -> None:
        self.shown = explanation
        self.refresh(layout=True)

    def render(self) -> Content:
        """The text at the width that it has."""
        return _page(self.shown, self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The height at a width; what Textual has kept may be that of another text, or of another width."""
        return _page(self.shown, width).get_height(self.styles.get_rules(), width) if width else 0


def _page(shown: Explanation, width: int) -> Content:
    parts: list[Content | str | tuple[str, str]] = [(clean(shown.title), "bold $text")]
    if shown.query:
        parts += ["\nfor ", (f"“{shorten(shown.query, 60)}”", "$text")]
    if shown.match:
        parts += ["\n\n" + fit("Match", _NAME), (shown.match, "bold $text"), "  how well it fits, as an estimate"]
    if shown.reasons:
        parts.append("\n\nWhat it has of the query:")
        parts += [("\n  " + clean(one), "$text") for one in shown.reasons]
    if shown.without:
        parts.append("\n\nIts match would fall without:")
        largest = max(fall for _, fall in shown.without)
        for part, fall in shown.without:
            bars = bar(fall / largest, _BAR)
            before = f"  {fall_text(fall)} "
            indent = "\n" + " " * (len(before) + _BAR + 1)
            lines = textwrap.wrap(clean(part), max(20, width - len(indent) + 1))
            parts += ["\n" + before, (bars, "$text-accent"), (" " + indent.join(lines), "$text")]
    elif shown.without is None:
        parts.append("\n\nWhat it owes its match to is being looked for …")
    if shown.parts:
        parts.append("\n\nWhat speaks for it (+) and against it (−), beside the others:")
        for name, value in shown.parts[:_MOST_PARTS]:
            parts += [f"\n  {value:+.2f}  ".replace("-", "−"), (clean(name), "$text")]
    return Content.assemble(*parts)


def fall_text(fall: float) -> str:
    """A fall of a match as it is shown, in percentage points: ``−14 %``."""
    return f"−{max(1, round(100 * fall)):2d} %"
