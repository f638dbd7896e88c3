"""What the Search pane shows before anything is typed: popular items, recent searches, and examples of filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui.widgets.cell_text import clean
from tui.widgets.panel import Panel
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.data.results import Answer
    from tui.backend.protocols import Search

#: How many recent searches are kept.
_KEPT = 50
#: What the orders of the results are typed after.
_SORT = "sort:"
#: Examples of filters; only those that fit the columns of the data set are shown.
_EXAMPLES = ("genre:comedy", "year:1990..1999", "type:tv", "rating:>=8", "-genre:horror")


@dataclass(frozen=True, slots=True)
class Welcome:
    """What is shown for an empty line."""

    popular: Answer
    recent: tuple[str, ...]
    examples: tuple[str, ...]
    orders: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()


def load_welcome(search: Search, shown: int, *, remember: str = "", adult: bool | None = None) -> Welcome:
    """Ask the engine, and have it remember a search first; runs in a worker thread.

    Parameters
    ----------
    search
        The service.
    shown
        How many popular items are listed.
    remember
        A search that is added to the recent ones.
    adult
        Whether items for adults are listed; None for what the settings say.
    """
    if remember:
        search.remember_search(remember)
    recent = tuple(filter(None, map(clean, search.recent_searches(_KEPT))))
    return Welcome(
        search.highlights(shown, adult=adult),
        recent,
        tuple(one for one in _EXAMPLES if search.parse_query(one).filters),
        tuple(one.text for one in search.complete_filter(_SORT, len(_SORT), _KEPT)),
        () if recent else tuple(map(clean, search.sample_queries())),
    )


#: The title of the recent searches, and of the queries that stand in their place at first.
RECENT_TITLE, SAMPLES_TITLE = "Recent searches · ↑", "Try one of these · ↑"


class RecentTable(Table[str]):
    """The recent searches."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "search again", id="choose")]

    def __init__(self) -> None:
        super().__init__((Column("Query", lambda line, _: line),), heading=False, id="recent-searches")


class RecentPanel(Panel):
    """The recent searches, or some to try, in their frame; it is mounted only when there are any."""

    def __init__(self) -> None:
        super().__init__(RECENT_TITLE, RecentTable(), id="recent")
        self.table.display, self.notice.display = True, False

    def compose(self) -> ComposeResult:
        """The list; a notice is never needed."""
        yield self.table


class TipPanel(Panel):
    """A panel with some lines above its list."""

    def __init__(self, title: str, table: Table[Any], *, id: str | None = None) -> None:
        super().__init__(title, table, id=id)
        self._tip = Static(id="tip")
        self._shown_tip: Content | None = None
        self._tip.display = False

    def compose(self) -> ComposeResult:
        """The lines above."""
        yield self._tip
        yield from super().compose()

    def show_tip(self, heading: str = "", lines: Iterable[str] = ()) -> None:
        """Show a heading and these lines; nothing without a heading."""
        tip = Content.assemble((clean(heading), "bold $text"), *(f"\n{clean(line)}" for line in lines))
        if self._shown_tip is None or not tip.is_same(self._shown_tip):
            self._shown_tip = tip
            self._tip.update(tip)
        if self._tip.display != bool(heading):
            self._tip.display = bool(heading)


class QueryHistory:
    """The recent searches as in a shell: up to older ones, down to newer ones and back to an empty line."""

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()
        self._place = -1

    @property
    def walking(self) -> bool:
        """Whether the line holds one of them."""
        return self._place >= 0

    def step(self, by: int) -> str:
        """The next older one (1) or newer one (-1); beyond the newest an empty line."""
        self._place = min(self._place + by, len(self.lines) - 1)
        return self.lines[self._place] if self._place >= 0 else ""

    def leave(self) -> None:
        """Note that the line holds something else."""
        self._place = -1
