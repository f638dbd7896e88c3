"""One pane a tab. This package names the panes; each is imported when its tab is first opened.

To add a tab, write its pane, and add a line to :data:`TABS`. What the shell must know before it imports the pane stands
in that line: the tab's name and its title. The pane class declares the rest: the keys that the help screen shows
(``KEYS``), the service it asks (``service_of``) and, if it needs a trained model, what that model needs (``NEEDS``).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.panes.base import Pane


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the app.

    Attributes
    ----------
    name
        Identifies the tab and its pane; jobs that work for the pane carry it as their ``task``.
    title
        What the tab bar shows.
    pane
        The pane as ``module:Class``.
    """

    name: str
    title: str
    pane: str

    def load_pane(self) -> type[Pane[Any]]:
        """The pane's class; imports its module."""
        module, _, name = self.pane.partition(":")
        pane: type[Pane[Any]] = getattr(import_module(module), name)
        return pane


#: The tabs in their order; the key 1 opens the first one, 2 the next one, and so on.
TABS = (
    Tab("search", "Search", "tui.panes.search:SearchPane"),
    Tab("user", "User", "tui.panes.user:UserPane"),
    Tab("sequence", "Sequence", "tui.panes.sequence:SequencePane"),
)

#: What opens the tabs while digits are text. F1 is help, F5 starts what a pane offers, and F10 leaves the app.
FUNCTION_KEYS = ("F2", "F3", "F4", "F6", "F7", "F8", "F9")
