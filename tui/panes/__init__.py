"""One pane a tab. This package names the panes; each is imported when its tab is first opened.

To add a tab, write its pane, and add a line to :data:`TABS`. What the shell must know before it imports the pane stands
in that line: the tab's name, its title and its key. The pane class declares the rest: the keys that the help screen
shows (``KEYS``), the service it asks (``service_of``) and, if it needs a trained model, what that model needs
(``NEEDS``).
"""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.binding import Binding

if TYPE_CHECKING:
    from tui.panes.base import Pane


class Tab(NamedTuple):
    """A tab of the app.

    Attributes
    ----------
    name
        Identifies the tab and its pane; jobs that work for the pane carry it as their ``task``.
    title
        What the tab bar shows.
    key
        The function key that opens it: F2 to F9, but for F5, which starts what a pane offers.
    pane
        The pane as ``module:Class``.
    about
        What one finds there, in a few words; the first start tells it.
    """

    name: str
    title: str
    key: str
    pane: str
    about: str = ""

    @property
    def is_imported(self) -> bool:
        """Whether the pane's module is imported."""
        return self.pane.partition(":")[0] in sys.modules

    def load_pane(self) -> type[Pane[Any]]:
        """The pane's class; imports its module."""
        module, _, name = self.pane.partition(":")
        pane: type[Pane[Any]] = getattr(import_module(module), name)
        return pane


#: The tabs in their order. Function keys open them, because they mean the same while text is being typed.
TABS = (
    Tab("search", "Search", "F2", "tui.panes.search:SearchPane"),
    Tab("user", "User", "F3", "tui.panes.user:UserPane", "what a user would like"),
    Tab("sequence", "Sequence", "F4", "tui.panes.sequence:SequencePane", "what comes next"),
    Tab("models", "Models", "F6", "tui.panes.models:ModelsPane"),
    Tab("data", "Data", "F7", "tui.panes.data:DataPane"),
)


async def import_pane(name: str) -> None:
    """Import the pane of a tab in a thread, so that the event loop has its turns meanwhile.

    What goes wrong is not raised here, but where the pane is made.
    """
    tab = next(tab for tab in TABS if tab.name == name)
    if tab.is_imported:
        return
    loop = asyncio.get_running_loop()
    imported = loop.create_future()

    def work() -> None:
        with suppress(Exception):
            tab.load_pane()
        with suppress(RuntimeError):  # the event loop has ended
            loop.call_soon_threadsafe(imported.set_result, None)

    threading.Thread(target=work, name=f"recsys-import-{name}", daemon=True).start()
    await imported


def tab_bindings() -> list[Binding]:
    """The keys that open the tabs. Those of priority work in pop-ups, too."""
    return [
        Binding(tab.key.lower(), f"open('{tab.name}')", tab.title, show=False, priority=True, id=f"open-{tab.name}")
        for tab in TABS
    ]
