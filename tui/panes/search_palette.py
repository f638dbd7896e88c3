"""What the Search tab adds to the palette."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Protocol

from textual.app import SystemCommand

from engine.session import MODES
from tui.panes.search_state import LIKE_BY_HELP, MODE_HELP, SearchState

if TYPE_CHECKING:
    from engine.session import LikeBy, Mode
    from tui.panes.refinements import Refinements
    from tui.panes.search_facets import SearchFacets


class SearchActions(Protocol):
    """The actions of the Search tab that the palette offers."""

    def set_mode(self, mode: Mode) -> None:
        """Search in this mode from now on."""

    def set_by(self, by: LikeBy | None) -> None:
        """List items that are alike in this way."""

    def set_varied(self, varied: bool) -> None:
        """Vary lists of items like another, or list the most alike first."""

    def switch_facets(self) -> None:
        """Show the counts beside the results, or hide them."""

    def action_facets(self) -> None:
        """Go to the counts."""

    def action_drop_all(self) -> None:
        """Search for the words of all conditions."""

    def action_adult(self) -> None:
        """Show items for adults, or hide them."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action would do something now."""


def search_commands(
    pane: SearchActions, view: SearchState, refinements: Refinements, facets: SearchFacets, orders: tuple[str, ...]
) -> Iterator[SystemCommand]:
    """The search modes, the ways in which items are alike, the orders, and what can be done with the results.

    Parameters
    ----------
    pane
        The pane.
    view, refinements, facets
        What it shows, and what keys change about it.
    orders
        The orders in which the results can be sorted now.
    """
    for mode in MODES:
        yield SystemCommand(f"Search: {mode}", MODE_HELP[mode], partial(pane.set_mode, mode))
    for by, text in LIKE_BY_HELP.items():
        yield SystemCommand(f"More like this: {text}", f"List items alike {text}", partial(pane.set_by, by))
    if view.like is not None:
        what, text = ("most alike first", "Order by likeness") if view.varied else ("varied", "Fewer of one series")
        yield SystemCommand(f"More like this: {what}", text, partial(pane.set_varied, not view.varied))
    for order in orders:
        yield SystemCommand(f"Sort by {order}", "The order of the results", partial(refinements.sort_by, view, order))
    if facets.possible:
        yield SystemCommand("Narrow down", "Counts of genres, years and so on, as filters", pane.action_facets)
        beside = "Hide" if facets.shown else "Show"
        yield SystemCommand(f"{beside} the counts beside the results", "From 120 columns on", pane.switch_facets)
    if pane.check_action("drop_all", ()):
        yield SystemCommand("Drop all conditions", "Search for their words instead", pane.action_drop_all)
    if refinements.adult or (view.answer is not None and view.answer.hidden):
        what = "Hide" if refinements.adult else "Show"
        text = "Until the app is left; show-adult in config.toml keeps it"
        yield SystemCommand(f"{what} adult titles", text, pane.action_adult)
