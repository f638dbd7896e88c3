"""What one wants to watch: the items of the data set that are on the watchlist, as a list in front of the screen."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from engine.data.results import HistoryEntry
from tui.backend.backend import Backend
from tui.messages import Failed, OwnRatingsChanged
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import clean, count
from tui.widgets.columns import Column
from tui.widgets.item_list import ItemList
from tui.widgets.panel import Panel
from tui.widgets.table import Table

_COLUMNS: tuple[Column[HistoryEntry], ...] = (
    Column("Title", lambda entry, _: clean(entry.item.title) or f"item {clean(entry.item.item_id)}", share=3),
    Column("Year", lambda entry, _: str(entry.item.year or ""), width=4, style="muted"),
    Column("Genres", lambda entry, _: clean(", ".join(entry.item.genres)), share=2, from_width=60, style="muted"),
)


class WatchlistTable(ItemList[HistoryEntry]):
    """The watchlist; all that works on items works here, too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,delete", "verb('watchlist')", "take off", id="remove"),
    ]


class WatchlistScreen(AskingPopUp):
    """The items on the watchlist of a profile, the latest first.

    Parameters
    ----------
    backend
        The way to the engine.
    profile
        Whose watchlist.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "close", id="close"),
        Binding("u", "app.undo", "undo", id="undo"),  # the keys of the app do not reach a page in front of it
    ]

    DEFAULT_CSS = """
    WatchlistScreen > Panel { width: 90; max-width: 96%; height: 80%; max-height: 34; background: $surface; }
    """

    def __init__(self, backend: Backend, profile: str) -> None:
        super().__init__(backend, "watchlist")
        self._profile = profile
        self._table = WatchlistTable(_COLUMNS, lambda entry: entry.item, id="watchlist")
        self._panel = Panel("Watchlist", self._table)

    def compose(self) -> ComposeResult:
        """The list."""
        yield self._panel

    def on_mount(self) -> None:
        """Read the watchlist."""
        self._panel.show_notice().show("", "reading the watchlist …")
        self._read()

    def own_ratings_changed(self, message: OwnRatingsChanged) -> None:
        """Read the watchlist again: something was rated or taken off."""
        self._read()

    def _read(self) -> None:
        profile = self._profile
        self.ask(lambda session, _: session.me.watchlist(profile))

    def answered(self, value: Any) -> None:
        """List what is there."""
        here = [HistoryEntry(one.item, None, one.timestamp) for one in value if one.item is not None]
        elsewhere = len(value) - len(here)
        more = f"{elsewhere:,} more not in this data set" if elsewhere else "Enter details · x takes off · 1–0 rates"
        self._panel.retitle(f"Watchlist of {clean(self._profile)} · {count(len(here), 'item')}", more)
        if not here:
            self._panel.show_notice().show("Nothing to watch", "* in a list puts the item under the cursor here.")
            self._panel.border_subtitle = Content(more if elsewhere else "Esc closes")
            return
        self._table.show(here, cursor=min(self._table.cursor, len(here) - 1))
        self._panel.show_rows()
        self.call_after_refresh(partial(self.set_focus, self._table))

    def failed(self, message: Failed) -> None:
        """Say why there is no list."""
        self._panel.show_notice().show("The watchlist cannot be read", message.failure.text)

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        if details := self._table.details():
            self.app.post_message(details)
