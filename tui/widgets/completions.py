"""A drop-down list of completions below a half-typed line: titles, or filters and their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.data.results import TitleMatch
from tui.widgets.cell_text import clean, count, paragraphs
from tui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from engine.session import Completion

_HOW = {"typo": "similar", "id": "id", "exact": "", "folded": "", "prefix": ""}

#: Columns for completions of a title.
TITLES: tuple[Column[TitleMatch], ...] = (
    Column("Title", lambda match, _: clean(match.item.title) or f"item {clean(match.item.item_id)}"),
    Column("Year", lambda match, _: str(match.item.year or ""), width=4, style="muted"),
    Column("How", lambda match, _: _HOW[match.how], width=7, from_width=60, style="muted"),
    Column("Known", lambda match, _: _known(match), width=14, from_width=44, right=True, style="muted"),
)

#: Columns for completions of a filter.
FILTERS: tuple[Column[Completion], ...] = (
    Column("Value", lambda completion, _: clean(completion.label)),
    Column("Items", lambda completion, _: _items(completion), width=16, right=True, style="muted"),
)


class CompletionTable(Table[Row], can_focus=False):
    """The list itself; the focus stays in the line above."""


class Completions(Vertical, Generic[Row]):
    """A drop-down list, or a message that tells why there is none.

    Parameters
    ----------
    columns
        Of the list.
    """

    DEFAULT_CSS = """
    Completions {
        overlay: screen;
        constrain: none inside;
        display: none;
        width: 100%;
        height: auto;
        max-height: 10;
        margin: 0 2;
        background: $panel;
        border: round $primary;
        border-subtitle-color: $text-muted;
        &.-open { display: block; }
        & > CompletionTable { height: auto; max-height: 8; }
        & > Static { height: auto; padding: 0 1; color: $text; }
    }
    """

    def __init__(self, columns: Sequence[Column[Row]]) -> None:
        super().__init__()
        self._table = CompletionTable(columns, heading=False, id="completions")
        self._message = Static()

    def compose(self) -> ComposeResult:
        """The list and the message."""
        yield self._table
        yield self._message

    @property
    def open(self) -> bool:
        """Whether it is open."""
        return self.has_class("-open")

    @property
    def choice(self) -> Row | None:
        """The row that is marked, or the first one."""
        return self._table.row if self.open and self._table.display else None

    @property
    def marked(self) -> bool:
        """Whether Enter takes the choice. Otherwise Enter does what it does without the list."""
        return self.choice is not None and self._table.marked

    def show(self, rows: Sequence[Row], *, marked: bool = True, hint: str = "", problem: str = "") -> None:
        """Open with these rows, the first one marked or none; the frame shows the problem and the hint."""
        self._table.marked = marked
        self._table.show(rows)
        self._table.display, self._message.display = True, False
        self.border_title = Content.assemble((f"✗ {clean(problem)}" if problem else "", "$text-error"))
        self.border_subtitle = Content(clean(hint))
        self.add_class("-open")

    def show_message(self, text: str) -> None:
        """Open with a message."""
        self._message.update(Content(paragraphs(text)))
        self._table.display, self._message.display = False, True
        self.border_title = self.border_subtitle = ""
        self.add_class("-open")

    def close(self) -> None:
        """Close."""
        self.remove_class("-open")

    def step(self, by: int) -> None:
        """Mark the first row, then the next or the previous one; after the last row comes the first."""
        if self._table.marked:
            self._table.cursor = (self._table.cursor + by) % len(self._table.rows)
        else:
            self._table.marked = True
            self._table.cursor = 0 if by > 0 else len(self._table.rows) - 1
            self._table.refresh()


def _known(match: TitleMatch) -> str:
    return count(match.num_interactions, "rating") if match.num_interactions else "never rated"


def _items(completion: Completion) -> str:
    return "" if completion.count is None else count(completion.count, "item")
