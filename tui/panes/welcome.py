"""What Search shows before anything is typed: the best known items, the last searches, and what may be typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui.widgets.formatting import clean
from tui.widgets.panel import Panel
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.data.results import Answer
    from tui.backend.services import SessionLike

#: How many of the last searches are known.
_KEPT = 50
#: Filters that many catalogues understand; shown are those that this one does.
_EXAMPLES = ("genre:comedy", "year:1990..1999", "type:tv", "rating:>=8", "-genre:horror")


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the engine has to show for an empty line."""

    popular: Answer
    recent: tuple[str, ...]
    examples: tuple[str, ...]


def welcome(session: SessionLike, shown: int, *, remember: str = "") -> Welcome:
    """Ask the engine, which is first to remember a search; for a worker."""
    if remember:
        session.search.remember_search(remember)
    return Welcome(
        session.search.highlights(shown),
        tuple(filter(None, map(clean, session.search.recent_searches(_KEPT)))),
        tuple(one for one in _EXAMPLES if session.search.parse_query(one).filters),
    )


class RecentTable(Table[str]):
    """The last searches."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "search again")]

    def __init__(self) -> None:
        super().__init__((Column("Query", lambda line, _: line),), heading=False, id="recent-searches")


class RecentPanel(Panel):
    """The last searches in their frame; it is mounted only when there are any."""

    def __init__(self) -> None:
        super().__init__("Recent searches · ↑", RecentTable(), id="recent")
        self.table.display, self.notice.display = True, False

    def compose(self) -> ComposeResult:
        """The list, at once."""
        yield self.table


class TipPanel(Panel):
    """A panel with some lines above its list."""

    def __init__(self, title: str, table: Table[Any], *, id: str | None = None) -> None:
        super().__init__(title, table, id=id)
        self._tip = Static(id="tip")
        self._told: Content | None = None
        self._tip.display = False

    def compose(self) -> ComposeResult:
        """The lines above."""
        yield self._tip
        yield from super().compose()

    def tell(self, heading: str = "", lines: Iterable[str] = ()) -> None:
        """Show a heading and these lines; nothing without a heading."""
        told = Content.assemble((clean(heading), "bold $text"), *(f"\n{clean(line)}" for line in lines))
        if self._told is None or not told.is_same(self._told):
            self._told = told
            self._tip.update(told)
        if self._tip.display != bool(heading):
            self._tip.display = bool(heading)


class QueryHistory:
    """The last searches as shells walk through them: up to older ones, down to newer ones and out again."""

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()
        self._place = -1

    @property
    def walking(self) -> bool:
        """Whether one of them stands in the line."""
        return self._place >= 0

    def step(self, by: int) -> str:
        """The next older one (1) or newer one (-1); beyond the newest an empty line."""
        self._place = min(self._place + by, len(self.lines) - 1)
        return self.lines[self._place] if self._place >= 0 else ""

    def leave(self) -> None:
        """Something else stands in the line."""
        self._place = -1
