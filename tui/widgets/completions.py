"""Titles that a half-typed one may mean, hung below the line it is typed into."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.results import TitleMatch
from tui.widgets.table import Column, Table
from tui.widgets.text import clean, count, paragraphs

_HOW = {"typo": "similar", "id": "id", "exact": "", "folded": "", "prefix": ""}

_COLUMNS: tuple[Column[TitleMatch], ...] = (
    Column("Title", lambda match, _: clean(match.item.title) or f"item {clean(match.item.item_id)}"),
    Column("Year", lambda match, _: str(match.item.year or ""), width=4, style="muted"),
    Column("How", lambda match, _: _HOW[match.how], width=7, from_width=60, style="muted"),
    Column("Known", lambda match, _: _known(match), width=14, from_width=44, right=True, style="muted"),
)


class MatchTable(Table[TitleMatch], can_focus=False):
    """The list itself; the keys stay with the line above."""


class Completions(Vertical):
    """A drop-down list, or a line that says why there is none."""

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
        &.-open { display: block; }
        & > MatchTable { height: auto; max-height: 8; }
        & > Static { height: auto; padding: 0 1; color: $text; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._table = MatchTable(_COLUMNS, heading=False, id="completions")
        self._word = Static()

    def compose(self) -> ComposeResult:
        """The list and the line."""
        yield self._table
        yield self._word

    @property
    def open(self) -> bool:
        """Whether it hangs there."""
        return self.has_class("-open")

    @property
    def match(self) -> TitleMatch | None:
        """The title that is marked."""
        return self._table.row if self.open and self._table.display else None

    def show(self, matches: Sequence[TitleMatch]) -> None:
        """Open with these titles, the first one marked."""
        self._table.show(matches)
        self._table.display, self._word.display = True, False
        self.add_class("-open")

    def say(self, text: str) -> None:
        """Open with a sentence."""
        self._word.update(Content(paragraphs(text)))
        self._table.display, self._word.display = False, True
        self.add_class("-open")

    def close(self) -> None:
        """Hang there no longer."""
        self.remove_class("-open")

    def step(self, by: int) -> None:
        """Mark the next or the previous title, round and round."""
        self._table.cursor = (self._table.cursor + by) % len(self._table.rows)


def _known(match: TitleMatch) -> str:
    return count(match.num_interactions, "rating") if match.num_interactions else "never rated"
