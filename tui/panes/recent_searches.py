"""The searches that a person made before, and what is shown for an empty line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.panes.search_state import SHOWN
from tui.panes.welcome import QueryHistory, Welcome, load_welcome

if TYPE_CHECKING:
    from engine.data.results import Answer
    from tui.backend.protocols import Search
    from tui.messages import Answered
    from tui.panes.base import Pane


class RecentSearches:
    """Asks for the recent searches with the popular items, and remembers further searches.

    Parameters
    ----------
    pane
        The pane that shows them.
    loaded
        Called when they are there, or have changed.

    Attributes
    ----------
    history
        The lines of the searches.
    """

    def __init__(self, pane: Pane[Search], loaded: Callable[[], None]) -> None:
        self.history = QueryHistory()
        self._loaded = loaded
        self._welcome: Welcome | None = None
        self._welcoming = pane.request("welcome", "", self._welcomed, lambda _: None)

    @property
    def lines(self) -> tuple[str, ...]:
        """The searches, the latest first."""
        return self.history.lines

    @property
    def popular(self) -> Answer | None:
        """The popular items; None until they are known."""
        return None if self._welcome is None else self._welcome.popular

    @property
    def samples(self) -> tuple[str, ...]:
        """Queries made from the data, while nothing has been searched for."""
        return () if self._welcome is None or self._welcome.recent else self._welcome.samples

    @property
    def examples(self) -> tuple[str, ...]:
        """Filters that fit the columns of the data set."""
        return () if self._welcome is None else self._welcome.examples

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders in which the data set can be sorted."""
        return () if self._welcome is None else self._welcome.orders

    def load(self, adult: bool | None, *, remember: str = "") -> None:
        """Ask the engine; see :func:`tui.panes.welcome.load_welcome`."""
        self._welcoming.send(lambda search, _: load_welcome(search, SHOWN, remember=remember, adult=adult))

    def remember(self, line: str, adult: bool | None) -> None:
        """Add a line, because it has led to something."""
        if line and line != next(iter(self.lines), None):
            self.history.lines = (line, *(one for one in self.lines if one != line))
            self.load(adult, remember=line)

    def _welcomed(self, message: Answered) -> None:
        self._welcome = message.value
        self.history.lines = message.value.recent or message.value.samples
        self._loaded()
